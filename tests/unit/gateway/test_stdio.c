#include "test.h"

#include "authority/authority.h"
#include "rig.h"

#include "base/json.h"

#include "base/banned.h"

static void what_is_not_decided_passes_untouched(void **state)
{
    static const char odd[] =
        "{ \"method\" : \"x/y\" ,\"id\":\"\\u0061\", \"jsonrpc\":\"2.0\",\"params\":{\"a\":1.50}}";
    struct rig r;

    (void)state;
    rig_start(&r);
    rig_say(&r, odd);
    rig_heard_by_server(&r, odd);
    rig_say(&r, "");
    rig_say(&r, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
    rig_say(&r, "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"environment\"}");
    assert_string_equal(rig_hear(&r),
                        "{\"jsonrpc\":\"2.0\",\"id\":9,\"result\":{\"strangers\":0}}");
    rig_no_frame(&r, 20);
    rig_leave(&r);
}

static void what_is_refused_is_answered_and_never_forwarded(void **state)
{
    struct rig r;

    (void)state;
    rig_start(&r);
    rig_say(&r, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"Method\":\"tools/call\"}");
    rig_hear_with(&r, "1", "-32600");
    rig_say(&r, "[" PING("2") "]");
    assert_non_null(strstr(rig_hear(&r), "batches"));
    rig_say(&r, "nonsense");
    assert_non_null(strstr(rig_hear(&r), "-32700"));
    rig_say(&r, PING("3"));
    rig_heard_by_server(&r, PING("3"));
    rig_leave(&r);
}

static void an_allowed_call_is_recorded_before_and_after(void **state)
{
    struct rig r;

    (void)state;
    rig_start(&r);
    rig_say(&r, READ("1"));
    struct writ_frame f = rig_authorize(&r, "files/tools/read", READ_ARGUMENTS);
    rig_hear_nothing(&r, 30);
    rig_verdict(&r, f.id, WRIT_ALLOW, 41, NULL);
    f = rig_complete(&r, 41, "ok");
    assert_true(writ_slice_starts(f.at[WRIT_TAG_RESULT], WRIT_LIT("{\"got\":")));
    assert_true(writ_frame_number(&f, WRIT_TAG_DURATION, 0) > 0);
    rig_hear_nothing(&r, 30);
    rig_number(&r, f.id, WRIT_FRAME_COMPLETE_REPLY, WRIT_TAG_INDEX, 42);
    rig_heard_by_server(&r, READ("1"));

    rig_say(&r, CALL("2", "{\"name\":\"fails\"}"));
    f = rig_authorize(&r, "files/tools/fails", "{}");
    rig_verdict(&r, f.id, WRIT_ALLOW, 43, NULL);
    rig_acknowledge(&r, 43, "error");
    rig_hear_with(&r, "2", "isError");
    rig_leave(&r);
}

static void a_denied_call_is_explained(void **state)
{
    struct rig r;

    (void)state;
    rig_start(&r);
    rig_say(&r, READ("1"));
    struct writ_frame f = rig_authorize(&r, "files/tools/read", READ_ARGUMENTS);
    rig_verdict(&r, f.id, WRIT_DENY, 7, NULL);
    rig_hear_with(&r, "1",
                  "Refused by Writ: action_out_of_scope. because. Nothing was done. "
                  "Ledger index 7.");
    rig_say(&r, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"resources/"
                "read\",\"params\":{\"uri\":\"u:x\"}}");
    f = rig_authorize(&r, "files/resources/read", "{\"uri\":\"u:x\"}");
    rig_verdict(&r, f.id, 99, 8, NULL); /* a verdict that this version does not know */
    rig_hear_with(&r, "2", "4030");
    rig_say(&r, READ("3"));
    f = rig_authorize(&r, "files/tools/read", READ_ARGUMENTS);
    rig_error(&r, f.id, WRIT_IO, "the disk is full");
    rig_hear_with(&r, "3", "the disk is full");
    rig_no_frame(&r, 20);
    rig_leave(&r);
}

static void equal_arguments_have_an_equal_digest(void **state)
{
    struct rig r;
    uint8_t salt[32];

    (void)state;
    rig_start(&r);
    rig_say(&r, READ("1"));
    struct writ_frame f = rig_authorize(&r, "files/tools/read", READ_ARGUMENTS);
    memcpy(salt, f.at[WRIT_TAG_SALT].ptr, sizeof(salt));
    /* Another spelling is the same call: its approval fits. */
    rig_say(&r, CALL("2", "{\"name\":\"read\",\"arguments\":{ \"p\\u0061th\": \"\\/a\" }}"));
    f = rig_authorize(&r, "files/tools/read", READ_ARGUMENTS);
    assert_memory_equal(f.at[WRIT_TAG_SALT].ptr, salt, sizeof(salt));
    rig_say(&r, CALL("3", "{\"name\":\"read\",\"arguments\":{\"path\":\"/b\"}}"));
    f = rig_authorize(&r, "files/tools/read", "{\"path\":\"/b\"}");
    assert_memory_not_equal(f.at[WRIT_TAG_SALT].ptr, salt, sizeof(salt));
    rig_hang_up(&r);
    for (size_t i = 0; i < 3; i++)
        assert_non_null(strstr(rig_hear(&r), "authority_unreachable"));
    rig_leave(&r);
}

static void many_calls_are_in_flight_at_once(void **state)
{
    struct rig r;
    uint32_t ids[3];

    (void)state;
    rig_start(&r);
    rig_say(&r, READ("1"));
    rig_say(&r, READ("2"));
    rig_say(&r, READ("2")); /* an id that is taken */
    rig_say(&r, PING("1"));
    rig_say(&r, CALL("\"2\"", "{\"name\":\"write\"}")); /* a text is not a number */
    ids[0] = rig_authorize(&r, "files/tools/read", READ_ARGUMENTS).id;
    ids[1] = rig_authorize(&r, "files/tools/read", READ_ARGUMENTS).id;
    ids[2] = rig_authorize(&r, "files/tools/write", "{}").id;
    rig_hear_with(&r, "2", "-32600");
    rig_hear_with(&r, "1", "-32600");
    rig_verdict(&r, ids[2], WRIT_DENY, 3, NULL);
    rig_hear_with(&r, "\"2\"", "Refused");
    rig_verdict(&r, ids[1], WRIT_ALLOW, 2, NULL);
    rig_acknowledge(&r, 2, "ok");
    rig_heard_by_server(&r, READ("2"));
    rig_verdict(&r, ids[0], WRIT_DENY, 1, NULL);
    rig_hear_with(&r, "1", "Refused");
    rig_leave(&r);
}

static void lists_show_what_may_be_called_and_bound_the_calls(void **state)
{
    static const uint8_t verdicts[] = { WRIT_SHOW, WRIT_HIDE, WRIT_HELD, WRIT_SHOW };
    static const char *const names[] = { "read", "hidden", "held", "write" };
    struct rig r;
    enum writ_tag tag;
    struct writ_slice value;
    size_t cursor = 0;

    (void)state;
    rig_start(&r);
    rig_say(&r, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}");
    struct writ_frame f = rig_frame(&r, WRIT_FRAME_LIST);
    assert_true(writ_slice_is(f.at[WRIT_TAG_KIND], "tools"));
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        assert_true(writ_frame_next(&f, &cursor, WRIT_TAG_NAME, &tag, &value));
        assert_true(writ_slice_is(value, names[i]));
    }
    assert_false(writ_frame_next(&f, &cursor, WRIT_TAG_NAME, &tag, &value));
    rig_listing(&r, f.id, writ_slice(verdicts, sizeof(verdicts)));
    assert_string_equal(rig_hear(&r),
                        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"tools\":[{\"name\":\"read\","
                        "\"inputSchema\":{\"type\":\"object\",\"required\":[\"path\"]}},"
                        "{\"name\":\"write\", \"x\":1.0}],\"ttlMs\":5}}");

    rig_say(&r, CALL("2", "{\"name\":\"read\",\"arguments\":{}}"));
    rig_hear_with(&r, "2", "arguments outside the tool's schema");
    rig_no_frame(&r, 20);
    rig_say(&r, READ("3"));
    f = rig_authorize(&r, "files/tools/read", READ_ARGUMENTS);
    assert_int_equal(f.at[WRIT_TAG_TOOL].len, 64);
    rig_verdict(&r, f.id, WRIT_DENY, 1, NULL);
    rig_hear_with(&r, "3", "Refused");

    /* The server's answer to this one is no list, and nothing of it is shown. */
    rig_say(&r, "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"prompts/list\"}");
    rig_hear_with(&r, "5", "malformed");

    rig_say(&r, "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"tools/list\"}");
    f = rig_frame(&r, WRIT_FRAME_LIST);
    rig_error(&r, f.id, WRIT_NOT_FOUND, "no such agent");
    rig_hear_with(&r, "4", "no such agent");
    rig_leave(&r);
}

