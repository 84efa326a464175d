#include "run.h"

#include "base/banned.h"

#define FIRST_PAUSE_MS 100
/* Within the loop nothing else moves while a connection is made. */
#define RECONNECT_MS 2000

void link_close(struct link *l)
{
    writ_client_close(l->client);
    l->client = NULL;
}

static enum writ_status open_session(struct run *r, struct writ_client *client, unsigned timeout_ms,
                                     struct writ_err *err)
{
    const struct writ_gateway_stdio_options *o = r->o;
    struct writ_session_request s = { .agent = o->agent,
                                      .instance = writ_cstr(r->instance),
                                      .gateway = WRIT_LIT(GATEWAY_NAME),
                                      .transport = WRIT_LIT(TRANSPORT_NAME),
                                      .challenge = writ_client_challenge(client),
                                      .issued = o->env.now_us(o->env.ctx) };
    uint8_t signature[WRIT_SIGNATURE_LEN];
    struct writ_frame reply;
    WRIT_AUTO_BUF text;

    writ_buf_init(&text, 4096);
    WRIT_TRY(writ_session_text(&s, writ_client_cell(client), &text));
    WRIT_TRY(writ_key_sign(o->key, writ_buf_slice(&text), signature, err));
    struct writ_frame_out *f = writ_client_begin(client, WRIT_FRAME_SESSION);
    writ_frame_add(f, WRIT_TAG_AGENT, s.agent);
    writ_frame_add_some(f, WRIT_TAG_INSTANCE, s.instance);
    writ_frame_add(f, WRIT_TAG_GATEWAY, s.gateway);
    writ_frame_add(f, WRIT_TAG_TRANSPORT, s.transport);
    writ_frame_add_number(f, WRIT_TAG_ISSUED, s.issued);
    writ_frame_add(f, WRIT_TAG_SIGNATURE, writ_slice(signature, sizeof(signature)));
    return writ_client_call(client, (int)timeout_ms, &reply, err);
}

enum writ_status link_open(struct run *r, unsigned timeout_ms, struct writ_err *err)
{
    WRIT_AUTO_CLIENT *client = NULL;

    WRIT_TRY(writ_client_connect(r->o->socket_path, (int)timeout_ms, &client, err));
    WRIT_TRY(open_session(r, client, timeout_ms, err));
    r->link.client = client;
    r->link.pause_ms = 0;
    client = NULL;
    return WRIT_OK;
}

static void lose_call(struct run *r, struct call *c)
{
    if (c->ask == 0)
        return; /* not sent: link_pump deals with it */
    c->ask = 0;
    switch (c->state) {
    case CALL_ASK:
    case CALL_AWAIT:
        reply_refused(r, c, "authority_unreachable",
                      "the connection to the authority broke: nothing was forwarded");
        return;
    case CALL_FILTER:
        reply_failed(r, c, WRIT_MCP_POLICY_DENIED,
                     "authority_unreachable: the list cannot be filtered");
        return;
    case CALL_COMPLETE: /* asked again until its deadline */
    case CALL_DONE:
    case CALL_FORWARDED:
    case CALL_LISTED:
    case CALL_PASSED:
    case CALL_GONE:
        return;
    }
}

static void lose(struct run *r, const struct writ_err *why)
{
    run_say("lost the authority: %s", why->text);
    r->link.why = *why;
    link_close(&r->link);
    for (size_t i = 0; i < r->count; i++)
        lose_call(r, r->calls[i]);
}

/* Connects again, if the pause since the last failure is over. */
static bool ready(struct run *r)
{
    struct link *l = &r->link;
    uint64_t now = writ_monotonic_ns();
    unsigned timeout =
        r->patience.connect_ms < RECONNECT_MS ? r->patience.connect_ms : RECONNECT_MS;
    struct writ_err err = { .status = WRIT_OK };

    if (l->client != NULL)
        return true;
    if (now < l->not_before_ns)
        return false;
    enum writ_status st = link_open(r, timeout, &err);
    if (st == WRIT_OK) {
        run_say("the authority is back");
        return true;
    }
    if (err.status == WRIT_OK)
        (void)writ_fail(&err, st, "%s", writ_status_text(st));
    l->why = err;
    l->pause_ms = l->pause_ms == 0 ? FIRST_PAUSE_MS : l->pause_ms * 2;
    if (l->pause_ms > r->patience.backoff_ms)
        l->pause_ms = r->patience.backoff_ms;
    l->not_before_ns = run_after(l->pause_ms);
    return false;
}

