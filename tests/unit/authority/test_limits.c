#include "test.h"

#include "world.h"

#include "base/banned.h"

static void must(const struct world *w, enum writ_status st)
{
    if (st != WRIT_OK)
        fail_msg("%s", w->err.text);
}

static uint64_t allowed(struct world *w, const char *grant)
{
    struct answer x = world_act(w, &(struct ask){ .grant = grant });

    if (x.verdict != WRIT_ALLOW)
        fail_msg("%s: %s, %s", grant, x.reason, x.detail);
    return x.index;
}

static void refused(struct world *w, const struct ask *q, const char *reason)
{
    struct answer x = world_act(w, q);

    if (x.verdict != WRIT_DENY || strcmp(x.reason, reason) != 0)
        fail_msg("`%s` (%s), not `%s`", x.reason, x.detail, reason);
}

static void derive(struct world *w, const char *id, enum bot holder, const char *more)
{
    must(w, world_derive(w, BOT,
                         world_grant_text(w, id, "{'parent':'g','holder':'%s','max_depth':0%s}",
                                          BOTNAME[holder], more)));
}

static void test_calls(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_grant(&w, "g", "{'limits':{'calls':3}}");
    allowed(&w, "g");
    /* What is refused or held is not counted. */
    refused(&w, &(struct ask){ .grant = "g", .arguments = "{'path':'/etc'}" },
            "resource_out_of_scope");
    allowed(&w, "g");
    allowed(&w, "g");
    refused(&w, &(struct ask){ .grant = "g" }, "limit_calls");
    world_release(&w);
}

/* A parent's limit counts what its children use, and theirs hold too. */
static void test_parents_count(void **state)
{
    struct world w;
    const struct ask first = { .agent = HELPER, .grant = "d1" },
                     second = { .agent = THIRD, .grant = "d2" };

    (void)state;
    world_init(&w);
    world_grant(&w, "g", "{'limits':{'calls':4}}");
    derive(&w, "d1", HELPER, ",'limits':{'calls':2}");
    derive(&w, "d2", THIRD, ",'limits':{'calls':4}");
    assert_int_equal(world_act(&w, &first).verdict, WRIT_ALLOW);
    assert_int_equal(world_act(&w, &first).verdict, WRIT_ALLOW);
    refused(&w, &first, "limit_calls");
    assert_int_equal(world_act(&w, &second).verdict, WRIT_ALLOW);
    allowed(&w, "g");
    refused(&w, &second, "limit_calls");
    refused(&w, &(struct ask){ .grant = "g" }, "limit_calls");
    const char *view = world_view(&w, w.a, "grants", "g");
    assert_non_null(strstr(view, "\"calls\":4,\"in_flight\":4"));
    world_release(&w);
}

static void test_rate(void **state)
{
    struct world w;
    const struct ask q = { .grant = "g" };

    (void)state;
    world_init(&w);
    world_grant(&w, "g", "{'limits':{'per_minute':2}}");
    allowed(&w, "g");
    w.now += 20 * SECOND;
    allowed(&w, "g");
    refused(&w, &q, "limit_rate");
    w.now += 40 * SECOND - 1;
    refused(&w, &q, "limit_rate");
    w.now += 1; /* exactly a minute after the first */
    allowed(&w, "g");
    refused(&w, &q, "limit_rate");
    w.now += 20 * SECOND - 1;
    refused(&w, &q, "limit_rate");
    w.now += 1;
    allowed(&w, "g");
    w.now += 60 * SECOND;
    allowed(&w, "g");
    allowed(&w, "g");
    refused(&w, &q, "limit_rate");
    world_release(&w);
}

static void test_concurrency(void **state)
{
    struct world w;
    const struct ask q = { .grant = "g" };

    (void)state;
    world_init(&w);
    world_grant(&w, "g", "{'limits':{'concurrency':2},'expires':'2026-11-24T20:00:00Z'}");
    uint64_t one = allowed(&w, "g"), two = allowed(&w, "g");
    refused(&w, &q, "limit_concurrency");
    must(&w, world_complete(&w, one));
    assert_int_equal(world_complete(&w, one), WRIT_NOT_FOUND);
    assert_int_equal(world_complete(&w, one + 1000), WRIT_NOT_FOUND);
    one = allowed(&w, "g");
    refused(&w, &q, "limit_concurrency");
    w.now += 15 * MINUTE - 1; /* the others are never completed */
    refused(&w, &q, "limit_concurrency");
    w.now += 1;
    uint64_t three = allowed(&w, "g");
    uint64_t four = allowed(&w, "g");
    refused(&w, &q, "limit_concurrency");
    /* Late completions free no place of those that came after. */
    must(&w, world_complete(&w, two));
    must(&w, world_complete(&w, one));
    refused(&w, &q, "limit_concurrency");
    must(&w, world_complete(&w, three));
    must(&w, world_complete(&w, four));
    assert_int_equal(writ_authority_in_flight(w.a), 0);
    allowed(&w, "g");
    world_release(&w);
}

