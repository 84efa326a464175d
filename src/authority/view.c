#include "state.h"

#include "base/text.h"

#include "base/banned.h"

static json_t *text_of(struct writ_slice s)
{
    return json_stringn(s.len == 0 ? "" : (const char *)s.ptr, s.len);
}

static json_t *time_of(uint64_t us)
{
    char text[WRIT_TIME_TEXT];

    writ_time_format(us, text);
    return json_string(text);
}

static json_t *patterns_of(const struct patterns *l)
{
    json_t *list = json_array();

    for (size_t i = 0; i < l->len; i++) {
        struct writ_slice s = l->at[i].text;
        /* The star follows the text in the grant, but not in memory. */
        char text[PATTERN_MAX + 2];
        if (s.len > PATTERN_MAX)
            continue;
        if (s.len != 0)
            memcpy(text, s.ptr, s.len);
        text[s.len] = '*';
        (void)json_array_append_new(list, json_stringn(text, s.len + (l->at[i].prefix ? 1 : 0)));
    }
    return list;
}

static json_t *human_view(const struct human *h)
{
    json_t *roles = json_array(), *keys = json_array();

    for (unsigned r = 1; r <= ROLE_AUDITOR; r <<= 1)
        if ((h->text.roles & r) != 0)
            (void)json_array_append_new(roles, json_string(role_text(r)));
    for (size_t i = 0; i < h->text.keys_len; i++)
        (void)json_array_append_new(keys, json_string(h->text.keys[i].fingerprint));
    return json_pack("{s:o,s:s,s:o,s:o,s:I}", "human", text_of(h->text.human), "state",
                     standing_text(h->standing), "roles", roles, "keys", keys, "index",
                     (json_int_t)h->index);
}

static json_t *agent_view(const struct agent *g)
{
    return json_pack("{s:o,s:s,s:o,s:o,s:s,s:o,s:o,s:b,s:I}", "agent", text_of(g->text.agent),
                     "state", g->standing == STANDING_GONE ? "retired" : standing_text(g->standing),
                     "owner", text_of(g->text.owner), "key", text_of(g->text.key), "thumbprint",
                     g->thumbprint, "environment", text_of(g->text.environment), "purpose",
                     text_of(g->text.purpose), "third_party", g->text.third_party, "index",
                     (json_int_t)g->index);
}

static json_t *target_view(const struct target *t)
{
    json_t *pinned = json_object(), *held = json_object();

    for (const struct tool *tool = t->tools; tool != NULL; tool = tool->next) {
        if (tool->pinned[0] != '\0')
            (void)json_object_set_new(pinned, (const char *)tool->bytes, json_string(tool->pinned));
        if (tool->held[0] != '\0')
            (void)json_object_set_new(held, (const char *)tool->bytes, json_string(tool->held));
    }
    return json_pack("{s:o,s:o,s:b,s:o,s:o,s:o,s:I}", "target", text_of(t->text.target),
                     "environment", text_of(t->text.environment), "third_party",
                     t->text.third_party, "sensitive", patterns_of(&t->text.sensitive), "tools",
                     pinned, "held", held, "index", (json_int_t)t->index);
}

static const char *grant_standing(const struct grant *g, uint64_t now)
{
    struct grant *links[WRIT_CHAIN_MAX];
    size_t n = grant_chain((struct grant *)(uintptr_t)g, links);

    for (size_t i = 0; i < n; i++)
        if (links[i]->revoked)
            return "revoked";
    if (now >= g->g.expires)
        return "expired";
    return now < g->g.not_before ? "not_yet" : "active";
}

static json_t *limits_view(const struct writ_grant *g)
{
    json_t *limits = json_object();

    if (g->calls != 0)
        (void)json_object_set_new(limits, "calls", json_integer(g->calls));
    if (g->per_minute != 0)
        (void)json_object_set_new(limits, "per_minute", json_integer(g->per_minute));
    if (g->concurrency != 0)
        (void)json_object_set_new(limits, "concurrency", json_integer(g->concurrency));
    if (g->spend != NULL)
        (void)json_object_set_new(limits, "spend",
                                  json_pack("{s:o,s:I}", "unit", text_of(g->spend->unit),
                                            "max_millionths", (json_int_t)g->spend->max));
    return limits;
}

