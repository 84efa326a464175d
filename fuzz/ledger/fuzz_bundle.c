/* The entries of a well-formed bundle, put together again, are its bytes. */
#include <stdlib.h>

#include "tile.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct writ_slice rest = writ_slice(data, size), entry;
    WRIT_AUTO_BUF again;
    bool bad = false;

    writ_buf_init(&again, size + 1);
    while (writ_bundle_next(&rest, &entry, &bad))
        if (entry.len == 0 || writ_buf_add_be16(&again, (uint16_t)entry.len) != WRIT_OK ||
            writ_buf_add(&again, entry) != WRIT_OK)
            abort();
    if (again.len > size || (again.len != 0 && memcmp(again.ptr, data, again.len) != 0) ||
        bad != (again.len != size))
        abort();
    return 0;
}
