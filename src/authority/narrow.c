#include "state.h"

#include <stdio.h>

#include "base/text.h"

#include "base/banned.h"

static enum writ_status already(struct writ_err *err, struct writ_slice subject, const char *what)
{
    return writ_fail(err, WRIT_CONFLICT, "`%.*s` is %s already", WRIT_FMT(subject), what);
}

static enum writ_status unknown(struct writ_err *err, const char *what, struct writ_slice subject)
{
    return writ_fail(err, WRIT_NOT_FOUND, "no %s `%.*s`", what, WRIT_FMT(subject));
}

static enum writ_status narrow_human(const struct writ_authority *a, enum writ_record_type type,
                                     struct writ_slice name, struct writ_err *err)
{
    const struct human *h = state_human(a, name);
    bool remove = type == WRIT_RECORD_HUMAN_REMOVED;

    if (h == NULL)
        return unknown(err, "human", name);
    if (h->standing == STANDING_GONE || (!remove && h->standing == STANDING_SUSPENDED))
        return already(err, name, standing_text(h->standing));
    if (state_last_operator(a, h))
        return writ_fail(err, WRIT_REFUSED,
                         "`%.*s` is the last active operator: nobody could bring them back. "
                         "Add another operator first, or use `writ stop`",
                         WRIT_FMT(name));
    return WRIT_OK;
}

static enum writ_status narrow_agent(const struct writ_authority *a, enum writ_record_type type,
                                     struct writ_slice name, struct writ_err *err)
{
    const struct agent *g = state_agent(a, name);
    bool retire = type == WRIT_RECORD_AGENT_RETIRED;

    if (g == NULL)
        return unknown(err, "agent", name);
    if (g->standing == STANDING_GONE)
        return already(err, name, "retired");
    return !retire && g->standing == STANDING_SUSPENDED ? already(err, name, "suspended") : WRIT_OK;
}

static enum writ_status narrow_stop(const struct writ_authority *a, struct writ_slice scope,
                                    struct writ_err *err)
{
    if (!writ_slice_is(scope, "*") && state_target(a, scope) == NULL)
        return unknown(err, "target", scope);
    for (const struct stop *s = a->stops; s != NULL; s = s->next)
        if (writ_slice_eq(s->scope, scope))
            return already(err, scope, "stopped");
    return WRIT_OK;
}

static enum writ_status narrow_approval(const struct writ_authority *a, enum writ_record_type type,
                                        struct writ_slice id, uint64_t now, struct writ_err *err)
{
    const struct approval *ap = state_approval(a, id);

    if (ap == NULL)
        return unknown(err, "approval", id);
    if (ap->state != WRIT_APPROVAL_PENDING)
        return already(err, id, "settled");
    if (type == WRIT_RECORD_APPROVAL_OPENED)
        return ap->opened ? already(err, id, "opened") : WRIT_OK;
    if ((now >= ap->expires) != (type == WRIT_RECORD_APPROVAL_EXPIRED))
        return writ_fail(err, WRIT_CONFLICT, "approval `%.*s` %s", WRIT_FMT(id),
                         now >= ap->expires ? "has expired" : "has not expired yet");
    return WRIT_OK;
}

static enum writ_status narrow_session(const struct writ_authority *a, struct writ_slice subject,
                                       struct writ_err *err)
{
    struct index_key key;
    uint64_t index;

    if (writ_u64_parse(subject, &index) != WRIT_OK)
        return writ_fail(err, WRIT_FORMAT, "a session is named by its index");
    key = index_key(index);
    return map_get(&a->sessions, index_slice(&key)) == NULL ? unknown(err, "session", subject)
                                                            : WRIT_OK;
}

static enum writ_status check(const struct writ_authority *a, enum writ_record_type type,
                              const struct writ_rec_narrowed *what, uint64_t now,
                              struct writ_err *err)
{
    const struct grant *g;

    if (type == WRIT_RECORD_HUMAN_SUSPENDED || type == WRIT_RECORD_HUMAN_REMOVED)
        return narrow_human(a, type, what->subject, err);
    if (type == WRIT_RECORD_AGENT_SUSPENDED || type == WRIT_RECORD_AGENT_RETIRED)
        return narrow_agent(a, type, what->subject, err);
    if (type == WRIT_RECORD_STOP_SET)
        return narrow_stop(a, what->subject, err);
    if (type == WRIT_RECORD_APPROVAL_REFUSED || type == WRIT_RECORD_APPROVAL_OPENED ||
        type == WRIT_RECORD_APPROVAL_EXPIRED)
        return narrow_approval(a, type, what->subject, now, err);
    if (type == WRIT_RECORD_SESSION_CLOSED)
        return narrow_session(a, what->subject, err);
    if (type == WRIT_RECORD_PAYLOAD_READ)
        return hex_valid(what->subject, 64) ? WRIT_OK : unknown(err, "payload", what->subject);
    if (type != WRIT_RECORD_GRANT_REVOKED)
        return writ_fail(err, WRIT_ARG, "record type %s narrows nothing",
                         writ_record_type_text(type));
    g = state_grant(a, what->subject);
    if (g == NULL)
        return unknown(err, "grant", what->subject);
    return g->revoked ? already(err, what->subject, "revoked") : WRIT_OK;
}

