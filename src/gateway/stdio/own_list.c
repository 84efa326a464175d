#include "run.h"

#include <stdio.h>

#include "base/text.h"

#include "base/banned.h"

/* A server that names ever another page is not listened to for ever. */
#define PAGES_MAX 32

/* An id that the client cannot have chosen: its own requests never meet it. */
static json_t *own_id(struct run *r)
{
    uint8_t random[16];
    char hex[2 * sizeof(random) + 1], id[64];

    if (r->o->env.random(r->o->env.ctx, random, sizeof(random)) != WRIT_OK)
        return NULL;
    writ_hex(hex, random, sizeof(random));
    (void)snprintf(id, sizeof(id), "writ-%s", hex);
    return json_string(id);
}

static enum writ_status build(struct run *r, const json_t *id, json_t *cursor, struct writ_buf *out)
{
    WRIT_AUTO_JSON *m = json_pack("{s:s,s:O,s:s,s:{}}", "jsonrpc", "2.0", "id", id, "method",
                                  "tools/list", "params");
    json_t *params = json_object_get(m, "params");

    if (m == NULL || (cursor != NULL && json_object_set(params, "cursor", cursor) != 0) ||
        (r->own_meta != NULL && json_object_set(params, "_meta", r->own_meta) != 0))
        return WRIT_NOMEM;
    return writ_json_canonical(m, out, NULL);
}

/* What fails here only means that less is known: the authority refuses what must be known. */
static void ask(struct run *r, json_t *cursor)
{
    struct writ_mcp_message m = { .kind = WRIT_MCP_REQUEST,
                                  .method = WRIT_MCP_TOOLS_LIST,
                                  .id = own_id(r) };
    struct call *c = m.id != NULL ? calls_add(r, &m, CALL_LISTED) : NULL;
    WRIT_AUTO_BUF line;

    writ_buf_init(&line, WRIT_MCP_LINE_MAX);
    if (c != NULL) {
        c->own = c->silent = true;
        c->deadline_ns = run_after(r->patience.decide_ms / 2);
        r->own_pages++;
        if (build(r, m.id, cursor, &line) != WRIT_OK ||
            outlet_line(&r->to_server, writ_buf_slice(&line)) != WRIT_OK)
            calls_done(c);
    }
    json_decref(m.id);
}

void own_list_before(struct run *r, struct call *c, const struct writ_mcp_message *m)
{
    const json_t *meta = json_object_get(json_object_get(m->root, "params"), "_meta");

    if (r->tools_known)
        return;
    c->unlisted = true;
    if (r->listing)
        return;
    r->listing = true;
    r->own_pages = 0;
    json_decref(r->own_meta);
    r->own_meta = NULL;
    if (m->era == WRIT_MCP_MODERN) {
        r->own_meta = json_deep_copy(meta);
        (void)json_object_del(r->own_meta, "progressToken"); /* it is the call's, not ours */
    }
    ask(r, NULL);
}

void own_list_next(struct run *r, const struct writ_mcp_message *answered)
{
    json_t *cursor = json_object_get(answered->result, "nextCursor");

    if (json_is_string(cursor) && r->own_pages < PAGES_MAX)
        ask(r, cursor);
}

static void go_on(struct run *r, struct call *c)
{
    struct writ_slice action = writ_buf_slice(&c->action);
    /* TARGET/tools/NAME: the target is ours, and has no slash. */
    struct writ_slice name = writ_slice_from(action, r->o->target.len + strlen("/tools/"));
    WRIT_AUTO_JSON *arguments = NULL;

    c->unlisted = false;
    if (writ_json_parse(writ_buf_slice(&c->arguments), WRIT_ARGUMENTS_MAX, &arguments, NULL) ==
        WRIT_OK)
        (void)listing_check(r, c, name, arguments);
    else
        reply_refused(r, c, "arguments_unusable", "the arguments cannot be read again");
}

void own_list_settle(struct run *r)
{
    if (!r->listing)
        return;
    for (size_t i = 0; i < r->count; i++)
        if (r->calls[i]->own && r->calls[i]->state != CALL_DONE)
            return;
    r->listing = false;
    r->tools_known = true;
    for (size_t i = 0; i < r->count; i++)
        if (r->calls[i]->unlisted && r->calls[i]->state != CALL_DONE)
            go_on(r, r->calls[i]);
}

void own_list_forget(struct run *r)
{
    (void)json_object_clear(r->tools);
    r->tools_bytes = 0;
    r->tools_known = false;
}
