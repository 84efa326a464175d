#include "test.h"

#include "gateway/mcp.h"

#include "base/banned.h"

#define CALL(params) \
    "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":" params "}"
#define MODERN "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\""
#define NAME_128                                                       \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void well_formed_messages_are_classified(void **state)
{
    static const struct {
        const char *rule, *line;
        enum writ_mcp_kind kind;
        enum writ_mcp_method method;
        enum writ_mcp_era era;
    } rows[] = {
        { "tools/call is an action", CALL("{\"name\":\"t\"}"), WRIT_MCP_REQUEST,
          WRIT_MCP_TOOLS_CALL, WRIT_MCP_LEGACY },
        { "a method written with escapes is the same method",
          "{\"jsonrpc\":\"2.0\",\"id\":7,\"m\\u0065thod\":\"tools\\/"
          "call\",\"params\":{\"name\":\"t\"}}",
          WRIT_MCP_REQUEST, WRIT_MCP_TOOLS_CALL, WRIT_MCP_LEGACY },
        { "_meta with a protocol version makes it modern",
          CALL("{\"name\":\"t\",\"_meta\":{" MODERN "}}"), WRIT_MCP_REQUEST, WRIT_MCP_TOOLS_CALL,
          WRIT_MCP_MODERN },
        { "resources/read is an action",
          "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"resources/"
          "read\",\"params\":{\"uri\":\"res:/x\"}}",
          WRIT_MCP_REQUEST, WRIT_MCP_RESOURCES_READ, WRIT_MCP_LEGACY },
        { "prompts/get is an action",
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"prompts/get\",\"params\":{\"name\":\"p\"}}",
          WRIT_MCP_REQUEST, WRIT_MCP_PROMPTS_GET, WRIT_MCP_LEGACY },
        { "tools/list is filtered", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}",
          WRIT_MCP_REQUEST, WRIT_MCP_TOOLS_LIST, WRIT_MCP_LEGACY },
        { "prompts/list is filtered", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"prompts/list\"}",
          WRIT_MCP_REQUEST, WRIT_MCP_PROMPTS_LIST, WRIT_MCP_LEGACY },
        { "initialize is legacy and passes",
          "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"capabilities\":{}}"
          "}",
          WRIT_MCP_REQUEST, WRIT_MCP_OTHER, WRIT_MCP_LEGACY },
        { "another case is another method, which no server knows",
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"Tools/Call\"}", WRIT_MCP_REQUEST,
          WRIT_MCP_OTHER, WRIT_MCP_LEGACY },
        { "a call without id is a notification",
          "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}", WRIT_MCP_NOTIFICATION,
          WRIT_MCP_OTHER, WRIT_MCP_LEGACY },
        { "cancelled is known",
          "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/"
          "cancelled\",\"params\":{\"requestId\":1}}",
          WRIT_MCP_NOTIFICATION, WRIT_MCP_CANCELLED, WRIT_MCP_LEGACY },
        { "a result is a response", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}",
          WRIT_MCP_RESPONSE, WRIT_MCP_NONE, WRIT_MCP_LEGACY },
        { "an error may have no id", "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":1}}",
          WRIT_MCP_RESPONSE, WRIT_MCP_NONE, WRIT_MCP_LEGACY },
        { "CR LF ends a line", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\r\n",
          WRIT_MCP_RESPONSE, WRIT_MCP_NONE, WRIT_MCP_LEGACY },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        WRIT_AUTO_MCP m;
        writ_mcp_read(writ_cstr(rows[i].line), &m);
        if (m.kind != rows[i].kind || m.method != rows[i].method || m.era != rows[i].era)
            fail_msg("%s: kind %d method %d era %d (%s)", rows[i].rule, (int)m.kind, (int)m.method,
                     (int)m.era, m.why.text);
    }
}

