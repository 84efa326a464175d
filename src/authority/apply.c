#include "apply_parts.h"

#include <stdlib.h>

#include "base/text.h"

#include "base/banned.h"

static enum writ_status corrupt(struct writ_err *err, const char *what)
{
    return writ_fail(err, WRIT_CORRUPT, "the record cannot follow this state: %s", what);
}

static enum writ_status put(struct map *m, struct writ_slice key, void *value, struct writ_err *err)
{
    return map_put(m, key, value) ? WRIT_OK : writ_fail_nomem(err);
}

/* --- actions --- */

static enum writ_status remember_proof(struct writ_authority *a, const struct writ_rec_decided *r,
                                       uint64_t now, struct writ_err *err)
{
    uint8_t nonce[WRIT_NONCE_LEN];

    if (!writ_slice_is(r->proof.kind, "key"))
        return WRIT_OK;
    if (writ_hex_decode(r->proof.id, nonce, sizeof(nonce)) != WRIT_OK)
        return corrupt(err, "a proof without a nonce");
    if (!seen_add(&a->seen, nonce, r->credential.issued + PROOF_AGE_US + 1, now))
        return writ_fail_nomem(err);
    return WRIT_OK;
}

static enum writ_status take_off(struct writ_authority *a, uint64_t index, uint64_t now,
                                 const struct writ_rec_decided *r, struct grant *leaf,
                                 struct writ_err *err)
{
    struct in_flight *f = malloc(sizeof(*f) + r->txn.len);

    if (f == NULL)
        return writ_fail_nomem(err);
    *f = (struct in_flight){ index_key(index), index, now, leaf, r->txn.len };
    if (r->txn.len != 0)
        memcpy(f->txn, r->txn.ptr, r->txn.len);
    if (!map_put(&a->flying, index_slice(&f->key), f)) {
        free(f);
        return writ_fail_nomem(err);
    }
    return WRIT_OK;
}

static enum writ_status apply_decided(struct writ_authority *a, uint64_t index,
                                      const struct writ_record *rec, struct writ_err *err)
{
    const struct writ_rec_decided *r = &rec->as.decided;
    struct grant *links[WRIT_CHAIN_MAX];

    WRIT_TRY(remember_proof(a, r, rec->time, err));
    if (!writ_slice_is(r->verdict, "allow"))
        return WRIT_OK;
    struct grant *leaf = state_grant(a, r->grant);
    size_t n = leaf == NULL ? 0 : grant_chain(leaf, links);
    if (n == 0 || n != r->limits.calls.len || n != r->limits.spend.len)
        return corrupt(err, "an allowed action without its chain of grants");
    for (size_t i = 0; i < n; i++)
        WRIT_TRY(
            limits_apply(links[i], r->limits.calls.at[i], r->limits.spend.at[i], rec->time, err));
    if (r->approval.len != 0) {
        struct approval *ap = state_approval(a, r->approval);
        if (ap == NULL || ap->state != WRIT_APPROVAL_GIVEN)
            return corrupt(err, "an action with an approval that was not given");
        ap->state = WRIT_APPROVAL_USED;
    }
    return take_off(a, index, rec->time, r, leaf, err);
}

static enum writ_status apply_completed(struct writ_authority *a, const struct writ_record *rec,
                                        struct writ_err *err)
{
    struct index_key key = index_key(rec->as.completed.decided);
    struct in_flight *f = map_remove(&a->flying, index_slice(&key));
    struct grant *links[WRIT_CHAIN_MAX];

    if (f == NULL)
        return corrupt(err, "a completion of nothing in flight");
    size_t n = grant_chain(f->grant, links);
    for (size_t i = 0; i < n; i++)
        limits_complete(links[i], f->time);
    free(f);
    return WRIT_OK;
}

/* --- approvals --- */

static enum writ_status fill_approval(struct writ_authority *a, const struct writ_record *rec,
                                      struct approval *ap, struct writ_err *err)
{
    const struct writ_rec_held *r = &rec->as.held;
    struct writ_slice *list = writ_arena_array(&ap->arena, r->resources.len + 1, sizeof(*list));
    bool kept = list != NULL && writ_arena_copy(&ap->arena, r->id, &ap->id) &&
                writ_arena_copy(&ap->arena, r->txn, &ap->txn) &&
                writ_arena_copy(&ap->arena, r->action, &ap->action) &&
                writ_arena_copy(&ap->arena, r->human, &ap->human) &&
                writ_arena_copy(&ap->arena, r->agent, &ap->agent);

    for (size_t i = 0; kept && i < r->resources.len; i++)
        kept = writ_arena_copy(&ap->arena, r->resources.at[i], &list[i]);
    if (!kept)
        return writ_fail_nomem(err);
    ap->resources = (struct writ_texts){ r->resources.len, list };
    ap->grant = state_grant(a, r->grant);
    if (ap->grant == NULL || r->digest.len != 64 || r->arguments.len != 64 || r->quorum == 0 ||
        r->quorum > GIVERS_MAX)
        return corrupt(err, "an approval of an impossible form");
    memcpy(ap->digest, r->digest.ptr, 64);
    memcpy(ap->arguments, r->arguments.ptr, 64);
    ap->requested = rec->time;
    ap->expires = r->expires;
    ap->quorum = (uint8_t)r->quorum;
    ap->four_eyes = r->four_eyes;
    ap->state = WRIT_APPROVAL_PENDING;
    return WRIT_OK;
}

