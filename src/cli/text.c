#include "text.h"

#include "base/text.h"

#include "base/banned.h"

enum writ_status writ_id_make(struct writ_env env, char letter, char out[WRIT_ID_TEXT],
                              struct writ_err *err)
{
    uint8_t raw[8];

    if (env.random(env.ctx, raw, sizeof(raw)) != WRIT_OK)
        return writ_fail(err, WRIT_IO, "the system has no random numbers to give");
    out[0] = letter;
    out[1] = '-';
    writ_hex(out + 2, raw, sizeof(raw));
    return WRIT_OK;
}

enum writ_status writ_text_put(json_t *object, const char *name, json_t *value,
                               struct writ_err *err)
{
    if (value == NULL || json_object_set_new(object, name, value) != 0)
        return writ_fail_nomem(err);
    return WRIT_OK;
}

static enum writ_status new_text(const char *name, struct writ_slice value, json_t **out,
                                 struct writ_err *err)
{
    if (writ_utf8_check(value) != value.len)
        return writ_fail(err, WRIT_ARG, "%s is not UTF-8 text", name);
    *out = json_stringn((const char *)value.ptr, value.len);
    return *out != NULL ? WRIT_OK : writ_fail_nomem(err);
}

enum writ_status writ_text_set(json_t *object, const char *name, const char *value,
                               struct writ_err *err)
{
    json_t *text;

    WRIT_TRY(new_text(name, writ_cstr(value), &text, err));
    return writ_text_put(object, name, text, err);
}

static enum writ_status append(json_t *object, const char *name, struct writ_slice value,
                               struct writ_err *err)
{
    json_t *list = json_object_get(object, name), *text;

    if (!json_is_array(list)) {
        WRIT_TRY(writ_text_put(object, name, json_array(), err));
        list = json_object_get(object, name);
    }
    WRIT_TRY(new_text(name, value, &text, err));
    return json_array_append_new(list, text) == 0 ? WRIT_OK : writ_fail_nomem(err);
}

enum writ_status writ_text_append(json_t *object, const char *name, const char *value,
                                  struct writ_err *err)
{
    return append(object, name, writ_cstr(value), err);
}

enum writ_status writ_text_commas(json_t *object, const char *name, const char *value,
                                  struct writ_err *err)
{
    struct writ_slice rest = writ_cstr(value);

    for (;;) {
        const uint8_t *comma = rest.len != 0 ? memchr(rest.ptr, ',', rest.len) : NULL;
        size_t len = comma != NULL ? (size_t)(comma - rest.ptr) : rest.len;

        if (len == 0)
            return writ_fail(err, WRIT_ARG, "%s: an empty place in \"%s\"", name, value);
        WRIT_TRY(append(object, name, writ_slice(rest.ptr, len), err));
        if (comma == NULL)
            return WRIT_OK;
        rest = writ_slice_from(rest, len + 1);
    }
}

enum writ_status writ_text_time(json_t *object, const char *name, uint64_t us, struct writ_err *err)
{
    char text[WRIT_TIME_TEXT];

    writ_time_format(us, text);
    return writ_text_set(object, name, text, err);
}

enum writ_status writ_text_head(struct writ_env env, const char *type, struct writ_slice cell,
                                char id_letter, json_t *text, struct writ_err *err)
{
    char id[WRIT_ID_TEXT];
    uint64_t now = env.now_us(env.ctx);
    json_t *name;

    WRIT_TRY(writ_id_make(env, id_letter, id, err));
    WRIT_TRY(writ_text_set(text, "type", type, err));
    WRIT_TRY(writ_text_put(text, "v", json_integer(1), err));
    WRIT_TRY(new_text("cell", cell, &name, err));
    WRIT_TRY(writ_text_put(text, "cell", name, err));
    WRIT_TRY(writ_text_set(text, "id", id, err));
    return writ_text_time(text, "issued", now - now % 1000000u, err);
}

enum writ_status writ_text_canonical(const json_t *text, struct writ_buf *out, struct writ_err *err)
{
    size_t before = out->len;

    WRIT_TRY(writ_json_canonical(text, out, err));
    if (out->len - before > WRIT_TEXT_MAX)
        return writ_fail(err, WRIT_LIMIT, "the text has %zu bytes, and %zu is the limit",
                         out->len - before, WRIT_TEXT_MAX);
    return WRIT_OK;
}