static void a_tool_that_was_not_listed_is_looked_up_first(void **state)
{
    struct rig r;

    (void)state;
    rig_start(&r);
    /* Two at once: listed once, and the client hears nothing of it. */
    rig_say(&r, READ("1"));
    rig_say(&r, CALL("2", "{\"name\":\"read\",\"arguments\":{}}"));
    struct writ_frame f = rig_authorize(&r, "files/tools/read", READ_ARGUMENTS);
    assert_int_equal(f.at[WRIT_TAG_TOOL].len, 64);
    rig_hear_with(&r, "2", "arguments outside the tool's schema");
    rig_verdict(&r, f.id, WRIT_DENY, 1, NULL);
    rig_hear_with(&r, "1", "Refused");

    /* Known by now, also what the server does not have. */
    rig_say(&r, READ("3"));
    f = rig_frame(&r, WRIT_FRAME_AUTHORIZE);
    rig_verdict(&r, f.id, WRIT_DENY, 2, NULL);
    rig_hear_with(&r, "3", "Refused");
    rig_say(&r, CALL("4", "{\"name\":\"nothing\"}"));
    f = rig_frame(&r, WRIT_FRAME_AUTHORIZE);
    assert_int_equal(f.at[WRIT_TAG_TOOL].len, 0);
    rig_verdict(&r, f.id, WRIT_DENY, 3, NULL);
    rig_hear_with(&r, "4", "Refused");

    /* Until the server says that its tools are others now. */
    rig_say(&r, "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"change\"}");
    assert_non_null(strstr(rig_hear(&r), "list_changed"));
    rig_hear_with(&r, "5", "got");
    rig_say(&r, READ("6"));
    f = rig_frame(&r, WRIT_FRAME_LIST);
    rig_error(&r, f.id, WRIT_IO, "no"); /* then the authority decides with what is known */
    f = rig_frame(&r, WRIT_FRAME_AUTHORIZE);
    assert_int_equal(f.at[WRIT_TAG_TOOL].len, 64);
    rig_verdict(&r, f.id, WRIT_DENY, 4, NULL);
    rig_hear_with(&r, "6", "Refused");
    rig_leave(&r);
}

