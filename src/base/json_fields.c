#include "base/json.h"

#include <inttypes.h>

#include "base/banned.h"

struct writ_slice writ_json_text(const json_t *string)
{
    return writ_slice(json_string_value(string), json_string_length(string));
}

json_t *writ_json_get(const json_t *obj, struct writ_slice key)
{
    return json_object_getn(obj, key.ptr != NULL ? (const char *)key.ptr : "", key.len);
}

enum writ_status writ_json_only(const json_t *obj, const char *where, const char *const *allowed,
                                struct writ_err *err)
{
    json_t *o =
        (json_t *)(uintptr_t)obj; /* jansson's iterators are not const; ours changes nothing */

    if (!json_is_object(obj))
        return writ_fail(err, WRIT_FORMAT, "%s: expected an object", where);
    for (void *it = json_object_iter(o); it != NULL; it = json_object_iter_next(o, it)) {
        struct writ_slice key = writ_slice(json_object_iter_key(it), json_object_iter_key_len(it));
        const char *const *a = allowed;
        while (*a != NULL && !writ_slice_is(key, *a))
            a++;
        if (*a == NULL)
            return writ_fail(err, WRIT_FORMAT, "%s: unknown field \"%.*s\"", where, WRIT_FMT(key));
    }
    return WRIT_OK;
}

static enum writ_status wrong(struct writ_err *err, const char *where, const char *key,
                              const json_t *got, const char *wanted)
{
    if (got == NULL)
        return writ_fail(err, WRIT_FORMAT, "%s: field \"%s\" is missing", where, key);
    return writ_fail(err, WRIT_FORMAT, "%s: field \"%s\" must be %s", where, key, wanted);
}

enum writ_status writ_json_str(const json_t *obj, const char *where, const char *key,
                               struct writ_slice *out, struct writ_err *err)
{
    const json_t *v = json_object_get(obj, key);

    if (!json_is_string(v))
        return wrong(err, where, key, v, "a string");
    *out = writ_json_text(v);
    return WRIT_OK;
}

enum writ_status writ_json_opt_str(const json_t *obj, const char *where, const char *key,
                                   struct writ_slice *out, struct writ_err *err)
{
    const json_t *v = json_object_get(obj, key);

    if (v == NULL || json_is_null(v)) {
        *out = writ_slice(NULL, 0);
        return WRIT_OK;
    }
    if (!json_is_string(v))
        return wrong(err, where, key, v, "a string or null");
    *out = writ_json_text(v);
    return WRIT_OK;
}

enum writ_status writ_json_u64(const json_t *obj, const char *where, const char *key, uint64_t min,
                               uint64_t max, uint64_t *out, struct writ_err *err)
{
    const json_t *v = json_object_get(obj, key);

    if (!json_is_integer(v))
        return wrong(err, where, key, v, "an integer");
    json_int_t got = json_integer_value(v);
    if (got < 0 || (uint64_t)got < min || (uint64_t)got > max)
        return writ_fail(err, WRIT_FORMAT, "%s: field \"%s\" must be from %" PRIu64 " to %" PRIu64,
                         where, key, min, max);
    *out = (uint64_t)got;
    return WRIT_OK;
}

enum writ_status writ_json_opt_bool(const json_t *obj, const char *where, const char *key,
                                    bool fallback, bool *out, struct writ_err *err)
{
    const json_t *v = json_object_get(obj, key);

    if (v != NULL && !json_is_boolean(v))
        return wrong(err, where, key, v, "true or false");
    *out = v != NULL ? json_is_true(v) : fallback;
    return WRIT_OK;
}
