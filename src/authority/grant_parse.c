#include "grant_parts.h"

#include <stdlib.h>

#include "base/text.h"
#include "names.h"

#include "base/banned.h"

/* Enough for the largest text: patterns and values cost a few times their bytes. */
#define SCRATCH_BUDGET (1u << 20)

struct parser {
    const json_t *root;
    struct writ_grant *g;
    struct writ_err *err;
};

static enum writ_status keep_text(struct parser *p, const char *key, struct writ_slice *out)
{
    struct writ_slice s;

    WRIT_TRY(writ_json_str(p->root, "grant", key, &s, p->err));
    return writ_arena_copy(&p->g->arena, s, out) ? WRIT_OK : writ_fail_nomem(p->err);
}

static enum writ_status parse_time(struct parser *p, const char *key, uint64_t *out)
{
    struct writ_slice s;

    WRIT_TRY(writ_json_str(p->root, "grant", key, &s, p->err));
    if (writ_time_parse(s, out) != WRIT_OK)
        return writ_fail(p->err, WRIT_FORMAT, "grant: %s must be a time like 2026-11-23T20:15:04Z",
                         key);
    return WRIT_OK;
}

static enum writ_status parse_head(struct parser *p)
{
    struct writ_grant *g = p->g;
    struct writ_slice parent;

    WRIT_TRY(keep_text(p, "id", &g->id));
    WRIT_TRY(keep_text(p, "cell", &g->cell));
    WRIT_TRY(keep_text(p, "human", &g->human));
    WRIT_TRY(keep_text(p, "holder", &g->holder));
    WRIT_TRY(keep_text(p, "purpose", &g->purpose));
    WRIT_TRY(writ_json_opt_str(p->root, "grant", "parent", &parent, p->err));
    if (!writ_arena_copy(&g->arena, parent, &g->parent))
        return writ_fail_nomem(p->err);
    if (!id_valid(g->id) || (parent.ptr != NULL && !id_valid(parent)))
        return writ_fail(p->err, WRIT_FORMAT, "grant: id and parent are 1-64 of A-Z a-z 0-9 . _ -");
    if (!name_valid(g->human) || !name_valid(g->holder))
        return writ_fail(p->err, WRIT_FORMAT,
                         "grant: human and holder are names of 1-64 of a-z 0-9 . _ -");
    if (g->purpose.len == 0 || !words_valid(g->purpose, 512))
        return writ_fail(p->err, WRIT_FORMAT, "grant: purpose is a sentence of 1-512 bytes");
    WRIT_TRY(parse_time(p, "issued", &g->issued));
    WRIT_TRY(parse_time(p, "not_before", &g->not_before));
    WRIT_TRY(parse_time(p, "expires", &g->expires));
    if (g->expires <= g->not_before || g->expires - g->not_before > 366 * DAY_US)
        return writ_fail(p->err, WRIT_FORMAT,
                         "grant: expires must be after not_before, by 366 days at most");
    return WRIT_OK;
}

typedef enum writ_status pattern_parser(struct writ_slice s, struct pattern *out,
                                        struct writ_err *err);

static enum writ_status parse_patterns(struct parser *p, const json_t *list, const char *what,
                                       pattern_parser *parse, struct patterns *out)
{
    size_t n = json_array_size(list);

    if (!json_is_array(list) || n == 0 || n > PATTERNS_MAX)
        return writ_fail(p->err, WRIT_FORMAT, "grant: %s is a list of 1 to %d patterns", what,
                         PATTERNS_MAX);
    struct pattern *at = writ_arena_array(&p->g->arena, n, sizeof(*at));
    if (at == NULL)
        return writ_fail_nomem(p->err);
    for (size_t i = 0; i < n; i++) {
        struct pattern one;
        const json_t *v = json_array_get(list, i);
        if (!json_is_string(v))
            return writ_fail(p->err, WRIT_FORMAT, "grant: %s holds something else than text", what);
        WRIT_TRY(parse(writ_json_text(v), &one, p->err));
        at[i].prefix = one.prefix;
        if (!writ_arena_copy(&p->g->arena, one.text, &at[i].text))
            return writ_fail_nomem(p->err);
    }
    *out = (struct patterns){ n, at };
    return WRIT_OK;
}