static void a_legacy_call_waits_for_its_approval(void **state)
{
    struct rig r;
    uint8_t salt[32], nonce[16];

    (void)state;
    rig_start(&r);
    rig_say(&r, CALL("1", "{\"name\":\"pay\",\"_meta\":{\"progressToken\":\"p\"}}"));
    struct writ_frame f = rig_authorize(&r, "files/tools/pay", "{}");
    memcpy(salt, f.at[WRIT_TAG_SALT].ptr, sizeof(salt));
    memcpy(nonce, f.at[WRIT_TAG_NONCE].ptr, sizeof(nonce));
    rig_verdict(&r, f.id, WRIT_HOLD, 5, "ap-1");
    assert_non_null(strstr(rig_hear(&r), "writ approve ap-1"));
    f = rig_frame(&r, WRIT_FRAME_AWAIT);
    assert_true(writ_slice_is(f.at[WRIT_TAG_APPROVAL], "ap-1"));
    rig_say(&r, PING("2")); /* others go on meanwhile */
    rig_heard_by_server(&r, PING("2"));
    rig_number(&r, f.id, WRIT_FRAME_AWAIT_REPLY, WRIT_TAG_STATE, WRIT_APPROVAL_GIVEN);
    f = rig_authorize(&r, "files/tools/pay", "{}");
    assert_memory_equal(f.at[WRIT_TAG_SALT].ptr, salt,
                        sizeof(salt)); /* so the digest is the same */
    assert_memory_not_equal(f.at[WRIT_TAG_NONCE].ptr, nonce, sizeof(nonce));
    rig_verdict(&r, f.id, WRIT_ALLOW, 6, NULL);
    rig_acknowledge(&r, 6, "ok");
    rig_hear_with(&r, "1", "got");

    static const struct {
        uint64_t state;
        const char *words;
    } rows[] = { { WRIT_APPROVAL_REFUSED, "approval_refused" },
                 { WRIT_APPROVAL_EXPIRED, "approval_expired" },
                 { WRIT_APPROVAL_PENDING, "authority_error" } };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        rig_say(&r, CALL("3", "{\"name\":\"pay\"}"));
        f = rig_authorize(&r, "files/tools/pay", "{}");
        rig_verdict(&r, f.id, WRIT_HOLD, 7, "ap-2");
        f = rig_frame(&r, WRIT_FRAME_AWAIT);
        rig_number(&r, f.id, WRIT_FRAME_AWAIT_REPLY, WRIT_TAG_STATE, rows[i].state);
        rig_hear_with(&r, "3", rows[i].words);
    }
    rig_leave(&r);
}

