#include "constraint.h"

#include "base/banned.h"

static bool may_be_absent(const struct constraint *c)
{
    return c->optional || c->op == CONSTRAINT_ABSENT || c->op == CONSTRAINT_ANY;
}

static bool among(struct writ_slice v, const struct constraint *c)
{
    for (size_t i = 0; i < c->len; i++)
        if (writ_slice_eq(c->values[i], v))
            return true;
    return false;
}

/* A path prefix ends at a segment; the others are plain prefixes of the normal form. */
static bool prefix_holds(enum value_kind kind, struct writ_slice prefix, struct writ_slice v)
{
    if (!writ_slice_starts(v, prefix))
        return false;
    if (kind != VALUE_PATH || v.len == prefix.len || prefix.ptr[prefix.len - 1] == '/')
        return true;
    return v.ptr[prefix.len] == '/';
}

static bool range_holds(const struct constraint *c, struct writ_slice v)
{
    return (!c->has_min || value_compare(c->kind, c->min, v) <= 0) &&
           (!c->has_max || value_compare(c->kind, v, c->max) <= 0);
}

/* Both sides are sorted sets. */
static bool elements_within(size_t n, const struct writ_slice *elements, const struct constraint *c)
{
    for (size_t i = 0; i < n; i++)
        if (!among(elements[i], c))
            return false;
    return true;
}

static bool value_holds(const struct constraint *c, struct writ_slice v)
{
    switch (c->op) {
    case CONSTRAINT_EXACT:
        return among(v, c);
    case CONSTRAINT_PREFIX:
        return prefix_holds(c->kind, c->prefix, v);
    case CONSTRAINT_RANGE:
        return range_holds(c, v);
    case CONSTRAINT_ANY:
        return true;
    case CONSTRAINT_SUBSET:
    case CONSTRAINT_ABSENT:
        break;
    }
    return false;
}

bool constraint_match(const struct constraint *c, const json_t *json, struct writ_arena *scratch)
{
    struct value v;

    if (json == NULL)
        return may_be_absent(c);
    if (c->op == CONSTRAINT_ANY)
        return true;
    if (c->op == CONSTRAINT_ABSENT || !value_read(c->kind, json, scratch, &v))
        return false;
    if (c->kind != VALUE_LIST)
        return value_holds(c, v.text);
    if (c->op == CONSTRAINT_EXACT && v.len != c->len)
        return false;
    return elements_within(v.len, v.elements, c);
}

static bool range_within(const struct constraint *child, const struct constraint *parent)
{
    if (parent->has_min &&
        (!child->has_min || value_compare(child->kind, child->min, parent->min) < 0))
        return false;
    return !parent->has_max ||
           (child->has_max && value_compare(child->kind, child->max, parent->max) <= 0);
}

static bool list_within(const struct constraint *child, const struct constraint *parent)
{
    if (!elements_within(child->len, child->values, parent))
        return false;
    if (parent->op == CONSTRAINT_SUBSET)
        return true;
    return child->op == CONSTRAINT_EXACT && child->len == parent->len;
}

bool constraint_within(const struct constraint *child, const struct constraint *parent)
{
    if (may_be_absent(child) && !may_be_absent(parent))
        return false;
    if (parent->op == CONSTRAINT_ANY || child->op == CONSTRAINT_ABSENT)
        return true;
    if (child->op == CONSTRAINT_ANY || parent->op == CONSTRAINT_ABSENT ||
        child->kind != parent->kind)
        return false;
    if (child->kind == VALUE_LIST)
        return list_within(child, parent);
    if (child->op == CONSTRAINT_EXACT) {
        for (size_t i = 0; i < child->len; i++)
            if (!value_holds(parent, child->values[i]))
                return false;
        return true;
    }
    if (child->op == CONSTRAINT_RANGE && child->has_min && child->has_max &&
        value_compare(child->kind, child->min, child->max) == 0)
        return value_holds(parent, child->min);
    if (child->op != parent->op)
        return false;
    if (child->op == CONSTRAINT_PREFIX)
        return prefix_holds(parent->kind, parent->prefix, child->prefix);
    return range_within(child, parent);
}

/* --- parsing --- */

static enum value_kind kind_of(const json_t *v)
{
    if (json_is_boolean(v))
        return VALUE_BOOL;
    if (json_is_number(v))
        return VALUE_NUMBER;
    return json_is_array(v) ? VALUE_LIST : VALUE_TEXT;
}

