#include "base/json.h"

#include "json_scan.h"

#include "base/banned.h"

enum writ_status writ_json_parse(struct writ_slice in, size_t max, json_t **out,
                                 struct writ_err *err)
{
    /* jansson keeps the code in the last byte of the text, and does not set it in all cases. */
    json_error_t why = { .text = "" };

    if (in.len > max)
        return writ_fail_at(err, WRIT_LIMIT, max, "JSON of %zu bytes, at most %zu are accepted",
                            in.len, max);
    WRIT_TRY(writ_json_scan(in, err));
    json_t *value =
        json_loadb((const char *)in.ptr, in.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (value == NULL && json_error_code(&why) == json_error_duplicate_key) {
        size_t at = why.position > 0 ? (size_t)why.position : 0;
        return writ_fail_at(err, WRIT_FORMAT, at, "malformed JSON at byte %zu: duplicate key", at);
    }
    /* The scan has found the grammar to be right, so nothing is left but the heap. */
    if (value == NULL)
        return writ_fail_nomem(err);
    *out = value;
    return WRIT_OK;
}

enum writ_status writ_json_parse_object(struct writ_slice in, size_t max, json_t **out,
                                        struct writ_err *err)
{
    json_t *value = NULL;

    WRIT_TRY(writ_json_parse(in, max, &value, err));
    if (!json_is_object(value)) {
        json_decref(value);
        return writ_fail(err, WRIT_FORMAT, "malformed JSON: expected an object");
    }
    *out = value;
    return WRIT_OK;
}
