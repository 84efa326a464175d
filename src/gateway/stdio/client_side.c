/* What the client says. */
#include "run.h"

#include "base/banned.h"

static bool blank(struct writ_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] != ' ' && s.ptr[i] != '\t' && s.ptr[i] != '\r')
            return false;
    return true;
}

/* Byte for byte as it came. */
static bool pass_on(struct run *r, const struct writ_mcp_message *m, struct writ_slice text)
{
    enum writ_status st = outlet_line(&r->to_server, text);

    if (st == WRIT_OK)
        return true;
    if (m->kind == WRIT_MCP_REQUEST)
        reply_error(r, m->id, WRIT_MCP_INTERNAL_ERROR, "the server takes no more requests: %s",
                    writ_status_text(st));
    return false;
}

/* Equal arguments give an equal digest, so that an approval fits an identical call later on. */
static enum writ_status bind(struct run *r, struct call *c, const struct writ_mcp_message *m,
                             struct writ_err *err)
{
    WRIT_TRY(writ_mcp_action(m, r->o->target, &c->action));
    WRIT_TRY(writ_json_canonical(m->arguments, &c->arguments, err));
    struct writ_hash salt = writ_hmac_sha256(writ_slice(r->salt_key, sizeof(r->salt_key)),
                                             writ_buf_slice(&c->arguments));
    memcpy(c->salt, salt.b, sizeof(c->salt));
    WRIT_TRY(writ_payload_digest(writ_slice(c->salt, sizeof(c->salt)),
                                 writ_buf_slice(&c->arguments), &c->digest, err));
    WRIT_TRY(writ_mcp_params_digest(m, &c->params));
    if (m->trace.len < sizeof(c->trace) && m->trace.len != 0)
        memcpy(c->trace, m->trace.ptr, m->trace.len);
    if (m->progress_token != NULL)
        c->progress_token = json_deep_copy(m->progress_token);
    return WRIT_OK;
}

/* A call that comes back with the handle we gave it. False: it was answered. */
static bool take_state(struct run *r, struct call *c, const struct writ_mcp_message *m)
{
    struct writ_state s;
    uint64_t now = r->o->env.now_us(r->o->env.ctx);
    enum writ_status st = writ_state_open(r->state_key, m->request_state, &c->params, now, &s);

    if (st != WRIT_OK) {
        reply_refused(r, c, "request_state_invalid", "the requestState %s; call again without it",
                      st == WRIT_TIME       ? "has expired"
                      : st == WRIT_CONFLICT ? "was given for another call"
                                            : "is not one of this gateway");
        return false;
    }
    struct writ_slice action =
        writ_json_text(json_object_get(json_object_get(m->input_responses, "approval"), "action"));
    if (writ_slice_is(action, "decline") || writ_slice_is(action, "cancel")) {
        reply_refused(r, c, "approval_declined", "the client gave up waiting for approval %s",
                      s.approval);
        return false;
    }
    memcpy(c->approval, s.approval, sizeof(c->approval));
    c->retry = true;
    c->state = CALL_AWAIT;
    c->deadline_ns = run_after(r->patience.retry_ms);
    return true;
}

static void start_decided(struct run *r, const struct writ_mcp_message *m, struct writ_slice text)
{
    struct writ_err err = { .status = WRIT_OK };
    bool ours = writ_state_is_ours(m->request_state);

    if (calls_held_lines(r) + text.len > HELD_MAX) {
        reply_error(r, m->id, WRIT_MCP_INTERNAL_ERROR, "too many calls wait for the authority");
        return;
    }
    struct call *c = calls_add(r, m, CALL_ASK);
    if (c == NULL) {
        reply_error(r, m->id, WRIT_MCP_INTERNAL_ERROR, "too many requests in flight");
        return;
    }
    c->deadline_ns = run_after(r->patience.decide_ms);
    enum writ_status st = bind(r, c, m, &err);
    if (st == WRIT_OK)
        st = ours ? writ_mcp_without_state(m, &c->line) : writ_buf_add(&c->line, text);
    if (st != WRIT_OK) {
        reply_refused(r, c, "arguments_unusable", "the call cannot be put to the authority: %s",
                      err.status != WRIT_OK ? err.text : writ_status_text(st));
        return;
    }
    bool known = m->method != WRIT_MCP_TOOLS_CALL || writ_json_get(r->tools, m->name) != NULL;
    if (known && m->method == WRIT_MCP_TOOLS_CALL && !listing_check(r, c, m->name, m->arguments))
        return;
    if (ours && !take_state(r, c, m))
        return;
    if (!known)
        own_list_before(r, c, m);
}

static void start_request(struct run *r, const struct writ_mcp_message *m, struct writ_slice text)
{
    bool list = m->method == WRIT_MCP_TOOLS_LIST || m->method == WRIT_MCP_PROMPTS_LIST;

    /* Else the response to one could be taken for the other's, and recorded as its outcome. */
    if (calls_find(r, m->id) != NULL) {
        reply_error(r, m->id, WRIT_MCP_INVALID_REQUEST, "a request with this id is in flight");
        return;
    }
    if (writ_mcp_decided(m)) {
        start_decided(r, m, text);
        return;
    }
    struct call *c = calls_add(r, m, list ? CALL_LISTED : CALL_PASSED);
    if (c == NULL)
        reply_error(r, m->id, WRIT_MCP_INTERNAL_ERROR, "too many requests in flight");
    else if (!pass_on(r, m, text))
        calls_done(c);
}

static void cancel(struct run *r, const struct writ_mcp_message *m, struct writ_slice text)
{
    struct call *c = calls_find(r, m->cancels);

    if (c == NULL) {
        (void)pass_on(r, m, text);
        return;
    }
    switch (c->state) {
    case CALL_ASK:
        /* The decision may be made already: an allowed one still needs its completion. */
        c->silent = true;
        if (c->ask == 0)
            calls_done(c);
        return;
    case CALL_AWAIT:
        calls_done(c);
        return;
    case CALL_FORWARDED:
        (void)pass_on(r, m, text);
        c->silent = true;
        c->deadline_ns = run_after(r->patience.cancel_ms);
        return;
    case CALL_LISTED:
    case CALL_PASSED:
        (void)pass_on(r, m, text);
        c->state = CALL_GONE;
        return;
    case CALL_COMPLETE:
    case CALL_FILTER:
        c->silent = true;
        return;
    case CALL_GONE:
    case CALL_DONE:
        return;
    }
}

void client_line(struct run *r, const struct line *l)
{
    WRIT_AUTO_MCP m = { .kind = WRIT_MCP_REFUSED };

    if (l->kind == LINE_TOO_LONG) {
        WRIT_AUTO_JSON *id = writ_mcp_guess_id(l->text, l->tail);
        reply_error(r, id, WRIT_MCP_INVALID_REQUEST,
                    "the message is longer than 4 MiB and was not forwarded");
        return;
    }
    if (blank(l->text))
        return;
    writ_mcp_read(l->text, &m);
    switch (m.kind) {
    case WRIT_MCP_REFUSED:
        reply_error(r, m.id, m.code, "refused by Writ, not forwarded: %s", m.why.text);
        return;
    case WRIT_MCP_REQUEST:
        start_request(r, &m, l->text);
        return;
    case WRIT_MCP_NOTIFICATION:
        if (m.method == WRIT_MCP_CANCELLED)
            cancel(r, &m, l->text);
        else
            (void)pass_on(r, &m, l->text);
        return;
    case WRIT_MCP_RESPONSE:
        (void)pass_on(r, &m, l->text);
        return;
    }
}
