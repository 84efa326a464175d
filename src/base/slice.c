#include "base/slice.h"

#include "base/banned.h"

int writ_slice_cmp(struct writ_slice a, struct writ_slice b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int c = n == 0 ? 0 : memcmp(a.ptr, b.ptr, n);

    if (c != 0)
        return c;
    return a.len < b.len ? -1 : a.len > b.len;
}

/* FNV-1a with a final mix; the seed keeps table order from being predictable to outsiders. */
uint64_t writ_slice_hash(struct writ_slice a, uint64_t seed)
{
    uint64_t h = 0xcbf29ce484222325u ^ seed;

    for (size_t i = 0; i < a.len; i++)
        h = (h ^ a.ptr[i]) * 0x100000001b3u;
    h ^= h >> 32;
    h *= 0x9e3779b97f4a7c15u;
    return h ^ (h >> 29);
}

uint8_t writ_read_u8(struct writ_reader *r)
{
    struct writ_slice b = writ_read_bytes(r, 1);
    return r->bad ? 0 : b.ptr[0];
}

uint16_t writ_read_be16(struct writ_reader *r)
{
    struct writ_slice b = writ_read_bytes(r, 2);
    return r->bad ? 0 : (uint16_t)(b.ptr[0] << 8 | b.ptr[1]);
}

uint32_t writ_read_be32(struct writ_reader *r)
{
    struct writ_slice b = writ_read_bytes(r, 4);
    if (r->bad)
        return 0;
    return (uint32_t)b.ptr[0] << 24 | (uint32_t)b.ptr[1] << 16 | (uint32_t)b.ptr[2] << 8 | b.ptr[3];
}

uint64_t writ_read_be64(struct writ_reader *r)
{
    uint64_t high = writ_read_be32(r);
    return high << 32 | writ_read_be32(r);
}

struct writ_slice writ_read_str32(struct writ_reader *r)
{
    return writ_read_bytes(r, writ_read_be32(r));
}

void writ_put_be16(uint8_t out[2], uint16_t v)
{
    out[0] = (uint8_t)(v >> 8);
    out[1] = (uint8_t)v;
}

void writ_put_be32(uint8_t out[4], uint32_t v)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(v >> (24 - 8 * i));
}

void writ_put_be64(uint8_t out[8], uint64_t v)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(v >> (56 - 8 * i));
}
