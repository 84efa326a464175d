/* What is read as a record is written again in the same bytes, so a record has one form. */
#include <stdlib.h>

#include "record/record.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    WRIT_AUTO_ARENA arena;
    WRIT_AUTO_BUF again;
    struct writ_record r;
    struct writ_err err;

    writ_arena_init(&arena, 1u << 20);
    writ_buf_init(&again, 2 * WRIT_RECORD_MAX);
    if (writ_record_decode(writ_slice(data, size), &arena, &r, &err) != WRIT_OK)
        return 0;
    if (writ_record_encode(&r, &again, &err) != WRIT_OK ||
        !writ_slice_eq(writ_buf_slice(&again), writ_slice(data, size)))
        abort();
    return 0;
}
