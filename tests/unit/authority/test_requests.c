#include "test.h"

#include "world.h"

#include "base/banned.h"

static void must(const struct world *w, enum writ_status st)
{
    if (st != WRIT_OK)
        fail_msg("%s", w->err.text);
}

static void expect(const struct answer *x, const char *rule, const char *reason)
{
    static const char *const VERDICTS[] = { "deny", "allow", "hold" };

    if (x->status != WRIT_OK)
        fail_msg("%s: no decision (status %d)", rule, (int)x->status);
    if (strcmp(x->reason, reason) != 0)
        fail_msg("%s: %s because of `%s` (%s), not `%s`", rule, VERDICTS[x->verdict], x->reason,
                 x->detail, reason);
}

/* Which grant is taken when none is named. */
static void test_selection(void **state)
{
    struct world w;
    struct answer x;

    (void)state;
    world_init(&w);
    world_grant(&w, "old", "{'actions':['files/tools/read'],'resources':['file:///srv/*']}");
    x = world_act(&w, &(struct ask){ 0 });
    expect(&x, "the only one", "");
    assert_string_equal(x.grant, "old");
    world_grant(&w, "new", "{}");
    x = world_act(&w, &(struct ask){ 0 });
    assert_string_equal(x.grant, "new");
    world_grant(&w, "held", "{'approval':[{'actions':['*'],'quorum':1,'within_s':60}]}");
    x = world_act(&w, &(struct ask){ 0 });
    expect(&x, "one that allows is better than one that holds", "");
    assert_string_equal(x.grant, "new");
    must(&w, world_narrow(&w, WRIT_RECORD_GRANT_REVOKED, "new"));
    must(&w, world_narrow(&w, WRIT_RECORD_GRANT_REVOKED, "old"));
    x = world_act(&w, &(struct ask){ 0 });
    expect(&x, "one that holds is better than none", "approval_required");
    assert_string_equal(x.grant, "held");
    must(&w, world_narrow(&w, WRIT_RECORD_GRANT_REVOKED, "held"));
    x = world_act(&w, &(struct ask){ 0 });
    expect(&x, "none lives", "grant_revoked");
    world_grant(&w, "far", "{'resources':['file:///other/*']}");
    world_grant(&w, "near", "{'limits':{'spend':{'unit':'EUR','max':1}},'actions':['*']}");
    x = world_act(&w, &(struct ask){ .action = "files/tools/pay", .arguments = "{'amount':2}" });
    expect(&x, "the one that comes furthest says why", "limit_spend");
    x = world_act(&w, &(struct ask){ .arguments = "{'path':'/etc'}" });
    assert_non_null(strstr(x.allowed, "file:///srv/*"));
    world_release(&w);
}

static void test_sessions(void **state)
{
    struct world w;
    struct answer x;

    (void)state;
    world_init(&w);
    world_grant(&w, "g", "{'expires':'2026-12-23T00:00:00Z'}");
    world_grant(&w, "k", "{'proof':'key'}");
    uint64_t bot = world_session(&w, BOT), helper = world_session(&w, HELPER);
    x = world_act(&w, &(struct ask){ .grant = "g", .session = bot });
    expect(&x, "a session is a credential", "");
    x = world_act(&w, &(struct ask){ .grant = "k", .session = bot });
    expect(&x, "but no proof", "proof_missing");
    x = world_act(&w, &(struct ask){ .grant = "g", .session = helper });
    expect(&x, "another's session", "credential_invalid");
    w.now += 86400 * SECOND - 1;
    x = world_act(&w, &(struct ask){ .grant = "g", .session = bot });
    expect(&x, "the last microsecond of a day", "");
    w.now += 1;
    x = world_act(&w, &(struct ask){ .grant = "g", .session = bot });
    expect(&x, "a day", "credential_expired");
    bot = world_session(&w, BOT);
    must(&w, world_narrow(&w, WRIT_RECORD_SESSION_CLOSED,
                          world_quotes(&w, "%llu", (unsigned long long)bot - 1)));
    x = world_act(&w, &(struct ask){ .grant = "g", .session = bot });
    expect(&x, "closed", "credential_invalid");
    bot = world_session(&w, BOT);
    must(&w, world_change(&w, OLGA,
                          world_text(&w, "writ.agent",
                                     "{'agent':'bot','owner':'alice','key':'%s','environment':"
                                     "'production','purpose':'tests','third_party':false}",
                                     w.bot_keys[FOURTH])));
    x = world_act(&w, &(struct ask){ .grant = "g", .session = bot });
    expect(&x, "a session of the key before", "credential_invalid");
    world_release(&w);
}

