/* Replay finds what was changed, also when everything was re-signed by whoever has the log's key. */
#include "test.h"

#include "base/json.h"
#include "record/record.h"
#include "replay/payload.h"
#include "replay/replay.h"
#include "support/acts.h"

/* A ledger with allowed, denied, signed and unsigned actions; one stays without an outcome. */
static void make_history(struct acts *m)
{
    enum writ_verdict v;

    acts_open(m, NULL);
    for (int i = 0; i < 20; i++) {
        uint64_t at = acts_decide(m, i % 2 == 0 ? "t-1" : "t-2", "files/tools/read_file", "{}",
                                  i % 3 == 0, &v);
        assert_int_equal(v, WRIT_ALLOW);
        acts_complete(m, at);
    }
    (void)acts_decide(m, "t-1", "other/tools/read_file", "{}", true, &v);
    assert_int_equal(v, WRIT_DENY);
    (void)acts_decide(m, "t-1", "files/tools/read_file", "{}", false, &v);
    assert_int_equal(v, WRIT_ALLOW);
    acts_seal(m);
}

static void run(const char *ledger, const char *txn, struct writ_replay_report *out)
{
    struct writ_err err = { 0 };
    struct writ_replay_options o = { .ledger = ledger, .signatures = true };

    if (txn != NULL)
        o.txn = writ_cstr(txn);
    enum writ_status st = writ_replay_run(&o, out, &err);
    if (st != WRIT_OK)
        print_message("  replay: %s\n", err.text);
    assert_int_equal(st, WRIT_OK);
}

static void an_honest_ledger_agrees(void **state)
{
    struct writ_replay_report r;
    struct acts m;

    (void)state;
    make_history(&m);
    run(m.home.ledger, NULL, &r);
    assert_int_equal(r.diverged, 0);
    assert_int_equal(r.agreed, r.records);
    assert_int_equal(r.decided, 22);
    assert_int_equal(r.allowed, 21);
    assert_int_equal(r.denied, 1);
    assert_int_equal(r.traceable, 21);
    assert_int_equal(r.exceptions_len, 0);
    assert_int_equal(r.in_doubt, 1);
    assert_int_equal(r.signatures_bad, 0);
    assert_int_equal(r.signatures_action, 8);
    assert_int_equal(r.signatures_session, 1);
    assert_int_equal(r.signatures_agent, 2);
    assert_true(r.signatures_human >= 5);
    writ_replay_release(&r);

    run(m.home.ledger, "t-2", &r);
    assert_int_equal(r.decided, 10);
    assert_int_equal(r.in_doubt, 0);
    writ_replay_release(&r);
    acts_close(&m);
}

/* Copies the ledger record by record into a new one with the same key, changing some. */
typedef bool edit_fn(uint64_t index, struct writ_record *rec); /* false: drop it */

static void forge(struct acts *m, edit_fn *edit, const char *dir)
{
    struct writ_log_options o = { .dir = dir,
                                  .origin = WRIT_LIT(TEST_CELL),
                                  .key = m->home.ledger_key };
    struct writ_log_reader *reader = NULL;
    struct writ_log *log = NULL;
    struct writ_slice entry;
    struct writ_err err = { 0 };
    uint64_t index, first;

    assert_int_equal(writ_log_create(&o, &err), WRIT_OK);
    assert_int_equal(writ_log_open(&o, &log, &err), WRIT_OK);
    assert_int_equal(writ_log_reader_open(m->home.ledger, &reader, &err), WRIT_OK);
    while (writ_log_reader_next(reader, &entry, &index, &err) == WRIT_OK) {
        WRIT_AUTO_ARENA arena;
        WRIT_AUTO_BUF bytes;
        struct writ_record rec;
        writ_arena_init(&arena, 1u << 20);
        writ_buf_init(&bytes, WRIT_RECORD_MAX);
        assert_int_equal(writ_record_decode(entry, &arena, &rec, &err), WRIT_OK);
        if (!edit(index, &rec))
            continue;
        assert_int_equal(writ_record_encode(&rec, &bytes, &err), WRIT_OK);
        struct writ_slice one = writ_buf_slice(&bytes);
        assert_int_equal(writ_log_append(log, &one, 1, &first, &err), WRIT_OK);
    }
    assert_int_equal(writ_log_publish(log, &err), WRIT_OK);
    writ_log_reader_close(reader);
    writ_log_close(log);
}

static bool deny_becomes_allow(uint64_t index, struct writ_record *rec)
{
    (void)index;
    if (rec->type == WRIT_RECORD_ACTION_DECIDED && writ_slice_is(rec->as.decided.verdict, "deny")) {
        rec->as.decided.reason = WRIT_LIT("stopped");
        rec->as.decided.detail = WRIT_LIT("");
    }
    return true;
}

static bool other_agent(uint64_t index, struct writ_record *rec)
{
    (void)index;
    if (rec->type == WRIT_RECORD_ACTION_DECIDED && writ_slice_is(rec->as.decided.txn, "t-2"))
        rec->as.decided.human = WRIT_LIT("mallory");
    return true;
}

static bool other_resource(uint64_t index, struct writ_record *rec)
{
    static const struct writ_slice OTHER[] = { WRIT_SLICE_INIT("file:///etc/passwd") };

    (void)index;
    if (rec->type == WRIT_RECORD_ACTION_DECIDED)
        rec->as.decided.resources = (struct writ_texts){ 1, OTHER };
    return true;
}