static enum writ_status parse_rule(struct parser *p, const char *key, const json_t *spec,
                                   struct rule *out)
{
    size_t n = json_object_size(spec), i = 0;
    struct pattern action;
    const char *name;
    json_t *value;

    if (!json_is_object(spec) || n > ARGUMENTS_MAX)
        return writ_fail(p->err, WRIT_FORMAT, "grant: arguments of %s: an object of up to %d names",
                         key, ARGUMENTS_MAX);
    WRIT_TRY(pattern_parse_action(writ_cstr(key), &action, p->err));
    out->action.prefix = action.prefix;
    if (!writ_arena_copy(&p->g->arena, action.text, &out->action.text))
        return writ_fail_nomem(p->err);
    struct argument *at = writ_arena_array(&p->g->arena, n + 1, sizeof(*at));
    if (at == NULL)
        return writ_fail_nomem(p->err);
    json_object_foreach((json_t *)(uintptr_t)spec, name, value)
    {
        char where[96];
        (void)snprintf(where, sizeof(where), "grant: argument `%s`", name);
        if (!writ_arena_copy(&p->g->arena, writ_cstr(name), &at[i].name))
            return writ_fail_nomem(p->err);
        WRIT_TRY(constraint_parse(value, where, &p->g->arena, &at[i].constraint, p->err));
        i++;
    }
    out->at = at;
    out->len = n;
    return WRIT_OK;
}

static enum writ_status parse_rules(struct parser *p)
{
    json_t *all = json_object_get(p->root, "arguments");
    size_t n = json_object_size(all), i = 0;
    struct pattern meet;
    const char *key;
    json_t *spec;

    if (all == NULL)
        return WRIT_OK;
    if (!json_is_object(all) || n > RULES_MAX)
        return writ_fail(p->err, WRIT_FORMAT, "grant: arguments is an object of up to %d actions",
                         RULES_MAX);
    struct rule *rules = writ_arena_array(&p->g->arena, n + 1, sizeof(*rules));
    if (rules == NULL)
        return writ_fail_nomem(p->err);
    json_object_foreach(all, key, spec)
    {
        WRIT_TRY(parse_rule(p, key, spec, &rules[i]));
        for (size_t j = 0; j < i; j++)
            if (pattern_meet(&rules[i].action, &rules[j].action, &meet))
                return writ_fail(p->err, WRIT_FORMAT,
                                 "grant: arguments: `%s` overlaps another pattern; an action may "
                                 "meet only one",
                                 key);
        i++;
    }
    p->g->rules = rules;
    p->g->rules_len = (uint8_t)n;
    return WRIT_OK;
}

static enum writ_status parse_spend(struct parser *p, const json_t *spend)
{
    static const char *const FIELDS[] = { "unit", "max", NULL };
    WRIT_AUTO_ARENA scratch;
    struct writ_slice unit, number;

    writ_arena_init(&scratch, 4096);
    if (!writ_arena_reserve(&scratch, 4096))
        return writ_fail_nomem(p->err);
    if (!json_is_object(spend))
        return writ_fail(p->err, WRIT_FORMAT, "grant: limits.spend is {\"unit\", \"max\"}");
    WRIT_TRY(writ_json_only(spend, "grant: limits.spend", FIELDS, p->err));
    WRIT_TRY(writ_json_str(spend, "grant: limits.spend", "unit", &unit, p->err));
    struct spend_limit *s = writ_arena_alloc(&p->g->arena, sizeof(*s));
    if (s == NULL || !writ_arena_copy(&p->g->arena, unit, &s->unit))
        return writ_fail_nomem(p->err);
    const json_t *max = json_object_get(spend, "max");
    if (!id_valid(unit) || !json_is_number(max) || !number_read(max, &scratch, &number) ||
        !number_micros(number, &s->max))
        return writ_fail(p->err, WRIT_FORMAT,
                         "grant: limits.spend needs a unit like EUR, and max as a number with at "
                         "most 12 digits before and 6 behind the point");
    p->g->spend = s;
    return WRIT_OK;
}

