#include "test.h"

#include "world.h"

#include "base/banned.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static void must(const struct world *w, enum writ_status st)
{
    if (st != WRIT_OK)
        fail_msg("%s", w->err.text);
}

/* Lists one tool, commits what is to be committed, and returns how it is shown. */
static enum writ_listing list(struct world *w, const char *kind, const char *name,
                              const char *digest, bool *recorded)
{
    enum writ_listing out = WRIT_HIDE;
    struct writ_record r;

    struct writ_list_request request = {
        .agent = WRIT_LIT("bot"),
        .target = WRIT_LIT("files"),
        .kind = writ_cstr(kind),
        .name = writ_cstr(name),
        .digest = writ_cstr(digest),
    };
    must(w, writ_authority_list(w->a, &request, w->now, &out, recorded, &r, &w->err));
    if (*recorded)
        (void)world_commit(w, &r);
    return out;
}

static void expect(struct world *w, const char *rule, const char *name, const char *digest,
                   enum writ_listing want, bool want_record)
{
    bool recorded;
    enum writ_listing got = list(w, "tools", name, digest, &recorded);

    if (got != want || recorded != want_record)
        fail_msg("%s: shown %d, recorded %d", rule, (int)got, (int)recorded);
}

static void reason(struct world *w, const char *rule, const char *tool, const char *want)
{
    struct answer x = world_act(w, &(struct ask){ .grant = "g", .tool = tool });

    if (strcmp(x.reason, want) != 0)
        fail_msg("%s: `%s` (%s)", rule, x.reason, x.detail);
}

static void accept(struct world *w, const char *tool, const char *digest, enum writ_status want)
{
    assert_int_equal(
        world_change(w, OLGA,
                     world_text(w, "writ.tool", "{'target':'files','tool':'%s','digest':'%s'}",
                                tool, digest)),
        want);
}

static void target(struct world *w, const char *more)
{
    must(w, world_change(w, OLGA,
                         world_text(w, "writ.target",
                                    "{'target':'files','environment':'production','third_party':"
                                    "false,'resources':{'read':['file://{path}']}%s}",
                                    more)));
}

static void test_pin_and_change(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_grant(&w, "g", "{'actions':['files/tools/read']}");
    reason(&w, "before anything was listed", NULL, "");
    expect(&w, "first sight pins", "read", A, WRIT_SHOW, true);
    expect(&w, "the same again", "read", A, WRIT_SHOW, false);
    expect(&w, "what the grant does not name is pinned, and hidden", "write", A, WRIT_HIDE, true);
    reason(&w, "as pinned", A, "");
    reason(&w, "another definition", B, "tool_changed");
    reason(&w, "a gateway that has not looked", NULL, "tool_changed");
    expect(&w, "a change is held", "read", B, WRIT_HELD, true);
    expect(&w, "and recorded once", "read", B, WRIT_HELD, false);
    expect(&w, "the pinned one still shows", "read", A, WRIT_SHOW, false);
    accept(&w, "read", C, WRIT_REFUSED);
    accept(&w, "write", B, WRIT_REFUSED);
    accept(&w, "nothing", B, WRIT_NOT_FOUND);
    accept(&w, "read", B, WRIT_OK);
    reason(&w, "accepted", B, "");
    reason(&w, "the one before", A, "tool_changed");
    expect(&w, "accepted", "read", B, WRIT_SHOW, false);
    world_release(&w);
}

static void test_hold_new(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_grant(&w, "g", "{}");
    target(&w, ",'on_new_tool':'hold'");
    reason(&w, "nobody has seen it", A, "tool_changed");
    expect(&w, "new", "read", A, WRIT_HELD, true);
    reason(&w, "seen, not accepted", A, "tool_changed");
    target(&w, ",'on_new_tool':'pin'"); /* what was held is not let go by this */
    reason(&w, "held before", A, "tool_changed");
    expect(&w, "held before", "read", A, WRIT_HELD, false);
    accept(&w, "read", A, WRIT_OK);
    reason(&w, "accepted", A, "");
    target(&w, ""); /* not said: hold */
    expect(&w, "another", "write", A, WRIT_HELD, true);
    target(&w, ",'tools':{'read':'" C "'}");
    reason(&w, "pinned by the target's text", A, "tool_changed");
    reason(&w, "pinned by the target's text", C, "");
    world_release(&w);
}

static void test_who_sees_what(void **state)
{
    struct world w;
    bool recorded;

    (void)state;
    world_init(&w);
    world_grant(&w, "g", "{'actions':['files/tools/read','files/prompts/*']}");
    assert_int_equal(list(&w, "prompts", "hello", "", &recorded), WRIT_SHOW);
    assert_false(recorded);
    assert_int_equal(list(&w, "resources", "read", "", &recorded), WRIT_HIDE);
    assert_int_equal(list(&w, "tools", "a/b", A, &recorded), WRIT_HIDE);
    assert_int_equal(list(&w, "tools", "../x", A, &recorded), WRIT_HIDE);
    expect(&w, "read", "read", A, WRIT_SHOW, true);
    must(&w, world_narrow(&w, WRIT_RECORD_STOP_SET, "files"));
    expect(&w, "stopped", "read", A, WRIT_HIDE, false);
    must(&w, world_change(&w, OLGA, world_text(&w, "writ.lift", "{'stop':%zu}", w.len - 1)));
    expect(&w, "lifted", "read", A, WRIT_SHOW, false);
    w.now += 3600 * SECOND;
    expect(&w, "expired", "read", A, WRIT_HIDE, false);
    world_grant(&w, "g2", "{}");
    expect(&w, "another grant", "read", A, WRIT_SHOW, false);
    must(&w, world_narrow(&w, WRIT_RECORD_GRANT_REVOKED, "g2"));
    expect(&w, "revoked", "read", A, WRIT_HIDE, false);
    world_grant(&w, "g3", "{}");
    must(&w, world_narrow(&w, WRIT_RECORD_AGENT_SUSPENDED, "bot"));
    expect(&w, "suspended", "read", A, WRIT_HIDE, false);
    enum writ_listing out;
    struct writ_record r;
    struct writ_list_request request = {
        .agent = WRIT_LIT("bot"),
        .target = WRIT_LIT("files"),
        .kind = WRIT_LIT("tools"),
        .name = WRIT_LIT("x"),
        .digest = WRIT_LIT("abc"),
    };
    assert_int_equal(writ_authority_list(w.a, &request, w.now, &out, &recorded, &r, &w.err),
                     WRIT_FORMAT);
    world_release(&w);
}

/* A server cannot fill the state with names. */
static void test_many_tools(void **state)
{
    struct world w;
    bool recorded = true;
    char name[16];

    (void)state;
    world_init(&w);
    world_grant(&w, "g", "{}");
    for (int i = 0; i < 1024; i++) {
        (void)snprintf(name, sizeof(name), "t%d", i);
        assert_int_equal(list(&w, "tools", name, A, &recorded), WRIT_SHOW);
        assert_true(recorded);
    }
    assert_int_equal(list(&w, "tools", "one-more", A, &recorded), WRIT_HELD);
    assert_false(recorded);
    world_release(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pin_and_change),
        cmocka_unit_test(test_hold_new),
        cmocka_unit_test(test_who_sees_what),
        cmocka_unit_test(test_many_tools),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
