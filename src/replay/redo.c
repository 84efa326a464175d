#include "redo.h"

#include <stdlib.h>

#include "base/text.h"

#include "base/banned.h"

/* --- signed texts --- */

static enum writ_status remember_root(struct replay *p, struct writ_err *why)
{
    if (p->roots_len == p->roots_cap) {
        size_t cap = p->roots_cap == 0 ? 64 : p->roots_cap * 2;
        uint64_t *grown = reallocarray(p->roots, cap, sizeof(*grown));
        if (grown == NULL)
            return writ_fail_nomem(why);
        p->roots = grown;
        p->roots_cap = cap;
    }
    p->roots[p->roots_len++] = p->index;
    return WRIT_OK;
}

bool redo_traceable(const struct replay *p, const struct writ_rec_decided *r)
{
    size_t low = 0, high = p->roots_len;

    if (r->chain.len == 0 || r->human.len == 0)
        return false;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (p->roots[mid] == r->chain.at[0])
            return true;
        if (p->roots[mid] < r->chain.at[0])
            low = mid + 1;
        else
            high = mid;
    }
    return false;
}

static enum writ_status redo_signed(struct replay *p, const struct writ_record *rec,
                                    struct writ_record *remade, struct writ_err *why)
{
    struct writ_change_request r = { .text = rec->as.signed_text.text,
                                     .signature = rec->as.signed_text.signature };

    WRIT_TRY(writ_authority_find_signer(p->a, &r, why));
    r.verified = WRIT_CHECK_GOOD;
    if (p->o->signatures) {
        writ_change_verify(&r);
        p->out->signatures_bad += r.verified != WRIT_CHECK_GOOD;
        if (r.by_agent)
            p->out->signatures_agent++;
        else
            p->out->signatures_human++;
    }
    WRIT_TRY(writ_authority_change(p->a, &r, rec->time, &p->arena, remade, why));
    return remade->type == WRIT_RECORD_GRANT_SIGNED ? remember_root(p, why) : WRIT_OK;
}

/* --- actions --- */

static enum writ_status read_proof(struct replay *p, const struct writ_rec_decided *d,
                                   struct writ_action_request *r, struct writ_err *why)
{
    uint8_t *nonce = writ_arena_alloc(&p->arena, WRIT_NONCE_LEN);
    WRIT_AUTO_BUF signature;
    struct writ_slice kept;

    writ_buf_init(&signature, 256);
    r->session = UINT64_MAX;
    if (writ_slice_is(d->proof.kind, "none")) {
        if (d->credential.id.len != 0 && writ_u64_parse(d->credential.id, &r->session) != WRIT_OK)
            return writ_fail(why, WRIT_FORMAT, "the session of the credential is no index");
        return WRIT_OK;
    }
    if (nonce == NULL)
        return writ_fail_nomem(why);
    if (writ_hex_decode(d->proof.id, nonce, WRIT_NONCE_LEN) != WRIT_OK ||
        writ_base64url_decode(&signature, d->proof.signature) != WRIT_OK)
        return writ_fail(why, WRIT_FORMAT, "the proof in the record cannot be read");
    if (!writ_arena_copy(&p->arena, writ_buf_slice(&signature), &kept))
        return writ_fail_nomem(why);
    r->nonce = writ_slice(nonce, WRIT_NONCE_LEN);
    r->signature = kept;
    r->issued = d->credential.issued;
    return WRIT_OK;
}

static void verify_proof(struct replay *p, const struct writ_rec_decided *d,
                         struct writ_action_request *r)
{
    bool valid = writ_slice_is(d->proof.kind, "key");

    r->verified = valid ? WRIT_CHECK_GOOD : WRIT_CHECK_FAILED;
    if (!p->o->signatures || r->signature.len == 0)
        return;
    writ_action_verify(r, writ_authority_cell(p->a), writ_authority_agent_key(p->a, r->agent));
    p->out->signatures_action++;
    p->out->signatures_bad += valid && r->verified != WRIT_CHECK_GOOD;
}

