/* What the server says, and what it is given. */
#include "run.h"

#include "base/banned.h"

void server_forward(struct run *r, struct call *c)
{
    enum writ_status st = outlet_line(&r->to_server, writ_buf_slice(&c->line));

    writ_buf_release(&c->line);
    c->forwarded_ns = writ_monotonic_ns();
    c->deadline_ns = 0;
    if (st == WRIT_OK) {
        c->state = CALL_FORWARDED;
        return;
    }
    outcome_without_response(r, c, r->client_left ? "cancelled" : "lost",
                             "the server takes no more requests: nothing was forwarded");
}

/* A line of the server that the client does not get. */
static void broken_line(struct run *r, const json_t *id, const char *why)
{
    struct call *c = calls_find(r, id);

    run_say("dropped a line of the server: %s", why);
    if (c == NULL)
        return;
    switch (c->state) {
    case CALL_FORWARDED:
        outcome_without_response(r, c, "error",
                                 "the server acted, but its answer cannot be passed on: it is "
                                 "too long or malformed (see the gateway's log)");
        return;
    case CALL_LISTED:
    case CALL_PASSED:
        reply_failed(r, c, WRIT_MCP_INTERNAL_ERROR, "the server's answer cannot be passed on: %s",
                     why);
        return;
    case CALL_DONE:
    case CALL_ASK:
    case CALL_AWAIT:
    case CALL_COMPLETE:
    case CALL_FILTER:
    case CALL_GONE:
        return;
    }
}

static void response(struct run *r, const struct writ_mcp_message *m, struct writ_slice text)
{
    struct call *c = calls_find(r, m->id);

    if (c == NULL) {
        reply_line(r, text);
        return;
    }
    switch (c->state) {
    case CALL_FORWARDED:
        outcome_of_response(r, c, m);
        return;
    case CALL_LISTED:
        listing_response(r, c, m);
        return;
    case CALL_PASSED:
    case CALL_GONE:
        reply_line(r, text);
        calls_done(c);
        return;
    case CALL_DONE:
    case CALL_ASK:
    case CALL_AWAIT:
    case CALL_COMPLETE:
    case CALL_FILTER:
        run_say("dropped a response of the server to a call that it does not have");
        return;
    }
}

void server_line(struct run *r, const struct line *l)
{
    WRIT_AUTO_MCP m = { .kind = WRIT_MCP_REFUSED };

    if (l->kind == LINE_TOO_LONG) {
        WRIT_AUTO_JSON *id = writ_mcp_guess_id(l->text, l->tail);
        broken_line(r, id, "it is longer than 4 MiB");
        return;
    }
    writ_mcp_read(l->text, &m);
    switch (m.kind) {
    case WRIT_MCP_REFUSED:
        if (m.line.len != 0)
            broken_line(r, m.id, m.why.text);
        return;
    case WRIT_MCP_RESPONSE:
        response(r, &m, l->text);
        return;
    case WRIT_MCP_REQUEST:
    case WRIT_MCP_NOTIFICATION:
        if (m.method == WRIT_MCP_TOOLS_CHANGED)
            own_list_forget(r);
        reply_line(r, l->text);
        return;
    }
}

static void abandon(struct run *r, struct call *c)
{
    static const char words[] = "the server ended before it answered: the outcome is in doubt";

    switch (c->state) {
    case CALL_ASK:
        if (!c->silent)
            reply_error(r, c->id, WRIT_MCP_INTERNAL_ERROR,
                        "the server has ended: nothing was forwarded");
        c->silent = true; /* an allow that is on its way still gets its completion */
        if (c->ask == 0)
            calls_done(c);
        return;
    case CALL_AWAIT:
        reply_refused(r, c, "server_gone", "the server has ended");
        return;
    case CALL_FORWARDED:
        outcome_without_response(r, c, r->client_left || c->silent ? "cancelled" : "lost", words);
        return;
    case CALL_LISTED:
    case CALL_PASSED:
        reply_failed(r, c, WRIT_MCP_INTERNAL_ERROR, "the server ended before it answered");
        return;
    case CALL_GONE:
        calls_done(c);
        return;
    case CALL_DONE:
    case CALL_COMPLETE:
    case CALL_FILTER:
        return;
    }
}

void server_gone(struct run *r)
{
    r->to_server.broken = true;
    child_close_stdin(&r->child);
    r->to_server.fd = -1;
    for (size_t i = 0; i < r->count; i++)
        abandon(r, r->calls[i]);
}
