#include "test.h"

#include "world.h"

#include "base/banned.h"

#define RULE(more) "{'approval':[{'actions':['files/*'],'quorum':1,'within_s':600" more "}]}"

static void must(const struct world *w, enum writ_status st)
{
    if (st != WRIT_OK)
        fail_msg("%s", w->err.text);
}

static struct answer act(struct world *w, unsigned salt)
{
    return world_act(w, &(struct ask){ .grant = "g", .salt = salt });
}

static void reason(const struct answer *x, const char *want)
{
    if (strcmp(x->reason, want) != 0)
        fail_msg("`%s` (%s), not `%s`", x->reason, x->detail, want);
}

static void test_used_once(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_grant(&w, "g", RULE(""));
    struct answer x = act(&w, 5), y = act(&w, 5);
    reason(&x, "approval_required");
    assert_true(x.asks && x.verdict == WRIT_HOLD);
    reason(&y, "approval_required");
    assert_false(y.asks); /* it was asked for already */
    assert_string_equal(x.approval, y.approval);
    must(&w, world_narrow(&w, WRIT_RECORD_APPROVAL_OPENED, x.approval));
    assert_int_equal(world_narrow(&w, WRIT_RECORD_APPROVAL_OPENED, x.approval), WRIT_CONFLICT);
    must(&w, world_approve(&w, BOB, x.approval));
    y = act(&w, 5);
    reason(&y, "");
    assert_string_equal(y.approval, x.approval);
    assert_int_equal(writ_authority_approval_state(w.a, writ_cstr(x.approval), w.now),
                     WRIT_APPROVAL_USED);
    y = act(&w, 5);
    reason(&y, "approval_required");
    assert_true(y.asks);
    assert_string_not_equal(x.approval, y.approval);
    assert_int_equal(world_approve(&w, BOB, x.approval), WRIT_CONFLICT);
    world_release(&w);
}

/* Whatever is different asks anew; what is the same is found. */
static void test_bound_to_the_action(void **state)
{
    static const struct {
        const char *rule;
        struct ask ask;
    } OTHERS[] = {
        { "another grant", { .grant = "g2", .salt = 5 } },
        { "another action", { .grant = "g", .salt = 5, .action = "files/tools/write" } },
        { "another resource", { .grant = "g", .salt = 5, .arguments = "{'path':'/srv/b.txt'}" } },
        { "another argument",
          { .grant = "g", .salt = 5, .arguments = "{'path':'/srv/a.txt','n':1}" } },
        { "the same resource in other words",
          { .grant = "g", .salt = 5, .arguments = "{'path':'/srv/./a.txt'}" } },
        { "another salt", { .grant = "g", .salt = 6 } },
    };
    struct world w;

    (void)state;
    world_init(&w);
    world_grant(&w, "g", RULE(""));
    world_grant(&w, "g2", RULE(""));
    struct answer x = act(&w, 5);
    must(&w, world_approve(&w, BOB, x.approval));
    for (size_t i = 0; i < ARRAY_LEN(OTHERS); i++) {
        struct answer y = world_act(&w, &OTHERS[i].ask);
        if (y.verdict != WRIT_HOLD || !y.asks)
            fail_msg("%s: used the approval of something else", OTHERS[i].rule);
    }
    x = world_act(&w, &(struct ask){ .grant = "g", .salt = 5, .txn = "txn-2" });
    reason(&x, ""); /* a retry may have another transaction */
    world_release(&w);
}

static void test_expiry(void **state)
{
    struct world w;
    struct writ_record r;

    (void)state;
    world_init(&w);
    world_grant(&w, "g", RULE(""));
    struct answer x = act(&w, 5);
    assert_false(writ_authority_next_expired(w.a, w.now + 600 * SECOND - 1, &w.arena, &r));
    w.now += 600 * SECOND - 1;
    assert_int_equal(world_narrow(&w, WRIT_RECORD_APPROVAL_EXPIRED, x.approval), WRIT_CONFLICT);
    w.now += 1;
    assert_int_equal(world_approve(&w, BOB, x.approval), WRIT_CONFLICT);
    assert_int_equal(world_narrow(&w, WRIT_RECORD_APPROVAL_REFUSED, x.approval), WRIT_CONFLICT);
    assert_true(writ_authority_next_expired(w.a, w.now, &w.arena, &r));
    (void)world_commit(&w, &r);
    assert_false(writ_authority_next_expired(w.a, w.now, &w.arena, &r));
    struct answer y = act(&w, 5);
    reason(&y, "approval_required");
    assert_true(y.asks);
    /* Given, but not used in time. */
    must(&w, world_approve(&w, BOB, y.approval));
    w.now += 600 * SECOND;
    assert_int_equal(writ_authority_approval_state(w.a, writ_cstr(y.approval), w.now),
                     WRIT_APPROVAL_EXPIRED);
    x = act(&w, 5);
    reason(&x, "approval_required");
    assert_string_not_equal(x.approval, y.approval);
    world_release(&w);
}

