/* What is done with the bytes of a line, rather than with what they mean. */
#include "gateway/mcp.h"

#include "scan.h"

#include "base/banned.h"

/* An id longer than this is nobody's. */
#define GUESS_MAX 256

static json_t *read_id(struct writ_slice text)
{
    WRIT_AUTO_JSON *id = NULL;

    if (writ_json_parse(text, GUESS_MAX, &id, NULL) != WRIT_OK)
        return NULL;
    return json_is_string(id) || json_is_integer(id) ? json_incref(id) : NULL;
}

static size_t back_over_space(struct writ_slice t, size_t end)
{
    while (end > 0 && (t.ptr[end - 1] == ' ' || t.ptr[end - 1] == '\t' || t.ptr[end - 1] == '\r'))
        end--;
    return end;
}

/*
 * `"id": VALUE }` at the very end: the last bracket closes the message, so the member just before
 * it is one of the message itself. A string with escapes is not looked for.
 */
static json_t *id_at_end(struct writ_slice t)
{
    size_t end = back_over_space(t, t.len);

    if (end == 0 || t.ptr[end - 1] != '}')
        return NULL;
    end = back_over_space(t, end - 1);
    size_t start = end;
    if (end > 0 && t.ptr[end - 1] == '"') {
        start--;
        while (start > 0 && t.ptr[start - 1] != '"' && t.ptr[start - 1] != '\\')
            start--;
        if (start == 0 || t.ptr[start - 1] != '"')
            return NULL;
        start--;
    } else {
        while (start > 0 &&
               ((t.ptr[start - 1] >= '0' && t.ptr[start - 1] <= '9') || t.ptr[start - 1] == '-'))
            start--;
    }
    size_t key = back_over_space(t, start);
    if (key == 0 || t.ptr[key - 1] != ':')
        return NULL;
    key = back_over_space(t, key - 1);
    if (key < 5 || memcmp(t.ptr + key - 4, "\"id\"", 4) != 0)
        return NULL;
    key = back_over_space(t, key - 4);
    if (key == 0 || (t.ptr[key - 1] != ',' && t.ptr[key - 1] != '{'))
        return NULL;
    return read_id(writ_slice(t.ptr + start, end - start));
}

json_t *writ_mcp_guess_id(struct writ_slice head, struct writ_slice tail)
{
    struct writ_slice value;
    json_t *id = NULL;

    if (scan_find(head, "id", &value))
        id = read_id(value);
    return id != NULL ? id : id_at_end(tail);
}

/* Copies an object without some members: bytes up to the bracket, members, bytes behind. */
static enum writ_status copy_params(struct writ_slice params, struct writ_buf *out)
{
    struct scan s;
    struct scan_member m;
    bool some = false;

    if (!scan_begin(&s, params))
        return WRIT_FORMAT;
    WRIT_TRY(writ_buf_add(out, writ_slice(params.ptr, s.at)));
    while (scan_next(&s, &m)) {
        if (scan_key_is(m.key, "requestState") || scan_key_is(m.key, "inputResponses"))
            continue;
        if (some)
            WRIT_TRY(writ_buf_add_byte(out, ','));
        WRIT_TRY(writ_buf_add(out, m.whole));
        some = true;
    }
    return writ_buf_add(out, writ_slice_from(params, s.at));
}

enum writ_status writ_mcp_without_state(const struct writ_mcp_message *m, struct writ_buf *out)
{
    struct writ_slice params;
    size_t before = out->len;

    if (m->kind == WRIT_MCP_REFUSED || !scan_find(m->line, "params", &params))
        return WRIT_ARG;
    size_t head = (size_t)(params.ptr - m->line.ptr);
    enum writ_status st = writ_buf_add(out, writ_slice(m->line.ptr, head));
    if (st == WRIT_OK)
        st = copy_params(params, out);
    if (st == WRIT_OK)
        st = writ_buf_add(out, writ_slice_from(m->line, head + params.len));
    if (st != WRIT_OK)
        out->len = before;
    return st;
}

bool writ_mcp_payload(const struct writ_mcp_message *m, struct writ_slice *out)
{
    return m->kind == WRIT_MCP_RESPONSE &&
           scan_find(m->line, m->result != NULL ? "result" : "error", out);
}
