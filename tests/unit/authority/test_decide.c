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

static void stop_all(struct world *w)
{
    must(w, world_narrow(w, WRIT_RECORD_STOP_SET, "*"));
}

static void stop_target(struct world *w)
{
    must(w, world_narrow(w, WRIT_RECORD_STOP_SET, "files"));
}

static void suspend_bot(struct world *w)
{
    must(w, world_narrow(w, WRIT_RECORD_AGENT_SUSPENDED, "bot"));
}

static void retire_bot(struct world *w)
{
    must(w, world_narrow(w, WRIT_RECORD_AGENT_RETIRED, "bot"));
}

static void suspend_alice(struct world *w)
{
    must(w, world_narrow(w, WRIT_RECORD_HUMAN_SUSPENDED, "alice"));
}

static void remove_alice(struct world *w)
{
    must(w, world_narrow(w, WRIT_RECORD_HUMAN_REMOVED, "alice"));
}

static void revoke(struct world *w)
{
    must(w, world_narrow(w, WRIT_RECORD_GRANT_REVOKED, "g"));
}

static void an_hour_later(struct world *w)
{
    w->now += 3600 * SECOND;
}

static void grant_of_bob(struct world *w)
{
    must(w, world_change(w, BOB, world_grant_text(w, "g-bob", "{'human':'bob'}")));
    must(w, world_narrow(w, WRIT_RECORD_HUMAN_SUSPENDED, "bob"));
}

static void derived(struct world *w)
{
    must(w,
         world_derive(w, BOT,
                      world_grant_text(w, "d", "{'parent':'g','holder':'helper','max_depth':2}")));
}

static void derived_and_bot_suspended(struct world *w)
{
    derived(w);
    suspend_bot(w);
}

static void derived_and_parent_revoked(struct world *w)
{
    derived(w);
    revoke(w);
}

static void used_once(struct world *w)
{
    expect(&(struct answer){ 0 }, "an answer begins empty", "");
    struct answer x = world_act(w, &(struct ask){ .grant = "g", .nonce = 7 });
    expect(&x, "the first use", "");
}

static void target_holds(struct world *w)
{
    must(w, world_change(w, OLGA,
                         world_text(w, "writ.target",
                                    "{'target':'files','environment':'production',"
                                    "'third_party':false,'on_new_tool':'hold'}")));
}

