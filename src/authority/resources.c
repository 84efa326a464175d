#include "state.h"

#include "uri.h"

#include "base/banned.h"

#define RESOURCES_MAX WRIT_RECORD_LIST_MAX

static const struct tool_resources *templates_of(const struct target *t,
                                                 const struct action_name *name)
{
    bool prompt = writ_slice_is(name->kind, "prompts");

    for (size_t i = 0; i < t->text.resources_len; i++) {
        struct writ_slice tool = t->text.resources[i].tool;
        if (prompt) {
            if (!writ_slice_starts(tool, WRIT_LIT("prompts/")))
                continue;
            tool = writ_slice_from(tool, 8);
        }
        if (writ_slice_eq(tool, name->name))
            return &t->text.resources[i];
    }
    return NULL;
}

bool target_needs_arguments(const struct target *t, const struct action_name *name)
{
    return writ_slice_is(name->kind, "resources") || templates_of(t, name) != NULL;
}

/* One `{name}` or the text before it; moves `rest` on. */
struct piece {
    struct writ_slice text;
    bool is_argument;
};

static struct piece next_piece(struct writ_slice *rest)
{
    struct piece p = { { NULL, 0 }, rest->ptr[0] == '{' };
    size_t n = p.is_argument ? 1 : 0;

    while (n < rest->len && rest->ptr[n] != (p.is_argument ? '}' : '{'))
        n++;
    p.text = p.is_argument ? writ_slice(rest->ptr + 1, n - 1) : writ_slice(rest->ptr, n);
    *rest = writ_slice_from(*rest, p.is_argument ? n + 1 : n);
    return p;
}

/* How an argument is written into the template depends on where it stands. */
static enum writ_status expand_one(struct writ_slice tmpl, struct writ_slice so_far,
                                   struct writ_slice value, struct writ_arena *arena,
                                   struct writ_slice *out, struct writ_err *err)
{
    struct writ_slice plain;

    if (tmpl.ptr[0] == '{') { /* the argument is the whole URI: template_valid saw to it */
        *out = value;
        return WRIT_OK;
    }
    if (!writ_slice_is(so_far, "file://"))
        return uri_encode(value, false, arena, out, err);
    WRIT_TRY(path_normalise(value, arena, &plain, err));
    return uri_encode(plain, true, arena, out, err);
}

/* The element `element` of list arguments, or the text; false when there is none. */
static bool argument_text(const json_t *arguments, struct writ_slice name, size_t element,
                          struct writ_slice *out, size_t *elements)
{
    const json_t *v = writ_json_get(arguments, name);

    if (json_is_array(v)) {
        /* Two lists in one template must be of one length: the shorter lacks elements. */
        if (json_array_size(v) > *elements)
            *elements = json_array_size(v);
        v = json_array_get(v, element);
    }
    if (!json_is_string(v) || json_string_length(v) == 0)
        return false;
    *out = writ_json_text(v);
    return true;
}

static enum writ_status expand(struct writ_slice tmpl, const json_t *arguments, size_t element,
                               struct writ_arena *arena, struct writ_slice *out, size_t *elements,
                               struct writ_err *err)
{
    WRIT_AUTO_BUF text;
    struct writ_slice rest = tmpl;

    writ_buf_init(&text, URI_MAX);
    while (rest.len != 0) {
        struct piece p = next_piece(&rest);
        struct writ_slice value = p.text;
        if (p.is_argument) {
            if (!argument_text(arguments, p.text, element, &value, elements))
                return writ_fail(err, WRIT_REFUSED, "argument `%.*s` names no resource",
                                 WRIT_FMT(p.text));
            WRIT_TRY(expand_one(tmpl, writ_buf_slice(&text), value, arena, &value, err));
        }
        enum writ_status st = writ_buf_add(&text, value);
        if (st == WRIT_LIMIT)
            return writ_fail(err, WRIT_REFUSED, "the resource is longer than %zu bytes", URI_MAX);
        if (st != WRIT_OK)
            return writ_fail_nomem(err);
    }
    return uri_normalise(writ_buf_slice(&text), arena, out, err);
}

static enum writ_status expand_all(const struct tool_resources *templates, const json_t *arguments,
                                   struct writ_arena *arena, struct writ_slice *list, size_t *len,
                                   struct writ_err *err)
{
    for (size_t i = 0; i < templates->len; i++) {
        size_t elements = 1;
        for (size_t e = 0; e < elements; e++) {
            if (*len == RESOURCES_MAX)
                return writ_fail(err, WRIT_REFUSED, "more than %d resources in one action",
                                 RESOURCES_MAX);
            WRIT_TRY(
                expand(templates->templates[i], arguments, e, arena, &list[*len], &elements, err));
            (*len)++;
        }
    }
    return WRIT_OK;
}

static enum writ_status whole_target(const struct target *t, struct writ_arena *arena,
                                     struct writ_slice *out, struct writ_err *err)
{
    uint8_t *text = writ_arena_alloc(arena, t->text.target.len + 5);

    if (text == NULL)
        return writ_fail_nomem(err);
    memcpy(text, "writ:", 5);
    memcpy(text + 5, t->text.target.ptr, t->text.target.len);
    *out = writ_slice(text, t->text.target.len + 5);
    return WRIT_OK;
}

enum writ_status target_resources(const struct target *t, const struct action_name *name,
                                  const json_t *arguments, struct writ_arena *arena,
                                  struct writ_texts *out, struct writ_err *err)
{
    static const struct writ_slice URI[] = { WRIT_SLICE_INIT("{uri}") };
    static const struct tool_resources READ = { WRIT_SLICE_INIT("read"), 1, URI };
    const struct tool_resources *templates =
        writ_slice_is(name->kind, "resources") ? &READ : templates_of(t, name);
    struct writ_slice *list = writ_arena_array(arena, RESOURCES_MAX, sizeof(*list));
    size_t len = 0;

    if (list == NULL)
        return writ_fail_nomem(err);
    if (templates == NULL) {
        WRIT_TRY(whole_target(t, arena, &list[0], err));
        len = 1;
    } else {
        WRIT_TRY(expand_all(templates, arguments, arena, list, &len, err));
    }
    *out = (struct writ_texts){ len, list };
    return WRIT_OK;
}
