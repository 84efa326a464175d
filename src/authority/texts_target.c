#include "texts.h"

#include "base/text.h"

#include "base/banned.h"

static enum writ_status copy(struct target_text *t, struct writ_slice s, struct writ_slice *out,
                             struct writ_err *err)
{
    return writ_arena_copy(&t->arena, s, out) ? WRIT_OK : writ_fail_nomem(err);
}

/* "{name}" by itself, or a scheme and any number of {name}. */
static bool template_valid(struct writ_slice s)
{
    bool open = false, colon = false;
    size_t start = 0;

    if (s.len == 0 || s.len > PATTERN_MAX || !words_valid(s, PATTERN_MAX))
        return false;
    if (s.ptr[0] == '{') /* by itself: or an argument could choose the scheme of another */
        return s.len > 2 && memchr(s.ptr + 1, '{', s.len - 1) == NULL &&
               memchr(s.ptr, '}', s.len) == s.ptr + s.len - 1;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        if (c == ':' && !open)
            colon = true;
        if (c == '{' || c == '}') {
            if (open == (c == '{') || (c == '}' && i == start))
                return false;
            open = c == '{';
            start = i + 1;
        }
    }
    return colon && !open;
}

static enum writ_status read_templates(struct target_text *t, const json_t *list, const char *tool,
                                       struct tool_resources *out, struct writ_err *err)
{
    size_t n = json_array_size(list);

    if (!json_is_array(list) || n == 0 || n > TEMPLATES_MAX)
        return writ_fail(err, WRIT_FORMAT, "target: resources of `%s`: a list of 1 to %d templates",
                         tool, TEMPLATES_MAX);
    struct writ_slice *at = writ_arena_array(&t->arena, n, sizeof(*at));
    if (at == NULL)
        return writ_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        struct writ_slice s = writ_json_text(json_array_get(list, i));
        if (!template_valid(s))
            return writ_fail(err, WRIT_FORMAT,
                             "target: `%.*s` is no template: write {argument}, or a URI with "
                             "{argument} in it",
                             WRIT_FMT(s));
        WRIT_TRY(copy(t, s, &at[i], err));
    }
    WRIT_TRY(copy(t, writ_cstr(tool), &out->tool, err));
    out->templates = at;
    out->len = n;
    return WRIT_OK;
}

/* The size of the object `key`, which may be missing, and memory for its parts. */
static enum writ_status part(struct target_text *t, const json_t *object, const char *key,
                             size_t size, void **at, size_t *len, struct writ_err *err)
{
    size_t n = json_object_size(object);

    if (object != NULL && (!json_is_object(object) || n > TOOLS_MAX))
        return writ_fail(err, WRIT_FORMAT, "target: %s is an object of up to %d tools", key,
                         TOOLS_MAX);
    void *parts = writ_arena_array(&t->arena, n + 1, size);
    if (parts == NULL)
        return writ_fail_nomem(err);
    *at = parts;
    *len = n;
    return WRIT_OK;
}

static enum writ_status read_resources(struct target_text *t, const json_t *root,
                                       struct writ_err *err)
{
    json_t *object = json_object_get(root, "resources");
    json_t *value;
    const char *tool;
    void *at = NULL;
    size_t i = 0;

    WRIT_TRY(
        part(t, object, "resources", sizeof(struct tool_resources), &at, &t->resources_len, err));
    struct tool_resources *list = at;
    json_object_foreach(object, tool, value)
        WRIT_TRY(read_templates(t, value, tool, &list[i++], err));
    t->resources = list;
    return WRIT_OK;
}

static enum writ_status read_spend(struct target_text *t, const json_t *root, struct writ_err *err)
{
    static const char *const FIELDS[] = { "argument", "unit", NULL };
    json_t *object = json_object_get(root, "spend");
    json_t *value;
    const char *tool;
    void *at = NULL;
    size_t i = 0;

    WRIT_TRY(part(t, object, "spend", sizeof(struct tool_spend), &at, &t->spend_len, err));
    struct tool_spend *list = at;
    json_object_foreach(object, tool, value)
    {
        struct writ_slice argument, unit;
        if (!json_is_object(value))
            return writ_fail(err, WRIT_FORMAT, "target: spend of `%s` is an object", tool);
        WRIT_TRY(writ_json_only(value, "target: spend", FIELDS, err));
        WRIT_TRY(writ_json_str(value, "target: spend", "argument", &argument, err));
        WRIT_TRY(writ_json_str(value, "target: spend", "unit", &unit, err));
        if (argument.len == 0 || !id_valid(unit))
            return writ_fail(err, WRIT_FORMAT, "target: spend of `%s`: argument and unit", tool);
        WRIT_TRY(copy(t, writ_cstr(tool), &list[i].tool, err));
        WRIT_TRY(copy(t, argument, &list[i].argument, err));
        WRIT_TRY(copy(t, unit, &list[i].unit, err));
        i++;
    }
    t->spend = list;
    return WRIT_OK;
}

