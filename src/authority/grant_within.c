#include "grant_parts.h"

#include "base/text.h"

#include "base/banned.h"

struct writ_slice writ_grant_id(const struct writ_grant *g)
{
    return g->id;
}

struct writ_slice writ_grant_parent(const struct writ_grant *g)
{
    return g->parent;
}

struct writ_slice writ_grant_human(const struct writ_grant *g)
{
    return g->human;
}

struct writ_slice writ_grant_holder(const struct writ_grant *g)
{
    return g->holder;
}

struct writ_slice writ_grant_purpose(const struct writ_grant *g)
{
    return g->purpose;
}

static const struct constraint *constraint_of(const struct rule *r, struct writ_slice name)
{
    static const struct constraint ABSENT = { 0 }; /* a closed world: not named, not there */

    for (size_t i = 0; i < r->len; i++)
        if (writ_slice_eq(r->at[i].name, name))
            return &r->at[i].constraint;
    return &ABSENT;
}

/* Names that neither side has are absent on both; so the names of both sides are enough. */
static enum writ_status rule_within(const struct rule *child, const struct rule *parent,
                                    struct writ_err *err)
{
    for (size_t i = 0; i < child->len; i++)
        if (!constraint_within(&child->at[i].constraint, constraint_of(parent, child->at[i].name)))
            return writ_fail(err, WRIT_REFUSED,
                             "wider than its parent: argument `%.*s` of `%.*s%s`",
                             WRIT_FMT(child->at[i].name), WRIT_FMT(child->action.text),
                             child->action.prefix ? "*" : "");
    for (size_t i = 0; i < parent->len; i++)
        if (!constraint_within(constraint_of(child, parent->at[i].name), &parent->at[i].constraint))
            return writ_fail(err, WRIT_REFUSED,
                             "wider than its parent: argument `%.*s` may be left out",
                             WRIT_FMT(parent->at[i].name));
    return WRIT_OK;
}

static enum writ_status rules_within(const struct writ_grant *child,
                                     const struct writ_grant *parent, struct writ_err *err)
{
    for (size_t i = 0; i < child->actions.len; i++)
        for (size_t j = 0; j < parent->rules_len; j++) {
            const struct rule *cover = NULL;
            struct pattern meet;
            if (!pattern_meet(&child->actions.at[i], &parent->rules[j].action, &meet))
                continue;
            /* Rules of a grant do not overlap, so the one that covers the meet is alone there. */
            for (size_t k = 0; k < child->rules_len && cover == NULL; k++)
                if (pattern_within(&meet, &child->rules[k].action))
                    cover = &child->rules[k];
            if (cover == NULL)
                return writ_fail(err, WRIT_REFUSED,
                                 "wider than its parent: the arguments of `%.*s%s` are free",
                                 WRIT_FMT(meet.text), meet.prefix ? "*" : "");
            WRIT_TRY(rule_within(cover, &parent->rules[j], err));
        }
    return WRIT_OK;
}

static enum writ_status limits_within(const struct writ_grant *c, const struct writ_grant *p,
                                      struct writ_err *err)
{
    const char *wider = NULL;

    if (p->calls != 0 && (c->calls == 0 || c->calls > p->calls))
        wider = "calls";
    else if (p->per_minute != 0 && (c->per_minute == 0 || c->per_minute > p->per_minute))
        wider = "per_minute";
    else if (p->concurrency != 0 && (c->concurrency == 0 || c->concurrency > p->concurrency))
        wider = "concurrency";
    else if (p->spend != NULL && (c->spend == NULL || c->spend->max > p->spend->max ||
                                  !writ_slice_eq(c->spend->unit, p->spend->unit)))
        wider = "spend";
    if (wider != NULL)
        return writ_fail(err, WRIT_REFUSED,
                         "wider than its parent: limits.%s must be there and not above the "
                         "parent's",
                         wider);
    return WRIT_OK;
}

enum writ_status writ_grant_within(const struct writ_grant *child, const struct writ_grant *parent,
                                   struct writ_err *err)
{
    const struct pattern *out;