static enum writ_status apply_held(struct writ_authority *a, const struct writ_record *rec,
                                   struct writ_err *err)
{
    struct approval *ap = calloc(1, sizeof(*ap));

    if (ap == NULL)
        return writ_fail_nomem(err);
    writ_arena_init(&ap->arena, 1u << 18);
    enum writ_status st = fill_approval(a, rec, ap, err);
    if (st == WRIT_OK && state_approval(a, ap->id) != NULL)
        st = corrupt(err, "an approval id that is taken");
    if (st == WRIT_OK)
        st = put(&a->approvals, ap->id, ap, err);
    if (st != WRIT_OK) {
        writ_arena_release(&ap->arena);
        free(ap);
        return st;
    }
    ap->next = a->pending;
    a->pending = ap;
    return put(&a->digests, writ_cstr(ap->digest), ap, err);
}

/* Takes it out of the list of those that may still expire. */
void approval_settle(struct writ_authority *a, struct approval *ap, enum writ_approval_state state)
{
    struct approval **at = &a->pending;

    while (*at != NULL && *at != ap)
        at = &(*at)->next;
    if (*at != NULL)
        *at = ap->next;
    ap->next = NULL;
    ap->state = state;
}

/* --- what narrows --- */

static enum writ_status apply_stop(struct writ_authority *a, uint64_t index,
                                   const struct writ_record *rec, struct writ_err *err)
{
    const struct writ_rec_narrowed *r = &rec->as.narrowed;
    struct stop *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return writ_fail_nomem(err);
    writ_arena_init(&s->arena, 1u << 17);
    if (!writ_arena_copy(&s->arena, r->subject, &s->scope) ||
        !writ_arena_copy(&s->arena, r->by, &s->by) ||
        !writ_arena_copy(&s->arena, r->reason, &s->reason)) {
        writ_arena_release(&s->arena);
        free(s);
        return writ_fail_nomem(err);
    }
    s->index = index;
    s->time = rec->time;
    s->next = a->stops;
    a->stops = s;
    return WRIT_OK;
}

static enum writ_status set_human(struct writ_authority *a, struct writ_slice name,
                                  enum standing standing, struct writ_err *err)
{
    struct human *h = state_human(a, name);

    if (h == NULL)
        return corrupt(err, "an unknown human");
    h->standing = standing;
    return WRIT_OK;
}

static enum writ_status set_agent(struct writ_authority *a, struct writ_slice name,
                                  enum standing standing, struct writ_err *err)
{
    struct agent *g = state_agent(a, name);

    if (g == NULL)
        return corrupt(err, "an unknown agent");
    g->standing = standing;
    return WRIT_OK;
}

static enum writ_status set_approval(struct writ_authority *a, struct writ_slice id,
                                     enum writ_approval_state state, struct writ_err *err)
{
    struct approval *ap = state_approval(a, id);

    if (ap == NULL || ap->state != WRIT_APPROVAL_PENDING)
        return corrupt(err, "an approval that is unknown or settled");
    approval_settle(a, ap, state);
    return WRIT_OK;
}

static enum writ_status close_session(struct writ_authority *a, struct writ_slice subject,
                                      struct writ_err *err)
{
    struct index_key key;
    uint64_t index;

    if (writ_u64_parse(subject, &index) != WRIT_OK)
        return corrupt(err, "a session without an index");
    key = index_key(index);
    void *s = map_remove(&a->sessions, index_slice(&key));
    if (s == NULL)
        return corrupt(err, "an unknown session");
    free(s);
    return WRIT_OK;
}

static enum writ_status apply_narrowed(struct writ_authority *a, uint64_t index,
                                       const struct writ_record *rec, struct writ_err *err)
{
    struct writ_slice subject = rec->as.narrowed.subject;
    struct approval *ap;
    struct grant *g;

    if (rec->type == WRIT_RECORD_HUMAN_SUSPENDED)
        return set_human(a, subject, STANDING_SUSPENDED, err);
    if (rec->type == WRIT_RECORD_HUMAN_REMOVED)
        return set_human(a, subject, STANDING_GONE, err);
    if (rec->type == WRIT_RECORD_AGENT_SUSPENDED)
        return set_agent(a, subject, STANDING_SUSPENDED, err);
    if (rec->type == WRIT_RECORD_AGENT_RETIRED)
        return set_agent(a, subject, STANDING_GONE, err);
    if (rec->type == WRIT_RECORD_APPROVAL_REFUSED)
        return set_approval(a, subject, WRIT_APPROVAL_REFUSED, err);
    if (rec->type == WRIT_RECORD_APPROVAL_EXPIRED)
        return set_approval(a, subject, WRIT_APPROVAL_EXPIRED, err);
    if (rec->type == WRIT_RECORD_STOP_SET)
        return apply_stop(a, index, rec, err);
    if (rec->type == WRIT_RECORD_SESSION_CLOSED)
        return close_session(a, subject, err);
    if (rec->type == WRIT_RECORD_PAYLOAD_READ)
        return WRIT_OK; /* an event: it changes nothing */
    if (rec->type == WRIT_RECORD_APPROVAL_OPENED) {
        ap = state_approval(a, subject);
        if (ap == NULL)
            return corrupt(err, "an unknown approval");
        ap->opened = true;
        return WRIT_OK;
    }
    g = state_grant(a, subject);
    if (rec->type != WRIT_RECORD_GRANT_REVOKED || g == NULL)
        return corrupt(err, "an unknown grant");
    g->revoked = true;
    return WRIT_OK;
}

