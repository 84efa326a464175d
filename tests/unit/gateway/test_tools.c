#include "test.h"

#include "gateway/tools.h"

#include "base/banned.h"

static json_t *parse(const char *text)
{
    json_t *v = NULL;
    assert_int_equal(writ_json_parse(writ_cstr(text), 65536, &v, NULL), WRIT_OK);
    return v;
}

static void the_digest_covers_what_a_tool_does_and_nothing_else(void **state)
{
    static const char base[] = "{\"name\":\"t\",\"description\":\"d\",\"inputSchema\":{\"type\":"
                               "\"object\",\"required\":[\"a\"]}}";
    static const struct {
        const char *rule, *tool;
        bool same;
    } rows[] = {
        { "the order of keys does not count",
          "{\"inputSchema\":{\"required\":[\"a\"],\"type\":\"object\"},\"description\":\"d\","
          "\"name\":\"t\"}",
          true },
        { "nor do spaces and escapes",
          "{ \"n\\u0061me\":\"t\", "
          "\"description\":\"\\u0064\",\"inputSchema\":{\"type\":\"object\","
          "\"required\":[\"a\"]}}",
          true },
        { "nor members that only look nice",
          "{\"name\":\"t\",\"title\":\"T\",\"icons\":[],\"_meta\":{},\"description\":\"d\","
          "\"inputSchema\":{\"type\":\"object\",\"required\":[\"a\"]}}",
          true },
        { "the description counts",
          "{\"name\":\"t\",\"description\":\"D\",\"inputSchema\":{\"type\":\"object\",\"required\":"
          "[\"a\"]}}",
          false },
        { "an empty member is not an absent one",
          "{\"name\":\"t\",\"description\":\"d\",\"annotations\":{},\"inputSchema\":{\"type\":"
          "\"object\",\"required\":[\"a\"]}}",
          false },
        { "the order of a list counts",
          "{\"name\":\"t\",\"description\":\"d\",\"inputSchema\":{\"type\":\"object\",\"required\":"
          "[\"a\",\"b\"]}}",
          false },
    };
    WRIT_AUTO_JSON *first = parse(base);
    struct writ_hash want, got;

    (void)state;
    assert_int_equal(writ_tool_digest(first, &want, NULL), WRIT_OK);
    struct writ_hash known = writ_sha256(WRIT_LIT("{\"description\":\"d\",\"inputSchema\":{"
                                                  "\"required\":[\"a\"],\"type\":\"object\"},"
                                                  "\"name\":\"t\"}"));
    assert_true(writ_hash_eq(&want, &known));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        WRIT_AUTO_JSON *tool = parse(rows[i].tool);
        assert_int_equal(writ_tool_digest(tool, &got, NULL), WRIT_OK);
        if (writ_hash_eq(&want, &got) != rows[i].same)
            fail_msg("%s", rows[i].rule);
    }
}

