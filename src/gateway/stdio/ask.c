/* What is asked of the authority, and what becomes of a call by its replies. */
#include "run.h"

#include <stdio.h>

#include "authority/authority.h"

#include "base/banned.h"

static enum writ_status send_authorize(struct run *r, struct call *c, struct writ_err *err)
{
    const struct writ_gateway_stdio_options *o = r->o;
    uint8_t nonce[WRIT_NONCE_LEN], signature[WRIT_SIGNATURE_LEN];
    struct writ_action_request q = { .agent = o->agent,
                                     .instance = writ_cstr(r->instance),
                                     .txn = writ_cstr(r->txn),
                                     .grant = o->grant,
                                     .transport = WRIT_LIT(TRANSPORT_NAME),
                                     .gateway = WRIT_LIT(GATEWAY_NAME),
                                     .action = writ_buf_slice(&c->action),
                                     .arguments = writ_buf_slice(&c->arguments),
                                     .salt = writ_slice(c->salt, sizeof(c->salt)),
                                     .digest = c->digest,
                                     .tool = writ_cstr(c->tool),
                                     .trace = writ_cstr(c->trace),
                                     .nonce = writ_slice(nonce, sizeof(nonce)),
                                     .issued = o->env.now_us(o->env.ctx),
                                     .session = UINT64_MAX };
    WRIT_AUTO_BUF text;

    writ_buf_init(&text, 64u << 10);
    WRIT_TRY(o->env.random(o->env.ctx, nonce, sizeof(nonce)));
    WRIT_TRY(writ_action_text(&q, writ_client_cell(r->link.client), &text));
    WRIT_TRY(writ_key_sign(o->key, writ_buf_slice(&text), signature, err));

    struct writ_frame_out *f = writ_client_begin(r->link.client, WRIT_FRAME_AUTHORIZE);
    writ_frame_add(f, WRIT_TAG_AGENT, q.agent);
    writ_frame_add_some(f, WRIT_TAG_INSTANCE, q.instance);
    writ_frame_add(f, WRIT_TAG_TXN, q.txn);
    writ_frame_add_some(f, WRIT_TAG_GRANT, q.grant);
    writ_frame_add(f, WRIT_TAG_TRANSPORT, q.transport);
    writ_frame_add(f, WRIT_TAG_GATEWAY, q.gateway);
    writ_frame_add(f, WRIT_TAG_ACTION, q.action);
    writ_frame_add(f, WRIT_TAG_ARGUMENTS, q.arguments);
    writ_frame_add(f, WRIT_TAG_SALT, q.salt);
    writ_frame_add_some(f, WRIT_TAG_TOOL, q.tool);
    writ_frame_add_some(f, WRIT_TAG_TRACE, q.trace);
    writ_frame_add(f, WRIT_TAG_NONCE, q.nonce);
    writ_frame_add_number(f, WRIT_TAG_ISSUED, q.issued);
    writ_frame_add(f, WRIT_TAG_SIGNATURE, writ_slice(signature, sizeof(signature)));
    return writ_client_send(r->link.client, &c->ask, err);
}

static enum writ_status send_complete(struct run *r, struct call *c, struct writ_err *err)
{
    uint8_t salt[WRIT_SALT_LEN];
    uint64_t taken_ns = c->forwarded_ns != 0 ? c->answered_ns - c->forwarded_ns : 0;

    WRIT_TRY(r->o->env.random(r->o->env.ctx, salt, sizeof(salt)));
    struct writ_frame_out *f = writ_client_begin(r->link.client, WRIT_FRAME_COMPLETE);
    writ_frame_add_number(f, WRIT_TAG_INDEX, c->index);
    writ_frame_add(f, WRIT_TAG_OUTCOME, writ_cstr(c->outcome));
    if (c->has_result) {
        writ_frame_add(f, WRIT_TAG_RESULT, writ_slice(c->answer.ptr + c->result_at, c->result_len));
        writ_frame_add(f, WRIT_TAG_SALT, writ_slice(salt, sizeof(salt)));
    }
    writ_frame_add_number(f, WRIT_TAG_DURATION, taken_ns / 1000);
    return writ_client_send(r->link.client, &c->ask, err);
}

enum writ_status ask_send(struct run *r, struct call *c, struct writ_err *err)
{
    if (c->state == CALL_COMPLETE)
        return send_complete(r, c, err);
    if (c->state == CALL_ASK)
        return send_authorize(r, c, err);
    struct writ_frame_out *f = writ_client_begin(r->link.client, WRIT_FRAME_AWAIT);
    writ_frame_add(f, WRIT_TAG_APPROVAL, writ_cstr(c->approval));
    return writ_client_send(r->link.client, &c->ask, err);
}

/* Allowed and recorded: from here on the decision gets a completion, whatever happens. */
static void allowed(struct run *r, struct call *c, const struct writ_frame *f)
{
    if (!writ_frame_has(f, WRIT_TAG_INDEX)) {
        reply_refused(r, c, "authority_error", "the authority allowed without a record");
        return;
    }
    c->index = writ_frame_number(f, WRIT_TAG_INDEX, 0);
    if (c->silent) /* the client gave up, or has its answer: it must not happen any more */
        outcome_without_response(r, c, "cancelled", "cancelled");
    else
        server_forward(r, c);
}

