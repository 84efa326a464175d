/* A key text that is accepted is the only text of its key; a signature of zeros is never good. */
#include <stdlib.h>

#include "crypto/key.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t zeros[WRIT_SIGNATURE_LEN];
    WRIT_AUTO_KEY *key = NULL;
    struct writ_slice in = writ_slice(data, size);
    char text[WRIT_KEY_TEXT];
    uint8_t raw[32];

    if (writ_key_parse(in, &key, NULL) != WRIT_OK)
        return 0;
    writ_key_text(key, text);
    if (!writ_slice_is(in, text) || writ_key_kind(key) == WRIT_KEY_NONE)
        abort();
    if (writ_key_ed25519_public(key, raw) != (writ_key_kind(key) == WRIT_KEY_ED25519))
        abort();
    if (writ_key_verify(key, in, writ_slice(zeros, sizeof(zeros))) == WRIT_OK)
        abort();
    return 0;
}
