#include "frame.h"

#include "base/banned.h"

/*
 * 0xff is in no UTF-8 text, so an entry, which whoever is logged may have chosen, cannot be
 * taken for a frame when a damaged segment is searched.
 */
static const uint8_t FRAME_MAGIC[8] = { 0xff, 'W', 'R', 'I', 'T', 'F', 'R', '1' };
static const uint8_t SEGMENT_MAGIC[8] = { 0xff, 'W', 'R', 'I', 'T', 'S', 'G', '1' };

enum writ_status writ_frame_len(const struct writ_slice *entries, size_t n, size_t *len)
{
    size_t bytes = 0;

    if (n == 0)
        return WRIT_ARG;
    if (n > WRIT_BATCH_MAX)
        return WRIT_LIMIT;
    for (size_t i = 0; i < n; i++) {
        if (entries[i].len == 0)
            return WRIT_ARG;
        if (entries[i].len > WRIT_ENTRY_MAX)
            return WRIT_LIMIT;
        bytes += entries[i].len; /* at most 4096 * 65535 */
    }
    if (bytes > WRIT_BATCH_BYTES)
        return WRIT_LIMIT;
    bytes += WRIT_FRAME_HEAD + 4 * n + WRIT_FRAME_TAIL;
    *len = (bytes + WRIT_FRAME_ALIGN - 1) / WRIT_FRAME_ALIGN * WRIT_FRAME_ALIGN;
    return WRIT_OK;
}

void writ_frame_encode(struct writ_frame *f, const struct writ_slice *entries, uint8_t *out)
{
    uint8_t *p = out + WRIT_FRAME_HEAD, *tail = out + f->len - WRIT_FRAME_TAIL;

    memcpy(out, FRAME_MAGIC, sizeof(FRAME_MAGIC));
    writ_put_be64(out + 8, f->seq);
    writ_put_be64(out + 16, f->first);
    writ_put_be32(out + 24, f->count);
    writ_put_be32(out + 28, (uint32_t)f->len);
    memcpy(out + 32, f->prev.b, WRIT_HASH_LEN);
    for (uint32_t i = 0; i < f->count; i++) {
        writ_put_be32(p, (uint32_t)entries[i].len);
        memcpy(p + 4, entries[i].ptr, entries[i].len);
        p += 4 + entries[i].len;
    }
    memset(p, 0, (size_t)(tail - p));
    writ_put_be64(tail, f->size);
    memcpy(tail + 8, f->root.b, WRIT_HASH_LEN);
    f->sum = writ_sha256(writ_slice(out, f->len - WRIT_HASH_LEN));
    memcpy(tail + 40, f->sum.b, WRIT_HASH_LEN);
}

bool writ_all_zero(struct writ_slice s)
{
    /* All bytes equal their neighbour and the first is zero: memcmp runs at memory speed. */
    return s.len == 0 || (s.ptr[0] == 0 && memcmp(s.ptr, s.ptr + 1, s.len - 1) == 0);
}

static struct writ_hash read_hash(struct writ_reader *r)
{
    struct writ_hash h = { { 0 } };
    struct writ_slice s = writ_read_bytes(r, WRIT_HASH_LEN);

    if (!r->bad)
        memcpy(h.b, s.ptr, WRIT_HASH_LEN);
    return h;
}

/* The header alone, from exactly WRIT_FRAME_HEAD bytes. */
static bool parse_head(struct writ_slice head, struct writ_frame *f)
{
    struct writ_reader r = writ_reader(head);
    struct writ_slice magic = writ_read_bytes(&r, sizeof(FRAME_MAGIC));

    if (r.bad || memcmp(magic.ptr, FRAME_MAGIC, sizeof(FRAME_MAGIC)) != 0)
        return false;
    f->seq = writ_read_be64(&r);
    f->first = writ_read_be64(&r);
    f->count = writ_read_be32(&r);
    f->len = writ_read_be32(&r);
    f->prev = read_hash(&r);
    return !r.bad && f->len % WRIT_FRAME_ALIGN == 0 && f->len >= WRIT_FRAME_MIN &&
           f->len <= WRIT_FRAME_MAX && f->count >= 1 && f->count <= WRIT_BATCH_MAX &&
           f->first <= INT64_MAX - WRIT_BATCH_MAX;
}

