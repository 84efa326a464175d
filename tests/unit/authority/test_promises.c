/* The promises of the design that the authority keeps, each tried in many ways. */
#include "test.h"

#include "world.h"

#include "base/banned.h"

static void must(const struct world *w, enum writ_status st)
{
    if (st != WRIT_OK)
        fail_msg("%s", w->err.text);
}

static bool allows(struct world *w, const struct ask *q)
{
    return world_act(w, q).verdict == WRIT_ALLOW;
}

/* Every signed text that could make an authority, by everybody who has not the right to it. */
static void promise_1_no_action_without_a_named_human(void **state)
{
    static const struct ask ASKS[] = {
        { .agent = BOT },
        { .agent = BOT, .grant = "mine" },
        { .agent = BOT, .grant = "mine", .no_proof = true },
        { .agent = HELPER, .grant = "d0" },
        { .agent = FOURTH, .agent_name = "ghost", .grant = "mine" },
    };
    struct world w;

    (void)state;
    world_init(&w);
    struct writ_slice text = world_grant_text(&w, "mine", "{}");
    /* by the agent itself, by other humans, by a stranger, unsigned, signed for something else */
    for (int bot = 0; bot < BOTS; bot++)
        assert_int_not_equal(world_derive(&w, (enum bot)bot, text), WRIT_OK);
    for (int who = 0; who < PEOPLE; who++)
        if (who != ALICE)
            assert_int_not_equal(world_change(&w, (enum who)who, text), WRIT_OK);
    assert_int_not_equal(world_change_raw(&w, text, WRIT_LIT(""), true), WRIT_OK);
    assert_int_not_equal(
        world_change_raw(&w, text, world_ssh(&w, w.people[ALICE], "writ.change", text), true),
        WRIT_OK);
    /* an agent's key as if it were a human's */
    assert_int_not_equal(
        world_change_raw(&w, text, world_ssh(&w, w.bots[BOT], "writ.grant", text), true), WRIT_OK);
    /* a child of nothing, and of itself */
    assert_int_not_equal(
        world_derive(&w, BOT, world_grant_text(&w, "mine", "{'parent':'mine','holder':'bot'}")),
        WRIT_OK);
    for (size_t i = 0; i < ARRAY_LEN(ASKS); i++)
        assert_false(allows(&w, &ASKS[i]));
    /* a session gives no authority */
    assert_false(allows(&w, &(struct ask){ .session = world_session(&w, BOT) }));
    /* with the human's signature it is allowed, and the record says whose it is */
    must(&w, world_change(&w, ALICE, text));
    assert_true(allows(&w, &(struct ask){ .grant = "mine" }));
    assert_non_null(
        memmem(w.records[w.len - 1].ptr, w.records[w.len - 1].len, "\"human\":\"alice\"", 15));
    /* every allow on record names a human and a chain */
    world_busy(&w);
    for (size_t i = 0; i < w.len; i++) {
        WRIT_AUTO_ARENA arena;
        struct writ_record r;
        writ_arena_init(&arena, 1 << 20);
        assert_int_equal(writ_record_decode(w.records[i], &arena, &r, NULL), WRIT_OK);
        if (r.type == WRIT_RECORD_ACTION_DECIDED && writ_slice_is(r.as.decided.verdict, "allow"))
            assert_true(r.as.decided.human.len != 0 && r.as.decided.chain.len != 0);
    }
    world_release(&w);
}

static void promise_3_authority_only_narrows(void **state)
{
    static const struct {
        const char *rule, *fields;
        bool within;
    } ROWS[] = {
        { "the same", "", true },
        { "fewer actions", ",'actions':['files/tools/read']", true },
        { "all actions", ",'actions':['*']", false },
        { "another target", ",'actions':['mail/*']", false },
        { "a narrower prefix", ",'resources':['file:///srv/in/*']", true },
        { "a wider prefix", ",'resources':['file:///s*']", false },
        { "all resources", ",'resources':['*']", false },
        { "longer", ",'expires':'2026-11-24T00:00:00Z'", false },
        { "earlier", ",'not_before':'2026-11-23T19:00:00Z'", false },
        { "more calls", ",'limits':{'calls':6,'per_minute':5}", false },
        { "no limit of calls", ",'limits':{'per_minute':5}", false },
        { "a higher rate", ",'limits':{'calls':5,'per_minute':6}", false },
        { "as deep", ",'max_depth':2", false },
        { "less proof", ",'proof':'none'", false },
        { "another human", ",'human':'bob'", false },
        { "free arguments", ",'arguments':{}", false },
        { "more values",
          ",'arguments':{'files/tools/write':{'path':{'any':true},'mode':{'any':true}}}", false },
        { "fewer values", ",'arguments':{'files/tools/write':{'path':{'exact':'a'}}}", true },
    };
    struct world w;

    (void)state;
    world_init(&w);
    world_grant(&w, "p",
                "{'actions':['files/*'],'limits':{'calls':5,'per_minute':5},'max_depth':2,"
                "'proof':'key','arguments':{'files/tools/write':{'path':{'any':true}}}}");
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        char fields[1024];
        WRIT_AUTO_JSON *o = NULL, *over = NULL;
        WRIT_AUTO_BUF text;
        writ_buf_init(&text, 16384);
        (void)snprintf(fields, sizeof(fields),
                       "{'parent':'p','holder':'helper','max_depth':1,'proof':'key','limits':{"
                       "'calls':5,'per_minute':5},'arguments':{'files/tools/write':{'path':{"
                       "'any':true}}}}");
        char id[16];
        (void)snprintf(id, sizeof(id), "c%zu", i);
        struct writ_slice base = world_grant_text(&w, id, "%s", fields);
        assert_int_equal(writ_json_parse_object(base, 16384, &o, NULL), WRIT_OK);
        const char *more =
            world_quotes(&w, "{%s}", ROWS[i].fields[0] == ',' ? ROWS[i].fields + 1 : "");
        assert_int_equal(writ_json_parse_object(writ_cstr(more), 16384, &over, NULL), WRIT_OK);
        assert_int_equal(json_object_update(o, over), 0);
        assert_int_equal(writ_json_canonical(o, &text, NULL), WRIT_OK);
        bool got = world_derive(&w, BOT, writ_buf_slice(&text)) == WRIT_OK;
        if (got != ROWS[i].within)
            fail_msg("%s: %s", ROWS[i].rule, got ? "was derived" : w.err.text);
    }
    /* and whatever the child says, the parent's limits hold: five calls in all */
    int used = 0;
    for (int i = 0; i < 12; i++)
        used += allows(&w, &(struct ask){ .agent = HELPER, .grant = i % 2 == 0 ? "c0" : "c3" });
    assert_int_equal(used, 5);
    assert_false(allows(&w, &(struct ask){ .grant = "p" }));
    world_release(&w);
}