static enum writ_status read_pins(struct target_text *t, const json_t *root, struct writ_err *err)
{
    json_t *object = json_object_get(root, "tools");
    json_t *value;
    const char *tool;
    void *at = NULL;
    size_t i = 0;

    WRIT_TRY(part(t, object, "tools", sizeof(struct tool_pin), &at, &t->pins_len, err));
    struct tool_pin *list = at;
    json_object_foreach(object, tool, value)
    {
        struct writ_slice digest = writ_json_text(value);
        if (!hex_valid(digest, 64))
            return writ_fail(err, WRIT_FORMAT,
                             "target: the digest of tool `%s` has 64 lower-case hex digits", tool);
        WRIT_TRY(copy(t, writ_cstr(tool), &list[i].tool, err));
        WRIT_TRY(copy(t, digest, &list[i].digest, err));
        i++;
    }
    t->pins = list;
    return WRIT_OK;
}

static enum writ_status read_sensitive(struct target_text *t, const json_t *root,
                                       struct writ_err *err)
{
    const json_t *list = json_object_get(root, "sensitive");
    size_t n = json_array_size(list);

    if (list == NULL)
        return WRIT_OK;
    if (!json_is_array(list) || n > PATTERNS_MAX)
        return writ_fail(err, WRIT_FORMAT, "target: sensitive is a list of up to %d patterns",
                         PATTERNS_MAX);
    struct pattern *at = writ_arena_array(&t->arena, n + 1, sizeof(*at));
    if (at == NULL)
        return writ_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        struct pattern p;
        WRIT_TRY(pattern_parse_action(writ_json_text(json_array_get(list, i)), &p, err));
        if (p.text.len <= t->target.len || !writ_slice_starts(p.text, t->target) ||
            p.text.ptr[t->target.len] != '/')
            return writ_fail(err, WRIT_FORMAT,
                             "target: sensitive: `%.*s` is not an action of this target",
                             WRIT_FMT(p.text));
        at[i].prefix = p.prefix;
        WRIT_TRY(copy(t, p.text, &at[i].text, err));
    }
    t->sensitive = (struct patterns){ n, at };
    return WRIT_OK;
}

static enum writ_status read_target(const json_t *root, struct target_text *t, struct writ_err *err)
{
    static const char *const FIELDS[] = { "type",        "v",         "cell",        "id",
                                          "issued",      "target",    "environment", "third_party",
                                          "sensitive",   "resources", "spend",       "tools",
                                          "on_new_tool", NULL };
    struct writ_slice s;

    WRIT_TRY(writ_json_only(root, "target", FIELDS, err));
    WRIT_TRY(writ_json_str(root, "target", "target", &s, err));
    WRIT_TRY(copy(t, s, &t->target, err));
    WRIT_TRY(writ_json_str(root, "target", "environment", &s, err));
    WRIT_TRY(copy(t, s, &t->environment, err));
    if (!name_valid(t->target) || !name_valid(t->environment))
        return writ_fail(err, WRIT_FORMAT,
                         "target: target and environment are names of 1-64 of a-z 0-9 . _ -");
    WRIT_TRY(writ_json_opt_bool(root, "target", "third_party", false, &t->third_party, err));
    WRIT_TRY(writ_json_opt_str(root, "target", "on_new_tool", &s, err));
    if (s.ptr != NULL && !writ_slice_is(s, "pin") && !writ_slice_is(s, "hold"))
        return writ_fail(err, WRIT_FORMAT, "target: on_new_tool is `pin` or `hold`");
    t->hold_new = s.ptr == NULL || !writ_slice_is(s, "pin");
    WRIT_TRY(read_sensitive(t, root, err));
    WRIT_TRY(read_resources(t, root, err));
    WRIT_TRY(read_spend(t, root, err));
    return read_pins(t, root, err);
}

enum writ_status target_text_read(const json_t *root, struct target_text *out, struct writ_err *err)
{
    struct target_text t = { 0 };

    writ_arena_init(&t.arena, 1u << 20);
    enum writ_status st = read_target(root, &t, err);
    if (st != WRIT_OK) {
        writ_arena_release(&t.arena);
        return st;
    }
    *out = t;
    return WRIT_OK;
}