static enum writ_status parse_limit(struct parser *p, const json_t *limits, const char *key,
                                    uint64_t max, uint64_t *out)
{
    *out = 0;
    if (json_object_get(limits, key) == NULL)
        return WRIT_OK;
    return writ_json_u64(limits, "grant: limits", key, 1, max, out, p->err);
}

static enum writ_status parse_limits(struct parser *p)
{
    static const char *const FIELDS[] = { "calls", "per_minute", "spend", "concurrency", NULL };
    const json_t *limits = json_object_get(p->root, "limits");
    uint64_t calls, rate, concurrency;

    if (limits == NULL)
        return WRIT_OK;
    if (!json_is_object(limits))
        return writ_fail(p->err, WRIT_FORMAT, "grant: limits is an object");
    WRIT_TRY(writ_json_only(limits, "grant: limits", FIELDS, p->err));
    WRIT_TRY(parse_limit(p, limits, "calls", 1000000000, &calls));
    WRIT_TRY(parse_limit(p, limits, "per_minute", RATE_MAX, &rate));
    WRIT_TRY(parse_limit(p, limits, "concurrency", IN_FLIGHT_MAX, &concurrency));
    p->g->calls = (uint32_t)calls;
    p->g->per_minute = (uint16_t)rate;
    p->g->concurrency = (uint16_t)concurrency;
    const json_t *spend = json_object_get(limits, "spend");
    return spend == NULL ? WRIT_OK : parse_spend(p, spend);
}

static enum writ_status parse_approval(struct parser *p, const json_t *one,
                                       struct approval_rule *out)
{
    static const char *const FIELDS[] = { "actions", "quorum", "four_eyes", "within_s", NULL };
    uint64_t quorum, within;

    if (!json_is_object(one))
        return writ_fail(p->err, WRIT_FORMAT, "grant: approval holds objects");
    WRIT_TRY(writ_json_only(one, "grant: approval", FIELDS, p->err));
    WRIT_TRY(parse_patterns(p, json_object_get(one, "actions"), "approval.actions",
                            pattern_parse_action, &out->actions));
    WRIT_TRY(writ_json_u64(one, "grant: approval", "quorum", 1, GIVERS_MAX, &quorum, p->err));
    WRIT_TRY(writ_json_u64(one, "grant: approval", "within_s", 10, 604800, &within, p->err));
    WRIT_TRY(
        writ_json_opt_bool(one, "grant: approval", "four_eyes", false, &out->four_eyes, p->err));
    out->quorum = (uint8_t)quorum;
    out->within_us = within * 1000000u;
    return WRIT_OK;
}

static enum writ_status parse_approvals(struct parser *p)
{
    const json_t *list = json_object_get(p->root, "approval");
    size_t n = json_array_size(list);

    if (list == NULL)
        return WRIT_OK;
    if (!json_is_array(list) || n == 0 || n > APPROVALS_MAX)
        return writ_fail(p->err, WRIT_FORMAT, "grant: approval is a list of 1 to %d rules",
                         APPROVALS_MAX);
    struct approval_rule *at = writ_arena_array(&p->g->arena, n + 1, sizeof(*at));
    if (at == NULL)
        return writ_fail_nomem(p->err);
    for (size_t i = 0; i < n; i++)
        WRIT_TRY(parse_approval(p, json_array_get(list, i), &at[i]));
    p->g->approvals = at;
    p->g->approvals_len = (uint8_t)n;
    return WRIT_OK;
}

