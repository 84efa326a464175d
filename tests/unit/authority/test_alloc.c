#include "test.h"

#include "alloc_fail.h"
#include "world.h"

#include "base/banned.h"

#define TRIES 3000

/* Whatever allocation fails: an error, or the very same record; never another decision. */
static size_t decide_with_failures(struct world *w, const struct ask *q)
{
    WRIT_AUTO_BUF want;
    struct writ_action_request r;
    size_t n;

    writ_buf_init(&want, 1 << 18);
    world_request(w, q, &r);
    for (n = 0; n < TRIES; n++) {
        WRIT_AUTO_BUF got;
        WRIT_AUTO_ARENA arena;
        struct writ_decision d, untouched;
        struct writ_err err = { .status = WRIT_OK };
        writ_buf_init(&got, 1 << 18);
        writ_arena_init(&arena, 1 << 20);
        memset(&d, 0x5a, sizeof(d));
        untouched = d;
        alloc_fail_at(n == 0 ? SIZE_MAX : n); /* the first time nothing fails */
        enum writ_status st = writ_authority_decide(w->a, &r, w->now, &arena, &d, &err);
        bool reached = alloc_fail_end();
        if (st != WRIT_OK) {
            assert_int_equal(st, WRIT_NOMEM);
            assert_memory_equal(&d, &untouched, sizeof(d));
            continue;
        }
        assert_int_equal(writ_record_encode(&d.record, &got, NULL), WRIT_OK);
        if (d.asks_approval)
            assert_int_equal(writ_record_encode(&d.request, &got, NULL), WRIT_OK);
        if (n == 0)
            assert_int_equal(writ_buf_add(&want, writ_buf_slice(&got)), WRIT_OK);
        else if (!writ_slice_eq(writ_buf_slice(&want), writ_buf_slice(&got)))
            fail_msg("allocation %zu fails, and the decision becomes %.*s", n, (int)got.len,
                     (const char *)got.ptr);
        if (n != 0 && !reached)
            return n;
    }
    fail_msg("no end");
    return 0;
}

static void test_decide(void **state)
{
    static const struct ask ASKS[] = {
        { .grant = "g" },
        { .grant = "rules",
          .action = "files/tools/write",
          .arguments = "{'path':'/srv/x','n':1.5,'l':['a','b'],'u':'https://a.example/x'}" },
        { .grant = "rules", .action = "files/tools/write", .arguments = "{'path':'/srv/x'}" },
        { .grant = "held" },
        { .arguments = "{'path':'/etc/x'}" },
        { .agent = HELPER },
        { .bad_signature = true },
        { .grant = "g", .action = "files/tools/move", .arguments = "{'source':'/a','to':'../b'}" },
    };
    struct world w;

    (void)state;
    world_init(&w);
    world_grant(&w, "g", "{'limits':{'calls':5}}");
    world_grant(&w, "held", "{'approval':[{'actions':['*'],'quorum':1,'within_s':60}]}");
    world_grant(&w, "rules",
                "{'arguments':{'files/tools/write':{'path':{'kind':'path','prefix':'/srv'},"
                "'n':{'range':{'min':1}},'l':{'subset':['a','b']},"
                "'u':{'kind':'url','prefix':'https://a.example/'}}}}");
    size_t tries = 0;
    for (size_t i = 0; i < ARRAY_LEN(ASKS); i++)
        tries += decide_with_failures(&w, &ASKS[i]);
    print_message("%zu failures survived\n", tries);
    world_release(&w);
}

/* One record of each type; the state is unusable afterwards, but is given back whole. */
static void test_apply(void **state)
{
    bool met[32] = { false };
    struct world w;

    (void)state;
    world_init(&w);
    world_busy(&w);
    for (size_t i = 0; i < w.len; i++) {
        WRIT_AUTO_ARENA arena;
        struct writ_record r;
        writ_arena_init(&arena, 1 << 20);
        assert_int_equal(writ_record_decode(w.records[i], &arena, &r, NULL), WRIT_OK);
        bool seen = met[r.type];
        met[r.type] = true;
        for (size_t n = 1; !seen; n++) {
            struct writ_authority *a = world_fold(&w, i);
            struct writ_err err = { .status = WRIT_OK };
            alloc_fail_at(n);
            enum writ_status st = writ_authority_apply(a, i, w.records[i], &err);
            bool reached = alloc_fail_end();
            if (st != WRIT_OK && st != WRIT_NOMEM)
                fail_msg("record %zu, allocation %zu: %s", i, n, err.text);
            if (st == WRIT_OK && !writ_slice_is(writ_authority_cell(a), WORLD_CELL))
                fail_msg("record %zu, allocation %zu: half applied", i, n);
            writ_authority_free(a);
            if (!reached)
                break;
        }
    }
    world_release(&w);
}

