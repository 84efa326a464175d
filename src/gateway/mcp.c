#include "gateway/mcp.h"

#include "names.h"

#include "base/banned.h"

#define META_VERSION      "io.modelcontextprotocol/protocolVersion"
#define META_CAPABILITIES "io.modelcontextprotocol/clientCapabilities"

static const struct {
    const char *name;
    enum writ_mcp_method method;
    enum writ_mcp_kind kind; /* what the message must be */
} methods[] = {
    { "tools/call", WRIT_MCP_TOOLS_CALL, WRIT_MCP_REQUEST },
    { "resources/read", WRIT_MCP_RESOURCES_READ, WRIT_MCP_REQUEST },
    { "prompts/get", WRIT_MCP_PROMPTS_GET, WRIT_MCP_REQUEST },
    { "tools/list", WRIT_MCP_TOOLS_LIST, WRIT_MCP_REQUEST },
    { "prompts/list", WRIT_MCP_PROMPTS_LIST, WRIT_MCP_REQUEST },
    { "notifications/cancelled", WRIT_MCP_CANCELLED, WRIT_MCP_NOTIFICATION },
    { "notifications/tools/list_changed", WRIT_MCP_TOOLS_CHANGED, WRIT_MCP_NOTIFICATION },
};

static bool is_id(const json_t *v)
{
    return json_is_string(v) || json_is_integer(v);
}

static enum writ_status refuse(struct writ_mcp_message *m, int code, const char *words)
{
    m->code = code;
    return writ_fail(&m->why, WRIT_FORMAT, "%s", words);
}

static enum writ_status read_params(struct writ_mcp_message *m, json_t *params)
{
    static const char *const known[] = { "name",         "arguments",      "uri", "_meta",
                                         "requestState", "inputResponses", NULL };
    const json_t *meta = json_object_get(params, "_meta");

    if (params != NULL && !json_is_object(params))
        return refuse(m, WRIT_MCP_INVALID_PARAMS, "params must be an object");
    if (names_shadow(params, known))
        return refuse(m, WRIT_MCP_INVALID_PARAMS,
                      "params has a member that differs from a known one only in case");
    if (meta != NULL && !json_is_object(meta))
        return refuse(m, WRIT_MCP_INVALID_PARAMS, "params._meta must be an object");

    const json_t *version = json_object_get(meta, META_VERSION);
    if (version != NULL && !json_is_string(version))
        return refuse(m, WRIT_MCP_INVALID_PARAMS, META_VERSION " must be a string");
    m->era = version != NULL ? WRIT_MCP_MODERN : WRIT_MCP_LEGACY;

    const json_t *elicitation =
        json_object_get(json_object_get(meta, META_CAPABILITIES), "elicitation");
    /* A bare {} means forms; {"url":{}} alone means none. */
    m->elicits = m->era == WRIT_MCP_MODERN && json_is_object(elicitation) &&
                 (json_object_size(elicitation) == 0 ||
                  json_is_object(json_object_get(elicitation, "form")));

    const json_t *token = json_object_get(meta, "progressToken");
    m->progress_token = is_id(token) ? token : NULL;
    struct writ_slice trace = writ_json_text(json_object_get(meta, "traceparent"));
    if (names_traceparent(trace))
        m->trace = trace;
    m->cancels = json_object_get(params, "requestId");
    m->input_responses = json_object_get(params, "inputResponses");
    m->request_state = writ_json_text(json_object_get(params, "requestState"));
    return WRIT_OK;
}

/* An argument's value is bounded by its name, so two names that a server may take for one lie. */
static enum writ_status read_arguments(struct writ_mcp_message *m, const json_t *params)
{
    json_t *arguments = json_object_get(params, "arguments");