/* The entries must fill the frame up to less than one unit of padding zeros. */
static bool parse_body(struct writ_slice room, struct writ_frame *f)
{
    struct writ_reader r = writ_reader(room);

    for (uint32_t i = 0; i < f->count; i++) {
        struct writ_slice entry = writ_read_str32(&r);
        if (r.bad || entry.len == 0 || entry.len > WRIT_ENTRY_MAX)
            return false;
    }
    f->body = writ_slice(room.ptr, room.len - r.rest.len);
    return r.rest.len < WRIT_FRAME_ALIGN && writ_all_zero(r.rest);
}

enum writ_frame_verdict writ_frame_shape(struct writ_slice at, struct writ_frame *out)
{
    struct writ_frame f;

    memset(&f, 0, sizeof(f));
    if (at.len < WRIT_FRAME_HEAD)
        return writ_all_zero(at) ? WRIT_FRAME_NONE : WRIT_FRAME_BAD;
    struct writ_slice head = writ_slice(at.ptr, WRIT_FRAME_HEAD);
    if (head.ptr[0] == 0 && writ_all_zero(head))
        return WRIT_FRAME_NONE;
    if (!parse_head(head, &f))
        return WRIT_FRAME_BAD;
    if (f.len > at.len) {
        out->len = f.len;
        return WRIT_FRAME_MORE;
    }
    size_t room = f.len - WRIT_FRAME_HEAD - WRIT_FRAME_TAIL;
    if (!parse_body(writ_slice(at.ptr + WRIT_FRAME_HEAD, room), &f))
        return WRIT_FRAME_BAD;
    struct writ_reader r =
        writ_reader(writ_slice(at.ptr + f.len - WRIT_FRAME_TAIL, WRIT_FRAME_TAIL));
    f.size = writ_read_be64(&r);
    f.root = read_hash(&r);
    f.sum = read_hash(&r);
    *out = f;
    return WRIT_FRAME_GOOD;
}

enum writ_frame_verdict writ_frame_parse(struct writ_slice at, struct writ_frame *out)
{
    struct writ_frame f;

    memset(&f, 0, sizeof(f));
    enum writ_frame_verdict v = writ_frame_shape(at, &f);
    if (v == WRIT_FRAME_MORE)
        out->len = f.len;
    if (v != WRIT_FRAME_GOOD)
        return v;
    struct writ_hash sum = writ_sha256(writ_slice(at.ptr, f.len - WRIT_HASH_LEN));
    if (f.size != f.first + f.count || memcmp(sum.b, f.sum.b, WRIT_HASH_LEN) != 0)
        return WRIT_FRAME_BAD;
    *out = f;
    return WRIT_FRAME_GOOD;
}

void writ_segment_head_encode(uint32_t number, uint64_t size, uint8_t out[WRIT_SEGMENT_HEAD])
{
    memset(out, 0, WRIT_SEGMENT_HEAD);
    memcpy(out, SEGMENT_MAGIC, sizeof(SEGMENT_MAGIC));
    writ_put_be64(out + 8, number);
    writ_put_be64(out + 16, size);
    struct writ_hash sum = writ_sha256(writ_slice(out, 32));
    memcpy(out + 32, sum.b, WRIT_HASH_LEN);
}

bool writ_segment_head_valid(struct writ_slice head, uint32_t number, uint64_t size)
{
    uint8_t want[WRIT_SEGMENT_HEAD];

    writ_segment_head_encode(number, size, want);
    return writ_slice_eq(head, writ_slice(want, sizeof(want)));
}