static enum writ_status keep(struct writ_slice s, struct writ_arena *arena, struct writ_slice *out,
                             struct writ_err *err)
{
    return writ_arena_copy(arena, s, out) ? WRIT_OK : writ_fail_nomem(err);
}

static enum writ_status read_one(const struct constraint *c, const json_t *json, const char *where,
                                 struct writ_arena *arena, struct writ_slice *out,
                                 struct writ_err *err)
{
    WRIT_AUTO_ARENA scratch;
    size_t need = value_memory(c->kind);
    struct value v;

    writ_arena_init(&scratch, need);
    if (need != 0 && !writ_arena_reserve(&scratch, need))
        return writ_fail_nomem(err);
    if (!value_read(c->kind, json, &scratch, &v))
        return writ_fail(err, WRIT_FORMAT, "%s: a value is not a valid %s", where,
                         value_kind_text(c->kind));
    return keep(v.text, arena, out, err);
}

static enum writ_status parse_values(struct constraint *c, const json_t *list, const char *where,
                                     struct writ_arena *arena, struct writ_err *err)
{
    size_t n = json_array_size(list);

    if (!json_is_array(list) || n == 0 || n > VALUES_MAX)
        return writ_fail(err, WRIT_FORMAT, "%s: a list of 1 to %d values is needed", where,
                         VALUES_MAX);
    struct writ_slice *values = writ_arena_array(arena, n, sizeof(*values));
    if (values == NULL)
        return writ_fail_nomem(err);
    for (size_t i = 0; i < n; i++)
        WRIT_TRY(read_one(c, json_array_get(list, i), where, arena, &values[i], err));
    c->values = values;
    c->len = n;
    return WRIT_OK;
}

static enum writ_status parse_elements(struct constraint *c, const json_t *list, const char *where,
                                       struct writ_arena *arena, struct writ_err *err)
{
    WRIT_AUTO_ARENA scratch;
    size_t need = value_memory(VALUE_LIST);
    struct value v;

    writ_arena_init(&scratch, need);
    if (!writ_arena_reserve(&scratch, need))
        return writ_fail_nomem(err);
    if (!value_read(VALUE_LIST, list, &scratch, &v) || (c->op == CONSTRAINT_SUBSET && v.len == 0))
        return writ_fail(err, WRIT_FORMAT,
                         "%s: a list of up to %d strings, numbers or booleans is needed", where,
                         VALUES_MAX);
    struct writ_slice *values = writ_arena_array(arena, v.len + 1, sizeof(*values));
    if (values == NULL)
        return writ_fail_nomem(err);
    for (size_t i = 0; i < v.len; i++)
        WRIT_TRY(keep(v.elements[i], arena, &values[i], err));
    c->values = values;
    c->len = v.len;
    return WRIT_OK;
}

static enum writ_status parse_exact(struct constraint *c, const json_t *json, const char *where,
                                    struct writ_arena *arena, struct writ_err *err)
{
    if (c->kind == VALUE_LIST)
        return parse_elements(c, json, where, arena, err);
    struct writ_slice *one = writ_arena_alloc(arena, sizeof(*one));
    if (one == NULL)
        return writ_fail_nomem(err);
    c->values = one;
    c->len = 1;
    return read_one(c, json, where, arena, one, err);
}

static enum writ_status parse_prefix(struct constraint *c, const json_t *json, const char *where,
                                     struct writ_arena *arena, struct writ_err *err)
{
    if (c->kind != VALUE_TEXT && c->kind != VALUE_PATH && c->kind != VALUE_URL)
        return writ_fail(err, WRIT_FORMAT, "%s: only text, path and url have prefixes", where);
    WRIT_TRY(read_one(c, json, where, arena, &c->prefix, err));
    if (c->prefix.len == 0)
        return writ_fail(err, WRIT_FORMAT, "%s: an empty prefix; write \"any\": true", where);
    return WRIT_OK;
}

static enum writ_status parse_range(struct constraint *c, const json_t *json, const char *where,
                                    struct writ_arena *arena, struct writ_err *err)
{
    static const char *const FIELDS[] = { "min", "max", NULL };
    const json_t *min = json_object_get(json, "min"), *max = json_object_get(json, "max");

