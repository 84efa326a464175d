/* The answers a gateway gives in the server's place, member by member in a fixed order. */
#include "gateway/mcp.h"

#include "base/text.h"

#include "base/banned.h"

/* What peers say goes into our answers: only as far as it is UTF-8. */
static enum writ_status add_text(struct writ_buf *out, struct writ_slice s)
{
    return writ_json_quote(out, writ_slice(s.ptr, writ_utf8_check(s)));
}

static enum writ_status add_id(struct writ_buf *out, const json_t *id)
{
    if (json_is_integer(id))
        return writ_buf_addf(out, "%lld", (long long)json_integer_value(id));
    return add_text(out, writ_json_text(id));
}

static enum writ_status add_head(struct writ_buf *out, const json_t *id)
{
    WRIT_TRY(writ_buf_add_cstr(out, "{\"jsonrpc\":\"2.0\""));
    if (id == NULL)
        return WRIT_OK;
    WRIT_TRY(writ_buf_add_cstr(out, ",\"id\":"));
    return add_id(out, id);
}

static enum writ_status add_member(struct writ_buf *out, const char *key, struct writ_slice value)
{
    WRIT_TRY(writ_buf_addf(out, ",\"%s\":", key));
    return add_text(out, value);
}

/* What was begun at `before` and failed leaves no trace. */
static enum writ_status whole(struct writ_buf *out, size_t before, enum writ_status st)
{
    if (st != WRIT_OK)
        out->len = before;
    return st;
}

/* The words that the model, or whoever reads its log, gets. */
static enum writ_status denial_words(const struct writ_mcp_denial *why, struct writ_buf *out)
{
    WRIT_TRY(writ_buf_add_cstr(out, "Refused by Writ: "));
    WRIT_TRY(writ_buf_add(out, why->reason.len != 0 ? why->reason : WRIT_LIT("denied")));
    WRIT_TRY(writ_buf_add_cstr(out, ". "));
    if (why->detail.len != 0) {
        WRIT_TRY(writ_buf_add(out, why->detail));
        WRIT_TRY(writ_buf_add_cstr(out, ". "));
    }
    WRIT_TRY(writ_buf_add_cstr(out, "Nothing was done."));
    if (why->allowed.len != 0) {
        WRIT_TRY(writ_buf_add_cstr(out, " Allowed: "));
        WRIT_TRY(writ_buf_add(out, why->allowed));
        WRIT_TRY(writ_buf_add_cstr(out, "."));
    }
    if (why->recorded)
        WRIT_TRY(writ_buf_addf(out, " Ledger index %llu.", (unsigned long long)why->index));
    return WRIT_OK;
}

static enum writ_status denied_tool(const struct writ_mcp_asker *to, struct writ_slice words,
                                    struct writ_buf *out)
{
    WRIT_TRY(add_head(out, to->id));
    WRIT_TRY(writ_buf_add_cstr(out, ",\"result\":{"));
    if (to->era == WRIT_MCP_MODERN)
        WRIT_TRY(writ_buf_add_cstr(out, "\"resultType\":\"complete\","));
    WRIT_TRY(writ_buf_add_cstr(out, "\"content\":[{\"type\":\"text\""));
    WRIT_TRY(add_member(out, "text", words));
    return writ_buf_add_cstr(out, "}],\"isError\":true}}");
}

static enum writ_status denied_other(const struct writ_mcp_asker *to,
                                     const struct writ_mcp_denial *why, struct writ_slice words,
                                     struct writ_buf *out)
{
    WRIT_TRY(add_head(out, to->id));
    WRIT_TRY(writ_buf_addf(out, ",\"error\":{\"code\":%d",
                           why->approval ? WRIT_MCP_APPROVAL_REQUIRED : WRIT_MCP_POLICY_DENIED));
    WRIT_TRY(add_member(out, "message", words));
    WRIT_TRY(writ_buf_add_cstr(out, ",\"data\":{\"reason\":"));
    WRIT_TRY(add_text(out, why->reason));
    WRIT_TRY(add_member(out, "detail", why->detail));
    WRIT_TRY(add_member(out, "allowed", why->allowed));
    if (why->recorded)
        WRIT_TRY(writ_buf_addf(out, ",\"index\":%llu", (unsigned long long)why->index));
    return writ_buf_add_cstr(out, "}}}");
}

