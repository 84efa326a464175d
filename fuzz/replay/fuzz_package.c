/*
 * Targets: writ_package_verify.
 * Property: what is accepted is accepted again in canonical form, with the same findings, and a
 * refusal says why and leaves the report alone.
 */
#include <stdlib.h>

#include "base/json.h"
#include "replay/package.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct writ_package_report UNTOUCHED = { .cell = "untouched" };
    struct writ_package_report first = UNTOUCHED, again = UNTOUCHED;
    struct writ_err err = { 0 };
    WRIT_AUTO_JSON *root = NULL;
    WRIT_AUTO_BUF canonical;

    writ_buf_init(&canonical, WRIT_PACKAGE_MAX);
    enum writ_status st =
        writ_package_verify(writ_slice(data, size), writ_slice(NULL, 0), &first, &err);
    if (st != WRIT_OK) {
        if (err.status != st || err.text[0] == '\0' ||
            memcmp(&first, &UNTOUCHED, sizeof(first)) != 0)
            abort();
        return 0;
    }
    if (writ_json_parse(writ_slice(data, size), WRIT_PACKAGE_MAX, &root, &err) != WRIT_OK ||
        writ_json_canonical(root, &canonical, &err) != WRIT_OK ||
        writ_package_verify(writ_buf_slice(&canonical), writ_slice(NULL, 0), &again, &err) !=
            WRIT_OK ||
        memcmp(&first, &again, sizeof(first)) != 0)
        abort();
    return 0;
}