static json_t *approvals_view(const struct writ_grant *g)
{
    json_t *list = json_array();

    for (size_t i = 0; i < g->approvals_len; i++)
        (void)json_array_append_new(
            list,
            json_pack("{s:o,s:i,s:b,s:I}", "actions", patterns_of(&g->approvals[i].actions),
                      "quorum", (int)g->approvals[i].quorum, "four_eyes", g->approvals[i].four_eyes,
                      "within_s", (json_int_t)(g->approvals[i].within_us / 1000000u)));
    return list;
}

static json_t *grant_view(const struct grant *g, uint64_t now)
{
    const struct usage *u = g->usage;

    return json_pack(
        "{s:o,s:I,s:o,s:o,s:o,s:o,s:s,s:o,s:o,s:o,s:o,s:o,s:{s:I,s:I,s:I},s:i,s:s,s:o}", "id",
        text_of(g->g.id), "index", (json_int_t)g->index, "parent",
        g->parent == NULL ? json_null() : text_of(g->g.parent), "human", text_of(g->g.human),
        "holder", text_of(g->g.holder), "purpose", text_of(g->g.purpose), "state",
        grant_standing(g, now), "not_before", time_of(g->g.not_before), "expires",
        time_of(g->g.expires), "actions", patterns_of(&g->g.actions), "resources",
        patterns_of(&g->g.resources), "limits", limits_view(&g->g), "used", "calls",
        (json_int_t)(u == NULL ? 0 : u->calls), "spend_millionths",
        (json_int_t)(u == NULL ? 0 : u->spend), "in_flight",
        (json_int_t)(u == NULL ? 0 : u->in_flight), "max_depth", (int)g->g.max_depth, "proof",
        g->g.proof == PROOF_KEY ? "key" : "none", "approval", approvals_view(&g->g));
}

static const char *approval_text(enum writ_approval_state s)
{
    switch (s) {
    case WRIT_APPROVAL_UNKNOWN:
        return "unknown";
    case WRIT_APPROVAL_PENDING:
        return "pending";
    case WRIT_APPROVAL_GIVEN:
        return "given";
    case WRIT_APPROVAL_USED:
        return "used";
    case WRIT_APPROVAL_REFUSED:
        return "refused";
    case WRIT_APPROVAL_EXPIRED:
        return "expired";
    }
    return "unknown";
}

static json_t *approval_view(const struct approval *ap, uint64_t now)
{
    json_t *resources = json_array(), *given = json_array();

    for (size_t i = 0; i < ap->resources.len; i++)
        (void)json_array_append_new(resources, text_of(ap->resources.at[i]));
    for (size_t i = 0; i < ap->given_len; i++)
        (void)json_array_append_new(given, text_of(ap->given[i]->text.human));
    return json_pack("{s:o,s:s,s:o,s:o,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:i,s:b,s:b,s:o}", "id",
                     text_of(ap->id), "state", approval_text(approval_state(ap, now)), "action",
                     text_of(ap->action), "resources", resources, "arguments", ap->arguments,
                     "digest", ap->digest, "grant", text_of(ap->grant->g.id), "agent",
                     text_of(ap->agent), "human", text_of(ap->human), "txn", text_of(ap->txn),
                     "requested", time_of(ap->requested), "expires", time_of(ap->expires), "quorum",
                     (int)ap->quorum, "four_eyes", ap->four_eyes, "opened", ap->opened, "given",
                     given);
}

/* --- one kind each --- */

static bool wanted(struct writ_slice filter, struct writ_slice name)
{
    return filter.len == 0 || writ_slice_eq(filter, name);
}

static void add_humans(const struct writ_authority *a, struct writ_slice filter, json_t *items)
{
    const struct human *h;

    for (size_t at = 0; (h = map_each(&a->humans, &at)) != NULL;)
        if (wanted(filter, h->text.human))
            (void)json_array_append_new(items, human_view(h));
}

static void add_agents(const struct writ_authority *a, struct writ_slice filter, json_t *items)
{
    const struct agent *g;

    for (size_t at = 0; (g = map_each(&a->agents, &at)) != NULL;)
        if (wanted(filter, g->text.agent))
            (void)json_array_append_new(items, agent_view(g));
}

