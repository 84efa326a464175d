#include "base/json.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "json_scan.h"

#include "base/banned.h"

/*
 * When jansson's string buffer cannot grow it drops bytes and goes on: a text would silently become
 * another one. So its allocator is ours, and remembers for each thread that it once said no.
 */
static _Thread_local bool refused;

static void *json_malloc(size_t n)
{
    void *p = malloc(n);
    refused = refused || p == NULL;
    return p;
}

static void json_free(void *p)
{
    free(p);
}

void writ_json_memory_watch(void)
{
    static atomic_bool hooked;

    if (!atomic_exchange(&hooked, true))
        json_set_alloc_funcs(json_malloc, json_free);
    refused = false;
}

bool writ_json_memory_refused(void)
{
    return refused;
}

enum writ_status writ_json_parse(struct writ_slice in, size_t max, json_t **out,
                                 struct writ_err *err)
{
    /* jansson keeps the code in the last byte of the text, and does not set it in all cases. */
    json_error_t why = { .text = "" };

    if (in.len > max)
        return writ_fail_at(err, WRIT_LIMIT, max, "JSON of %zu bytes, at most %zu are accepted",
                            in.len, max);
    WRIT_TRY(writ_json_scan(in, err));
    writ_json_memory_watch();
    json_t *value =
        json_loadb((const char *)in.ptr, in.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (value == NULL && json_error_code(&why) == json_error_duplicate_key) {
        size_t at = why.position > 0 ? (size_t)why.position : 0;
        return writ_fail_at(err, WRIT_FORMAT, at, "malformed JSON at byte %zu: duplicate key", at);
    }
    /* The scan has found the grammar to be right, so nothing is left but the heap. */
    if (value == NULL || writ_json_memory_refused()) {
        json_decref(value);
        return writ_fail_nomem(err);
    }
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
