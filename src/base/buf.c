#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/banned.h"

void writ_buf_init(struct writ_buf *b, size_t max)
{
    *b = (struct writ_buf){ NULL, 0, 0, max };
}

void writ_buf_release(struct writ_buf *b)
{
    free(b->ptr);
    *b = (struct writ_buf){ NULL, 0, 0, b->max };
}

void writ_buf_wipe(struct writ_buf *b)
{
    if (b->ptr != NULL)
        explicit_bzero(b->ptr, b->cap);
    writ_buf_release(b);
}

enum writ_status writ_buf_reserve(struct writ_buf *b, size_t n, uint8_t **out)
{
    size_t need;

    if (__builtin_add_overflow(b->len, n, &need) || need > b->max)
        return WRIT_LIMIT;
    if (need > b->cap || b->ptr == NULL) {
        size_t cap = b->cap != 0 ? b->cap : 64;
        while (cap < need)
            cap = cap > b->max / 2 ? b->max : cap * 2;
        if (cap > b->max) /* writ_buf_add relies on it */
            cap = b->max;
        /* Not realloc: a secret must not be left behind in freed memory. One byte beyond `cap`
           is for the NUL that printf writes for writ_buf_addf. */
        uint8_t *grown = cap < PTRDIFF_MAX ? malloc(cap + 1) : NULL;
        if (grown == NULL)
            return WRIT_NOMEM;
        if (b->ptr != NULL) {
            memcpy(grown, b->ptr, b->len);
            explicit_bzero(b->ptr, b->cap); /* len may have been more before */
            free(b->ptr);
        }
        b->ptr = grown;
        b->cap = cap;
    }
    *out = b->ptr + b->len;
    return WRIT_OK;
}

enum writ_status writ_buf_add(struct writ_buf *b, struct writ_slice s)
{
    uint8_t *at;

    if (s.len == 0)
        return WRIT_OK;
    if (s.len <= b->cap - b->len && b->ptr != NULL) /* cap is never above max */
        at = b->ptr + b->len;
    else
        WRIT_TRY(writ_buf_reserve(b, s.len, &at));
    memcpy(at, s.ptr, s.len);
    b->len += s.len;
    return WRIT_OK;
}

enum writ_status writ_buf_add_byte(struct writ_buf *b, uint8_t byte)
{
    return writ_buf_add(b, (struct writ_slice){ &byte, 1 });
}

enum writ_status writ_buf_add_cstr(struct writ_buf *b, const char *s)
{
    return writ_buf_add(b, writ_cstr(s));
}

enum writ_status writ_buf_add_be16(struct writ_buf *b, uint16_t v)
{
    uint8_t raw[2];
    writ_put_be16(raw, v);
    return writ_buf_add(b, (struct writ_slice){ raw, sizeof(raw) });
}

enum writ_status writ_buf_add_be32(struct writ_buf *b, uint32_t v)
{
    uint8_t raw[4];
    writ_put_be32(raw, v);
    return writ_buf_add(b, (struct writ_slice){ raw, sizeof(raw) });
}

enum writ_status writ_buf_add_be64(struct writ_buf *b, uint64_t v)
{
    uint8_t raw[8];
    writ_put_be64(raw, v);
    return writ_buf_add(b, (struct writ_slice){ raw, sizeof(raw) });
}

enum writ_status writ_buf_add_str32(struct writ_buf *b, struct writ_slice s)
{
    size_t before = b->len;

    if (s.len > UINT32_MAX)
        return WRIT_LIMIT;
    WRIT_TRY(writ_buf_add_be32(b, (uint32_t)s.len));
    enum writ_status st = writ_buf_add(b, s);
    if (st != WRIT_OK)
        b->len = before;
    return st;
}

enum writ_status writ_buf_addf(struct writ_buf *b, const char *fmt, ...)
{
    va_list ap;
    uint8_t *at;

    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        return WRIT_ARG;
    WRIT_TRY(writ_buf_reserve(b, (size_t)n, &at));
    va_start(ap, fmt);
    (void)vsnprintf((char *)at, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->len += (size_t)n;
    return WRIT_OK;
}

void writ_buf_drop(struct writ_buf *b, size_t n)
{
    if (n >= b->len) {
        b->len = 0;
        return;
    }
    memmove(b->ptr, b->ptr + n, b->len - n);
    b->len -= n;
}