/* The arguments from the payload store; false when they are erased or nobody has the store. */
static bool fetch_arguments(struct replay *p, struct writ_action_request *r)
{
    uint8_t *salt = writ_arena_alloc(&p->arena, WRIT_SALT_LEN);

    if (p->payloads == NULL || salt == NULL ||
        writ_payload_reader_get(p->payloads, &r->digest, salt, &p->payload, NULL) != WRIT_OK)
        return false;
    r->arguments = writ_buf_slice(&p->payload);
    r->salt = writ_slice(salt, WRIT_SALT_LEN);
    return true;
}

static enum writ_status redo_decided(struct replay *p, const struct writ_record *rec,
                                     struct writ_record *remade, bool *undecidable,
                                     struct writ_err *why)
{
    const struct writ_rec_decided *d = &rec->as.decided;
    struct writ_decision decision;
    struct writ_action_request r = {
        .agent = d->agent,
        .instance = d->instance,
        .txn = d->txn,
        .grant = d->selected ? (struct writ_slice){ NULL, 0 } : d->grant,
        .transport = d->transport,
        .gateway = d->gateway,
        .action = d->action,
        .erased_resources = &d->resources,
        .tool = d->tool,
        .trace = d->trace,
    };

    if (writ_hex_decode(d->arguments, r.digest.b, sizeof(r.digest.b)) != WRIT_OK)
        return writ_fail(why, WRIT_FORMAT, "the digest of the arguments cannot be read");
    WRIT_TRY(read_proof(p, d, &r, why));
    verify_proof(p, d, &r);
    /* Most decisions need no arguments; those that do are taken again with them. */
    WRIT_TRY(writ_authority_decide(p->a, &r, rec->time, &p->arena, &decision, why));
    if (decision.undecidable && fetch_arguments(p, &r))
        WRIT_TRY(writ_authority_decide(p->a, &r, rec->time, &p->arena, &decision, why));
    *undecidable = decision.undecidable;
    if (decision.asks_approval)
        WRIT_TRY(writ_record_encode(&decision.request, &p->expected, why));
    *remade = decision.record;
    return WRIT_OK;
}

static enum writ_status redo_completed(struct replay *p, const struct writ_record *rec,
                                       struct writ_record *remade, struct writ_err *why)
{
    const struct writ_rec_completed *c = &rec->as.completed;
    struct writ_outcome o = { .decided = c->decided,
                              .status = c->status,
                              .has_result = c->result.len != 0,
                              .duration_us = c->duration };

    if (o.has_result && writ_hex_decode(c->result, o.result.b, sizeof(o.result.b)) != WRIT_OK)
        return writ_fail(why, WRIT_FORMAT, "the digest of the result cannot be read");
    return writ_authority_complete(p->a, &o, rec->time, &p->arena, remade, why);
}

/* What a hold asked for must be the very next record. */
static enum writ_status redo_held(struct replay *p, const struct writ_record *rec,
                                  struct writ_record *remade, struct writ_err *why)
{
    WRIT_AUTO_BUF stored;

    writ_buf_init(&stored, WRIT_RECORD_MAX);
    WRIT_TRY(writ_record_encode(rec, &stored, why));
    if (!writ_slice_eq(writ_buf_slice(&stored), writ_buf_slice(&p->expected)))
        return writ_fail(why, WRIT_REFUSED, "no decision before it asked for this approval");
    *remade = *rec;
    return WRIT_OK;
}

/* --- the rest --- */

static enum writ_status redo_tool(struct replay *p, const struct writ_record *rec,
                                  struct writ_record *remade, struct writ_err *why)
{
    const struct writ_rec_tool_seen *t = &rec->as.tool_seen;
    enum writ_listing listing;
    bool has_record;