enum writ_status writ_authority_narrow(const struct writ_authority *a, enum writ_record_type type,
                                       const struct writ_rec_narrowed *what, uint64_t now,
                                       struct writ_arena *arena, struct writ_record *out,
                                       struct writ_err *err)
{
    (void)arena;
    if (what->requested > INTEGER_MAX || !words_valid(what->reason, 512) ||
        !words_valid(what->by, 128) || !words_valid(what->subject, 128))
        return writ_fail(err, WRIT_FORMAT, "a reason has at most 512 bytes, without line breaks");
    WRIT_TRY(check(a, type, what, now, err));
    *out = (struct writ_record){ type, now, { .narrowed = *what } };
    return WRIT_OK;
}

bool writ_authority_next_expired(const struct writ_authority *a, uint64_t now,
                                 struct writ_arena *arena, struct writ_record *out)
{
    (void)arena;
    for (const struct approval *ap = a->pending; ap != NULL; ap = ap->next)
        if (now >= ap->expires) {
            *out = (struct writ_record){
                WRIT_RECORD_APPROVAL_EXPIRED,
                now,
                { .narrowed = { WRIT_LIT("writd"), ap->id, { NULL, 0 }, ap->expires } },
            };
            return true;
        }
    return false;
}

enum writ_status writ_authority_complete(const struct writ_authority *a,
                                         const struct writ_outcome *o, uint64_t now,
                                         struct writ_arena *arena, struct writ_record *out,
                                         struct writ_err *err)
{
    static const char *const STATUSES[] = { "ok", "error", "timeout", "cancelled", "lost" };
    struct index_key key = index_key(o->decided);
    struct writ_slice result = { NULL, 0 };
    bool known = false;

    if (map_get(&a->flying, index_slice(&key)) == NULL)
        return writ_fail(err, WRIT_NOT_FOUND, "record %llu is not an action in flight",
                         (unsigned long long)o->decided);
    for (size_t i = 0; i < sizeof(STATUSES) / sizeof(STATUSES[0]); i++)
        known = known || writ_slice_is(o->status, STATUSES[i]);
    if (!known)
        return writ_fail(err, WRIT_FORMAT, "unknown status `%.*s`", WRIT_FMT(o->status));
    if (o->duration_us > INTEGER_MAX)
        return writ_fail(err, WRIT_FORMAT, "a duration beyond 2^53 microseconds");
    if (o->has_result) {
        char *text = writ_arena_alloc(arena, 65);
        if (text == NULL)
            return writ_fail_nomem(err);
        writ_hex(text, o->result.b, sizeof(o->result.b));
        result = writ_slice(text, 64);
    }
    *out = (struct writ_record){
        WRIT_RECORD_ACTION_COMPLETED,
        now,
        { .completed = { o->decided, o->status, result, o->duration_us } },
    };
    return WRIT_OK;
}

enum writ_status writ_authority_open_session(const struct writ_authority *a,
                                             const struct writ_session_request *r, uint64_t now,
                                             struct writ_arena *arena, struct writ_record *out,
                                             struct writ_err *err)
{
    const struct agent *g = state_agent(a, r->agent);
    WRIT_AUTO_BUF text;
    struct writ_slice challenge, signature;

    writ_buf_init(&text, 512);
    if (g == NULL || r->verified != WRIT_CHECK_GOOD)
        return writ_fail(err, WRIT_SIGNATURE, "the session is not signed by agent `%.*s`'s key",
                         WRIT_FMT(r->agent));
    if (g->standing != STANDING_ACTIVE)
        return writ_fail(err, WRIT_REFUSED, "agent `%.*s` is not active", WRIT_FMT(r->agent));
    if (r->issued + PROOF_AGE_US < now || r->issued > now + PROOF_AGE_US)
        return writ_fail(err, WRIT_TIME, "the session was signed more than 30 s away from now");
    if (!txn_valid(r->instance) || !id_valid(r->gateway) || !id_valid(r->transport) ||
        !words_valid(r->client, 256) || r->challenge.len != 32)
        return writ_fail(err, WRIT_FORMAT, "instance, gateway, transport or client is malformed");
    if (writ_hex_encode(&text, r->challenge) != WRIT_OK ||
        !writ_arena_copy(arena, writ_buf_slice(&text), &challenge))
        return writ_fail_nomem(err);
    writ_buf_clear(&text);
    if (writ_base64url_encode(&text, r->signature) != WRIT_OK ||
        !writ_arena_copy(arena, writ_buf_slice(&text), &signature))
        return writ_fail_nomem(err);
    *out = (struct writ_record){ WRIT_RECORD_SESSION_OPENED,
                                 now,
                                 { .session = { r->agent, r->instance, r->gateway, r->transport,
                                                r->client, challenge, r->issued, now + SESSION_US,
                                                signature } } };
    return WRIT_OK;
}