    if (!writ_slice_eq(child->cell, parent->cell) || !writ_slice_eq(child->human, parent->human))
        return writ_fail(err, WRIT_REFUSED, "a derived grant has its parent's cell and human");
    if (!writ_slice_eq(child->parent, parent->id))
        return writ_fail(err, WRIT_REFUSED, "the grant names another parent");
    if (child->not_before < parent->not_before || child->expires > parent->expires)
        return writ_fail(err, WRIT_REFUSED, "longer than its parent: %s",
                         child->expires > parent->expires ? "expires" : "not_before");
    out = patterns_outside(&child->actions, &parent->actions);
    if (out != NULL)
        return writ_fail(err, WRIT_REFUSED, "wider than its parent: action `%.*s%s`",
                         WRIT_FMT(out->text), out->prefix ? "*" : "");
    out = patterns_outside(&child->resources, &parent->resources);
    if (out != NULL)
        return writ_fail(err, WRIT_REFUSED, "wider than its parent: resource `%.*s%s`",
                         WRIT_FMT(out->text), out->prefix ? "*" : "");
    WRIT_TRY(rules_within(child, parent, err));
    WRIT_TRY(limits_within(child, parent, err));
    if (parent->max_depth == 0)
        return writ_fail(err, WRIT_REFUSED, "the parent may not be derived from: max_depth is 0");
    if (child->max_depth >= parent->max_depth)
        return writ_fail(err, WRIT_REFUSED,
                         "deeper than its parent: max_depth must be below the parent's %u",
                         parent->max_depth);
    if (child->proof == PROOF_NONE && parent->proof == PROOF_KEY)
        return writ_fail(err, WRIT_REFUSED, "wider than its parent: proof");
    return WRIT_OK;
}

const struct rule *grant_rule(const struct writ_grant *g, struct writ_slice action)
{
    for (size_t i = 0; i < g->rules_len; i++)
        if (pattern_match(&g->rules[i].action, action))
            return &g->rules[i];
    return NULL;
}

static enum writ_status argument_match(const struct constraint *c, const json_t *value, bool *holds,
                                       struct writ_err *err)
{
    WRIT_AUTO_ARENA scratch;
    size_t need = value == NULL ? 0 : value_memory(c->kind);

    writ_arena_init(&scratch, need);
    if (need != 0 && !writ_arena_reserve(&scratch, need))
        return writ_fail_nomem(err);
    *holds = constraint_match(c, value, &scratch);
    return WRIT_OK;
}

enum writ_status rule_match(const struct rule *rule, const json_t *arguments, struct writ_err *err)
{
    const char *name;
    json_t *value;
    bool holds = false;

    if (rule == NULL)
        return WRIT_OK;
    json_object_foreach((json_t *)(uintptr_t)arguments, name, value)
    {
        const struct constraint *c = constraint_of(rule, writ_cstr(name));
        if (c->op == CONSTRAINT_ABSENT)
            return writ_fail(err, WRIT_REFUSED, "argument `%s` is not among those allowed", name);
        WRIT_TRY(argument_match(c, value, &holds, err));
        if (!holds)
            return writ_fail(err, WRIT_REFUSED, "argument `%s` has a value outside the grant",
                             name);
    }
    for (size_t i = 0; i < rule->len; i++) {
        if (writ_json_get(arguments, rule->at[i].name) != NULL)
            continue;
        WRIT_TRY(argument_match(&rule->at[i].constraint, NULL, &holds, err));
        if (!holds)
            return writ_fail(err, WRIT_REFUSED, "argument `%.*s` is missing",
                             WRIT_FMT(rule->at[i].name));
    }
    return WRIT_OK;
}

enum writ_status writ_grant_covers(const struct writ_grant *g, struct writ_slice action,
                                   const struct writ_slice *resources, size_t n,
                                   const json_t *arguments, uint64_t now, struct writ_err *err)
{
    if (now < g->not_before || now >= g->expires)
        return writ_fail(err, WRIT_TIME, "outside the time of grant %.*s", WRIT_FMT(g->id));
    if (!patterns_match(&g->actions, action))
        return writ_fail(err, WRIT_REFUSED, "action `%.*s` is outside grant %.*s", WRIT_FMT(action),
                         WRIT_FMT(g->id));
    for (size_t i = 0; i < n; i++)
        if (!patterns_match(&g->resources, resources[i]))
            return writ_fail(err, WRIT_REFUSED, "resource `%.*s` is outside grant %.*s",
                             WRIT_FMT(resources[i]), WRIT_FMT(g->id));
    return arguments == NULL ? WRIT_OK : rule_match(grant_rule(g, action), arguments, err);
}
