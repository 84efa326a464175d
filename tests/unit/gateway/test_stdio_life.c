#include "test.h"

#include <signal.h>
#include <unistd.h>

#include "authority/authority.h"
#include "rig.h"

#include "base/json.h"

#include "base/banned.h"

static void a_cancelled_call_is_not_forwarded_any_more(void **state)
{
#define CANCEL(id) \
    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":" id "}}"
    struct rig r;

    (void)state;
    rig_init(&r);
    r.patience.cancel_ms = 50;
    rig_start_only(&r);
    rig_accept(&r);
    rig_say(&r, READ("1"));
    struct writ_frame f = rig_authorize(&r, "files/tools/read", READ_ARGUMENTS);
    rig_say(&r, CANCEL("1"));
    rig_say(&r, PING("2"));
    rig_heard_by_server(&r, PING("2"));
    rig_verdict(&r, f.id, WRIT_ALLOW, 5, NULL); /* too late: it was allowed, and did not happen */
    rig_acknowledge(&r, 5, "cancelled");

    rig_say(&r, CALL("3", "{\"name\":\"mute\"}"));
    f = rig_authorize(&r, "files/tools/mute", "{}");
    rig_verdict(&r, f.id, WRIT_ALLOW, 6, NULL);
    rig_no_frame(&r, 50);
    rig_say(&r, CANCEL("3"));
    rig_acknowledge(&r, 6, "cancelled");
    rig_hear_nothing(&r, 30);
    rig_leave(&r);
}

static void without_the_authority_nothing_decided_happens(void **state)
{
    struct rig r;

    (void)state;
    rig_start(&r);
    rig_say(&r, READ("1"));
    (void)rig_authorize(&r, "files/tools/read", READ_ARGUMENTS);
    (void)close(r.listening);
    (void)unlink(r.socket_path);
    r.listening = -1;
    rig_hang_up(&r);
    rig_hear_with(&r, "1", "authority_unreachable");
    rig_say(&r, READ("2"));
    rig_hear_with(&r, "2", "authority_unreachable");
    rig_say(&r, PING("3"));
    rig_heard_by_server(&r, PING("3"));
    rig_say(&r, "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"tools/list\"}");
    rig_hear_with(&r, "4", "authority_unreachable");
    rig_leave(&r);
}

static void the_authority_may_come_back(void **state)
{
    struct rig r;

    (void)state;
    rig_start(&r);
    rig_say(&r, READ("1"));
    struct writ_frame f = rig_authorize(&r, "files/tools/read", READ_ARGUMENTS);
    rig_verdict(&r, f.id, WRIT_ALLOW, 5, NULL);
    (void)rig_complete(&r, 5, "ok");
    rig_hang_up(&r); /* before it was acknowledged: asked again on the next connection */
    rig_accept(&r);
    rig_acknowledge(&r, 5, "ok");
    rig_heard_by_server(&r, READ("1"));
    rig_leave(&r);
}

static void an_unacknowledged_outcome_is_delivered_all_the_same(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r);
    r.patience.complete_ms = 100;
    r.patience.decide_ms = 100;
    rig_start_only(&r);
    rig_accept(&r);
    rig_say(&r, READ("1"));
    struct writ_frame f = rig_authorize(&r, "files/tools/read", READ_ARGUMENTS);
    rig_verdict(&r, f.id, WRIT_ALLOW, 5, NULL);
    (void)rig_complete(&r, 5, "ok");
    rig_heard_by_server(&r, READ("1"));

    /* A decision that comes too late is recorded as not carried out. */
    rig_say(&r, READ("2"));
    f = rig_authorize(&r, "files/tools/read", READ_ARGUMENTS);
    rig_hear_with(&r, "2", "authority_unreachable");
    rig_verdict(&r, f.id, WRIT_ALLOW, 6, NULL);
    rig_acknowledge(&r, 6, "cancelled");
    rig_hear_nothing(&r, 30);
    rig_leave(&r);
}