/* Every attempt of a busy ledger, made again over the state of its moment, byte for byte. */
static void promise_5_every_decision_can_be_taken_again(void **state)
{
    struct world w;
    size_t next = 0;

    (void)state;
    world_init(&w);
    world_busy(&w);
    struct writ_authority *a = world_fold(&w, 0);
    for (size_t i = 0; i < w.len; i++) {
        if (next < w.log_len && w.log[next].index == i) {
            w.now = w.log[next].now;
            struct writ_slice made = world_bytes(&w, a, &w.log[next].ask);
            /* The question to the approvers follows in the same bytes. */
            if (!writ_slice_starts(made, w.records[i]))
                fail_msg("record %zu: %.*s\nbecame %.*s", i, (int)w.records[i].len,
                         (const char *)w.records[i].ptr, (int)made.len, (const char *)made.ptr);
            if (made.len > w.records[i].len)
                assert_true(
                    writ_slice_eq(writ_slice_from(made, w.records[i].len), w.records[i + 1]));
            next++;
        }
        if (writ_authority_apply(a, i, w.records[i], &w.err) != WRIT_OK)
            fail_msg("record %zu: %s", i, w.err.text);
    }
    assert_int_equal(next, w.log_len);
    assert_true(next > 45);
    writ_authority_free(a);
    world_release(&w);
}

/* The very next attempt after the record is refused, whatever was revoked. */
static void promise_6_revocation_is_now(void **state)
{
    static const struct {
        enum writ_record_type type;
        const char *subject;
        struct ask ask;
    } ROWS[] = {
        { WRIT_RECORD_GRANT_REVOKED, "g", { .grant = "g" } },
        { WRIT_RECORD_GRANT_REVOKED, "g", { .agent = HELPER, .grant = "d" } },
        { WRIT_RECORD_GRANT_REVOKED, "d", { .agent = HELPER, .grant = "d" } },
        { WRIT_RECORD_GRANT_REVOKED, "g", { .agent = HELPER } },
        { WRIT_RECORD_AGENT_SUSPENDED, "bot", { .grant = "g" } },
        { WRIT_RECORD_AGENT_SUSPENDED, "bot", { .agent = HELPER, .grant = "d" } },
        { WRIT_RECORD_AGENT_RETIRED, "bot", { .agent = HELPER } },
        { WRIT_RECORD_AGENT_RETIRED, "helper", { .agent = HELPER, .grant = "d" } },
        { WRIT_RECORD_HUMAN_SUSPENDED, "alice", { .grant = "g" } },
        { WRIT_RECORD_HUMAN_REMOVED, "alice", { .agent = HELPER, .grant = "d" } },
        { WRIT_RECORD_STOP_SET, "files", { .grant = "g" } },
        { WRIT_RECORD_STOP_SET, "*", { .agent = HELPER, .grant = "d" } },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
        for (int by_session = 0; by_session < 2; by_session++) {
            struct world w;
            struct ask q = ROWS[i].ask;
            world_init(&w);
            world_grant(&w, "g", "{}");
            must(&w, world_derive(&w, BOT,
                                  world_grant_text(&w, "d",
                                                   "{'parent':'g','holder':'helper',"
                                                   "'max_depth':1}")));
            if (by_session != 0)
                q.session = world_session(&w, q.agent);
            if (!allows(&w, &q))
                fail_msg("row %zu is not allowed before", i);
            must(&w, world_narrow(&w, ROWS[i].type, ROWS[i].subject));
            if (allows(&w, &q))
                fail_msg("row %zu is allowed after: %s", i, ROWS[i].subject);
            /* and after a restart */
            struct writ_authority *again = world_fold(&w, w.len);
            q.salt = q.nonce = 4711;
            struct writ_slice bytes = world_bytes(&w, again, &q);
            assert_null(memmem(bytes.ptr, bytes.len, "\"verdict\":\"allow\"", 17));
            writ_authority_free(again);
            world_release(&w);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(promise_1_no_action_without_a_named_human),
        cmocka_unit_test(promise_3_authority_only_narrows),
        cmocka_unit_test(promise_5_every_decision_can_be_taken_again),
        cmocka_unit_test(promise_6_revocation_is_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