#define WRITE_RULE "{'arguments':{'files/tools/write':{'path':{'kind':'path','prefix':'/srv'}}}}"
#define DIGEST_A   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* A grant `g` of alice's for bot with these fields, something that happens, and one attempt. */
static const struct {
    const char *rule, *fields;
    void (*event)(struct world *);
    struct ask ask;
    int64_t issued_ago; /* seconds */
    enum writ_verdict verdict;
    const char *reason;
} ROWS[] = {
    { "everything is in order", "{}", NULL, { .grant = "g" }, 0, WRIT_ALLOW, "" },
    { "without a named grant too", "{}", NULL, { .grant = NULL }, 0, WRIT_ALLOW, "" },
    { "all is stopped", "{}", stop_all, { .grant = "g" }, 0, WRIT_DENY, "stopped" },
    { "the target is stopped", "{}", stop_target, { .grant = "g" }, 0, WRIT_DENY, "stopped" },
    { "a bit of the signature is flipped",
      "{}",
      NULL,
      { .grant = "g", .bad_signature = true },
      0,
      WRIT_DENY,
      "credential_invalid" },
    { "signed by another agent",
      "{}",
      NULL,
      { .agent = HELPER, .agent_name = "bot", .grant = "g" },
      0,
      WRIT_DENY,
      "credential_invalid" },
    { "neither proof nor session",
      "{}",
      NULL,
      { .grant = "g", .no_proof = true },
      0,
      WRIT_DENY,
      "credential_invalid" },
    { "a session that is none",
      "{}",
      NULL,
      { .grant = "g", .session = 4 },
      0,
      WRIT_DENY,
      "credential_invalid" },
    { "a proof of 30 s ago", "{}", NULL, { .grant = "g" }, 30, WRIT_ALLOW, "" },
    { "a proof of 31 s ago", "{}", NULL, { .grant = "g" }, 31, WRIT_DENY, "credential_expired" },
    { "a proof from 30 s ahead", "{}", NULL, { .grant = "g" }, -30, WRIT_ALLOW, "" },
    { "a proof from 31 s ahead",
      "{}",
      NULL,
      { .grant = "g" },
      -31,
      WRIT_DENY,
      "credential_expired" },
    { "a proof used before",
      "{}",
      used_once,
      { .grant = "g", .nonce = 7 },
      0,
      WRIT_DENY,
      "proof_replayed" },
    { "an agent nobody knows",
      "{}",
      NULL,
      { .agent_name = "nobody", .grant = "g" },
      0,
      WRIT_DENY,
      "agent_unknown" },
    { "a suspended agent", "{}", suspend_bot, { .grant = "g" }, 0, WRIT_DENY, "agent_suspended" },
    { "a retired agent", "{}", retire_bot, { .grant = "g" }, 0, WRIT_DENY, "agent_suspended" },
    { "a suspended owner", "{}", suspend_alice, { .grant = "g" }, 0, WRIT_DENY, "owner_inactive" },
    { "a removed owner", "{}", remove_alice, { .grant = "g" }, 0, WRIT_DENY, "owner_inactive" },
    { "no grant of this id", "{}", NULL, { .grant = "g9" }, 0, WRIT_DENY, "grant_unknown" },
    { "another's grant",
      "{}",
      NULL,
      { .agent = HELPER, .grant = "g" },
      0,
      WRIT_DENY,
      "grant_unknown" },
    { "no grant at all", "{}", NULL, { .agent = HELPER }, 0, WRIT_DENY, "grant_unknown" },
    { "the grant is over", "{}", an_hour_later, { .grant = "g" }, 0, WRIT_DENY, "grant_expired" },
    { "the grant has not begun",
      "{'not_before':'2026-11-23T20:00:01Z'}",
      NULL,
      { .grant = "g" },
      0,
      WRIT_DENY,
      "grant_not_yet" },
    { "the grant is revoked", "{}", revoke, { .grant = "g" }, 0, WRIT_DENY, "grant_revoked" },
    { "who signed is suspended",
      "{}",
      grant_of_bob,
      { .grant = "g-bob" },
      0,
      WRIT_DENY,
      "grant_revoked" },
    { "a derived grant", "{}", derived, { .agent = HELPER, .grant = "d" }, 0, WRIT_ALLOW, "" },
    { "who delegated is suspended",
      "{}",
      derived_and_bot_suspended,
      { .agent = HELPER, .grant = "d" },
      0,
      WRIT_DENY,
      "chain_broken" },
    { "the parent is revoked",
      "{}",
      derived_and_parent_revoked,
      { .agent = HELPER, .grant = "d" },
      0,
      WRIT_DENY,
      "grant_revoked" },
    { "the action is not named",
      "{'actions':['files/tools/write']}",
      NULL,
      { .grant = "g" },
      0,
      WRIT_DENY,
      "action_out_of_scope" },
    { "the target is unknown",
      "{'actions':['*']}",
      NULL,
      { .grant = "g", .action = "mail/tools/send" },
      0,
      WRIT_DENY,
      "action_out_of_scope" },
    { "outside the resources",
      "{}",
      NULL,
      { .grant = "g", .arguments = "{'path':'/etc/passwd'}" },
      0,
      WRIT_DENY,
      "resource_out_of_scope" },
    { "out by dot segments",
      "{}",
      NULL,
      { .grant = "g", .arguments = "{'path':'/srv/../etc/passwd'}" },
      0,
      WRIT_DENY,
      "resource_out_of_scope" },
    { "in by dot segments",
      "{}",
      NULL,
      { .grant = "g", .arguments = "{'path':'/etc/../srv/a'}" },
      0,
      WRIT_ALLOW,
      "" },
    { "the path is missing",
      "{}",
      NULL,
      { .grant = "g", .arguments = "{}" },
      0,
      WRIT_DENY,
      "resource_out_of_scope" },
    { "the path is relative",
      "{}",
      NULL,
      { .grant = "g", .arguments = "{'path':'srv/a'}" },
      0,
      WRIT_DENY,
      "resource_out_of_scope" },
    { "the path is a number",
      "{}",
      NULL,
      { .grant = "g", .arguments = "{'path':5}" },
      0,
      WRIT_DENY,
      "resource_out_of_scope" },
    { "one of two resources outside",
      "{}",
      NULL,
      { .grant = "g",
        .action = "files/tools/move",
        .arguments = "{'source':'/srv/a','to':'/etc/a'}" },
      0,
      WRIT_DENY,
      "resource_out_of_scope" },
    { "one element of a list outside",
      "{}",
      NULL,
      { .grant = "g", .arguments = "{'path':['/srv/a','/etc/a']}" },
      0,
      WRIT_DENY,
      "resource_out_of_scope" },
    { "all elements of a list inside",
      "{}",
      NULL,
      { .grant = "g", .arguments = "{'path':['/srv/a','/srv/b']}" },
      0,
      WRIT_ALLOW,
      "" },
    { "an empty list names nothing",
      "{}",
      NULL,
      { .grant = "g", .arguments = "{'path':[]}" },
      0,
      WRIT_DENY,
      "resource_out_of_scope" },
    { "reading a resource acts on its URI",
      "{}",
      NULL,
      { .grant = "g", .action = "files/resources/read", .arguments = "{'uri':'file:///srv/a'}" },
      0,
      WRIT_ALLOW,
      "" },
    { "reading a resource elsewhere",
      "{}",
      NULL,
      { .grant = "g",
        .action = "files/resources/read",
        .arguments = "{'uri':'FILE:///srv/%2e%2e/etc/a'}" },
      0,
      WRIT_DENY,
      "resource_out_of_scope" },
    { "an argument that is not named",
      WRITE_RULE,
      NULL,
      { .grant = "g",
        .action = "files/tools/write",
        .arguments = "{'path':'/srv/a','mode':'0777'}" },
      0,
      WRIT_DENY,
      "argument_out_of_scope" },
    { "an argument outside its prefix",
      "{'arguments':{'files/tools/write':{'path':{'kind':'path','prefix':'/srv/b'}}}}",
      NULL,
      { .grant = "g", .action = "files/tools/write", .arguments = "{'path':'/srv/bc'}" },
      0,
      WRIT_DENY,
      "argument_out_of_scope" },
    { "an argument within its prefix",
      WRITE_RULE,
      NULL,
      { .grant = "g", .action = "files/tools/write", .arguments = "{'path':'/srv/bc'}" },
      0,
      WRIT_ALLOW,
      "" },
    { "a rule for another action",
      WRITE_RULE,
      NULL,
      { .grant = "g", .arguments = "{'path':'/srv/a','more':1}" },
      0,
      WRIT_ALLOW,
      "" },
    { "no calls left",
      "{'limits':{'calls':1}}",
      used_once,
      { .grant = "g" },
      0,
      WRIT_DENY,
      "limit_calls" },
    { "one call a minute",
      "{'limits':{'per_minute':1}}",
      used_once,
      { .grant = "g" },
      0,
      WRIT_DENY,
      "limit_rate" },
    { "one at a time",
      "{'limits':{'concurrency':1}}",
      used_once,
      { .grant = "g" },
      0,
      WRIT_DENY,
      "limit_concurrency" },
    { "too dear",
      "{'limits':{'spend':{'unit':'EUR','max':10}}}",
      NULL,
      { .grant = "g", .action = "files/tools/pay", .arguments = "{'amount':10.01}" },
      0,
      WRIT_DENY,
      "limit_spend" },
    { "a tool nobody has seen, where new ones are held",
      "{}",
      target_holds,
      { .grant = "g", .arguments = "{}" },
      0,
      WRIT_HOLD,
      "tool_changed" },
    { "an approval is needed",
      "{'approval':[{'actions':['files/*'],'quorum':1,'within_s':60}]}",
      NULL,
      { .grant = "g" },
      0,
      WRIT_HOLD,
      "approval_required" },
};