static void held(struct run *r, struct call *c, const struct writ_frame *f,
                 const struct writ_mcp_denial *why)
{
    struct writ_slice approval = writ_frame_bytes(f, WRIT_TAG_APPROVAL);

    if (c->silent) {
        calls_done(c);
        return;
    }
    if (approval.len == 0) { /* no approval helps: a tool waits to be accepted */
        reply_denied(r, c, why);
        return;
    }
    if (approval.len >= sizeof(c->approval) || c->asks >= ASKS_MAX) {
        reply_refused(r, c, "authority_error", "the call is held without a usable approval");
        return;
    }
    memset(c->approval, 0, sizeof(c->approval));
    memcpy(c->approval, approval.ptr, approval.len);
    run_say("%.*s is held: writ approve %s", WRIT_FMT(writ_buf_slice(&c->action)), c->approval);
    if (c->era == WRIT_MCP_MODERN && c->elicits) {
        reply_input_required(r, c);
        return;
    }
    if (r->client_left) {
        reply_refused(r, c, "approval_required", "the client left before approval %s was given",
                      c->approval);
        return;
    }
    c->state = CALL_AWAIT;
    c->deadline_ns = 0; /* the approval's own expiry ends it */
    if (c->progress_token != NULL) {
        reply_progress(r, c);
        c->progress_ns = run_after(r->patience.progress_ms);
    }
}

static void decided(struct run *r, struct call *c, const struct writ_frame *f)
{
    struct writ_mcp_denial why = { .reason = writ_frame_bytes(f, WRIT_TAG_REASON),
                                   .detail = writ_frame_bytes(f, WRIT_TAG_DETAIL),
                                   .allowed = writ_frame_bytes(f, WRIT_TAG_ALLOWED),
                                   .recorded = writ_frame_has(f, WRIT_TAG_INDEX),
                                   .index = writ_frame_number(f, WRIT_TAG_INDEX, 0) };
    uint64_t verdict = writ_frame_number(f, WRIT_TAG_VERDICT, WRIT_DENY);

    c->asks++;
    if (verdict == WRIT_ALLOW)
        allowed(r, c, f);
    else if (verdict == WRIT_HOLD)
        held(r, c, f, &why);
    else
        reply_denied(r, c, &why);
}

static void awaited(struct run *r, struct call *c, const struct writ_frame *f)
{
    uint64_t state = writ_frame_number(f, WRIT_TAG_STATE, WRIT_APPROVAL_UNKNOWN);
    struct writ_mcp_denial why = { .approval = true, .reason = WRIT_LIT("approval_expired") };
    char words[128];

    c->progress_ns = 0;
    if (state == WRIT_APPROVAL_REFUSED || state == WRIT_APPROVAL_EXPIRED) {
        if (state == WRIT_APPROVAL_REFUSED)
            why.reason = WRIT_LIT("approval_refused");
        (void)snprintf(words, sizeof(words), "approval %s was %s", c->approval,
                       state == WRIT_APPROVAL_REFUSED ? "refused" : "not given in time");
        why.detail = writ_cstr(words);
        reply_denied(r, c, &why);
    } else if (state == WRIT_APPROVAL_PENDING) {
        reply_refused(r, c, "authority_error", "approval %s is still pending", c->approval);
    } else {
        /* Given; or used by an identical call, or unknown by now: the authority says what holds. */
        c->state = CALL_ASK;
        c->deadline_ns = run_after(r->patience.decide_ms);
    }
}

static void failed(struct run *r, struct call *c, const struct writ_frame *f)
{
    struct writ_err err;

    (void)writ_client_reply_error(f, &err);
    if (c->state == CALL_ASK || c->state == CALL_AWAIT) {
        reply_refused(r, c, "authority_error", "nothing was forwarded: %s", err.text);
    } else if (c->state == CALL_FILTER) {
        reply_failed(r, c, WRIT_MCP_POLICY_DENIED, "the list cannot be filtered: %s", err.text);
    } else if (c->state == CALL_COMPLETE && c->has_result) {
        run_say("the result of %llu cannot be stored (%s): recording its outcome without it",
                (unsigned long long)c->index, err.text);
        c->has_result = false; /* ask is 0 again, so it is sent once more */
    } else if (c->state == CALL_COMPLETE) {
        run_say("the outcome of %llu is in doubt, it cannot be recorded: %s",
                (unsigned long long)c->index, err.text);
        outcome_deliver(r, c);
    }
}

void ask_reply(struct run *r, const struct writ_frame *f)
{
    struct call *c = calls_by_ask(r, f->id);

    if (c == NULL)
        return; /* of a call that was given up meanwhile */
    c->ask = 0;
    if (f->type == WRIT_FRAME_AUTHORIZE_REPLY && c->state == CALL_ASK)
        decided(r, c, f);
    else if (f->type == WRIT_FRAME_AWAIT_REPLY && c->state == CALL_AWAIT)
        awaited(r, c, f);
    else if (f->type == WRIT_FRAME_COMPLETE_REPLY && c->state == CALL_COMPLETE)
        outcome_deliver(r, c);
    else if (f->type == WRIT_FRAME_LIST_REPLY && c->state == CALL_FILTER)
        listing_reply(r, c, writ_frame_bytes(f, WRIT_TAG_VERDICTS));
    else
        failed(r, c, f);
}