static struct answer pay(struct world *w, const char *grant, const char *arguments)
{
    struct answer x = world_act(
        w, &(struct ask){ .grant = grant, .action = "files/tools/pay", .arguments = arguments });
    assert_int_equal(x.status, WRIT_OK);
    return x;
}

static void test_spend(void **state)
{
    static const struct {
        const char *rule, *arguments, *reason;
    } ROWS[] = {
        { "a part", "{'amount':2.5}", "" },
        { "as text", "{'amount':'1.50'}", "" },
        { "a millionth", "{'amount':0.000001}", "" },
        { "nothing", "{'amount':0}", "" },
        { "a whole number with a point", "{'amount':1.0}", "" },
        { "less than a millionth", "{'amount':0.0000001}", "limit_spend" },
        { "negative", "{'amount':-1}", "limit_spend" },
        { "missing", "{}", "limit_spend" },
        { "null", "{'amount':null}", "limit_spend" },
        { "a list", "{'amount':[1]}", "limit_spend" },
        { "no number", "{'amount':'one'}", "limit_spend" },
        { "an exponent", "{'amount':'1e0'}", "limit_spend" },
        { "too many digits", "{'amount':1000000000000}", "limit_spend" },
        { "a millionth too much", "{'amount':5.000000}", "limit_spend" },
        { "just what is left", "{'amount':'4.999999'}", "" },
        { "nothing is left", "{'amount':0.000001}", "limit_spend" },
        { "nothing still fits", "{'amount':'0.00'}", "" },
    };
    struct world w;

    (void)state;
    world_init(&w);
    world_grant(&w, "g", "{'limits':{'spend':{'unit':'EUR','max':10}}}");
    world_grant(&w, "usd", "{'limits':{'spend':{'unit':'USD','max':1000}}}");
    world_grant(&w, "free", "{}");
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct answer x = pay(&w, "g", ROWS[i].arguments);
        if (strcmp(x.reason, ROWS[i].reason) != 0)
            fail_msg("%s: `%s` (%s)", ROWS[i].rule, x.reason, x.detail);
    }
    allowed(&w, "g"); /* a tool that costs nothing */
    assert_string_equal(pay(&w, "usd", "{'amount':1}").reason, "limit_spend");
    for (int i = 0; i < 30; i++) /* without a limit nothing is counted, and nothing overflows */
        assert_string_equal(pay(&w, "free", "{'amount':999999999999}").reason, "");
    assert_non_null(strstr(world_view(&w, w.a, "grants", "free"), "\"spend_millionths\":0"));
    assert_non_null(strstr(world_view(&w, w.a, "grants", "g"), "\"spend_millionths\":10000000"));
    world_release(&w);
}

/* The limits of all links hold at once, and all of them count. */
static void test_each_link(void **state)
{
    struct world w;
    const struct ask q = {
        .agent = HELPER, .grant = "d1", .action = "files/tools/pay", .arguments = "{'amount':4}"
    };

    (void)state;
    world_init(&w);
    world_grant(&w, "g",
                "{'limits':{'spend':{'unit':'EUR','max':10},'per_minute':5,'concurrency':3}}");
    derive(&w, "d1", HELPER,
           ",'limits':{'spend':{'unit':'EUR','max':9},'per_minute':5,'concurrency':3}");
    assert_int_equal(world_act(&w, &q).verdict, WRIT_ALLOW);
    assert_int_equal(world_act(&w, &q).verdict, WRIT_ALLOW);
    refused(&w, &q, "limit_spend");
    assert_string_equal(pay(&w, "g", "{'amount':2.01}").reason, "limit_spend");
    assert_string_equal(pay(&w, "g", "{'amount':2}").reason, "");
    assert_string_equal(pay(&w, "g", "{'amount':0}").reason, "limit_concurrency");
    world_release(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls), cmocka_unit_test(test_parents_count),
        cmocka_unit_test(test_rate),  cmocka_unit_test(test_concurrency),
        cmocka_unit_test(test_spend), cmocka_unit_test(test_each_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