    if (arguments == NULL || json_is_null(arguments)) {
        m->arguments = json_object();
        return m->arguments != NULL ? WRIT_OK : writ_fail_nomem(&m->why);
    }
    if (!json_is_object(arguments))
        return refuse(m, WRIT_MCP_INVALID_PARAMS, "arguments must be an object");
    bool twins;
    enum writ_status st = names_twins(arguments, &twins);
    if (st != WRIT_OK)
        return writ_fail_nomem(&m->why);
    if (twins)
        return refuse(m, WRIT_MCP_INVALID_PARAMS,
                      "two arguments have names that differ only in case");
    m->arguments = json_incref(arguments);
    return WRIT_OK;
}

static enum writ_status read_decided(struct writ_mcp_message *m, const json_t *params)
{
    if (m->method == WRIT_MCP_RESOURCES_READ) {
        json_t *uri = json_object_get(params, "uri");
        m->name = writ_json_text(uri);
        if (m->name.len == 0)
            return refuse(m, WRIT_MCP_INVALID_PARAMS, "uri must be a string that is not empty");
        m->arguments = json_pack("{s:O}", "uri", uri);
        return m->arguments != NULL ? WRIT_OK : writ_fail_nomem(&m->why);
    }
    m->name = writ_json_text(json_object_get(params, "name"));
    if (!names_item(m->name))
        return refuse(m, WRIT_MCP_INVALID_PARAMS,
                      "name must be 1 to 128 characters of A-Z a-z 0-9 _ . -");
    return read_arguments(m, params);
}

static enum writ_status read_call(struct writ_mcp_message *m, const json_t *method)
{
    json_t *params = json_object_get(m->root, "params");
    struct writ_slice name = writ_json_text(method);

    if (!json_is_string(method))
        return refuse(m, WRIT_MCP_INVALID_REQUEST, "method must be a string");
    if (json_object_get(m->root, "result") != NULL || json_object_get(m->root, "error") != NULL)
        return refuse(m, WRIT_MCP_INVALID_REQUEST, "a message is either a call or a response");
    m->kind = json_object_get(m->root, "id") != NULL ? WRIT_MCP_REQUEST : WRIT_MCP_NOTIFICATION;
    m->method = WRIT_MCP_OTHER;
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (!writ_slice_is(name, methods[i].name))
            continue;
        m->method = methods[i].method;
        /* A server that does not look for the id would act, and nobody would hear of it. */
        if (m->kind != methods[i].kind)
            return refuse(m, WRIT_MCP_INVALID_REQUEST,
                          m->kind == WRIT_MCP_REQUEST ? "this method takes no id"
                                                      : "this method needs an id");
    }
    WRIT_TRY(read_params(m, params));
    return writ_mcp_decided(m) ? read_decided(m, params) : WRIT_OK;
}

static enum writ_status read_response(struct writ_mcp_message *m)
{
    m->result = json_object_get(m->root, "result");
    m->error = json_object_get(m->root, "error");
    if ((m->result == NULL) == (m->error == NULL))
        return refuse(m, WRIT_MCP_INVALID_REQUEST, "a message has one of method, result and error");
    if (m->error != NULL && !json_is_object(m->error))
        return refuse(m, WRIT_MCP_INVALID_REQUEST, "error must be an object");
    /* Only an error may answer what could not be read. */
    if (m->id == NULL && m->error == NULL)
        return refuse(m, WRIT_MCP_INVALID_REQUEST, "a result needs an id");
    m->kind = WRIT_MCP_RESPONSE;
    return WRIT_OK;
}

static enum writ_status read_object(struct writ_mcp_message *m)
{
    static const char *const known[] = { "jsonrpc", "id",    "method", "params",
                                         "result",  "error", NULL };
    json_t *id = json_object_get(m->root, "id");
    const json_t *method = json_object_get(m->root, "method");

    if (is_id(id))
        m->id = json_incref(id);
    if (names_shadow(m->root, known))
        return refuse(m, WRIT_MCP_INVALID_REQUEST,
                      "the message has a member that differs from a known one only in case");
    if (!writ_slice_is(writ_json_text(json_object_get(m->root, "jsonrpc")), "2.0"))
        return refuse(m, WRIT_MCP_INVALID_REQUEST, "jsonrpc must be \"2.0\"");
    if (id != NULL && !is_id(id) && !(json_is_null(id) && method == NULL))
        return refuse(m, WRIT_MCP_INVALID_REQUEST, "id must be a string or an integer");
    return method != NULL ? read_call(m, method) : read_response(m);
}

