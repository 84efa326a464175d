#include "state.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "decide_parts.h"

#include "base/banned.h"

/* --- what is asked for --- */

static bool request_valid(const struct writ_action_request *r)
{
    if (r->arguments.ptr == NULL && r->erased_resources == NULL)
        return false; /* only a replay may decide without arguments */
    return id_valid(r->agent) && txn_valid(r->instance) && txn_valid(r->txn) &&
           (r->grant.len == 0 || id_valid(r->grant)) && id_valid(r->transport) &&
           id_valid(r->gateway) && (r->tool.len == 0 || hex_valid(r->tool, 64)) &&
           words_valid(r->trace, 128) && r->issued <= INTEGER_MAX &&
           (r->arguments.ptr == NULL || r->salt.len == WRIT_SALT_LEN) &&
           (r->signature.len == 0 ||
            (r->signature.len == WRIT_SIGNATURE_LEN && r->nonce.len == WRIT_NONCE_LEN));
}

/* NULL when memory is out: a finding without words fails the decision, for nobody could take it
   again. */
static const char *printed(struct writ_arena *arena, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static const char *printed(struct writ_arena *arena, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    /* Cut at 511 bytes; a character that was cut in half is dropped with what follows it. */
    struct writ_slice s = writ_cstr(text);
    s.len = writ_utf8_check(s);
    return writ_arena_cstr(arena, s);
}

static struct finding finding(int step, const char *reason, const char *detail)
{
    return (struct finding){ step, WRIT_DENY, reason, detail, { NULL, 0 }, NULL };
}

/* --- steps 1 to 4: what does not depend on the grant --- */

static struct finding check_stop(const struct question *q)
{
    const struct stop *s = state_stop(q->a, q->name.target);

    if (s == NULL)
        return PASSED;
    return finding(1, "stopped",
                   printed(q->arena, "%s is stopped since record %llu: %.*s",
                           writ_slice_is(s->scope, "*") ? "everything" : "the target",
                           (unsigned long long)s->index, WRIT_FMT(s->reason)));
}

static struct finding check_signature(const struct question *q)
{
    const struct writ_action_request *r = q->r;

    if (r->verified != WRIT_CHECK_GOOD)
        return finding(2, "credential_invalid", "the signature is not one by the agent's key");
    if (r->issued + PROOF_AGE_US < q->now || r->issued > q->now + PROOF_AGE_US)
        return finding(2, "credential_expired",
                       "the proof was made more than 30 s away from the authority's time");
    if (seen_has(&q->a->seen, r->nonce.ptr, q->now))
        return finding(3, "proof_replayed", "this proof was used before");
    return PASSED;
}

static struct finding check_session(const struct question *q)
{
    struct index_key key = index_key(q->r->session);
    const struct session *s =
        q->r->session == UINT64_MAX ? NULL : map_get(&q->a->sessions, index_slice(&key));

    if (s == NULL || s->agent != q->agent || s->agent_index != q->agent->index ||
        !writ_slice_eq(writ_slice(s->instance, s->instance_len), q->r->instance))
        return finding(2, "credential_invalid", "neither a signature nor a session of the agent");
    if (q->now >= s->expires)
        return finding(2, "credential_expired", "the session is older than a day");
    return PASSED;
}

static struct finding check_agent(const struct question *q)
{
    const struct agent *g = q->agent;

    if (g->standing != STANDING_ACTIVE)
        return finding(4, "agent_suspended",
                       printed(q->arena, "agent %.*s is %s", WRIT_FMT(g->text.agent),
                               g->standing == STANDING_GONE ? "retired" : "suspended"));
    if (g->owner->standing != STANDING_ACTIVE)
        return finding(4, "owner_inactive",
                       printed(q->arena, "%.*s, who owns the agent, is %s",
                               WRIT_FMT(g->owner->text.human), standing_text(g->owner->standing)));
    return PASSED;
}

/* --- steps 3 and 5 to 9: one grant --- */

static struct finding check_link(const struct question *q, const struct grant *link, bool leaf)
{
    struct writ_slice id = link->g.id;

    if (link->revoked)
        return finding(5, "grant_revoked",
                       printed(q->arena, "grant %.*s is revoked", WRIT_FMT(id)));
    if (q->now >= link->g.expires)
        return finding(5, "grant_expired", printed(q->arena, "grant %.*s is over", WRIT_FMT(id)));
    if (q->now < link->g.not_before)
        return finding(5, "grant_not_yet",
                       printed(q->arena, "grant %.*s has not begun", WRIT_FMT(id)));
    if (link->human->standing != STANDING_ACTIVE)
        return finding(5, "grant_revoked",
                       printed(q->arena, "%.*s, who answers for grant %.*s, is %s",
                               WRIT_FMT(link->human->text.human), WRIT_FMT(id),
                               standing_text(link->human->standing)));
    if (!leaf && link->holder->standing != STANDING_ACTIVE)
        return finding(5, "chain_broken",
                       printed(q->arena, "agent %.*s, who delegated, is no longer active",
                               WRIT_FMT(link->holder->text.agent)));
    return PASSED;
}

static struct finding check_scope(const struct question *q, const struct grant *link)
{
    const struct writ_grant *g = &link->g;
    struct writ_err why;

    if (!patterns_match(&g->actions, q->r->action))
        return finding(STEP_SCOPE, "action_out_of_scope",
                       printed(q->arena, "grant %.*s does not name `%.*s`", WRIT_FMT(g->id),
                               WRIT_FMT(q->r->action)));
    for (size_t i = 0; i < q->resources.len; i++)
        if (!patterns_match(&g->resources, q->resources.at[i]))
            return finding(STEP_SCOPE + 1, "resource_out_of_scope",
                           printed(q->arena, "`%.*s` is outside grant %.*s",
                                   WRIT_FMT(q->resources.at[i]), WRIT_FMT(g->id)));
    const struct rule *rule = grant_rule(g, q->r->action);
    if (rule == NULL)
        return PASSED;
    if (q->arguments == NULL) {
        *q->undecidable = true;
        return PASSED;
    }
    enum writ_status st = rule_match(rule, q->arguments, &why);
    if (st == WRIT_OK)
        return PASSED;
    return finding(STEP_SCOPE + 2, "argument_out_of_scope",
                   st == WRIT_NOMEM ? NULL : printed(q->arena, "%s", why.text));
}

static struct finding check_limits(const struct question *q, const struct grant *link)
{
    struct limit_result result;

    if (link->g.spend != NULL && q->spends && q->arguments == NULL)
        *q->undecidable = true;
    limits_check(link, q->spend, q->spend_known || q->arguments == NULL, q->unit, q->now, &result);
    if (result.reason == NULL)
        return PASSED;
    return finding(STEP_LIMITS, result.reason, printed(q->arena, "%s", result.detail));
}

/* A tool whose definition is not the pinned one waits for a human. */
static struct finding check_tool(const struct question *q)
{
    const struct tool *tool = NULL;
    const char *why = NULL;

    if (!writ_slice_is(q->name.kind, "tools"))
        return PASSED;
    tool = target_tool(q->target, q->name.name);
    if (tool == NULL || tool->pinned[0] == '\0')
        why = tool != NULL || q->target->text.hold_new ? "the tool is new and not accepted" : NULL;
    else if (q->r->tool.len == 0)
        why = "the gateway has not seen the tool's definition";
    else if (!writ_slice_is(q->r->tool, tool->pinned))
        why = "the tool's definition is not the accepted one";
    if (why == NULL)
        return PASSED;
    struct finding f = finding(85, "tool_changed", why);
    f.verdict = WRIT_HOLD;
    return f;
}

/* The strictest of the rules of all links; false when none asks for approval. */
static bool approval_needed(const struct question *q, const struct chain *c,
                            struct approval_rule *out)
{
    bool needed = false;

    for (size_t i = 0; i < c->len; i++)
        for (size_t j = 0; j < c->links[i]->g.approvals_len; j++) {
            const struct approval_rule *r = &c->links[i]->g.approvals[j];
            if (!patterns_match(&r->actions, q->r->action))
                continue;
            if (!needed)
                *out = *r;
            needed = true;
            out->four_eyes = out->four_eyes || r->four_eyes;
            out->quorum = r->quorum > out->quorum ? r->quorum : out->quorum;
            out->within_us = r->within_us < out->within_us ? r->within_us : out->within_us;
        }
    return needed;
}

static struct finding check_approval(const struct question *q, const struct chain *c)
{
    struct approval_rule rule;
    char digest[65];

    if (!approval_needed(q, c, &rule))
        return PASSED;
    writ_approval_digest(c->links[c->len - 1]->g.id, q->r->action, &q->resources, q->arguments_hex,
                         digest);
    const struct approval *ap = map_get(&q->a->digests, writ_cstr(digest));
    enum writ_approval_state state =
        ap == NULL ? WRIT_APPROVAL_UNKNOWN : approval_state(ap, q->now);
    struct finding f = finding(90, "approval_required", "a human must approve this action");
    switch (state) {
    case WRIT_APPROVAL_GIVEN:
        f = PASSED;
        f.approval = ap->id;
        return f;
    case WRIT_APPROVAL_REFUSED:
        if (q->now < ap->expires) {
            f.reason = "approval_refused";
            f.detail = "a human has refused exactly this action";
            f.approval = ap->id;
            return f;
        }
        break;
    case WRIT_APPROVAL_PENDING:
        f.verdict = WRIT_HOLD;
        f.approval = ap->id;
        return f;
    case WRIT_APPROVAL_UNKNOWN:
    case WRIT_APPROVAL_USED:
    case WRIT_APPROVAL_EXPIRED:
        break;
    }
    f.verdict = WRIT_HOLD;
    f.ask = writ_arena_alloc(q->arena, sizeof(*f.ask));
    if (f.ask == NULL)
        return finding(90, "approval_required", NULL);
    *f.ask = rule;
    return f;
}

#define CHECK(expr)                    \
    do {                               \
        struct finding check_f = expr; \
        if (check_f.reason != NULL)    \
            return check_f;            \
    } while (0)

/* Everything about one grant; `c` is its chain. */
static struct finding examine(const struct question *q, struct grant *leaf, struct chain *c)
{
    c->len = grant_chain(leaf, c->links);
    for (size_t i = 0; i < c->len; i++)
        if (c->links[i]->g.proof == PROOF_KEY && q->r->signature.len == 0)
            return finding(3, "proof_missing",
                           "the grant demands that the agent signs each action");
    CHECK(check_agent(q));
    for (size_t i = 0; i < c->len; i++)
        CHECK(check_link(q, c->links[i], i + 1 == c->len));
    if (c->links[0]->parent != NULL || c->len > (size_t)c->links[0]->g.max_depth + 1)
        return finding(5, "limit_depth", "the chain is deeper than its root allows");
    if (q->target == NULL)
        return finding(STEP_SCOPE, "action_out_of_scope", "the target is unknown");
    for (size_t i = 0; i < c->len; i++)
        if (!patterns_match(&c->links[i]->g.actions, q->r->action))
            return check_scope(q, c->links[i]);
    if (q->resources_recorded)
        *q->undecidable = true;
    if (q->resource_problem != NULL)
        return finding(STEP_SCOPE + 1, "resource_out_of_scope", q->resource_problem);
    for (size_t i = 0; i < c->len; i++)
        CHECK(check_scope(q, c->links[i]));
    for (size_t i = 0; i < c->len; i++)
        CHECK(check_limits(q, c->links[i]));
    CHECK(check_tool(q));
    return check_approval(q, c);
}

/* The best grant among the newest that live; `allow` before `hold` before the furthest step. */
static struct finding choose(const struct question *q, struct chain *best_chain)
{
    struct finding best = finding(4, "grant_unknown", "the agent holds no grant");
    size_t tried = 0, walked = 0;

    for (struct grant *g = q->agent->newest;
         g != NULL && tried < SELECT_MAX && walked < SELECT_WALK_MAX; g = g->next_held) {
        bool dead = g->revoked || q->now >= g->g.expires;
        struct chain c;
        walked++;
        if (dead && best_chain->len != 0)
            continue;
        struct finding f = examine(q, g, &c);
        tried += !dead;
        bool better = best_chain->len == 0 || finding_rank(&f) > finding_rank(&best);
        if (better) {
            best = f;
            *best_chain = c;
        }
        if (f.reason == NULL)
            break;
    }
    return best;
}

static struct finding decide(const struct question *q, struct chain *c)
{
    CHECK(check_stop(q));
    if (q->agent == NULL)
        return finding(4, "agent_unknown", "no agent of this name is registered");
    if (q->r->signature.len != 0)
        CHECK(check_signature(q));
    else
        CHECK(check_session(q));
    if (q->r->grant.len == 0) {
        struct finding f = check_agent(q);
        return f.reason != NULL ? f : choose(q, c);
    }
    struct grant *leaf = state_grant(q->a, q->r->grant);
    if (leaf == NULL || leaf->holder != q->agent) {
        CHECK(check_agent(q));
        return finding(5, "grant_unknown", "the agent holds no grant of this id");
    }
    return examine(q, leaf, c);
}

/* --- putting it together --- */

static void read_spend(struct question *q)
{
    const struct tool_spend *s = NULL;
    struct writ_slice number;

    if (q->target == NULL || !writ_slice_is(q->name.kind, "tools"))
        return;
    for (size_t i = 0; i < q->target->text.spend_len && s == NULL; i++)
        if (writ_slice_eq(q->target->text.spend[i].tool, q->name.name))
            s = &q->target->text.spend[i];
    if (s == NULL)
        return;
    q->spends = true;
    q->unit = s->unit;
    const json_t *amount = writ_json_get(q->arguments, s->argument);
    q->spend_known = amount != NULL && number_read(amount, q->arena, &number) &&
                     number_micros(number, &q->spend);
}

static enum writ_status read_resources(struct question *q, const struct writ_texts *recorded)
{
    struct writ_err why;

    if (q->target == NULL)
        return WRIT_OK;
    if (q->arguments == NULL && target_needs_arguments(q->target, &q->name)) {
        q->resources = *recorded; /* erased: the record's own word is all there is */
        q->resources_recorded = true;
        return WRIT_OK;
    }
    enum writ_status st =
        target_resources(q->target, &q->name, q->arguments, q->arena, &q->resources, &why);
    if (st == WRIT_NOMEM)
        return st;
    if (st != WRIT_OK) {
        q->resource_problem = printed(q->arena, "%s", why.text);
        return q->resource_problem != NULL ? WRIT_OK : WRIT_NOMEM;
    }
    return WRIT_OK;
}

enum writ_status writ_authority_decide(const struct writ_authority *a,
                                       const struct writ_action_request *r, uint64_t now,
                                       struct writ_arena *arena, struct writ_decision *out,
                                       struct writ_err *err)
{
    WRIT_AUTO_JSON *arguments = NULL;
    static const struct writ_texts NONE = { 0, NULL };
    struct writ_decision d = { 0 };
    struct chain chain = { 0, { NULL } };
    struct question q = { .a = a, .r = r, .now = now, .arena = arena };

    if (!request_valid(r) || !action_split(r->action, &q.name))
        return writ_fail(err, WRIT_FORMAT,
                         "the request is malformed: a name, id, action or proof has a wrong form");
    if (r->verified == WRIT_UNCHECKED)
        return writ_fail(err, WRIT_FORMAT, "the digest of the arguments could not be taken");
    if (r->arguments.ptr != NULL)
        WRIT_TRY(writ_json_parse_object(r->arguments.len == 0 ? WRIT_LIT("{}") : r->arguments,
                                        WRIT_ARGUMENTS_MAX, &arguments, err));
    q.undecidable = &d.undecidable;
    q.arguments = arguments;
    q.arguments_hex = decision_hex(arena, writ_slice(r->digest.b, sizeof(r->digest.b)));
    q.agent = state_agent(a, r->agent);
    q.target = state_target(a, q.name.target);
    if (read_resources(&q, r->erased_resources != NULL ? r->erased_resources : &NONE) != WRIT_OK)
        return writ_fail_nomem(err);
    read_spend(&q);
    struct finding f = decide(&q, &chain);
    if (f.detail == NULL)
        return writ_fail_nomem(err);
    d.verdict = f.reason == NULL ? WRIT_ALLOW : f.verdict;
    d.unnamed = f.reason != NULL && (q.agent == NULL || f.step == 2);
    WRIT_TRY(decision_write(&q, &f, &chain, &d, err));
    *out = d;
    return WRIT_OK;
}
