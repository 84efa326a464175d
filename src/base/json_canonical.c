#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "number.h"

#include "base/banned.h"

/* Objects of up to so many keys are sorted without the heap. */
#define FEW_KEYS 24

struct entry {
    struct writ_slice key;
    const json_t *value;
};

static enum writ_status write_value(const json_t *v, unsigned depth, struct writ_buf *out);

/*
 * UTF-16 order is byte order of UTF-8, except that U+E000..U+FFFF (first bytes ee and ef) come
 * after everything beyond U+FFFF (f0..f4), because the surrogates stand before them. The first
 * difference lies in a first byte or in a later one, which is below c0 and not touched.
 */
static unsigned utf16_rank(uint8_t byte)
{
    return byte == 0xee || byte == 0xef ? byte + 0x10u : byte;
}

static int key_cmp(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    size_t n = a->key.len < b->key.len ? a->key.len : b->key.len;

    for (size_t i = 0; i < n; i++)
        if (a->key.ptr[i] != b->key.ptr[i])
            return utf16_rank(a->key.ptr[i]) < utf16_rank(b->key.ptr[i]) ? -1 : 1;
    return a->key.len < b->key.len ? -1 : a->key.len > b->key.len;
}

static void sort_few(struct entry *e, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct entry moving = e[i];
        size_t k = i;
        for (; k > 0 && key_cmp(&moving, &e[k - 1]) < 0; k--)
            e[k] = e[k - 1];
        e[k] = moving;
    }
}

static enum writ_status write_integer(int64_t v, struct writ_buf *out)
{
    uint8_t text[24];
    size_t at = sizeof(text);
    uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

    do {
        text[--at] = (uint8_t)('0' + left % 10);
        left /= 10;
    } while (left != 0);
    if (v < 0)
        text[--at] = '-';
    return writ_buf_add(out, writ_slice(text + at, sizeof(text) - at));
}

static enum writ_status write_zeros(struct writ_buf *out, int n)
{
    for (int i = 0; i < n; i++)
        WRIT_TRY(writ_buf_add_byte(out, '0'));
    return WRIT_OK;
}

/* ECMA-262 6.1.6.1.20; `point` is its n, `count` its k. */
static enum writ_status write_real(double v, struct writ_buf *out)
{
    struct writ_digits n;

    if (!isfinite(v)) /* jansson makes no such value */
        return WRIT_ARG;
    if (fabs(v) < 0x1p53 && trunc(v) == v) /* -0 is written as 0 */
        return write_integer((int64_t)v, out);
    writ_digits_of_double(v, &n);
    struct writ_slice digits = writ_slice(n.d, (size_t)n.count);
    if (n.negative)
        WRIT_TRY(writ_buf_add_byte(out, '-'));
    if (n.count <= n.point && n.point <= 21) {
        WRIT_TRY(writ_buf_add(out, digits));
        return write_zeros(out, n.point - n.count);
    }
    if (n.point > 0 && n.point <= 21) {
        size_t whole = (size_t)n.point;
        WRIT_TRY(writ_buf_add(out, writ_slice(digits.ptr, whole)));
        WRIT_TRY(writ_buf_add_byte(out, '.'));
        return writ_buf_add(out, writ_slice_from(digits, whole));
    }
    if (n.point > -6 && n.point <= 0) {
        WRIT_TRY(writ_buf_add(out, WRIT_LIT("0.")));
        WRIT_TRY(write_zeros(out, -n.point));
        return writ_buf_add(out, digits);
    }
    WRIT_TRY(writ_buf_add(out, writ_slice(digits.ptr, 1)));
    if (n.count > 1) {
        WRIT_TRY(writ_buf_add_byte(out, '.'));
        WRIT_TRY(writ_buf_add(out, writ_slice_from(digits, 1)));
    }
    WRIT_TRY(writ_buf_add(out, n.point > 0 ? WRIT_LIT("e+") : WRIT_LIT("e")));
    return write_integer(n.point - 1, out);
}

static enum writ_status write_entries(const struct entry *e, size_t n, unsigned depth,
                                      struct writ_buf *out)
{
    for (size_t i = 0; i < n; i++) {
        if (i != 0)
            WRIT_TRY(writ_buf_add_byte(out, ','));
        WRIT_TRY(writ_json_quote(out, e[i].key));
        WRIT_TRY(writ_buf_add_byte(out, ':'));
        WRIT_TRY(write_value(e[i].value, depth, out));
    }
    return writ_buf_add_byte(out, '}');
}

/* jansson's iterators take a mutable object; nothing is changed through this one. */
static size_t list_entries(const json_t *obj, struct entry *e, size_t n)
{
    json_t *o = (json_t *)(uintptr_t)obj;
    size_t got = 0;

    for (void *it = json_object_iter(o); it != NULL && got < n;
         it = json_object_iter_next(o, it), got++) {
        e[got].key = writ_slice(json_object_iter_key(it), json_object_iter_key_len(it));
        e[got].value = json_object_iter_value(it);
    }
    return got;
}

static enum writ_status write_object(const json_t *v, unsigned depth, struct writ_buf *out)
{
    struct entry few[FEW_KEYS];
    size_t n = json_object_size(v);

    WRIT_TRY(writ_buf_add_byte(out, '{'));
    if (n <= FEW_KEYS) {
        n = list_entries(v, few, n);
        sort_few(few, n);
        return write_entries(few, n, depth, out);
    }
    struct entry *many = calloc(n, sizeof(*many));
    if (many == NULL)
        return WRIT_NOMEM;
    n = list_entries(v, many, n);
    qsort(many, n, sizeof(*many), key_cmp);
    enum writ_status st = write_entries(many, n, depth, out);
    free(many);
    return st;
}

static enum writ_status write_array(const json_t *v, unsigned depth, struct writ_buf *out)
{
    WRIT_TRY(writ_buf_add_byte(out, '['));
    for (size_t i = 0, n = json_array_size(v); i < n; i++) {
        if (i != 0)
            WRIT_TRY(writ_buf_add_byte(out, ','));
        WRIT_TRY(write_value(json_array_get(v, i), depth, out));
    }
    return writ_buf_add_byte(out, ']');
}

/* `depth` is how many more levels may be opened. */
static enum writ_status write_value(const json_t *v, unsigned depth, struct writ_buf *out)
{
    if (v == NULL)
        return WRIT_ARG;
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        return depth == 0 ? WRIT_LIMIT : write_object(v, depth - 1, out);
    case JSON_ARRAY:
        return depth == 0 ? WRIT_LIMIT : write_array(v, depth - 1, out);
    case JSON_STRING:
        return writ_json_quote(out, writ_json_text(v));
    case JSON_INTEGER:
        return write_integer(json_integer_value(v), out);
    case JSON_REAL:
        return write_real(json_real_value(v), out);
    case JSON_TRUE:
        return writ_buf_add(out, WRIT_LIT("true"));
    case JSON_FALSE:
        return writ_buf_add(out, WRIT_LIT("false"));
    case JSON_NULL:
        return writ_buf_add(out, WRIT_LIT("null"));
    }
    return WRIT_ARG;
}

enum writ_status writ_json_canonical(const json_t *value, struct writ_buf *out,
                                     struct writ_err *err)
{
    size_t before = out->len;
    enum writ_status st = write_value(value, WRIT_JSON_DEPTH, out);

    if (st == WRIT_OK)
        return st;
    out->len = before;
    return writ_fail(err, st, "canonical JSON: %s", writ_status_text(st));
}