static void doubtful_messages_are_refused(void **state)
{
    static const struct {
        const char *rule, *line;
        int code;
        int64_t id; /* -1: none can be read */
    } rows[] = {
        { "not JSON", "hello", WRIT_MCP_PARSE_ERROR, -1 },
        { "an empty line", "", WRIT_MCP_PARSE_ERROR, -1 },
        { "a batch", "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]",
          WRIT_MCP_INVALID_REQUEST, -1 },
        { "a bare value", "17", WRIT_MCP_INVALID_REQUEST, -1 },
        { "two messages", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}{}",
          WRIT_MCP_PARSE_ERROR, 1 },
        { "a key twice",
          "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"ping\",\"method\":\"tools/call\"}",
          WRIT_MCP_PARSE_ERROR, 4 },
        { "a key twice, once with an escape",
          "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"ping\",\"m\\u0065thod\":\"tools/call\"}",
          WRIT_MCP_PARSE_ERROR, 4 },
        { "a key that Go takes for method",
          "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"ping\",\"Method\":\"tools/call\"}",
          WRIT_MCP_INVALID_REQUEST, 4 },
        { "a key that Go takes for params, by the long s",
          "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"ping\",\"param\xc5\xbf\":{}}",
          WRIT_MCP_INVALID_REQUEST, 4 },
        { "a key that Go takes for name", CALL("{\"name\":\"a\",\"NAME\":\"b\"}"),
          WRIT_MCP_INVALID_PARAMS, 7 },
        { "arguments that differ in case only",
          CALL("{\"name\":\"a\",\"arguments\":{\"path\":\"/ok\",\"Path\":\"/etc\"}}"),
          WRIT_MCP_INVALID_PARAMS, 7 },
        { "a carriage return, where Python ends a line",
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":\r{\"a\":1}\r}",
          WRIT_MCP_PARSE_ERROR, 1 },
        { "invalid UTF-8", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"p\xff\"}",
          WRIT_MCP_PARSE_ERROR, 1 },
        { "NUL by escape", CALL("{\"name\":\"t\",\"arguments\":{\"a\":\"\\u0000\"}}"),
          WRIT_MCP_PARSE_ERROR, 7 },
        { "too deep",
          CALL("{\"name\":\"t\",\"arguments\":{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]"
               "]]"
               "]]]]]]]]]]]]]]]]]]]]}}"),
          WRIT_MCP_PARSE_ERROR, 7 },
        { "no version", "{\"id\":1,\"method\":\"ping\"}", WRIT_MCP_INVALID_REQUEST, 1 },
        { "another version", "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}",
          WRIT_MCP_INVALID_REQUEST, 1 },
        { "an id that is a fraction", "{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"}",
          WRIT_MCP_INVALID_REQUEST, -1 },
        { "an id that is null", "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"tools/call\"}",
          WRIT_MCP_INVALID_REQUEST, -1 },
        { "an action without id, which a server may carry out all the same",
          "{\"jsonrpc\":\"2.0\",\"method\":\"tools/call\",\"params\":{\"name\":\"t\"}}",
          WRIT_MCP_INVALID_REQUEST, -1 },
        { "a notification with an id",
          "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"notifications/cancelled\"}",
          WRIT_MCP_INVALID_REQUEST, 3 },
        { "both call and response",
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"result\":{}}",
          WRIT_MCP_INVALID_REQUEST, 1 },
        { "both result and error", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{},\"error\":{}}",
          WRIT_MCP_INVALID_REQUEST, 1 },
        { "neither call nor response", "{\"jsonrpc\":\"2.0\",\"id\":1}", WRIT_MCP_INVALID_REQUEST,
          1 },
        { "a method that is no string", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":[]}",
          WRIT_MCP_INVALID_REQUEST, 1 },
        { "a result without id", "{\"jsonrpc\":\"2.0\",\"result\":{}}", WRIT_MCP_INVALID_REQUEST,
          -1 },
        { "params by position", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\",\"params\":[1]}",
          WRIT_MCP_INVALID_PARAMS, 1 },
        { "a call without a name", CALL("{}"), WRIT_MCP_INVALID_PARAMS, 7 },
        { "an empty name", CALL("{\"name\":\"\"}"), WRIT_MCP_INVALID_PARAMS, 7 },
        { "a name with a slash, which would be another action", CALL("{\"name\":\"a/b\"}"),
          WRIT_MCP_INVALID_PARAMS, 7 },
        { "a name with a star", CALL("{\"name\":\"*\"}"), WRIT_MCP_INVALID_PARAMS, 7 },
        { "a name of 129 bytes", CALL("{\"name\":\"b" NAME_128 "\"}"), WRIT_MCP_INVALID_PARAMS, 7 },
        { "arguments by position", CALL("{\"name\":\"t\",\"arguments\":[]}"),
          WRIT_MCP_INVALID_PARAMS, 7 },
        { "reading nothing",
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/read\",\"params\":{\"uri\":\"\"}}",
          WRIT_MCP_INVALID_PARAMS, 1 },
        { "a protocol version that is no string",
          CALL("{\"name\":\"t\",\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":1}}"),
          WRIT_MCP_INVALID_PARAMS, 7 },
        { "_meta that is no object", CALL("{\"name\":\"t\",\"_meta\":1}"), WRIT_MCP_INVALID_PARAMS,
          7 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        WRIT_AUTO_MCP m;
        writ_mcp_read(writ_cstr(rows[i].line), &m);
        int64_t id = json_is_integer(m.id) ? json_integer_value(m.id) : -1;
        if (m.kind != WRIT_MCP_REFUSED || m.code != rows[i].code || id != rows[i].id)
            fail_msg("%s: kind %d, code %d, id %lld (%s)", rows[i].rule, (int)m.kind, m.code,
                     (long long)id, m.why.text);
        assert_false(writ_mcp_decided(&m));
        assert_true(m.why.text[0] != '\0');
    }
}

