#include "gateway/tools.h"

#include <math.h>

#include "names.h"
#include "scan.h"

#include "base/banned.h"

static const char *list_member(enum writ_mcp_method method)
{
    return method == WRIT_MCP_TOOLS_LIST ? "tools" : "prompts";
}

enum writ_status writ_tool_digest(const json_t *tool, struct writ_hash *out, struct writ_err *err)
{
    static const char *const members[] = { "name", "description", "inputSchema", "outputSchema",
                                           "annotations" };
    WRIT_AUTO_JSON *pinned = json_object();
    WRIT_AUTO_BUF text;

    writ_buf_init(&text, (size_t)8 * WRIT_MCP_LINE_MAX); /* numbers can grow in canonical form */
    if (pinned == NULL)
        return writ_fail_nomem(err);
    if (!json_is_object(tool))
        return writ_fail(err, WRIT_FORMAT, "a tool is an object");
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        json_t *value = json_object_get(tool, members[i]);
        if (value != NULL && json_object_set(pinned, members[i], value) != 0)
            return writ_fail_nomem(err);
    }
    WRIT_TRY(writ_json_canonical(pinned, &text, err));
    *out = writ_sha256(writ_buf_slice(&text));
    return WRIT_OK;
}

enum writ_status writ_tools_items(const struct writ_mcp_message *response,
                                  enum writ_mcp_method method, const json_t **out,
                                  struct writ_err *err)
{
    const char *member = list_member(method);
    const json_t *items = json_object_get(response->result, member);

    if (!json_is_array(items))
        return writ_fail(err, WRIT_FORMAT, "the result of %s/list has no array \"%s\"", member,
                         member);
    *out = items;
    return WRIT_OK;
}

bool writ_tools_name(const json_t *item, struct writ_slice *out)
{
    struct writ_slice name = writ_json_text(json_object_get(item, "name"));

    if (!names_item(name))
        return false;
    *out = name;
    return true;
}

static enum writ_status copy_kept(struct writ_slice items, const bool *keep, size_t count,
                                  struct writ_buf *out)
{
    struct scan s;
    struct scan_member m;
    bool some = false;
    size_t i = 0;

    if (!scan_begin(&s, items))
        return WRIT_FORMAT;
    WRIT_TRY(writ_buf_add_byte(out, '['));
    for (; scan_next(&s, &m); i++) {
        if (i >= count || !keep[i])
            continue;
        if (some)
            WRIT_TRY(writ_buf_add_byte(out, ','));
        WRIT_TRY(writ_buf_add(out, m.whole));
        some = true;
    }
    return writ_buf_add_byte(out, ']');
}

enum writ_status writ_tools_filter(const struct writ_mcp_message *response,
                                   enum writ_mcp_method method, const bool *keep, size_t count,
                                   struct writ_buf *out, struct writ_err *err)
{
    struct writ_slice result, items, line = response->line;
    const json_t *array = NULL;
    size_t before = out->len;

    WRIT_TRY(writ_tools_items(response, method, &array, err));
    if (json_array_size(array) != count)
        return writ_fail(err, WRIT_ARG, "the list has another number of items");
    if (!scan_find(line, "result", &result) || !scan_find(result, list_member(method), &items))
        return writ_fail(err, WRIT_FORMAT, "the list cannot be found in its line");
    size_t head = (size_t)(items.ptr - line.ptr);
    enum writ_status st = writ_buf_add(out, writ_slice(line.ptr, head));
    if (st == WRIT_OK)
        st = copy_kept(items, keep, count, out);
    if (st == WRIT_OK)
        st = writ_buf_add(out, writ_slice_from(line, head + items.len));
    if (st != WRIT_OK) {
        out->len = before;
        return writ_fail(err, st, "the filtered list cannot be kept");
    }
    return WRIT_OK;
}

/* Of JSON Schema's words; one that is none of them is left to the server. */
static bool is_of_type(const json_t *value, struct writ_slice type)
{
    if (writ_slice_is(type, "string"))
        return json_is_string(value);
    if (writ_slice_is(type, "number"))
        return json_is_number(value);
    if (writ_slice_is(type, "integer")) /* 1.0 is an integer there */
        return json_is_integer(value) ||
               (json_is_real(value) && floor(json_real_value(value)) == json_real_value(value));
    if (writ_slice_is(type, "boolean"))
        return json_is_boolean(value);
    if (writ_slice_is(type, "object"))
        return json_is_object(value);
    if (writ_slice_is(type, "array"))
        return json_is_array(value);
    if (writ_slice_is(type, "null"))
        return json_is_null(value);
    return true;
}

static bool fits_type(const json_t *value, const json_t *type)
{
    if (json_is_string(type))
        return is_of_type(value, writ_json_text(type));
    if (!json_is_array(type) || json_array_size(type) == 0)
        return true;
    for (size_t i = 0; i < json_array_size(type); i++)
        if (is_of_type(value, writ_json_text(json_array_get(type, i))))
            return true;
    return false;
}

static enum writ_status check_required(const json_t *schema, const json_t *arguments,
                                       struct writ_err *err)
{
    const json_t *required = json_object_get(schema, "required");

    for (size_t i = 0; i < json_array_size(required); i++) {
        struct writ_slice name = writ_json_text(json_array_get(required, i));
        if (json_is_string(json_array_get(required, i)) && writ_json_get(arguments, name) == NULL)
            return writ_fail(err, WRIT_FORMAT, "the required argument %.*s is missing",
                             WRIT_FMT(name));
    }
    return WRIT_OK;
}

enum writ_status writ_tools_check(const json_t *schema, json_t *arguments, struct writ_err *err)
{
    const json_t *properties = json_object_get(schema, "properties");
    bool closed = json_is_false(json_object_get(schema, "additionalProperties")) &&
                  json_object_get(schema, "patternProperties") == NULL;

    WRIT_TRY(check_required(schema, arguments, err));
    for (void *it = json_object_iter(arguments); it != NULL;
         it = json_object_iter_next(arguments, it)) {
        struct writ_slice name = writ_slice(json_object_iter_key(it), json_object_iter_key_len(it));
        const json_t *property = writ_json_get(properties, name);
        if (property == NULL && closed)
            return writ_fail(err, WRIT_FORMAT, "the tool has no argument %.*s", WRIT_FMT(name));
        if (!fits_type(json_object_iter_value(it), json_object_get(property, "type")))
            return writ_fail(err, WRIT_FORMAT, "the argument %.*s has another type",
                             WRIT_FMT(name));
    }
    return WRIT_OK;
}
