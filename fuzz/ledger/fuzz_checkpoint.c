/* A checkpoint that is read is, without its extension lines, written with the same bytes. */
#include <stdlib.h>

#include "base/text.h"
#include "ledger/note.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct writ_checkpoint c;
    WRIT_AUTO_BUF again;

    writ_buf_init(&again, 1024);
    if (writ_checkpoint_parse(writ_slice(data, size), &c, NULL) != WRIT_OK)
        return 0;
    if (!writ_origin_valid(c.origin) ||
        writ_buf_addf(&again, "%.*s\n%llu\n", WRIT_FMT(c.origin), (unsigned long long)c.size) !=
            WRIT_OK ||
        writ_base64_encode(&again, writ_slice(c.root.b, WRIT_HASH_LEN)) != WRIT_OK ||
        writ_buf_add_byte(&again, '\n') != WRIT_OK ||
        !writ_slice_starts(writ_slice(data, size), writ_buf_slice(&again)))
        abort();
    return 0;
}