static void test_reasons(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct world w;
        struct ask q = ROWS[i].ask;
        world_init(&w);
        world_grant(&w, "g", "%s", ROWS[i].fields);
        if (ROWS[i].event != NULL)
            ROWS[i].event(&w);
        q.issued = w.now - (uint64_t)ROWS[i].issued_ago * SECOND;
        size_t before = w.len;
        struct answer x = world_ask(&w, &q), y = world_act(&w, &q);
        expect(&x, ROWS[i].rule, ROWS[i].reason);
        expect(&y, ROWS[i].rule, ROWS[i].reason);
        if (x.verdict != ROWS[i].verdict)
            fail_msg("%s: verdict %d", ROWS[i].rule, (int)x.verdict);
        if (w.len != before + 1 + x.asks)
            fail_msg("%s: is not on record", ROWS[i].rule);
        world_release(&w);
    }
}

static uint64_t stopped_at(const struct world *w)
{
    return writ_authority_next_index(w->a) - 1;
}

#define ALL_WRONG                                                        \
    "{'actions':['files/tools/write'],'resources':['file:///srv/ok/*']," \
    "'arguments':{'files/tools/write':{'path':{'exact':'/srv/ok/a'}}},"  \
    "'limits':{'calls':1},'approval':[{'actions':['*'],'quorum':1,'within_s':60}]%s}"