    struct writ_list_request request = {
        .agent = t->by,
        .target = t->target,
        .kind = WRIT_LIT("tools"),
        .name = t->tool,
        .digest = t->digest,
    };
    WRIT_TRY(writ_authority_list(p->a, &request, rec->time, &listing, &has_record, remade, why));
    return has_record ? WRIT_OK : writ_fail(why, WRIT_REFUSED, "the tool was known already");
}

static enum writ_status redo_session(struct replay *p, const struct writ_record *rec,
                                     struct writ_record *remade, struct writ_err *why)
{
    const struct writ_rec_session *s = &rec->as.session;
    WRIT_AUTO_BUF signature;
    uint8_t challenge[32];
    struct writ_slice kept;

    writ_buf_init(&signature, 256);
    if (writ_hex_decode(s->challenge, challenge, sizeof(challenge)) != WRIT_OK ||
        writ_base64url_decode(&signature, s->signature) != WRIT_OK)
        return writ_fail(why, WRIT_FORMAT, "the session's signature cannot be read");
    if (!writ_arena_copy(&p->arena, writ_buf_slice(&signature), &kept))
        return writ_fail_nomem(why);
    struct writ_session_request r = {
        .agent = s->agent,
        .instance = s->instance,
        .gateway = s->gateway,
        .transport = s->transport,
        .client = s->client,
        .challenge = writ_slice(challenge, sizeof(challenge)),
        .issued = s->issued,
        .signature = kept,
        .verified = WRIT_CHECK_GOOD,
    };
    if (p->o->signatures) {
        writ_session_verify(&r, writ_authority_cell(p->a),
                            writ_authority_agent_key(p->a, s->agent));
        p->out->signatures_session++;
        p->out->signatures_bad += r.verified != WRIT_CHECK_GOOD;
    }
    return writ_authority_open_session(p->a, &r, rec->time, &p->arena, remade, why);
}

static enum writ_status redo_step(struct replay *p, const struct writ_record *rec,
                                  struct writ_record *remade, struct writ_err *why)
{
    if (rec->time != writ_authority_last_time(p->a) + 1)
        return writ_fail(why, WRIT_TIME, "a step of the clock is recorded one microsecond later");
    *remade = writ_authority_clock_stepped(rec->time, rec->as.clock_stepped.clock);
    return WRIT_OK;
}

enum writ_status redo(struct replay *p, const struct writ_record *rec, struct writ_record *remade,
                      bool *undecidable, struct writ_err *why)
{
    bool due = p->expected.len != 0;

    if (due && rec->type != WRIT_RECORD_APPROVAL_REQUESTED) {
        writ_buf_clear(&p->expected);
        return writ_fail(why, WRIT_REFUSED,
                         "the decision before it asked for an approval that is not recorded");
    }
#define REDO_signed_text redo_signed(p, rec, remade, why)
#define REDO_narrowed \
    writ_authority_narrow(p->a, rec->type, &rec->as.narrowed, rec->time, &p->arena, remade, why)
#define REDO_decided         redo_decided(p, rec, remade, undecidable, why)
#define REDO_completed       redo_completed(p, rec, remade, why)
#define REDO_held            redo_held(p, rec, remade, why)
#define REDO_tool_seen       redo_tool(p, rec, remade, why)
#define REDO_session         redo_session(p, rec, remade, why)
#define REDO_clock_stepped   redo_step(p, rec, remade, why)
#define REDO_callers_refused (*remade = *rec, WRIT_OK) /* a count: nothing to decide again */
    enum writ_status st = WRIT_FORMAT;
    switch (rec->type) {
    case WRIT_RECORD_NONE:
        break;
#define X(num, name, text, shape) \
    case WRIT_RECORD_##name:      \
        st = REDO_##shape;        \
        break;
        WRIT_RECORD_MAP(X)
#undef X
    }
    if (due)
        writ_buf_clear(&p->expected);
    return st;
}
