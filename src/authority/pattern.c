#include "pattern.h"

#include "names.h"
#include "uri.h"

#include "base/banned.h"

static enum writ_status split_star(struct writ_slice s, struct pattern *out, struct writ_err *err)
{
    struct pattern p = { s, false };

    if (s.len == 0 || s.len > PATTERN_MAX)
        return writ_fail(err, WRIT_FORMAT, "a pattern has 1 to %d bytes", PATTERN_MAX);
    if (s.ptr[s.len - 1] == '*') {
        p.prefix = true;
        p.text.len--;
    }
    if (memchr(p.text.ptr, '*', p.text.len) != NULL)
        return writ_fail(err, WRIT_FORMAT, "pattern `%.*s`: `*` may stand only at the end",
                         WRIT_FMT(s));
    *out = p;
    return WRIT_OK;
}

enum writ_status pattern_parse_action(struct writ_slice s, struct pattern *out,
                                      struct writ_err *err)
{
    struct action_name parts;
    struct pattern p;

    WRIT_TRY(split_star(s, &p, err));
    if (!p.prefix && !action_split(p.text, &parts))
        return writ_fail(err, WRIT_FORMAT,
                         "action `%.*s` is not of the form TARGET/tools/NAME, "
                         "TARGET/prompts/NAME or TARGET/resources/read",
                         WRIT_FMT(s));
    if (!words_valid(s, PATTERN_MAX))
        return writ_fail(err, WRIT_FORMAT, "an action pattern holds control bytes");
    *out = p;
    return WRIT_OK;
}

enum writ_status pattern_parse_resource(struct writ_slice s, struct pattern *out,
                                        struct writ_err *err)
{
    WRIT_AUTO_ARENA arena;
    struct writ_slice normal;
    struct pattern p;

    writ_arena_init(&arena, URI_MAX * 4);
    WRIT_TRY(split_star(s, &p, err));
    if (p.text.len == 0) { /* everything */
        *out = p;
        return WRIT_OK;
    }
    WRIT_TRY(uri_normalise(p.text, &arena, &normal, err));
    /* A path keeps its last slash in normal form, so a prefix that is normal stays one. */
    if (!writ_slice_eq(normal, p.text))
        return writ_fail(err, WRIT_FORMAT, "resource `%.*s` must be written as `%.*s%s`",
                         WRIT_FMT(s), WRIT_FMT(normal), p.prefix ? "*" : "");
    *out = p;
    return WRIT_OK;
}

bool pattern_match(const struct pattern *p, struct writ_slice s)
{
    return p->prefix ? writ_slice_starts(s, p->text) : writ_slice_eq(s, p->text);
}

bool pattern_within(const struct pattern *child, const struct pattern *parent)
{
    if (!parent->prefix)
        return !child->prefix && writ_slice_eq(child->text, parent->text);
    return writ_slice_starts(child->text, parent->text);
}

bool pattern_meet(const struct pattern *a, const struct pattern *b, struct pattern *out)
{
    if (pattern_within(a, b)) {
        *out = *a;
        return true;
    }
    if (pattern_within(b, a)) {
        *out = *b;
        return true;
    }
    return false;
}

bool patterns_match(const struct patterns *l, struct writ_slice s)
{
    for (size_t i = 0; i < l->len; i++)
        if (pattern_match(&l->at[i], s))
            return true;
    return false;
}

const struct pattern *patterns_outside(const struct patterns *child, const struct patterns *parent)
{
    for (size_t i = 0; i < child->len; i++) {
        bool inside = false;
        for (size_t j = 0; j < parent->len && !inside; j++)
            inside = pattern_within(&child->at[i], &parent->at[j]);
        if (!inside)
            return &child->at[i];
    }
    return NULL;
}
