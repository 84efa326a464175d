/* A note that opens has a text that ends in LF; a verifier key is written as it was read. */
#include <stdlib.h>

#include "ledger/note.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char vkey[] =
        "evidence.example/log1+d769abce+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";
    struct writ_note_key key, read;
    struct writ_slice text;
    WRIT_AUTO_BUF again;

    writ_buf_init(&again, 1024);
    if (writ_note_key_parse(writ_cstr(vkey), &key, NULL) != WRIT_OK)
        abort();
    if (writ_note_open(writ_slice(data, size), &key, &text, NULL) == WRIT_OK &&
        (text.len == 0 || text.ptr != data || text.ptr[text.len - 1] != '\n'))
        abort();
    /* A verifier key that is read is written with the same bytes. */
    if (writ_note_key_parse(writ_slice(data, size), &read, NULL) == WRIT_OK &&
        (writ_note_key_text(&read, &again) != WRIT_OK ||
         !writ_slice_eq(writ_buf_slice(&again), writ_slice(data, size))))
        abort();
    return 0;
}