static void lines_beyond_four_mebibytes_go_nowhere(void **state)
{
    const size_t len = (5u << 20);
    char *line = malloc(len + 1);
    struct rig r;

    (void)state;
    assert_non_null(line);
    memset(line, ' ', len);
    memcpy(line, "{\"id\":1,", 8);
    line[len] = '\0';
    rig_start(&r);
    rig_say(&r, line);
    rig_hear_with(&r, "1", "longer than 4 MiB");
    rig_say(&r, CALL("2", "{\"name\":\"huge\"}"));
    struct writ_frame f = rig_authorize(&r, "files/tools/huge", "{}");
    rig_verdict(&r, f.id, WRIT_ALLOW, 5, NULL);
    rig_acknowledge(&r, 5, "error");
    rig_hear_with(&r, "2", "too long");
    rig_say(&r, "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"junk\"}");
    rig_hear_with(&r, "3", "-32603");
    rig_say(&r, PING("4"));
    rig_heard_by_server(&r, PING("4"));
    free(line);
    rig_leave(&r);
}

static void a_server_that_ends_takes_its_calls_along(void **state)
{
    struct rig r;

    (void)state;
    rig_start(&r);
    rig_say(&r, CALL("1", "{\"name\":\"mute\"}"));
    struct writ_frame f = rig_authorize(&r, "files/tools/mute", "{}");
    rig_verdict(&r, f.id, WRIT_ALLOW, 5, NULL);
    rig_say(&r, READ("2"));
    f = rig_authorize(&r, "files/tools/read", READ_ARGUMENTS);
    rig_say(&r, "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"exit\"}");
    uint32_t undecided = f.id;
    rig_hear_with(&r, "2", "nothing was forwarded");
    rig_hear_with(&r, "3", "-32603");
    rig_acknowledge(&r, 5, "lost");
    rig_hear_with(&r, "1", "in doubt");
    rig_verdict(&r, undecided, WRIT_ALLOW, 6, NULL);
    rig_acknowledge(&r, 6, "cancelled");
    rig_end(&r, 7);
}

static void a_client_that_leaves_ends_the_run(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r);
    r.patience.leave_ms = 100;
    rig_start_only(&r);
    rig_accept(&r);
    /* What was said before leaving still happens. */
    rig_say(&r, READ("1"));
    rig_say(&r, CALL("2", "{\"name\":\"mute\"}"));
    rig_close_client(&r);
    uint32_t read = rig_authorize(&r, "files/tools/read", READ_ARGUMENTS).id;
    uint32_t mute = rig_authorize(&r, "files/tools/mute", "{}").id;
    rig_verdict(&r, read, WRIT_ALLOW, 5, NULL);
    rig_verdict(&r, mute, WRIT_ALLOW, 6, NULL);
    rig_acknowledge(&r, 5, "ok");
    rig_heard_by_server(&r, READ("1"));
    rig_acknowledge(&r, 6, "cancelled");
    rig_end(&r, 0);
}

static void a_signal_ends_the_run(void **state)
{
    struct rig r;

    (void)state;
    rig_start(&r);
    rig_say(&r, PING("1"));
    rig_heard_by_server(&r, PING("1"));
    assert_int_equal(kill(r.gateway, SIGTERM), 0);
    rig_end(&r, 0);
}

static void the_start_fails_in_words_and_numbers(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r); /* nobody listens */
    (void)close(r.listening);
    r.listening = -1;
    rig_start_only(&r);
    rig_end(&r, 3);

    rig_init(&r);
    rig_start_only(&r);
    rig_turn_away(&r);
    rig_end(&r, 1);

    rig_init(&r);
    r.no_server = true;
    rig_start_only(&r);
    rig_accept(&r);
    rig_end(&r, 127);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cancelled_call_is_not_forwarded_any_more),
        cmocka_unit_test(without_the_authority_nothing_decided_happens),
        cmocka_unit_test(the_authority_may_come_back),
        cmocka_unit_test(an_unacknowledged_outcome_is_delivered_all_the_same),
        cmocka_unit_test(lines_beyond_four_mebibytes_go_nowhere),
        cmocka_unit_test(a_server_that_ends_takes_its_calls_along),
        cmocka_unit_test(a_client_that_leaves_ends_the_run),
        cmocka_unit_test(a_signal_ends_the_run),
        cmocka_unit_test(the_start_fails_in_words_and_numbers),
    };

    if (argc > 1 && strcmp(argv[1], "--server") == 0)
        return rig_server();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