static void test_quorum(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_grant(&w, "g",
                "{'approval':[{'actions':['files/*'],'quorum':1,'within_s':600},"
                "{'actions':['files/tools/read'],'quorum':2,'within_s':60}]}");
    struct answer x = act(&w, 5);
    must(&w, world_approve(&w, BOB, x.approval));
    struct answer y = act(&w, 5);
    reason(&y, "approval_required");
    assert_false(y.asks);
    assert_int_equal(world_approve(&w, BOB, x.approval), WRIT_CONFLICT); /* twice is once */
    must(&w, world_approve(&w, CAROL, x.approval));
    y = act(&w, 5);
    reason(&y, "");
    x = act(&w, 5);
    w.now += 60 * SECOND; /* the shorter of the two times holds */
    assert_int_equal(world_approve(&w, BOB, x.approval), WRIT_CONFLICT);
    world_release(&w);
}

static void test_four_eyes(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_grant(&w, "g", RULE(",'four_eyes':true"));
    world_grant(&w, "two", RULE(""));
    struct answer x = act(&w, 5);
    assert_int_equal(world_approve(&w, ALICE, x.approval), WRIT_REFUSED);
    assert_non_null(strstr(w.err.text, "four eyes"));
    must(&w, world_approve(&w, BOB, x.approval));
    x = world_act(&w, &(struct ask){ .grant = "two" });
    must(&w, world_approve(&w, ALICE, x.approval));
    world_release(&w);
}

static void test_refused_stays_refused(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_grant(&w, "g", RULE(""));
    struct answer x = act(&w, 5);
    must(&w, world_narrow(&w, WRIT_RECORD_APPROVAL_REFUSED, x.approval));
    assert_int_equal(world_approve(&w, BOB, x.approval), WRIT_CONFLICT);
    assert_int_equal(world_narrow(&w, WRIT_RECORD_APPROVAL_REFUSED, x.approval), WRIT_CONFLICT);
    struct answer y = act(&w, 5);
    reason(&y, "approval_refused");
    assert_int_equal(y.verdict, WRIT_DENY);
    y = act(&w, 6);
    reason(&y, "approval_required");
    w.now += 600 * SECOND - 1;
    y = act(&w, 5);
    reason(&y, "approval_refused");
    w.now += 1;
    y = act(&w, 5);
    reason(&y, "approval_required");
    assert_true(y.asks);
    world_release(&w);
}

/* Rules of every link apply at once. */
static void test_rules_of_the_chain(void **state)
{
    struct world w;
    const struct ask q = { .agent = HELPER, .grant = "d", .salt = 5 };

    (void)state;
    world_init(&w);
    world_grant(&w, "g", RULE(",'four_eyes':true"));
    must(&w, world_derive(&w, BOT,
                          world_grant_text(&w, "d",
                                           "{'parent':'g','holder':'helper','max_depth':0,"
                                           "'approval':[{'actions':['files/tools/read'],"
                                           "'quorum':2,'within_s':60}]}")));
    struct answer x = world_act(&w, &q);
    reason(&x, "approval_required");
    assert_int_equal(world_approve(&w, ALICE, x.approval), WRIT_REFUSED);
    must(&w, world_approve(&w, BOB, x.approval));
    must(&w, world_approve(&w, CAROL, x.approval));
    must(&w, world_narrow(&w, WRIT_RECORD_GRANT_REVOKED, "g"));
    x = world_act(&w, &q); /* an approval revives nothing */
    reason(&x, "grant_revoked");
    world_release(&w);
}

/* Each field of the text must be that of the action that waits. */
static void test_the_text(void **state)
{
    static const char *const FIELDS[] = { "action", "arguments", "digest", "resources",
                                          "approval" };
    struct world w;

    (void)state;
    world_init(&w);
    world_grant(&w, "g", RULE(""));
    struct answer x = act(&w, 5);
    for (size_t i = 0; i < ARRAY_LEN(FIELDS); i++) {
        WRIT_AUTO_JSON *o = NULL;
        WRIT_AUTO_BUF text;
        writ_buf_init(&text, 8192);
        assert_int_equal(
            writ_json_parse_object(world_approval_text(&w, BOB, x.approval, NULL), 8192, &o, NULL),
            WRIT_OK);
        bool list = json_is_array(json_object_get(o, FIELDS[i]));
        assert_int_equal(
            json_object_set_new(o, FIELDS[i],
                                list ? json_pack("[s]", "file:///srv/b") : json_string("x")),
            0);
        assert_int_equal(writ_json_canonical(o, &text, NULL), WRIT_OK);
        if (world_change(&w, BOB, writ_buf_slice(&text)) == WRIT_OK)
            fail_msg("approved with another %s", FIELDS[i]);
    }
    /* bob's text signed by carol, and by one who may not approve */
    struct writ_slice text = world_approval_text(&w, BOB, x.approval, NULL);
    assert_int_equal(world_change(&w, CAROL, text), WRIT_REFUSED);
    assert_int_equal(world_change(&w, OLGA, world_approval_text(&w, OLGA, x.approval, NULL)),
                     WRIT_REFUSED);
    assert_int_equal(
        world_change_raw(&w, text, world_ssh(&w, w.people[BOB], "writ.change", text), true),
        WRIT_SIGNATURE);
    must(&w, world_change(&w, BOB, text));
    world_release(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_used_once),
        cmocka_unit_test(test_bound_to_the_action),
        cmocka_unit_test(test_expiry),
        cmocka_unit_test(test_quorum),
        cmocka_unit_test(test_four_eyes),
        cmocka_unit_test(test_refused_stays_refused),
        cmocka_unit_test(test_rules_of_the_chain),
        cmocka_unit_test(test_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