static void a_line_beyond_four_mebibytes_is_refused(void **state)
{
    const size_t len = (size_t)WRIT_MCP_LINE_MAX + 1;
    char *line = malloc(len);

    (void)state;
    assert_non_null(line);
    memset(line, ' ', len);
    memcpy(line, "{\"id\":9", 7);
    line[len - 1] = '}';
    WRIT_AUTO_MCP m;
    writ_mcp_read(writ_slice(line, len), &m);
    assert_int_equal(m.kind, WRIT_MCP_REFUSED);
    assert_int_equal(json_integer_value(m.id), 9);
    free(line);
}

static void an_action_has_the_name_of_the_format(void **state)
{
    static const struct {
        const char *line, *action, *arguments;
    } rows[] = {
        { CALL("{\"name\":\"" NAME_128 "\"}"), "files/tools/" NAME_128, "{}" },
        { CALL("{\"name\":\"A-z_0.9\",\"arguments\":null}"), "files/tools/A-z_0.9", "{}" },
        { CALL("{\"name\":\"t\",\"arguments\":{\"b\":1.0,\"a\":[]}}"), "files/tools/t",
          "{\"a\":[],\"b\":1}" },
        { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"prompts/get\",\"params\":{\"name\":\"p\","
          "\"arguments\":{\"x\":\"y\"}}}",
          "files/prompts/p", "{\"x\":\"y\"}" },
        { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/read\",\"params\":{\"uri\":"
          "\"res:/a\","
          "\"arguments\":{\"x\":\"y\"}}}",
          "files/resources/read", "{\"uri\":\"res:/a\"}" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        WRIT_AUTO_MCP m;
        WRIT_AUTO_BUF action;
        WRIT_AUTO_BUF arguments;
        writ_buf_init(&action, 512);
        writ_buf_init(&arguments, 512);
        writ_mcp_read(writ_cstr(rows[i].line), &m);
        assert_int_equal(writ_mcp_action(&m, WRIT_LIT("files"), &action), WRIT_OK);
        assert_true(writ_slice_is(writ_buf_slice(&action), rows[i].action));
        assert_int_equal(writ_json_canonical(m.arguments, &arguments, NULL), WRIT_OK);
        assert_true(writ_slice_is(writ_buf_slice(&arguments), rows[i].arguments));
    }
}

static void what_meta_says_is_read(void **state)
{
    static const struct {
        const char *rule, *meta;
        bool elicits, trace, progress;
    } rows[] = {
        { "nothing", "", false, false, false },
        { "bare elicitation means forms",
          MODERN ",\"io.modelcontextprotocol/clientCapabilities\":{\"elicitation\":{}}", true,
          false, false },
        { "forms and pages",
          MODERN ",\"io.modelcontextprotocol/clientCapabilities\":{\"elicitation\":{\"form\":{},"
                 "\"url\":{}}}",
          true, false, false },
        { "only pages: no forms",
          MODERN ",\"io.modelcontextprotocol/clientCapabilities\":{\"elicitation\":{\"url\":{}}}",
          false, false, false },
        { "a legacy message declares its abilities elsewhere",
          "\"io.modelcontextprotocol/clientCapabilities\":{\"elicitation\":{}}", false, false,
          false },
        { "a good trace",
          "\"traceparent\":\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\"", false,
          true, false },
        { "a trace of zeros",
          "\"traceparent\":\"00-00000000000000000000000000000000-b7ad6b7169203331-01\"", false,
          false, false },
        { "a trace in upper case",
          "\"traceparent\":\"00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\"", false,
          false, false },
        { "a trace that is too long",
          "\"traceparent\":\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-011\"", false,
          false, false },
        { "a progress token", "\"progressToken\":\"tok\"", false, false, true },
        { "a progress token that is no token", "\"progressToken\":{}", false, false, false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        WRIT_AUTO_MCP m;
        WRIT_AUTO_BUF line;
        writ_buf_init(&line, 4096);
        assert_int_equal(
            writ_buf_addf(&line, CALL("{\"name\":\"t\",\"_meta\":{%s}}"), rows[i].meta), WRIT_OK);
        writ_mcp_read(writ_buf_slice(&line), &m);
        if (m.kind != WRIT_MCP_REQUEST || m.elicits != rows[i].elicits ||
            (m.trace.len != 0) != rows[i].trace || (m.progress_token != NULL) != rows[i].progress)
            fail_msg("%s", rows[i].rule);
    }
}

static void denials_say_what_a_model_can_act_on(void **state)
{
    const json_t *id = json_integer(7);
    const struct writ_mcp_denial why = { .reason = WRIT_LIT("resource_out_of_scope"),
                                         .detail = WRIT_LIT("/etc is \"outside\""),
                                         .allowed = WRIT_LIT("res:/srv/*"),
                                         .recorded = true,
                                         .index = 42 };
    const struct writ_mcp_denial hold = { .approval = true,
                                          .reason = WRIT_LIT("approval_refused") };
#define WORDS                                                                                      \
    "Refused by Writ: resource_out_of_scope. /etc is \\\"outside\\\". Nothing was done. Allowed: " \
    "res:/srv/*. Ledger index 42."
    const struct {
        const char *rule;
        struct writ_mcp_asker to;
        const struct writ_mcp_denial *why;
        const char *answer;
    } rows[] = {
        { "a tool's denial is a result",
          { WRIT_MCP_TOOLS_CALL, WRIT_MCP_LEGACY, id },
          &why,
          "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"content\":[{\"type\":\"text\",\"text\":"
          "\"" WORDS "\"}],\"isError\":true}}" },
        { "a modern one has a resultType",
          { WRIT_MCP_TOOLS_CALL, WRIT_MCP_MODERN, id },
          &why,
          "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"resultType\":\"complete\",\"content\":[{"
          "\"type\":"
          "\"text\",\"text\":\"" WORDS "\"}],\"isError\":true}}" },
        { "a resource's denial is an error",
          { WRIT_MCP_RESOURCES_READ, WRIT_MCP_MODERN, id },
          &why,
          "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":4030,\"message\":\"" WORDS
          "\",\"data\":{\"reason\":\"resource_out_of_scope\",\"detail\":\"/etc is "
          "\\\"outside\\\"\","
          "\"allowed\":\"res:/srv/*\",\"index\":42}}}" },
        { "a missing approval has its own code",
          { WRIT_MCP_PROMPTS_GET, WRIT_MCP_LEGACY, id },
          &hold,
          "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":4031,\"message\":\"Refused by Writ: "
          "approval_refused. Nothing was done.\",\"data\":{\"reason\":\"approval_refused\","
          "\"detail\":\"\",\"allowed\":\"\"}}}" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        WRIT_AUTO_BUF out;
        WRIT_AUTO_MCP back;
        writ_buf_init(&out, 4096);
        assert_int_equal(writ_mcp_denied(&rows[i].to, rows[i].why, &out), WRIT_OK);
        if (!writ_slice_is(writ_buf_slice(&out), rows[i].answer))
            fail_msg("%s: %.*s", rows[i].rule, WRIT_FMT(writ_buf_slice(&out)));
        writ_mcp_read(writ_buf_slice(&out), &back);
        assert_int_equal(back.kind, WRIT_MCP_RESPONSE);
    }
    json_decref((json_t *)(uintptr_t)id);
}

static void answers_are_messages_whatever_peers_say(void **state)
{
    WRIT_AUTO_JSON *id = json_string("a\"b");
    const struct writ_mcp_asker to = { WRIT_MCP_TOOLS_CALL, WRIT_MCP_MODERN, id };
    WRIT_AUTO_BUF out;
    WRIT_AUTO_MCP error, asks, progress, anonymous;

    (void)state;
    writ_buf_init(&out, 4096);
    assert_int_equal(writ_mcp_error(id, -32600, WRIT_LIT("bad \xff byte\n"), &out), WRIT_OK);
    writ_mcp_read(writ_buf_slice(&out), &error);
    assert_int_equal(error.kind, WRIT_MCP_RESPONSE);
    assert_true(json_equal(error.id, id));

    writ_buf_clear(&out);
    assert_int_equal(writ_mcp_error(NULL, -32700, WRIT_LIT("x"), &out), WRIT_OK);
    writ_mcp_read(writ_buf_slice(&out), &anonymous);
    assert_int_equal(anonymous.kind, WRIT_MCP_RESPONSE);
    assert_null(anonymous.id);

    writ_buf_clear(&out);
    assert_int_equal(writ_mcp_input_required(&to, WRIT_LIT("ap-1"), WRIT_LIT("f/tools/t"),
                                             WRIT_LIT("writ.v1.x.y"), &out),
                     WRIT_OK);
    writ_mcp_read(writ_buf_slice(&out), &asks);
    assert_int_equal(asks.kind, WRIT_MCP_RESPONSE);
    assert_string_equal(json_string_value(json_object_get(asks.result, "resultType")),
                        "input_required");
    assert_string_equal(json_string_value(json_object_get(asks.result, "requestState")),
                        "writ.v1.x.y");
    const json_t *request =
        json_object_get(json_object_get(asks.result, "inputRequests"), "approval");
    assert_string_equal(json_string_value(json_object_get(request, "method")),
                        "elicitation/create");
    assert_non_null(
        strstr(json_string_value(json_object_get(json_object_get(request, "params"), "message")),
               "writ approve ap-1"));

    writ_buf_clear(&out);
    assert_int_equal(writ_mcp_progress(id, 3, WRIT_LIT("held"), &out), WRIT_OK);
    writ_mcp_read(writ_buf_slice(&out), &progress);
    assert_int_equal(progress.kind, WRIT_MCP_NOTIFICATION);
}

static void an_answer_that_does_not_fit_leaves_nothing_behind(void **state)
{
    WRIT_AUTO_JSON *id = json_integer(1);
    const struct writ_mcp_asker to = { WRIT_MCP_RESOURCES_READ, WRIT_MCP_LEGACY, id };
    const struct writ_mcp_denial why = { .reason = WRIT_LIT("r") };

    (void)state;
    for (size_t max = 1; max < 140; max++) {
        WRIT_AUTO_BUF out;
        writ_buf_init(&out, max);
        assert_int_equal(writ_mcp_denied(&to, &why, &out), WRIT_LIMIT);
        assert_int_equal(out.len, 0);
    }
}

static void only_our_state_is_cut_out_of_a_line(void **state)
{
    static const struct {
        const char *params, *rest;
    } rows[] = {
        { "{ \"name\" : \"t\", \"requestState\":\"x\",\"inputResponses\":{\"a\":[1,\"}\"]}}",
          "{\"name\" : \"t\"}" },
        { "{\"requestState\":\"x\",\"name\":\"t\",\"_meta\":{\"requestState\":1e2}}",
          "{\"name\":\"t\",\"_meta\":{\"requestState\":1e2}}" },
        { "{\"r\\u0065questState\":\"x\", \"name\":\"t\" }", "{\"name\":\"t\" }" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        WRIT_AUTO_MCP m;
        WRIT_AUTO_BUF line, want, got;
        writ_buf_init(&line, 4096);
        writ_buf_init(&want, 4096);
        writ_buf_init(&got, 4096);
        assert_int_equal(writ_buf_addf(&line, " " CALL("%s"), rows[i].params), WRIT_OK);
        assert_int_equal(writ_buf_addf(&want, " " CALL("%s"), rows[i].rest), WRIT_OK);
        writ_mcp_read(writ_buf_slice(&line), &m);
        assert_int_equal(writ_mcp_without_state(&m, &got), WRIT_OK);
        if (!writ_slice_eq(writ_buf_slice(&got), writ_buf_slice(&want)))
            fail_msg("row %zu: %.*s", i, WRIT_FMT(writ_buf_slice(&got)));
    }
}

static void the_id_of_an_unreadable_line_is_found_where_it_shows(void **state)
{
    static const struct {
        const char *rule, *head, *tail;
        int64_t id; /* -1: not found */
    } rows[] = {
        { "in the first bytes", "{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{\"x\":\"aaa", "aaa", 5 },
        { "not inside of something", "{\"params\":{\"id\":5},\"x\":\"", "", -1 },
        { "as the last member", "{\"result\":{\"x\":\"aaa", "aaa\"},\"jsonrpc\":\"2.0\",\"id\":6}",
          6 },
        { "as the last member, with space", "{\"result\":\"", "a\" , \"id\" : 6 } ", 6 },
        { "not as the last member of an inner object", "{\"result\":\"", "{\"id\":6}}", -1 },
        { "not in a text that only looks so", "{\"result\":\"", "\\\"id\":6}", -1 },
        { "not when it is no id", "{\"result\":\"", ",\"id\":}", -1 },
        { "nowhere", "", "", -1 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        WRIT_AUTO_JSON *id = writ_mcp_guess_id(writ_cstr(rows[i].head), writ_cstr(rows[i].tail));
        if ((id != NULL ? json_integer_value(id) : -1) != rows[i].id)
            fail_msg("%s", rows[i].rule);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_messages_are_classified),
        cmocka_unit_test(doubtful_messages_are_refused),
        cmocka_unit_test(a_line_beyond_four_mebibytes_is_refused),
        cmocka_unit_test(an_action_has_the_name_of_the_format),
        cmocka_unit_test(what_meta_says_is_read),
        cmocka_unit_test(denials_say_what_a_model_can_act_on),
        cmocka_unit_test(answers_are_messages_whatever_peers_say),
        cmocka_unit_test(an_answer_that_does_not_fit_leaves_nothing_behind),
        cmocka_unit_test(only_our_state_is_cut_out_of_a_line),
        cmocka_unit_test(the_id_of_an_unreadable_line_is_found_where_it_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