static void add_targets(const struct writ_authority *a, struct writ_slice filter, json_t *items)
{
    const struct target *t;

    for (size_t at = 0; (t = map_each(&a->targets, &at)) != NULL;)
        if (wanted(filter, t->text.target))
            (void)json_array_append_new(items, target_view(t));
}

static void add_grants(const struct writ_authority *a, struct writ_slice filter, bool all,
                       uint64_t now, json_t *items)
{
    const struct grant *g;

    for (size_t at = 0; (g = map_each(&a->grants, &at)) != NULL;) {
        const char *state = grant_standing(g, now);
        bool alive = strcmp(state, "active") == 0 || strcmp(state, "not_yet") == 0;
        if (filter.len != 0 ? writ_slice_eq(filter, g->g.id) : all || alive)
            (void)json_array_append_new(items, grant_view(g, now));
    }
}

static void add_approvals(const struct writ_authority *a, struct writ_slice filter, bool all,
                          uint64_t now, json_t *items)
{
    const struct approval *ap;

    for (size_t at = 0; (ap = map_each(&a->approvals, &at)) != NULL;) {
        bool alive = approval_state(ap, now) == WRIT_APPROVAL_PENDING;
        if (filter.len != 0 ? writ_slice_eq(filter, ap->id) : all || alive)
            (void)json_array_append_new(items, approval_view(ap, now));
    }
}

static json_t *status_view(const struct writ_authority *a, uint64_t now)
{
    json_t *stops = json_array();
    const struct grant *g;
    size_t live = 0, pending = 0;

    for (const struct stop *s = a->stops; s != NULL; s = s->next)
        (void)json_array_append_new(
            stops, json_pack("{s:o,s:I,s:o,s:o,s:o}", "scope", text_of(s->scope), "index",
                             (json_int_t)s->index, "time", time_of(s->time), "by", text_of(s->by),
                             "reason", text_of(s->reason)));
    for (size_t at = 0; (g = map_each(&a->grants, &at)) != NULL;)
        live += strcmp(grant_standing(g, now), "active") == 0;
    for (const struct approval *ap = a->pending; ap != NULL; ap = ap->next)
        pending += approval_state(ap, now) == WRIT_APPROVAL_PENDING;
    return json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o}", "cell", a->cell, "records",
                     (json_int_t)a->next_index, "humans", (json_int_t)a->humans.live, "agents",
                     (json_int_t)a->agents.live, "targets", (json_int_t)a->targets.live, "grants",
                     (json_int_t)live, "approvals_pending", (json_int_t)pending, "in_flight",
                     (json_int_t)a->flying.live, "clock_steps", (json_int_t)a->clock_steps,
                     "unnamed_refused", (json_int_t)a->unnamed_refused, "stopped", stops);
}

enum writ_status writ_authority_view(const struct writ_authority *a, struct writ_slice what,
                                     struct writ_slice filter, bool all, uint64_t now,
                                     struct writ_buf *out, struct writ_err *err)
{
    WRIT_AUTO_JSON *view = NULL;
    writ_json_memory_watch();
    json_t *items = json_array();

    if (items == NULL)
        return writ_fail_nomem(err);
    bool known = true;
    if (writ_slice_is(what, "status"))
        view = status_view(a, now);
    else if (writ_slice_is(what, "humans"))
        add_humans(a, filter, items);
    else if (writ_slice_is(what, "agents"))
        add_agents(a, filter, items);
    else if (writ_slice_is(what, "targets"))
        add_targets(a, filter, items);
    else if (writ_slice_is(what, "grants"))
        add_grants(a, filter, all, now, items);
    else if (writ_slice_is(what, "approvals"))
        add_approvals(a, filter, all, now, items);
    else
        known = false;
    if (view != NULL)
        json_decref(items);
    else
        view = json_pack("{s:o}", "items", items);
    if (!known)
        return writ_fail(err, WRIT_NOT_FOUND, "there is no view `%.*s`", WRIT_FMT(what));
    if (view == NULL || writ_json_memory_refused())
        return writ_fail_nomem(err);
    return writ_json_canonical(view, out, err);
}