    if (c->kind != VALUE_NUMBER && c->kind != VALUE_DATETIME)
        return writ_fail(err, WRIT_FORMAT, "%s: a range needs kind number or datetime", where);
    if (!json_is_object(json) || (min == NULL && max == NULL))
        return writ_fail(err, WRIT_FORMAT, "%s: a range has min, max, or both", where);
    WRIT_TRY(writ_json_only(json, where, FIELDS, err));
    c->has_min = min != NULL;
    c->has_max = max != NULL;
    if (min != NULL)
        WRIT_TRY(read_one(c, min, where, arena, &c->min, err));
    if (max != NULL)
        WRIT_TRY(read_one(c, max, where, arena, &c->max, err));
    if (min != NULL && max != NULL && value_compare(c->kind, c->min, c->max) > 0)
        return writ_fail(err, WRIT_FORMAT, "%s: min is larger than max", where);
    return WRIT_OK;
}

static enum writ_status parse_kind(const json_t *json, const char *where, struct constraint *c,
                                   struct writ_err *err)
{
    const json_t *one = json_object_get(json, "exact");
    const json_t *first = json_array_get(json_object_get(json, "one_of"), 0);
    const json_t *sample = one != NULL ? one : first;
    struct writ_slice kind;

    WRIT_TRY(writ_json_opt_str(json, where, "kind", &kind, err));
    if (kind.ptr != NULL) {
        c->kind = value_kind_parse(kind);
        if (c->kind == VALUE_NONE)
            return writ_fail(err, WRIT_FORMAT, "%s: unknown kind `%.*s`", where, WRIT_FMT(kind));
        return WRIT_OK;
    }
    c->kind = sample != NULL                            ? kind_of(sample)
              : json_object_get(json, "range") != NULL  ? VALUE_NUMBER
              : json_object_get(json, "subset") != NULL ? VALUE_LIST
                                                        : VALUE_TEXT;
    return WRIT_OK;
}

enum writ_status constraint_parse(const json_t *json, const char *where, struct writ_arena *arena,
                                  struct constraint *out, struct writ_err *err)
{
    static const char *const FIELDS[] = { "kind",   "exact", "one_of", "prefix",   "range",
                                          "subset", "any",   "absent", "optional", NULL };
    struct constraint c = { 0 };
    int ops = 0;

    if (!json_is_object(json))
        return writ_fail(err, WRIT_FORMAT, "%s: a constraint is an object", where);
    WRIT_TRY(writ_json_only(json, where, FIELDS, err));
    WRIT_TRY(writ_json_opt_bool(json, where, "optional", false, &c.optional, err));
    for (int i = 1; i <= 7; i++)
        ops += json_object_get(json, FIELDS[i]) != NULL;
    if (ops != 1)
        return writ_fail(err, WRIT_FORMAT,
                         "%s: exactly one of exact, one_of, prefix, range, subset, any, absent",
                         where);
    WRIT_TRY(parse_kind(json, where, &c, err));
    const json_t *v;
    enum writ_status st = WRIT_OK;
    if ((v = json_object_get(json, "exact")) != NULL) {
        c.op = CONSTRAINT_EXACT;
        st = parse_exact(&c, v, where, arena, err);
    } else if ((v = json_object_get(json, "one_of")) != NULL) {
        c.op = CONSTRAINT_EXACT;
        if (c.kind == VALUE_LIST)
            return writ_fail(err, WRIT_FORMAT, "%s: one_of takes no lists", where);
        st = parse_values(&c, v, where, arena, err);
    } else if ((v = json_object_get(json, "prefix")) != NULL) {
        c.op = CONSTRAINT_PREFIX;
        st = parse_prefix(&c, v, where, arena, err);
    } else if ((v = json_object_get(json, "range")) != NULL) {
        c.op = CONSTRAINT_RANGE;
        st = parse_range(&c, v, where, arena, err);
    } else if ((v = json_object_get(json, "subset")) != NULL) {
        c.op = CONSTRAINT_SUBSET;
        if (c.kind != VALUE_LIST)
            return writ_fail(err, WRIT_FORMAT, "%s: only lists have subsets", where);
        st = parse_elements(&c, v, where, arena, err);
    } else {
        bool any = json_is_true(json_object_get(json, "any"));
        if (!any && !json_is_true(json_object_get(json, "absent")))
            return writ_fail(err, WRIT_FORMAT, "%s: any and absent take only true", where);
        c.op = any ? CONSTRAINT_ANY : CONSTRAINT_ABSENT;
        if (c.optional || json_object_get(json, "kind") != NULL)
            return writ_fail(err, WRIT_FORMAT, "%s: any and absent stand alone", where);
    }
    if (st == WRIT_OK)
        *out = c;
    return st;
}