enum writ_status writ_mcp_denied(const struct writ_mcp_asker *to, const struct writ_mcp_denial *why,
                                 struct writ_buf *out)
{
    WRIT_AUTO_BUF words;
    size_t before = out->len;

    writ_buf_init(&words, out->max);
    WRIT_TRY(denial_words(why, &words));
    if (to->method == WRIT_MCP_TOOLS_CALL)
        return whole(out, before, denied_tool(to, writ_buf_slice(&words), out));
    return whole(out, before, denied_other(to, why, writ_buf_slice(&words), out));
}

static enum writ_status add_error(const json_t *id, int code, struct writ_slice text,
                                  struct writ_buf *out)
{
    WRIT_TRY(add_head(out, id));
    WRIT_TRY(writ_buf_addf(out, ",\"error\":{\"code\":%d", code));
    WRIT_TRY(add_member(out, "message", text));
    return writ_buf_add_cstr(out, "}}");
}

enum writ_status writ_mcp_error(const json_t *id, int code, struct writ_slice text,
                                struct writ_buf *out)
{
    size_t before = out->len;
    return whole(out, before, add_error(id, code, text, out));
}

static enum writ_status add_input_required(const struct writ_mcp_asker *to,
                                           struct writ_slice approval, struct writ_slice action,
                                           struct writ_slice state, struct writ_buf *out)
{
    WRIT_AUTO_BUF words;

    writ_buf_init(&words, out->max);
    WRIT_TRY(writ_buf_add_cstr(&words, "Writ holds "));
    WRIT_TRY(writ_buf_add(&words, action));
    WRIT_TRY(writ_buf_add_cstr(&words, " until a person approves it (approval "));
    WRIT_TRY(writ_buf_add(&words, approval));
    WRIT_TRY(writ_buf_add_cstr(&words, "). An approver runs: writ approve "));
    WRIT_TRY(writ_buf_add(&words, approval));
    WRIT_TRY(writ_buf_add_cstr(&words, " — then accept here to go on."));

    WRIT_TRY(add_head(out, to->id));
    WRIT_TRY(writ_buf_add_cstr(
        out, ",\"result\":{\"resultType\":\"input_required\",\"inputRequests\":{\"approval\":"
             "{\"method\":\"elicitation/create\",\"params\":{\"mode\":\"form\""));
    WRIT_TRY(add_member(out, "message", writ_buf_slice(&words)));
    WRIT_TRY(writ_buf_add_cstr(
        out, ",\"requestedSchema\":{\"type\":\"object\",\"properties\":{}}}}},\"requestState\":"));
    WRIT_TRY(add_text(out, state));
    return writ_buf_add_cstr(out, "}}");
}

enum writ_status writ_mcp_input_required(const struct writ_mcp_asker *to,
                                         struct writ_slice approval, struct writ_slice action,
                                         struct writ_slice state, struct writ_buf *out)
{
    size_t before = out->len;
    return whole(out, before, add_input_required(to, approval, action, state, out));
}

static enum writ_status add_progress(const json_t *token, uint64_t step, struct writ_slice text,
                                     struct writ_buf *out)
{
    WRIT_TRY(writ_buf_add_cstr(out, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\","
                                    "\"params\":{\"progressToken\":"));
    WRIT_TRY(add_id(out, token));
    WRIT_TRY(writ_buf_addf(out, ",\"progress\":%llu", (unsigned long long)step));
    WRIT_TRY(add_member(out, "message", text));
    return writ_buf_add_cstr(out, "}}");
}

enum writ_status writ_mcp_progress(const json_t *token, uint64_t step, struct writ_slice text,
                                   struct writ_buf *out)
{
    size_t before = out->len;
    return whole(out, before, add_progress(token, step, text, out));
}
