#include "run.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/banned.h"

#define REPLY_MAX (256u << 10) /* detail and allowed of a decision, twice, with escapes */
/* A client that comes back later calls again, and finds the same approval by the same digest. */
#define STATE_LIFE_US (UINT64_C(3600) * 1000000)

void reply_line(struct run *r, struct writ_slice text)
{
    enum writ_status st = outlet_line(&r->to_client, text);

    if (st == WRIT_OK)
        st = outlet_flush(&r->to_client);
    if (st == WRIT_CLOSED)
        run_client_leaves(r, false);
    else if (st != WRIT_OK)
        run_say("an answer to the client is lost: %s", writ_status_text(st));
}

static void give(struct run *r, enum writ_status st, const struct writ_buf *text)
{
    if (st == WRIT_OK)
        reply_line(r, writ_buf_slice(text));
    else
        run_say("an answer to the client cannot be made: %s", writ_status_text(st));
}

void reply_error(struct run *r, const json_t *id, int code, const char *fmt, ...)
{
    WRIT_AUTO_BUF out;
    char words[512];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(words, sizeof(words), fmt, ap);
    va_end(ap);
    writ_buf_init(&out, REPLY_MAX);
    enum writ_status st = writ_mcp_error(id, code, writ_cstr(words), &out);
    give(r, st, &out);
}

void reply_failed(struct run *r, struct call *c, int code, const char *fmt, ...)
{
    char words[512];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(words, sizeof(words), fmt, ap);
    va_end(ap);
    if (!c->silent)
        reply_error(r, c->id, code, "%s", words);
    calls_done(c);
}

void reply_denied(struct run *r, struct call *c, const struct writ_mcp_denial *why)
{
    struct writ_mcp_asker to = { c->method, c->era, c->id };
    WRIT_AUTO_BUF out;

    writ_buf_init(&out, REPLY_MAX);
    if (!c->silent) {
        enum writ_status st = writ_mcp_denied(&to, why, &out);
        give(r, st, &out);
    }
    calls_done(c);
}

void reply_refused(struct run *r, struct call *c, const char *reason, const char *fmt, ...)
{
    char words[512];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(words, sizeof(words), fmt, ap);
    va_end(ap);
    struct writ_mcp_denial why = { .reason = writ_cstr(reason), .detail = writ_cstr(words) };
    reply_denied(r, c, &why);
}

void reply_input_required(struct run *r, struct call *c)
{
    struct writ_mcp_asker to = { c->method, c->era, c->id };
    struct writ_state s = { .params = c->params };
    WRIT_AUTO_BUF state;
    WRIT_AUTO_BUF out;

    writ_buf_init(&state, WRIT_STATE_MAX);
    writ_buf_init(&out, REPLY_MAX);
    memcpy(s.approval, c->approval, sizeof(s.approval));
    s.expires = r->o->env.now_us(r->o->env.ctx) + STATE_LIFE_US;
    enum writ_status st = writ_state_seal(r->state_key, &s, &state);
    if (st == WRIT_OK)
        st = writ_mcp_input_required(&to, writ_cstr(c->approval), writ_buf_slice(&c->action),
                                     writ_buf_slice(&state), &out);
    if (!c->silent)
        give(r, st, &out);
    calls_done(c);
}

void reply_progress(struct run *r, struct call *c)
{
    WRIT_AUTO_BUF out;
    char words[192];

    (void)snprintf(words, sizeof(words), "held by Writ until a person approves: writ approve %s",
                   c->approval);
    writ_buf_init(&out, REPLY_MAX);
    enum writ_status st =
        writ_mcp_progress(c->progress_token, ++c->progress_step, writ_cstr(words), &out);
    give(r, st, &out);
}
