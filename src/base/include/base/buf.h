/*
 * buf: an append-only byte buffer with a hard ceiling chosen at birth.
 *
 * Source:    none.
 * Units:     bytes.
 * Limits:    `max`, given to writ_buf_init; growing past it is WRIT_LIMIT.
 * Errors:    WRIT_LIMIT, WRIT_NOMEM; the buffer is unchanged on failure.
 * Ownership: the buffer owns its bytes; writ_buf_slice lends them until the next change.
 * Threads:   one at a time.
 */
#ifndef WRIT_BASE_BUF_H
#define WRIT_BASE_BUF_H

#include "base/slice.h"
#include "base/status.h"

struct writ_buf {
    uint8_t *ptr;
    size_t len, cap, max;
};

void writ_buf_init(struct writ_buf *b, size_t max);
/* Safe on a zeroed or already released buffer; the bytes are not wiped. */
void writ_buf_release(struct writ_buf *b);
/* The same, for secrets: every byte ever written is overwritten first. */
void writ_buf_wipe(struct writ_buf *b);

#define WRIT_AUTO_BUF   __attribute__((cleanup(writ_buf_release))) struct writ_buf
#define WRIT_SECRET_BUF __attribute__((cleanup(writ_buf_wipe))) struct writ_buf

/* `s` must not point into `b`. */
WRIT_MUST_CHECK enum writ_status writ_buf_add(struct writ_buf *b, struct writ_slice s);
WRIT_MUST_CHECK enum writ_status writ_buf_add_byte(struct writ_buf *b, uint8_t byte);
WRIT_MUST_CHECK enum writ_status writ_buf_add_cstr(struct writ_buf *b, const char *s);
WRIT_MUST_CHECK enum writ_status writ_buf_add_be16(struct writ_buf *b, uint16_t v);
WRIT_MUST_CHECK enum writ_status writ_buf_add_be32(struct writ_buf *b, uint32_t v);
WRIT_MUST_CHECK enum writ_status writ_buf_add_be64(struct writ_buf *b, uint64_t v);
/* u32 length and bytes. */
WRIT_MUST_CHECK enum writ_status writ_buf_add_str32(struct writ_buf *b, struct writ_slice s);
WRIT_MUST_CHECK enum writ_status writ_buf_addf(struct writ_buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Makes room for `n` more bytes and returns where they go; the caller then sets len. */
WRIT_MUST_CHECK enum writ_status writ_buf_reserve(struct writ_buf *b, size_t n, uint8_t **out);
/* Forgets the first `n` bytes (n <= len). */
void writ_buf_drop(struct writ_buf *b, size_t n);
static inline void writ_buf_clear(struct writ_buf *b)
{
    b->len = 0;
}

static inline struct writ_slice writ_buf_slice(const struct writ_buf *b)
{
    return (struct writ_slice){ b->ptr, b->len };
}

/* Moves the contents out; `b` keeps its ceiling and is empty afterwards. */
static inline struct writ_buf writ_buf_take(struct writ_buf *b)
{
    struct writ_buf moved = *b;
    *b = (struct writ_buf){ NULL, 0, 0, moved.max };
    return moved;
}

#endif
