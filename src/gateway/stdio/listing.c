/* What a server lists is shown as far as a grant of the agent could allow it. */
#include "run.h"

#include <stdlib.h>

#include "authority/authority.h"
#include "gateway/tools.h"

#include "base/banned.h"

/*
 * Remembers a tool's definition for later calls of it: its digest goes with each, and its schema
 * bounds their arguments. A tool that is listed again replaces what was known.
 */
static enum writ_status remember(struct run *r, struct writ_slice name, const json_t *tool,
                                 const char *digest)
{
    json_t *schema = json_object_get(tool, "inputSchema");
    WRIT_AUTO_JSON *entry = json_pack("{s:s}", "digest", digest);

    if (entry == NULL)
        return WRIT_NOMEM;
    if (json_is_object(schema) && r->tools_bytes <= TOOLS_MAX_BYTES &&
        json_object_set(entry, "schema", schema) != 0)
        return WRIT_NOMEM;
    if (json_object_size(r->tools) >= WRIT_TOOLS_MAX && writ_json_get(r->tools, name) == NULL)
        return WRIT_LIMIT;
    return json_object_setn(r->tools, (const char *)name.ptr, name.len, entry) == 0 ? WRIT_OK
                                                                                    : WRIT_NOMEM;
}

/* NAME and DIGEST of one item; *asked says whether it is one that can be shown at all. */
static enum writ_status add_item(struct run *r, const struct call *c, const json_t *item,
                                 struct writ_frame_out *o, bool *asked)
{
    struct writ_slice name;
    struct writ_hash digest;
    char hex[2 * WRIT_HASH_LEN + 1] = "";

    *asked = false;
    if (!writ_tools_name(item, &name)) {
        run_say("hid an item of a list: its name is not 1 to 128 of A-Z a-z 0-9 _ . -");
        return WRIT_OK;
    }
    if (c->method == WRIT_MCP_TOOLS_LIST) {
        WRIT_TRY(writ_tool_digest(item, &digest, NULL));
        for (size_t i = 0; i < WRIT_HASH_LEN; i++) {
            hex[2 * i] = "0123456789abcdef"[digest.b[i] >> 4];
            hex[2 * i + 1] = "0123456789abcdef"[digest.b[i] & 15];
        }
        enum writ_status st = remember(r, name, item, hex);
        if (st != WRIT_OK) /* it could be called without its definition being checked */
            return st == WRIT_LIMIT ? WRIT_OK : st;
    }
    writ_frame_add(o, WRIT_TAG_NAME, name);
    writ_frame_add(o, WRIT_TAG_DIGEST, writ_cstr(hex));
    *asked = true;
    return WRIT_OK;
}

bool listing_check(struct run *r, struct call *c, struct writ_slice name, json_t *arguments)
{
    const json_t *known = writ_json_get(r->tools, name);
    struct writ_slice digest = writ_json_text(json_object_get(known, "digest"));
    struct writ_err err;

    if (digest.len < sizeof(c->tool) && digest.len != 0)
        memcpy(c->tool, digest.ptr, digest.len);
    if (writ_tools_check(json_object_get(known, "schema"), arguments, &err) == WRIT_OK)
        return true;
    reply_refused(r, c, "argument_out_of_schema", "arguments outside the tool's schema: %s",
                  err.text);
    return false;
}

static enum writ_status list_items(const struct call *c, struct writ_mcp_message *m,
                                   const json_t **items, struct writ_err *err)
{
    writ_mcp_read(writ_buf_slice(&c->answer), m);
    return writ_tools_items(m, c->method, items, err);
}

void listing_response(struct run *r, struct call *c, const struct writ_mcp_message *m)
{
    const json_t *items;
    struct writ_err err;

    if (m->error != NULL) {
        if (!c->silent)
            reply_line(r, m->line);
        calls_done(c);
        return;
    }
    if (writ_tools_items(m, c->method, &items, &err) != WRIT_OK) {
        reply_failed(r, c, WRIT_MCP_INTERNAL_ERROR, "the server's list is malformed: %s", err.text);
        return;
    }
    if (writ_buf_add(&c->answer, m->line) != WRIT_OK) {
        reply_failed(r, c, WRIT_MCP_INTERNAL_ERROR, "no memory for the server's list");
        return;
    }
    if (c->method == WRIT_MCP_TOOLS_LIST)
        r->tools_bytes += m->line.len;
    c->state = CALL_FILTER;
    c->deadline_ns = run_after(r->patience.decide_ms);
}

enum writ_status listing_send(struct run *r, struct call *c, struct writ_err *err)
{
    WRIT_AUTO_MCP m = { .kind = WRIT_MCP_REFUSED };
    const json_t *items;
    size_t sent = 0;

    WRIT_TRY(list_items(c, &m, &items, err));
    struct writ_frame_out *o = writ_client_begin(r->link.client, WRIT_FRAME_LIST);
    writ_frame_add(o, WRIT_TAG_AGENT, r->o->agent);
    writ_frame_add_some(o, WRIT_TAG_GRANT, r->o->grant);
    writ_frame_add(o, WRIT_TAG_TARGET, r->o->target);
    writ_frame_add(o, WRIT_TAG_KIND,
                   c->method == WRIT_MCP_TOOLS_LIST ? WRIT_LIT("tools") : WRIT_LIT("prompts"));
    for (size_t i = 0; i < json_array_size(items) && sent < WRIT_TOOLS_MAX; i++) {
        bool asked;
        enum writ_status st = add_item(r, c, json_array_get(items, i), o, &asked);
        if (st != WRIT_OK)
            return writ_fail(err, st, "an item of the list cannot be judged");
        sent += asked;
    }
    return writ_client_send(r->link.client, &c->ask, err);
}

/* Which items those verdicts are about is counted again, in the same way as they were sent. */
static void apply_verdicts(const struct run *r, const struct call *c, const json_t *items,
                           struct writ_slice verdicts, bool *keep)
{
    size_t at = 0;
    struct writ_slice name;

    for (size_t i = 0; i < json_array_size(items) && at < verdicts.len; i++) {
        if (!writ_tools_name(json_array_get(items, i), &name))
            continue;
        if (c->method == WRIT_MCP_TOOLS_LIST && writ_json_get(r->tools, name) == NULL)
            continue;
        keep[i] = verdicts.ptr[at++] == WRIT_SHOW;
    }
}

void listing_reply(struct run *r, struct call *c, struct writ_slice verdicts)
{
    WRIT_AUTO_MCP m = { .kind = WRIT_MCP_REFUSED };
    WRIT_AUTO_BUF out;
    const json_t *items;
    struct writ_err err = { .status = WRIT_OK };
    bool *keep = NULL;

    writ_buf_init(&out, (size_t)WRIT_MCP_LINE_MAX + 1);
    enum writ_status st = list_items(c, &m, &items, &err);
    if (st == WRIT_OK) {
        keep = calloc(json_array_size(items) + 1, sizeof(*keep));
        if (keep == NULL)
            st = writ_fail_nomem(&err);
    }
    if (st == WRIT_OK && keep != NULL) {
        apply_verdicts(r, c, items, verdicts, keep);
        st = writ_tools_filter(&m, c->method, keep, json_array_size(items), &out, &err);
    }
    free(keep);
    if (c->own)
        own_list_next(r, &m);
    if (st == WRIT_OK && !c->silent)
        reply_line(r, writ_buf_slice(&out));
    if (st == WRIT_OK)
        calls_done(c);
    else
        reply_failed(r, c, WRIT_MCP_INTERNAL_ERROR, "the list cannot be filtered: %s", err.text);
}