/* A second proof with the same nonce must not make the first one be forgotten sooner. */
static void test_nonce_is_kept_for_the_longest(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_grant(&w, "g", "{}");
    const struct ask late = { .grant = "g", .salt = 5, .nonce = 7, .issued = w.now + 30 * SECOND };
    const struct ask early = { .grant = "g", .salt = 5, .nonce = 7, .issued = w.now - 29 * SECOND };
    struct answer x = world_act(&w, &late);
    expect(&x, "the first", "");
    x = world_act(&w, &early);
    expect(&x, "the second", "proof_replayed");
    w.now += 2 * SECOND;
    x = world_act(&w, &late);
    expect(&x, "the first again", "proof_replayed");
    w.now += 58 * SECOND;
    x = world_act(&w, &late);
    expect(&x, "to the last microsecond", "proof_replayed");
    w.now += 1;
    x = world_act(&w, &late);
    expect(&x, "then it is too old", "credential_expired");
    world_release(&w);
}

/* What cannot be put in a record is no decision, and so nothing happens. */
static void test_malformed(void **state)
{
    static const struct {
        const char *rule;
        struct ask ask;
    } BAD[] = {
        { "an action of two parts", { .action = "files/tools" } },
        { "a kind nobody knows", { .action = "files/tool/read" } },
        { "a name with a slash", { .action = "files/tools/a/b" } },
        { "an empty name", { .action = "files/tools/" } },
        { "a transaction with a line feed", { .txn = "a\nb" } },
        { "an empty transaction", { .txn = "" } },
        { "a grant with a space", { .grant = "a b" } },
        { "an agent with a quote", { .agent_name = "a\"b" } },
        { "a tool that is no digest", { .tool = "abc" } },
    };
    struct world w;
    struct writ_action_request r;
    struct writ_decision d;

    (void)state;
    world_init(&w);
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        struct ask q = BAD[i].ask;
        q.no_proof = true;
        struct answer x = world_ask(&w, &q);
        if (x.status != WRIT_FORMAT)
            fail_msg("%s: %d", BAD[i].rule, (int)x.status);
    }
    static const char *const ARGUMENTS[] = { "[]", "1", "{'a':1,'a':2}", "{'a':'\\u0000'}", "{" };
    for (size_t i = 0; i < ARRAY_LEN(ARGUMENTS); i++) {
        world_request(&w, &(struct ask){ .no_proof = true }, &r);
        r.arguments = writ_cstr(world_quotes(&w, "%s", ARGUMENTS[i]));
        writ_action_verify(&r, WRIT_LIT(WORLD_CELL), NULL);
        if (writ_authority_decide(w.a, &r, w.now, &w.arena, &d, &w.err) == WRIT_OK)
            fail_msg("decided on %s", ARGUMENTS[i]);
    }
    world_request(&w, &(struct ask){ .no_proof = true }, &r);
    r.arguments = writ_slice(NULL, 0);
    assert_int_equal(writ_authority_decide(w.a, &r, w.now, &w.arena, &d, &w.err), WRIT_FORMAT);
    world_request(&w, &(struct ask){ 0 }, &r);
    r.verified = WRIT_UNCHECKED; /* the digest is not known: nothing can be decided */
    assert_int_equal(writ_authority_decide(w.a, &r, w.now, &w.arena, &d, &w.err), WRIT_FORMAT);
    r.verified = WRIT_CHECK_GOOD;
    r.issued = UINT64_MAX;
    assert_int_equal(writ_authority_decide(w.a, &r, w.now, &w.arena, &d, &w.err), WRIT_FORMAT);
    world_release(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_selection),
        cmocka_unit_test(test_sessions),
        cmocka_unit_test(test_nonce_is_kept_for_the_longest),
        cmocka_unit_test(test_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