/* The requestState of the input_required answer that comes now. */
static void hear_state(struct rig *r, char out[HANDLE_MAX])
{
    WRIT_AUTO_JSON *m = json_loads(rig_hear(r), 0, NULL);
    const json_t *result = json_object_get(m, "result");

    assert_string_equal(json_string_value(json_object_get(result, "resultType")), "input_required");
    (void)snprintf(out, HANDLE_MAX, "%s",
                   json_string_value(json_object_get(result, "requestState")));
}

static void a_modern_call_comes_back_with_its_handle(void **state)
{
    struct rig r;
    char handle[HANDLE_MAX], line[1024];

    (void)state;
    rig_init(&r);
    r.patience.retry_ms = 100;
    rig_start_only(&r);
    rig_accept(&r);
    rig_say(&r, CALL("1", "{\"name\":\"pay\"," MODERN "}"));
    struct writ_frame f = rig_authorize(&r, "files/tools/pay", "{}");
    rig_verdict(&r, f.id, WRIT_HOLD, 5, "ap-1");
    hear_state(&r, handle);

    /* Forged, of another call, or declined: never asked again, never forwarded. */
    (void)snprintf(line, sizeof(line),
                   CALL("2", "{\"name\":\"pay\"," MODERN ",\"requestState\":\"%.*sx\"}"),
                   (int)strlen(handle) - 1, handle);
    rig_say(&r, line);
    rig_hear_with(&r, "2", "request_state_invalid");
    (void)snprintf(line, sizeof(line),
                   CALL("3", "{\"name\":\"steal\"," MODERN ",\"requestState\":\"%s\"}"), handle);
    rig_say(&r, line);
    rig_hear_with(&r, "3", "another call");
    (void)snprintf(line, sizeof(line),
                   CALL("4",
                        "{\"name\":\"pay\"," MODERN ",\"requestState\":\"%s\",\"inputResponses\":"
                        "{\"approval\":{\"action\":\"decline\"}}}"),
                   handle);
    rig_say(&r, line);
    rig_hear_with(&r, "4", "approval_declined");

    /* Too early: the handle is renewed. */
    (void)snprintf(line, sizeof(line),
                   CALL("5",
                        "{\"name\":\"pay\"," MODERN ",\"requestState\":\"%s\",\"inputResponses\":"
                        "{\"approval\":{\"action\":\"accept\"}}}"),
                   handle);
    rig_say(&r, line);
    (void)rig_frame(&r, WRIT_FRAME_AWAIT);
    hear_state(&r, handle);

    /* Given: decided again, and forwarded without what is ours. */
    (void)snprintf(line, sizeof(line),
                   CALL("6",
                        "{\"requestState\":\"%s\",\"name\":\"pay\"," MODERN ",\"inputResponses\":"
                        "{\"approval\":{\"action\":\"accept\"}}}"),
                   handle);
    rig_say(&r, line);
    f = rig_frame(&r, WRIT_FRAME_AWAIT);
    rig_number(&r, f.id, WRIT_FRAME_AWAIT_REPLY, WRIT_TAG_STATE, WRIT_APPROVAL_GIVEN);
    f = rig_authorize(&r, "files/tools/pay", "{}");
    rig_verdict(&r, f.id, WRIT_ALLOW, 6, NULL);
    rig_acknowledge(&r, 6, "ok");
    rig_heard_by_server(&r, CALL("6", "{\"name\":\"pay\"," MODERN "}"));

    /* A state of the server's own is the server's. */
    rig_say(&r, CALL("7", "{\"name\":\"pay\"," MODERN ",\"requestState\":\"theirs\"}"));
    f = rig_authorize(&r, "files/tools/pay", "{}");
    rig_verdict(&r, f.id, WRIT_ALLOW, 7, NULL);
    rig_acknowledge(&r, 7, "ok");
    rig_heard_by_server(&r, CALL("7", "{\"name\":\"pay\"," MODERN ",\"requestState\":\"theirs\"}"));
    rig_leave(&r);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_decided_passes_untouched),
        cmocka_unit_test(what_is_refused_is_answered_and_never_forwarded),
        cmocka_unit_test(an_allowed_call_is_recorded_before_and_after),
        cmocka_unit_test(a_denied_call_is_explained),
        cmocka_unit_test(equal_arguments_have_an_equal_digest),
        cmocka_unit_test(many_calls_are_in_flight_at_once),
        cmocka_unit_test(lists_show_what_may_be_called_and_bound_the_calls),
        cmocka_unit_test(a_tool_that_was_not_listed_is_looked_up_first),
        cmocka_unit_test(a_legacy_call_waits_for_its_approval),
        cmocka_unit_test(a_modern_call_comes_back_with_its_handle),
    };

    if (argc > 1 && strcmp(argv[1], "--server") == 0)
        return rig_server();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