static bool later_time(uint64_t index, struct writ_record *rec)
{
    (void)index;
    if (rec->type == WRIT_RECORD_ACTION_DECIDED && writ_slice_is(rec->as.decided.proof.kind, "key"))
        rec->as.decided.credential.issued++;
    return true;
}

static void a_forged_record_is_found_although_the_log_key_signed_it(void **state)
{
    static const struct {
        const char *what;
        edit_fn *edit;
    } CASES[] = {
        { "the reason of a denial", deny_becomes_allow },
        { "the human of an action", other_agent },
        { "the resources of an action", other_resource },
        { "the time of a proof", later_time },
    };
    struct acts m;

    (void)state;
    make_history(&m);
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct writ_replay_report r;
        char dir[256];
        print_message("  %s\n", CASES[i].what);
        (void)snprintf(dir, sizeof(dir), "%s/forged-%zu", m.home.dir, i);
        forge(&m, CASES[i].edit, dir);
        run(dir, NULL, &r);
        assert_true(r.diverged > 0);
        assert_true(r.stored.len != 0);
        writ_replay_release(&r);
    }
    acts_close(&m);
}

static bool without_the_root_grant(uint64_t index, struct writ_record *rec)
{
    (void)index;
    return rec->type != WRIT_RECORD_GRANT_SIGNED;
}

static void a_ledger_without_its_root_grant_cannot_be_folded(void **state)
{
    struct writ_replay_report r;
    struct writ_err err = { 0 };
    struct acts m;
    char dir[256];

    (void)state;
    make_history(&m);
    (void)snprintf(dir, sizeof(dir), "%s/forged", m.home.dir);
    forge(&m, without_the_root_grant, dir);
    struct writ_replay_options o = { .ledger = dir, .signatures = true };
    assert_int_equal(writ_replay_run(&o, &r, &err), WRIT_CORRUPT);
    assert_non_null(strstr(err.text, "record "));
    acts_close(&m);
}

/* Arguments that a grant constrains: erased they are not agreed with, kept they are. */
static void erased_arguments_are_never_called_agreed(void **state)
{
    static const uint8_t SALT[WRIT_SALT_LEN] = { 9 };
    static const char ARGUMENTS[] = "{\"path\":\"/srv/a.txt\"}";
    struct writ_payloads *payloads = NULL;
    struct writ_replay_report r;
    struct writ_err err = { 0 };
    struct writ_hash digest;
    enum writ_verdict v;
    struct acts m;
    char dir[256];

    (void)state;
    acts_open(&m, NULL);
    acts_flush(&m);
    test_home_grant(&m.home, "g-4", "third", "files",
                    "{\"proof\":\"none\",\"arguments\":{\"files/tools/read_file\":{\"path\":"
                    "{\"kind\":\"path\",\"prefix\":\"/srv\"}}}}",
                    NULL);
    m.now = writ_authority_last_time(m.home.authority);
    (void)snprintf(dir, sizeof(dir), "%s/payloads", m.home.dir);
    assert_int_equal(writ_payloads_open(dir, &payloads, &err), WRIT_OK);
    assert_int_equal(
        writ_payload_digest(writ_slice(SALT, sizeof(SALT)), writ_cstr(ARGUMENTS), &digest, &err),
        WRIT_OK);
    assert_int_equal(writ_payloads_put(payloads, &digest, writ_slice(SALT, sizeof(SALT)),
                                       writ_cstr(ARGUMENTS), &err),
                     WRIT_OK);
    writ_payloads_close(payloads);

    struct writ_action_request q = { .agent = WRIT_LIT("third"),
                                     .instance = WRIT_LIT("test-1"),
                                     .txn = WRIT_LIT("t-1"),
                                     .grant = WRIT_LIT("g-4"),
                                     .transport = WRIT_LIT("none"),
                                     .gateway = WRIT_LIT("test"),
                                     .action = WRIT_LIT("files/tools/read_file"),
                                     .arguments = writ_cstr(ARGUMENTS),
                                     .salt = writ_slice(SALT, sizeof(SALT)),
                                     .session = m.session };
    struct writ_decision d;
    writ_action_verify(&q, writ_cstr(TEST_CELL), NULL);
    m.now++;
    assert_int_equal(writ_authority_decide(m.home.authority, &q, m.now, &m.arena, &d, &err),
                     WRIT_OK);
    v = d.verdict;
    assert_int_equal(v, WRIT_ALLOW);
    (void)acts_commit(&m, &d.record);
    acts_seal(&m);

    run(m.home.ledger, NULL, &r); /* no payloads: the same verdict, but on half the facts */
    assert_int_equal(r.undecidable, 1);
    assert_int_equal(r.diverged, 0);
    assert_int_equal(r.agreed, r.records - 1);
    writ_replay_release(&r);

    struct writ_replay_options o = { .ledger = m.home.ledger, .payloads = dir, .signatures = true };
    assert_int_equal(writ_replay_run(&o, &r, &err), WRIT_OK);
    assert_int_equal(r.undecidable, 0);
    assert_int_equal(r.agreed, r.records);
    writ_replay_release(&r);
    acts_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_honest_ledger_agrees),
        cmocka_unit_test(a_forged_record_is_found_although_the_log_key_signed_it),
        cmocka_unit_test(a_ledger_without_its_root_grant_cannot_be_folded),
        cmocka_unit_test(erased_arguments_are_never_called_agreed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
