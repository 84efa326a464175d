/*
 * What the reader accepts has a canonical form that it accepts too, that means the same, and
 * whose canonical form is itself.
 */
#include <stdlib.h>

#include "base/json.h"

#include "base/banned.h"

#define MAX_INPUT 8192
#define MAX_FORM  (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As json_equal, but 1.0 and 1 are the same number: canonical form does not tell them apart. */
static bool same(const json_t *a, const json_t *b)
{
    const char *key;
    json_t *member;

    if (json_is_number(a) && json_is_number(b)) {
        if (json_is_integer(a) && json_is_integer(b))
            return json_integer_value(a) == json_integer_value(b);
        return json_number_value(a) == json_number_value(b);
    }
    if (json_typeof(a) != json_typeof(b))
        return false;
    if (json_is_array(a)) {
        for (size_t i = 0; i < json_array_size(a); i++)
            if (!same(json_array_get(a, i), json_array_get(b, i)))
                return false;
        return json_array_size(a) == json_array_size(b);
    }
    if (json_is_object(a)) {
        json_object_foreach((json_t *)(uintptr_t)a, key, member)
        {
            const json_t *other = json_object_get(b, key);
            if (other == NULL || !same(member, other))
                return false;
        }
        return json_object_size(a) == json_object_size(b);
    }
    return json_equal(a, b) == 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    WRIT_AUTO_JSON *first = NULL;
    WRIT_AUTO_JSON *second = NULL;
    WRIT_AUTO_BUF form, again;
    struct writ_err err = { .status = WRIT_OK };

    writ_buf_init(&form, MAX_FORM);
    writ_buf_init(&again, MAX_FORM);
    if (writ_json_parse(writ_slice(data, size), MAX_INPUT, &first, &err) != WRIT_OK) {
        if (err.status == WRIT_OK || err.text[0] == '\0' || err.offset > size)
            abort();
        /* With memory at hand the scan leaves nothing but duplicate keys to jansson: a refusal
           that comes out as lack of memory is a disagreement between the two. */
        if (err.status == WRIT_NOMEM)
            abort();
        return 0;
    }
    if (writ_json_canonical(first, &form, NULL) != WRIT_OK ||
        writ_json_parse(writ_buf_slice(&form), MAX_FORM, &second, NULL) != WRIT_OK ||
        !same(first, second) || writ_json_canonical(second, &again, NULL) != WRIT_OK ||
        !writ_slice_eq(writ_buf_slice(&form), writ_buf_slice(&again)))
        abort();
    return 0;
}
