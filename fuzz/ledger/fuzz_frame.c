/*
 * Arbitrary bytes as a segment: a good frame has the checksum of its bytes, holds as many
 * entries as it says, and is written again with the same bytes. The fuzzer cannot hash, so the
 * input is tried once as it is and once with its checksum put right.
 */
#include <stdlib.h>

#include "frame.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct writ_slice at)
{
    struct writ_frame f = { .len = 0 };

    if (writ_frame_parse(at, &f) != WRIT_FRAME_GOOD)
        return;
    struct writ_slice *entries = calloc(f.count, sizeof(*entries));
    uint8_t *again = malloc(f.len);
    if (entries == NULL || again == NULL)
        abort();
    struct writ_reader r = writ_reader(f.body);
    for (uint32_t i = 0; i < f.count; i++)
        entries[i] = writ_read_str32(&r);
    size_t len = 0;
    if (r.bad || r.rest.len != 0 || writ_frame_len(entries, f.count, &len) != WRIT_OK ||
        len != f.len)
        abort();
    writ_frame_encode(&f, entries, again);
    if (memcmp(again, at.ptr, f.len) != 0)
        abort();
    free(again);
    free(entries);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct writ_frame f = { .len = 0 };

    for (size_t off = 0; off < size; off += WRIT_FRAME_ALIGN)
        check(writ_slice(data + off, size - off));
    if (writ_frame_shape(writ_slice(data, size), &f) != WRIT_FRAME_GOOD)
        return 0;
    uint8_t *copy = malloc(size);
    if (copy == NULL)
        abort();
    memcpy(copy, data, size);
    struct writ_hash sum = writ_sha256(writ_slice(copy, f.len - WRIT_HASH_LEN));
    memcpy(copy + f.len - WRIT_HASH_LEN, sum.b, WRIT_HASH_LEN);
    check(writ_slice(copy, size));
    free(copy);
    return 0;
}
