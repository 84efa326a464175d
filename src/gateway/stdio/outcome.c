/* The outcome of an action is recorded before the client learns it. */
#include "run.h"

#include "base/banned.h"

static void complete(struct run *r, struct call *c, const char *outcome)
{
    c->outcome = outcome;
    c->answered_ns = writ_monotonic_ns();
    c->state = CALL_COMPLETE;
    c->ask = 0;
    c->deadline_ns = run_after(r->patience.complete_ms);
}

void outcome_of_response(struct run *r, struct call *c, const struct writ_mcp_message *m)
{
    struct writ_slice payload;
    bool failed = m->error != NULL || json_is_true(json_object_get(m->result, "isError"));

    if (m->error == NULL && !json_is_object(m->result)) {
        outcome_without_response(r, c, "error",
                                 "the server acted, but its result is not an object");
        return;
    }
    if (writ_buf_add(&c->answer, m->line) != WRIT_OK) {
        outcome_without_response(r, c, "error",
                                 "the server acted, but its answer is lost: no memory");
        return;
    }
    if (writ_mcp_payload(m, &payload)) {
        c->has_result = true;
        c->result_at = (size_t)(payload.ptr - m->line.ptr);
        c->result_len = payload.len;
    }
    complete(r, c, failed ? "error" : "ok");
}

void outcome_without_response(struct run *r, struct call *c, const char *outcome, const char *words)
{
    writ_buf_clear(&c->answer);
    c->has_result = false;
    if (writ_mcp_error(c->id, WRIT_MCP_INTERNAL_ERROR, writ_cstr(words), &c->answer) != WRIT_OK)
        run_say("no memory for an answer to the client");
    complete(r, c, outcome);
}

void outcome_deliver(struct run *r, struct call *c)
{
    if (!c->silent && c->answer.len != 0)
        reply_line(r, writ_buf_slice(&c->answer));
    calls_done(c);
}