/* Each attempt fails in all that comes later, too; then what failed is put right. */
static void test_earlier_steps_win(void **state)
{
    struct world w;
    struct answer x;
    struct ask q = { .grant = "g", .bad_signature = true, .arguments = "{'path':'/etc/x'}" };

    (void)state;
    world_init(&w);
    world_grant(&w, "g", ALL_WRONG, "");
    world_grant(&w, "k", ALL_WRONG, ",'proof':'key'");
    must(&w, world_narrow(&w, WRIT_RECORD_GRANT_REVOKED, "g"));
    must(&w, world_narrow(&w, WRIT_RECORD_GRANT_REVOKED, "k"));
    uint64_t session = world_session(&w, BOT);
    must(&w, world_narrow(&w, WRIT_RECORD_HUMAN_SUSPENDED, "alice"));
    suspend_bot(&w);
    stop_all(&w);
    q.issued = w.now - 40 * SECOND;
    x = world_act(&w, &q);
    expect(&x, "a stop before a bad signature", "stopped");
    must(&w, world_change(&w, OLGA,
                          world_text(&w, "writ.lift", "{'stop':%llu}",
                                     (unsigned long long)stopped_at(&w) - 1)));
    x = world_act(&w, &q);
    expect(&x, "a bad signature before an old one", "credential_invalid");
    q.bad_signature = false;
    q.nonce = 99;
    x = world_act(&w, &q);
    expect(&x, "an old proof before a suspended agent", "credential_expired");
    q.issued = 0;
    x = world_act(&w, &q);
    expect(&x, "a suspended agent before its owner", "agent_suspended");
    x = world_act(&w, &q);
    expect(&x, "a used proof before a suspended agent", "proof_replayed");
    x = world_act(&w, &(struct ask){ .grant = "k", .session = session });
    expect(&x, "a missing proof before a suspended agent", "proof_missing");
    world_release(&w);
}

static void test_later_steps_in_order(void **state)
{
    struct world w;
    struct answer x;
    struct ask q = { .grant = "g", .arguments = "{'path':'/etc/x'}" };

    (void)state;
    world_init(&w);
    world_grant(&w, "g", ALL_WRONG, "");
    world_grant(&w, "r", ALL_WRONG, "");
    must(&w, world_narrow(&w, WRIT_RECORD_GRANT_REVOKED, "r"));
    q.grant = "r";
    must(&w, world_narrow(&w, WRIT_RECORD_HUMAN_SUSPENDED, "alice"));
    x = world_act(&w, &q);
    expect(&x, "the owner before the grant", "owner_inactive");
    must(&w, world_change(&w, OLGA,
                          world_text(&w, "writ.human",
                                     "{'human':'alice','keys':['%s'],'roles':['operator',"
                                     "'approver']}",
                                     w.lines[ALICE])));
    x = world_act(&w, &q);
    expect(&x, "a revoked grant before its scope", "grant_revoked");
    q.grant = "g";
    x = world_act(&w, &q);
    expect(&x, "the action before the resource", "action_out_of_scope");
    q.action = "files/tools/write";
    x = world_act(&w, &q);
    expect(&x, "the resource before the argument", "resource_out_of_scope");
    q.arguments = "{'path':'/srv/ok/b'}";
    x = world_act(&w, &q);
    expect(&x, "the argument before the limits", "argument_out_of_scope");
    q.arguments = "{'path':'/srv/ok/a'}";
    q.salt = 77;
    x = world_act(&w, &q);
    expect(&x, "only the approval is missing", "approval_required");
    must(&w, world_approve(&w, BOB, x.approval));
    x = world_act(&w, &q);
    expect(&x, "approved", "");
    x = world_act(&w, &q);
    expect(&x, "limits before the approval", "limit_calls");
    world_grant(&w, "g2", "{'approval':[{'actions':['*'],'quorum':1,'within_s':60}]}");
    must(&w,
         world_change(&w, OLGA,
                      world_text(&w, "writ.target",
                                 "{'target':'files','environment':'production','third_party':"
                                 "false,'on_new_tool':'hold','tools':{'read':'" DIGEST_A "'}}")));
    q = (struct ask){ .grant = "g2", .arguments = "{}" };
    x = world_act(&w, &q);
    expect(&x, "the tool before the approval", "tool_changed");
    assert_false(x.asks);
    q.tool = DIGEST_A;
    x = world_act(&w, &q);
    expect(&x, "the approval last", "approval_required");
    assert_true(x.asks);
    world_release(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_earlier_steps_win),
        cmocka_unit_test(test_later_steps_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