/* --- tools and sessions --- */

static enum writ_status apply_tool(struct writ_authority *a, const struct writ_record *rec,
                                   struct writ_err *err)
{
    const struct writ_rec_tool_seen *r = &rec->as.tool_seen;
    struct target *t = state_target(a, r->target);

    if (t == NULL || !hex_valid(r->digest, 64))
        return corrupt(err, "a tool of an unknown target");
    struct tool *tool = tool_of(t, r->tool);
    if (tool == NULL)
        return writ_fail_nomem(err);
    bool pinned = rec->type == WRIT_RECORD_TOOL_PINNED;
    memcpy(pinned ? tool->pinned : tool->held, r->digest.ptr, 64);
    return WRIT_OK;
}

static enum writ_status apply_session(struct writ_authority *a, uint64_t index,
                                      const struct writ_record *rec, struct writ_err *err)
{
    const struct writ_rec_session *r = &rec->as.session;
    struct agent *agent = state_agent(a, r->agent);

    if (agent == NULL)
        return corrupt(err, "a session of an unknown agent");
    struct session *s = malloc(sizeof(*s) + r->instance.len);
    if (s == NULL)
        return writ_fail_nomem(err);
    *s = (struct session){ index_key(index), agent, agent->index, r->expires, r->instance.len };
    if (r->instance.len != 0)
        memcpy(s->instance, r->instance.ptr, r->instance.len);
    if (!map_put(&a->sessions, index_slice(&s->key), s)) {
        free(s);
        return writ_fail_nomem(err);
    }
    return WRIT_OK;
}

static enum writ_status apply_record(struct writ_authority *a, uint64_t index,
                                     const struct writ_record *rec, struct writ_err *err)
{
#define SHAPE_signed_text     apply_signed(a, index, rec, err)
#define SHAPE_narrowed        apply_narrowed(a, index, rec, err)
#define SHAPE_decided         apply_decided(a, index, rec, err)
#define SHAPE_completed       apply_completed(a, rec, err)
#define SHAPE_held            apply_held(a, rec, err)
#define SHAPE_tool_seen       apply_tool(a, rec, err)
#define SHAPE_session         apply_session(a, index, rec, err)
#define SHAPE_clock_stepped   (a->clock_steps++, WRIT_OK)
#define SHAPE_callers_refused (a->unnamed_refused += rec->as.callers_refused.count, WRIT_OK)
    switch (rec->type) {
    case WRIT_RECORD_NONE:
        break;
#define X(num, name, text, shape) \
    case WRIT_RECORD_##name:      \
        return SHAPE_##shape;
        WRIT_RECORD_MAP(X)
#undef X
    }
    return corrupt(err, "no type");
}

enum writ_status writ_authority_skip(struct writ_authority *a, uint64_t index, struct writ_err *err)
{
    if (index < a->next_index || (a->next_index == 0 && index != 0))
        return corrupt(err, "records are out of order");
    a->next_index = index;
    return WRIT_OK;
}

enum writ_status writ_authority_apply_record(struct writ_authority *a, uint64_t index,
                                             const struct writ_record *rec, struct writ_err *err)
{
    if (index != a->next_index)
        return corrupt(err, "an index is missing");
    if (rec->time < a->last_time)
        return corrupt(err, "time went back");
    if ((rec->type == WRIT_RECORD_AUTHORITY_CREATED) != (index == 0))
        return corrupt(err, "authority.created is record 0 and no other");
    WRIT_TRY(apply_record(a, index, rec, err));
    a->next_index = index + 1;
    a->last_time = rec->time;
    return WRIT_OK;
}

enum writ_status writ_authority_apply(struct writ_authority *a, uint64_t index,
                                      struct writ_slice bytes, struct writ_err *err)
{
    WRIT_AUTO_ARENA arena;
    struct writ_record rec;

    writ_arena_init(&arena, 1u << 20);
    WRIT_TRY(writ_record_decode(bytes, &arena, &rec, err));
    return writ_authority_apply_record(a, index, &rec, err);
}