/* No connection, and the call was not sent yet. */
static void unreachable(struct run *r, struct call *c)
{
    switch (c->state) {
    case CALL_ASK:
    case CALL_AWAIT:
        reply_refused(r, c, "authority_unreachable", "nothing was forwarded: %s", r->link.why.text);
        return;
    case CALL_FILTER:
        reply_failed(r, c, WRIT_MCP_POLICY_DENIED,
                     "authority_unreachable: the list cannot be filtered: %s", r->link.why.text);
        return;
    case CALL_COMPLETE: /* until its deadline */
    case CALL_DONE:
    case CALL_FORWARDED:
    case CALL_LISTED:
    case CALL_PASSED:
    case CALL_GONE:
        return;
    }
}

static bool waits_to_be_sent(const struct call *c)
{
    return c->ask == 0 && !c->unlisted &&
           (c->state == CALL_ASK || c->state == CALL_AWAIT || c->state == CALL_COMPLETE ||
            c->state == CALL_FILTER);
}

/* Words that this request can never be sent with; the connection stays good. */
static void unsendable(struct run *r, struct call *c, const struct writ_err *err)
{
    if (c->state == CALL_FILTER) {
        reply_failed(r, c, WRIT_MCP_INTERNAL_ERROR, "the list cannot be filtered: %s", err->text);
    } else if (c->state == CALL_COMPLETE && c->has_result) {
        c->has_result = false; /* better an outcome without its payload than none */
    } else if (c->state == CALL_COMPLETE) {
        run_say("the outcome of %llu cannot be recorded: %s", (unsigned long long)c->index,
                err->text);
        outcome_deliver(r, c);
    } else {
        reply_refused(r, c, "request_unusable", "the call cannot be put to the authority: %s",
                      err->text);
    }
}

/* False when nothing more can be sent now. */
static bool send_one(struct run *r, struct call *c)
{
    struct writ_err err = { .status = WRIT_OK };
    bool idle = !writ_client_unsent(r->link.client);
    enum writ_status st = c->state == CALL_FILTER ? listing_send(r, c, &err) : ask_send(r, c, &err);

    if (st == WRIT_OK)
        return true;
    if (err.status == WRIT_OK)
        (void)writ_fail(&err, st, "%s", writ_status_text(st));
    if (st == WRIT_CLOSED || st == WRIT_TIME) {
        lose(r, &err);
        return false;
    }
    if (st == WRIT_LIMIT && !idle) /* the frames before it are still on their way */
        return false;
    unsendable(r, c, &err);
    return true;
}

void link_pump(struct run *r)
{
    struct writ_err err = { .status = WRIT_OK };

    if (r->link.client != NULL && writ_client_flush(r->link.client, &err) != WRIT_OK)
        lose(r, &err);
    for (size_t i = 0; i < r->count; i++) {
        struct call *c = r->calls[i];
        if (!waits_to_be_sent(c))
            continue;
        if (!ready(r))
            unreachable(r, c);
        else if (!send_one(r, c) && r->link.client != NULL)
            return;
    }
}

void link_receive(struct run *r)
{
    struct writ_frame f;
    struct writ_err err = { .status = WRIT_OK };
    enum writ_status st = WRIT_OK;

    while (r->link.client != NULL && st == WRIT_OK) {
        st = writ_client_receive(r->link.client, &f, &err);
        if (st == WRIT_OK)
            ask_reply(r, &f);
        else if (st != WRIT_NOT_FOUND)
            lose(r, &err);
    }
}
