/*
 * Targets: writ_mcp_read, writ_mcp_without_state, writ_mcp_payload, writ_mcp_guess_id,
 * writ_tools_items, writ_tools_filter.
 *
 * Property: a decided call means the same in every spelling: its canonical form is classified as
 * the same call, with the same name and arguments. What is refused has a code, words, and no kind
 * under which it could be forwarded. Cutting our members out of a line leaves the same call; a
 * list of which all is kept means the same list.
 */
#include <stdlib.h>

#include "gateway/tools.h"

#include "base/banned.h"

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* 1.0 is 1: values are the same when their canonical forms are. */
static bool same_value(const json_t *a, const json_t *b)
{
    WRIT_AUTO_BUF x;
    WRIT_AUTO_BUF y;

    writ_buf_init(&x, WRIT_MCP_LINE_MAX);
    writ_buf_init(&y, WRIT_MCP_LINE_MAX);
    if (writ_json_canonical(a, &x, NULL) != WRIT_OK)
        return true; /* grown beyond any line: nothing to compare */
    must(writ_json_canonical(b, &y, NULL) == WRIT_OK);
    return writ_slice_eq(writ_buf_slice(&x), writ_buf_slice(&y));
}

static void same_call(const struct writ_mcp_message *a, struct writ_slice line)
{
    WRIT_AUTO_MCP b;

    writ_mcp_read(line, &b);
    must(b.kind == a->kind && b.method == a->method && b.era == a->era);
    must(writ_slice_eq(a->name, b.name) && same_value(a->arguments, b.arguments));
    must(json_equal(a->id, b.id));
}

static void check_decided(const struct writ_mcp_message *m)
{
    WRIT_AUTO_BUF canonical;
    WRIT_AUTO_BUF cut;
    WRIT_AUTO_BUF action;
    WRIT_AUTO_MCP after;

    writ_buf_init(&canonical, WRIT_MCP_LINE_MAX);
    writ_buf_init(&cut, WRIT_MCP_LINE_MAX);
    writ_buf_init(&action, 512);
    after = (struct writ_mcp_message){ .kind = WRIT_MCP_REFUSED };
    must(writ_mcp_action(m, WRIT_LIT("t"), &action) == WRIT_OK);
    if (writ_json_canonical(m->root, &canonical, NULL) == WRIT_OK)
        same_call(m, writ_buf_slice(&canonical));
    must(writ_mcp_without_state(m, &cut) == WRIT_OK);
    same_call(m, writ_buf_slice(&cut));
    writ_mcp_read(writ_buf_slice(&cut), &after);
    must(after.request_state.len == 0 && after.input_responses == NULL);
}

static void check_list(const struct writ_mcp_message *m)
{
    const json_t *items, *left;
    WRIT_AUTO_BUF out;
    WRIT_AUTO_MCP after = { .kind = WRIT_MCP_REFUSED };

    writ_buf_init(&out, WRIT_MCP_LINE_MAX);
    if (writ_tools_items(m, WRIT_MCP_TOOLS_LIST, &items, NULL) != WRIT_OK)
        return;
    size_t n = json_array_size(items), kept = 0;
    bool *keep = calloc(n + 1, sizeof(*keep));
    must(keep != NULL);
    for (size_t i = 0; i < n; i++) {
        keep[i] = i % 2 == 0;
        kept += keep[i];
    }
    must(writ_tools_filter(m, WRIT_MCP_TOOLS_LIST, keep, n, &out, NULL) == WRIT_OK);
    writ_mcp_read(writ_buf_slice(&out), &after);
    must(after.kind == WRIT_MCP_RESPONSE && json_equal(after.id, m->id));
    must(writ_tools_items(&after, WRIT_MCP_TOOLS_LIST, &left, NULL) == WRIT_OK);
    must(json_array_size(left) == kept);
    for (size_t i = 0; i < kept; i++)
        must(json_equal(json_array_get(left, i), json_array_get(items, 2 * i)));
    free(keep);
}

static void check_response(const struct writ_mcp_message *m)
{
    struct writ_slice payload;
    WRIT_AUTO_JSON *value = NULL;

    must(writ_mcp_payload(m, &payload));
    must(writ_json_parse(payload, WRIT_MCP_LINE_MAX, &value, NULL) == WRIT_OK);
    must(json_equal(value, m->result != NULL ? m->result : m->error));
    check_list(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct writ_slice line = writ_slice(data, size);
    WRIT_AUTO_JSON *id = writ_mcp_guess_id(line, line);
    WRIT_AUTO_MCP m;

    must(id == NULL || json_is_string(id) || json_is_integer(id));
    writ_mcp_read(line, &m);
    switch (m.kind) {
    case WRIT_MCP_REFUSED:
        must(m.code < 0 && m.why.status != WRIT_OK && m.why.text[0] != '\0');
        must(!writ_mcp_decided(&m));
        break;
    case WRIT_MCP_REQUEST:
        must(m.id != NULL);
        if (writ_mcp_decided(&m))
            check_decided(&m);
        break;
    case WRIT_MCP_NOTIFICATION:
        must(m.id == NULL && (m.method == WRIT_MCP_OTHER || m.method == WRIT_MCP_CANCELLED));
        break;
    case WRIT_MCP_RESPONSE:
        check_response(&m);
        break;
    }
    return 0;
}
