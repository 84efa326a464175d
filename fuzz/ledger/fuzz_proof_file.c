/* A proof file that is read is written with the same bytes. */
#include <stdlib.h>

#include "ledger/proof_file.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct writ_proof_file p;
    WRIT_AUTO_BUF again;

    writ_buf_init(&again, WRIT_PROOF_FILE_MAX);
    if (writ_proof_file_parse(writ_slice(data, size), &p, NULL) != WRIT_OK)
        return 0;
    if (writ_proof_file_write(&p, &again) != WRIT_OK ||
        !writ_slice_eq(writ_buf_slice(&again), writ_slice(data, size)))
        abort();
    return 0;
}