static void filtering_keeps_the_bytes_of_all_that_stays(void **state)
{
#define HEAD "{ \"jsonrpc\":\"2.0\", \"result\" : {\"nextCursor\":\"\\u0041\",\"tools\" : "
#define TAIL ", \"ttlMs\":1.50, \"x\":[ 1 ,2]}, \"id\":1 } "
    static const struct {
        const char *items;
        bool keep[3];
        size_t count;
        const char *left;
    } rows[] = {
        { "[{\"name\":\"a\"}, {\"name\":\"b\" ,\"n\":1.0},{\"name\":\"c\"}]",
          { true, true, true },
          3,
          "[{\"name\":\"a\"},{\"name\":\"b\" ,\"n\":1.0},{\"name\":\"c\"}]" },
        { "[{\"name\":\"a\"}, {\"name\":\"b]\" },{\"name\":\"c\"}]",
          { false, true, false },
          3,
          "[{\"name\":\"b]\" }]" },
        { "[{\"name\":\"a\"}, 5,\"\\\"]\"]", { true, false, false }, 3, "[{\"name\":\"a\"}]" },
        { "[{\"name\":\"a\"},{},{}]", { false, false, false }, 3, "[]" },
        { "[ ]", { true, true, true }, 0, "[]" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        WRIT_AUTO_MCP m;
        WRIT_AUTO_BUF line, want, got;
        struct writ_err err = { .text = "" };
        writ_buf_init(&line, 4096);
        writ_buf_init(&want, 4096);
        writ_buf_init(&got, 4096);
        assert_int_equal(writ_buf_addf(&line, HEAD "%s" TAIL, rows[i].items), WRIT_OK);
        assert_int_equal(writ_buf_addf(&want, HEAD "%s" TAIL, rows[i].left), WRIT_OK);
        writ_mcp_read(writ_buf_slice(&line), &m);
        if (writ_tools_filter(&m, WRIT_MCP_TOOLS_LIST, rows[i].keep, rows[i].count, &got, &err) !=
                WRIT_OK ||
            !writ_slice_eq(writ_buf_slice(&got), writ_buf_slice(&want)))
            fail_msg("row %zu: %s %.*s", i, err.text, WRIT_FMT(writ_buf_slice(&got)));
    }
}

static void what_is_no_list_is_refused(void **state)
{
    static const char *const lines[] = {
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"tools\":{}}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"prompts\":[]}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[]}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"tools\":[]}}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        WRIT_AUTO_MCP m;
        const json_t *items = NULL;
        writ_mcp_read(writ_cstr(lines[i]), &m);
        assert_int_equal(m.kind, WRIT_MCP_RESPONSE);
        assert_int_equal(writ_tools_items(&m, WRIT_MCP_TOOLS_LIST, &items, NULL), WRIT_FORMAT);
        assert_null(items);
    }
}

static void items_without_a_usable_name_are_never_shown(void **state)
{
    static const struct {
        const char *item;
        bool shown;
    } rows[] = {
        { "{\"name\":\"read_file\"}", true },
        { "{\"name\":\"a b\"}", false },
        { "{\"name\":\"a/b\"}", false },
        { "{\"name\":1}", false },
        { "{}", false },
        { "[]", false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct writ_slice name;
        WRIT_AUTO_JSON *item = parse(rows[i].item);
        assert_int_equal(writ_tools_name(item, &name), rows[i].shown);
    }
}

static void arguments_are_held_to_the_tools_schema(void **state)
{
#define CLOSED                                                                             \
    "{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\"},\"n\":{\"type\":" \
    "\"integer\"},"                                                                        \
    "\"f\":{\"type\":[\"boolean\",\"null\"]},\"any\":{}},\"required\":[\"path\"],"         \
    "\"additionalProperties\":false}"
    static const struct {
        const char *rule, *schema, *arguments;
        bool fits;
    } rows[] = {
        { "all is there", CLOSED, "{\"path\":\"/a\",\"n\":1,\"f\":null,\"any\":[]}", true },
        { "a required name is missing", CLOSED, "{\"n\":1}", false },
        { "an unknown name", CLOSED, "{\"path\":\"/a\",\"x\":1}", false },
        { "a name in another case is another name", CLOSED, "{\"path\":\"/a\",\"N\":1}", false },
        { "a number for a text", CLOSED, "{\"path\":1}", false },
        { "a text for an integer", CLOSED, "{\"path\":\"/a\",\"n\":\"1\"}", false },
        { "a fraction for an integer", CLOSED, "{\"path\":\"/a\",\"n\":1.5}", false },
        { "a whole number written as a fraction", CLOSED, "{\"path\":\"/a\",\"n\":2.0}", true },
        { "one of several types", CLOSED, "{\"path\":\"/a\",\"f\":true}", true },
        { "none of several types", CLOSED, "{\"path\":\"/a\",\"f\":0}", false },
        { "an open schema takes other names", "{\"properties\":{\"a\":{\"type\":\"array\"}}}",
          "{\"b\":1,\"a\":[]}", true },
        { "types hold in an open schema too", "{\"properties\":{\"a\":{\"type\":\"array\"}}}",
          "{\"a\":{}}", false },
        { "patterns are the server's to check",
          "{\"additionalProperties\":false,\"patternProperties\":{\"^x\":{}}}", "{\"x\":1}", true },
        { "no schema bounds nothing", "{}", "{\"x\":1}", true },
        { "a schema that says nothing sensible bounds nothing",
          "{\"required\":5,\"properties\":[],\"additionalProperties\":{}}", "{\"x\":1}", true },
        { "a property that is a bare yes", "{\"properties\":{\"x\":true}}", "{\"x\":1}", true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        WRIT_AUTO_JSON *schema = parse(rows[i].schema);
        WRIT_AUTO_JSON *arguments = parse(rows[i].arguments);
        struct writ_err err = { .text = "" };
        enum writ_status st = writ_tools_check(schema, arguments, &err);
        if (st != (rows[i].fits ? WRIT_OK : WRIT_FORMAT))
            fail_msg("%s: %s", rows[i].rule, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_digest_covers_what_a_tool_does_and_nothing_else),
        cmocka_unit_test(filtering_keeps_the_bytes_of_all_that_stays),
        cmocka_unit_test(what_is_no_list_is_refused),
        cmocka_unit_test(items_without_a_usable_name_are_never_shown),
        cmocka_unit_test(arguments_are_held_to_the_tools_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
