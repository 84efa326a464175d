/*
 * slice: borrowed bytes with a length, and a cursor that reads them.
 *
 * Source:    none.
 * Units:     bytes; multi-byte integers are big endian, as on the wire and on disk.
 * Limits:    a slice is as long as its owner made it.
 * Errors:    the reader fails once and stays failed: read everything, then check `bad`.
 * Ownership: a slice never owns: it is valid while its owner lives and is not changed.
 * Threads:   values; share nothing.
 */
#ifndef WRIT_BASE_SLICE_H
#define WRIT_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Never NUL-terminated. An empty slice may have a NULL pointer. */
struct writ_slice {
    const uint8_t *ptr;
    size_t len;
};

/* Initializer and expression forms; only string literals compile. */
/* clang-format off */
#define WRIT_SLICE_INIT(s) { (const uint8_t *)("" s), sizeof("" s) - 1 }
/* clang-format on */
#define WRIT_LIT(s) ((struct writ_slice)WRIT_SLICE_INIT(s))

/* For "%.*s" in writ_fail and friends; long text is cut by the receiving buffer. */
#define WRIT_FMT(s) (int)((s).len > 4096 ? 4096 : (s).len), (const char *)((s).ptr)

static inline struct writ_slice writ_slice(const void *ptr, size_t len)
{
    return (struct writ_slice){ (const uint8_t *)ptr, len };
}

/* NULL gives the empty slice. */
static inline struct writ_slice writ_cstr(const char *s)
{
    return (struct writ_slice){ (const uint8_t *)s, s != NULL ? strlen(s) : 0 };
}

static inline bool writ_slice_eq(struct writ_slice a, struct writ_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool writ_slice_is(struct writ_slice a, const char *s)
{
    return writ_slice_eq(a, writ_cstr(s));
}

static inline bool writ_slice_starts(struct writ_slice a, struct writ_slice prefix)
{
    return a.len >= prefix.len && (prefix.len == 0 || memcmp(a.ptr, prefix.ptr, prefix.len) == 0);
}

/* Byte order, shorter first where one is a prefix of the other. */
int writ_slice_cmp(struct writ_slice a, struct writ_slice b);

/* From `at` to the end; `at` beyond the end gives the empty slice. */
static inline struct writ_slice writ_slice_from(struct writ_slice a, size_t at)
{
    if (at >= a.len)
        return (struct writ_slice){ NULL, 0 };
    return (struct writ_slice){ a.ptr + at, a.len - at };
}

/* A non-cryptographic hash for tables whose keys the caller has already bounded. */
uint64_t writ_slice_hash(struct writ_slice a, uint64_t seed);

struct writ_reader {
    struct writ_slice rest;
    bool bad;
};

static inline struct writ_reader writ_reader(struct writ_slice s)
{
    return (struct writ_reader){ s, false };
}

static inline struct writ_slice writ_read_bytes(struct writ_reader *r, size_t n)
{
    struct writ_slice got = { NULL, 0 };
    if (r->bad || n > r->rest.len) {
        r->bad = true;
        return got;
    }
    if (n == 0) /* NULL + 0 is undefined in C, and an empty slice may be NULL */
        return got;
    got = (struct writ_slice){ r->rest.ptr, n };
    r->rest.ptr += n;
    r->rest.len -= n;
    return got;
}

uint8_t writ_read_u8(struct writ_reader *r);
uint16_t writ_read_be16(struct writ_reader *r);
uint32_t writ_read_be32(struct writ_reader *r);
uint64_t writ_read_be64(struct writ_reader *r);
/* A u32 length and that many bytes, as SSH writes strings. */
struct writ_slice writ_read_str32(struct writ_reader *r);

void writ_put_be16(uint8_t out[2], uint16_t v);
void writ_put_be32(uint8_t out[4], uint32_t v);
void writ_put_be64(uint8_t out[8], uint64_t v);

#endif
