/* What is accepted is written as a line that is accepted as the same key, and written the same. */
#include <stdlib.h>

#include "crypto/ssh.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct writ_ssh_key key, same;
    struct writ_err err = { .text = "" };
    WRIT_AUTO_BUF line, again;

    writ_buf_init(&line, WRIT_SSH_LINE_MAX);
    writ_buf_init(&again, WRIT_SSH_LINE_MAX);
    if (writ_ssh_key_parse(writ_slice(data, size), &key, &err) != WRIT_OK) {
        if (err.text[0] == '\0')
            abort();
        return 0;
    }
    if (writ_ssh_key_line(&key, &line) != WRIT_OK ||
        writ_ssh_key_parse(writ_buf_slice(&line), &same, NULL) != WRIT_OK ||
        !writ_ssh_key_eq(&key, &same) || strcmp(key.fingerprint, same.fingerprint) != 0 ||
        strcmp(key.type, same.type) != 0 || writ_ssh_key_line(&same, &again) != WRIT_OK ||
        !writ_slice_eq(writ_buf_slice(&line), writ_buf_slice(&again)))
        abort();
    /* A line is its own canonical form, up to the comment. */
    if (line.len > size || memcmp(line.ptr, data, line.len) != 0)
        abort();
    return 0;
}