static enum writ_status read_line(struct writ_mcp_message *m)
{
    if (m->line.len > WRIT_MCP_LINE_MAX)
        return refuse(m, WRIT_MCP_INVALID_REQUEST, "the message is longer than 4 MiB");
    if (m->line.len != 0 && memchr(m->line.ptr, '\r', m->line.len) != NULL)
        return refuse(m, WRIT_MCP_PARSE_ERROR, "a carriage return stands inside the line");
    if (m->line.len != 0 && memchr(m->line.ptr, '\n', m->line.len) != NULL)
        return refuse(m, WRIT_MCP_PARSE_ERROR, "a line end stands inside the line");
    enum writ_status st = writ_json_parse(m->line, WRIT_MCP_LINE_MAX, &m->root, &m->why);
    if (st != WRIT_OK) {
        m->code = st == WRIT_NOMEM ? WRIT_MCP_INTERNAL_ERROR : WRIT_MCP_PARSE_ERROR;
        return st;
    }
    if (json_is_array(m->root))
        return refuse(m, WRIT_MCP_INVALID_REQUEST, "batches are not part of MCP");
    if (!json_is_object(m->root))
        return refuse(m, WRIT_MCP_INVALID_REQUEST, "a message is an object");
    return read_object(m);
}

void writ_mcp_read(struct writ_slice line, struct writ_mcp_message *out)
{
    *out = (struct writ_mcp_message){ .kind = WRIT_MCP_REFUSED, .line = line };
    if (line.len > 0 && line.ptr[line.len - 1] == '\n')
        out->line.len--;
    if (out->line.len > 0 && line.ptr[out->line.len - 1] == '\r')
        out->line.len--;
    if (read_line(out) == WRIT_OK)
        return;
    out->kind = WRIT_MCP_REFUSED;
    if (out->why.status == WRIT_NOMEM)
        out->code = WRIT_MCP_INTERNAL_ERROR;
    if (out->root == NULL && out->id == NULL)
        out->id = writ_mcp_guess_id(out->line, (struct writ_slice){ NULL, 0 });
}

void writ_mcp_release(struct writ_mcp_message *m)
{
    json_decref(m->arguments);
    json_decref(m->id);
    json_decref(m->root);
    *m = (struct writ_mcp_message){ .kind = WRIT_MCP_REFUSED };
}

enum writ_status writ_mcp_action(const struct writ_mcp_message *m, struct writ_slice target,
                                 struct writ_buf *out)
{
    size_t before = out->len;
    enum writ_status st = WRIT_ARG;

    if (!writ_mcp_decided(m))
        return st;
    st = writ_buf_add(out, target);
    if (st == WRIT_OK && m->method == WRIT_MCP_RESOURCES_READ)
        st = writ_buf_add_cstr(out, "/resources/read");
    else if (st == WRIT_OK)
        st = writ_buf_add_cstr(out, m->method == WRIT_MCP_TOOLS_CALL ? "/tools/" : "/prompts/");
    if (st == WRIT_OK && m->method != WRIT_MCP_RESOURCES_READ)
        st = writ_buf_add(out, m->name);
    if (st != WRIT_OK)
        out->len = before;
    return st;
}

enum writ_status writ_mcp_params_digest(const struct writ_mcp_message *m, struct writ_hash *out)
{
    WRIT_AUTO_BUF text;
    WRIT_AUTO_JSON *call = NULL;

    writ_buf_init(&text, (size_t)8 * WRIT_MCP_LINE_MAX);
    call = json_pack("[s,s%,O]", json_string_value(json_object_get(m->root, "method")),
                     (const char *)m->name.ptr, m->name.len, m->arguments);
    if (call == NULL)
        return WRIT_NOMEM;
    WRIT_TRY(writ_json_canonical(call, &text, NULL));
    *out = writ_sha256(writ_buf_slice(&text));
    return WRIT_OK;
}