static enum writ_status compile(struct parser *p)
{
    static const char *const FIELDS[] = { "type",      "v",          "cell",    "id",
                                          "issued",    "parent",     "human",   "holder",
                                          "purpose",   "not_before", "expires", "actions",
                                          "resources", "arguments",  "limits",  "max_depth",
                                          "proof",     "approval",   NULL };
    struct writ_slice type, proof;
    uint64_t v, depth;

    WRIT_TRY(writ_json_only(p->root, "grant", FIELDS, p->err));
    WRIT_TRY(writ_json_str(p->root, "grant", "type", &type, p->err));
    WRIT_TRY(writ_json_u64(p->root, "grant", "v", 1, 1, &v, p->err));
    if (!writ_slice_is(type, "writ.grant"))
        return writ_fail(p->err, WRIT_FORMAT, "grant: type is `%.*s`, not `writ.grant`",
                         WRIT_FMT(type));
    WRIT_TRY(parse_head(p));
    WRIT_TRY(parse_patterns(p, json_object_get(p->root, "actions"), "actions", pattern_parse_action,
                            &p->g->actions));
    WRIT_TRY(parse_patterns(p, json_object_get(p->root, "resources"), "resources",
                            pattern_parse_resource, &p->g->resources));
    WRIT_TRY(parse_rules(p));
    WRIT_TRY(parse_limits(p));
    WRIT_TRY(writ_json_u64(p->root, "grant", "max_depth", 0, WRIT_CHAIN_MAX - 1, &depth, p->err));
    p->g->max_depth = (uint8_t)depth;
    WRIT_TRY(writ_json_str(p->root, "grant", "proof", &proof, p->err));
    if (!writ_slice_is(proof, "key") && !writ_slice_is(proof, "none"))
        return writ_fail(p->err, WRIT_FORMAT, "grant: proof is `key` or `none`");
    p->g->proof = writ_slice_is(proof, "none") ? PROOF_NONE : PROOF_KEY;
    return parse_approvals(p);
}

enum writ_status grant_init(struct writ_grant *g, struct writ_slice text, struct writ_err *err)
{
    WRIT_AUTO_JSON *root = NULL;
    struct writ_grant measured = { 0 };
    struct parser p;

    WRIT_TRY(writ_json_parse_object(text, WRIT_GRANT_TEXT_MAX, &root, err));
    /* Twice: once to learn the size, once into memory of just that size. */
    writ_arena_init(&measured.arena, SCRATCH_BUDGET);
    if (!writ_arena_reserve(&measured.arena, 65536))
        return writ_fail_nomem(err);
    p = (struct parser){ root, &measured, err };
    enum writ_status st = compile(&p);
    size_t used = measured.arena.used;
    writ_arena_release(&measured.arena);
    if (st != WRIT_OK)
        return st;
    struct writ_grant made = { 0 };
    writ_arena_init(&made.arena, SCRATCH_BUDGET);
    if (!writ_arena_reserve(&made.arena, used))
        return writ_fail_nomem(err);
    p = (struct parser){ root, &made, err };
    st = compile(&p);
    if (st != WRIT_OK) {
        writ_arena_release(&made.arena);
        return st;
    }
    *g = made;
    return WRIT_OK;
}

void grant_release(struct writ_grant *g)
{
    writ_arena_release(&g->arena);
}

enum writ_status writ_grant_parse(struct writ_slice text, struct writ_grant **out,
                                  struct writ_err *err)
{
    struct writ_grant *g = malloc(sizeof(*g));

    if (g == NULL)
        return writ_fail_nomem(err);
    enum writ_status st = grant_init(g, text, err);
    if (st != WRIT_OK) {
        free(g);
        return st;
    }
    *out = g;
    return WRIT_OK;
}

void writ_grant_free(struct writ_grant *g)
{
    if (g != NULL)
        grant_release(g);
    free(g);
}
