/*
 * A grant that is accepted contains its own copy one level deeper, and the copy does not contain
 * the grant when that has a level more to give.
 */
#include <stdlib.h>

#include "grant_parts.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    WRIT_AUTO_JSON *root = NULL;
    WRIT_AUTO_BUF text;
    struct writ_grant parent, child;

    writ_buf_init(&text, 1u << 18);
    if (grant_init(&parent, writ_slice(data, size), NULL) != WRIT_OK)
        return 0;
    check(writ_json_parse_object(writ_slice(data, size), size, &root, NULL) == WRIT_OK);
    check(json_object_set_new(root, "parent",
                              json_stringn((const char *)parent.id.ptr, parent.id.len)) == 0);
    if (parent.max_depth != 0)
        check(json_object_set_new(root, "max_depth", json_integer(parent.max_depth - 1)) == 0);
    check(writ_json_canonical(root, &text, NULL) == WRIT_OK);
    /* The canonical form may be longer than a text may be, and `parent` adds to it. */
    if (text.len <= WRIT_GRANT_TEXT_MAX) {
        check(grant_init(&child, writ_buf_slice(&text), NULL) == WRIT_OK);
        check((writ_grant_within(&child, &parent, NULL) == WRIT_OK) == (parent.max_depth != 0));
        child.id = parent.parent;
        check(writ_grant_within(&parent, &child, NULL) != WRIT_OK);
        grant_release(&child);
    }
    grant_release(&parent);
    return 0;
}