static void change_with_failures(struct world *w, struct writ_slice text,
                                 struct writ_slice signature)
{
    for (size_t n = 1; n < TRIES; n++) {
        struct writ_change_request r = { .text = text, .signature = signature };
        WRIT_AUTO_ARENA arena;
        struct writ_record out, untouched;
        writ_arena_init(&arena, 1 << 20);
        memset(&out, 0x5a, sizeof(out));
        untouched = out;
        alloc_fail_at(n);
        enum writ_status st = writ_authority_find_signer(w->a, &r, &w->err);
        if (st == WRIT_OK) {
            writ_change_verify(&r);
            st = writ_authority_change(w->a, &r, w->now, &arena, &out, &w->err);
        }
        bool reached = alloc_fail_end();
        if (st != WRIT_OK)
            assert_memory_equal(&out, &untouched, sizeof(out));
        if (!reached) {
            if (st != WRIT_OK)
                fail_msg("%s", w->err.text);
            return;
        }
    }
    fail_msg("no end");
}

static void test_change(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_grant(&w, "g", "{}");
    struct writ_slice texts[] = {
        world_grant_text(&w, "x", "{'arguments':{'files/tools/a':{'n':{'one_of':[1,2]}}}}"),
        world_text(&w, "writ.human", "{'human':'dora','keys':['%s'],'roles':['auditor']}",
                   w.lines[MALLORY]),
        world_text(&w, "writ.agent",
                   "{'agent':'new','owner':'alice','key':'%s','environment':'e','purpose':'p',"
                   "'third_party':false}",
                   w.bot_keys[BOT]),
        world_text(&w, "writ.target",
                   "{'target':'mail','environment':'e','third_party':false,'sensitive':['mail/*'],"
                   "'resources':{'a':['mail:{b}']},'spend':{'a':{'argument':'b','unit':'EUR'}}}"),
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        change_with_failures(
            &w, texts[i],
            world_ssh(&w, w.people[ALICE], i == 0 ? "writ.grant" : "writ.change", texts[i]));
    struct writ_slice child =
        world_grant_text(&w, "y", "{'parent':'g','holder':'helper','max_depth':0}");
    change_with_failures(&w, child, world_agent_signature(&w, BOT, child));
    world_release(&w);
}

static void test_view(void **state)
{
    static const char *const VIEWS[] = { "status",  "humans", "agents",
                                         "targets", "grants", "approvals" };
    struct world w;

    (void)state;
    world_init(&w);
    world_busy(&w);
    for (size_t i = 0; i < ARRAY_LEN(VIEWS); i++) {
        const char *want = world_view(&w, w.a, VIEWS[i], "");
        for (size_t n = 1; n < TRIES * 10; n++) {
            WRIT_AUTO_BUF out;
            writ_buf_init(&out, 1 << 20);
            alloc_fail_at(n);
            enum writ_status st = writ_authority_view(w.a, writ_cstr(VIEWS[i]), WRIT_LIT(""), true,
                                                      w.now, &out, &w.err);
            bool reached = alloc_fail_end();
            /* A view may fail; it may not leave something out. */
            if (st == WRIT_OK && !writ_slice_is(writ_buf_slice(&out), want))
                fail_msg("%s, allocation %zu: %.*s", VIEWS[i], n, (int)out.len,
                         (const char *)out.ptr);
            if (!reached)
                break;
        }
    }
    world_release(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decide),
        cmocka_unit_test(test_apply),
        cmocka_unit_test(test_change),
        cmocka_unit_test(test_view),
    };

    /* jansson keeps its own malloc: its string buffer loses bytes when it cannot grow. */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
