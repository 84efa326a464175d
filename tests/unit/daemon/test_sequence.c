#include "test.h"

#include "daemon/sequence.h"
#include "support/home.h"

#include "base/banned.h"

/* A clock, a ledger's room and a queue that the test holds in its hands. */
struct world {
    struct test_home home;
    struct writ_sequencer seq;
    uint64_t clock, room;
    struct writ_commit_item *items[16];
    size_t len;
};

static uint64_t world_clock(void *ctx)
{
    const struct world *w = ctx;
    return w->clock;
}

static uint64_t world_room(void *ctx)
{
    const struct world *w = ctx;
    return w->room;
}

static void world_submit(void *ctx, struct writ_commit_item *item)
{
    struct world *w = ctx;
    assert_true(w->len < ARRAY_LEN(w->items));
    w->items[w->len++] = item;
}

static int make(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    test_home_make(&w->home, 0);
    w->clock = writ_authority_last_time(w->home.authority) + 1000000;
    w->room = 1 << 20;
    w->seq = (struct writ_sequencer){ .authority = w->home.authority,
                                      .env = { world_clock, NULL, w },
                                      .room = world_room,
                                      .submit = world_submit,
                                      .ctx = w };
    *state = w;
    return 0;
}

static int drop(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < w->len; i++)
        writ_commit_item_free(w->items[i]);
    test_home_remove(&w->home);
    free(w);
    return 0;
}

static struct writ_record stop_record(struct world *w, uint64_t now)
{
    struct writ_rec_narrowed what = { WRIT_LIT("uid:0"), WRIT_LIT("*"), WRIT_LIT("test"), now };
    struct writ_record r = { 0 };

    assert_int_equal(
        writ_authority_narrow(w->home.authority, WRIT_RECORD_STOP_SET, &what, now, NULL, &r, NULL),
        WRIT_OK);
    return r;
}

static void test_time_goes_on(void **state)
{
    struct world *w = *state;
    uint64_t now = 0;

    assert_int_equal(writ_sequence_now(&w->seq, &now, NULL), WRIT_OK);
    assert_true(now == w->clock);
    assert_int_equal(w->len, 0);
}

static void test_a_clock_that_steps_back_is_on_record(void **state)
{
    struct world *w = *state;
    WRIT_AUTO_ARENA arena;
    struct writ_record r;
    uint64_t now = 0, last = writ_authority_last_time(w->home.authority);

    writ_arena_init(&arena, 65536);
    w->clock = last - 3600000000u;
    assert_int_equal(writ_sequence_now(&w->seq, &now, NULL), WRIT_OK);
    assert_true(now > last);
    assert_int_equal(w->len, 1);
    assert_int_equal(w->seq.clock_steps, 1);
    assert_int_equal(writ_record_decode(writ_buf_slice(&w->items[0]->record), &arena, &r, NULL),
                     WRIT_OK);
    assert_int_equal(r.type, WRIT_RECORD_CLOCK_STEPPED);
    assert_true(r.as.clock_stepped.clock == w->clock);
    /* The step is said once, not with every record until the clock has caught up. */
    assert_int_equal(writ_sequence_now(&w->seq, &now, NULL), WRIT_OK);
    assert_int_equal(w->len, 1);
}

static void test_a_record_is_applied_and_queued_once(void **state)
{
    struct world *w = *state;
    uint64_t next = writ_authority_next_index(w->home.authority), index = 0;
    struct writ_record r = stop_record(w, w->clock);
    int owner;

    assert_int_equal(writ_sequence(&w->seq, &r, WRIT_ROOM_COMMON, &owner, &index, NULL), WRIT_OK);
    assert_true(index == next);
    assert_true(writ_authority_next_index(w->home.authority) == next + 1);
    assert_int_equal(w->len, 1);
    assert_ptr_equal(w->items[0]->owner, &owner);
    assert_int_equal(w->seq.queued, 1);
    assert_true(w->seq.queued_bytes == w->items[0]->record.len);
    writ_sequence_done(&w->seq, w->items[0]);
    assert_int_equal(w->seq.queued, 0);
    assert_int_equal(w->seq.queued_bytes, 0);
}

static void test_a_decision_and_what_follows_are_queued_as_one(void **state)
{
    struct world *w = *state;
    uint64_t next = writ_authority_next_index(w->home.authority), index = 0;
    struct writ_record first = stop_record(w, w->clock), second = first;
    struct writ_err err = { 0 };
    int owner;

    test_home_target(&w->home, "files");
    next = writ_authority_next_index(w->home.authority);
    first.time = second.time = writ_authority_last_time(w->home.authority);
    second.as.narrowed.subject = WRIT_LIT("files");
    /* Room for one, not for both: neither. */
    w->room = 2 * 200 + WRIT_OUTCOME_RESERVE;
    assert_int_equal(
        writ_sequence_both(&w->seq, &first, &second, WRIT_ROOM_COMMON, &owner, &index, &err),
        WRIT_LIMIT);
    assert_true(writ_authority_next_index(w->home.authority) == next);
    assert_int_equal(w->len, 0);
    w->room = 1 << 20;
    assert_int_equal(
        writ_sequence_both(&w->seq, &first, &second, WRIT_ROOM_COMMON, &owner, &index, &err),
        WRIT_OK);
    assert_true(index == next);
    assert_true(writ_authority_next_index(w->home.authority) == next + 2);
    assert_int_equal(w->len, 1);
    assert_int_equal(w->seq.queued, 2);
    struct writ_commit_item *behind = w->items[0]->next;
    assert_true(w->items[0]->joined);
    assert_null(w->items[0]->owner);
    assert_non_null(behind);
    assert_ptr_equal(behind->owner, &owner);
    assert_true(behind->index == next + 1);
    writ_commit_item_free(behind);
}

static void test_without_room_nothing_changes(void **state)
{
    struct world *w = *state;
    uint64_t next = writ_authority_next_index(w->home.authority), index = 0;
    struct writ_record r = stop_record(w, w->clock);
    struct writ_err err = { 0 };

    w->room = WRIT_OUTCOME_RESERVE;
    assert_int_equal(writ_sequence(&w->seq, &r, WRIT_ROOM_COMMON, NULL, &index, &err), WRIT_LIMIT);
    assert_non_null(strstr(err.text, "full"));
    assert_true(writ_authority_next_index(w->home.authority) == next);
    assert_int_equal(w->len, 0);
    /* What narrows may use what is kept. */
    assert_int_equal(writ_sequence(&w->seq, &r, WRIT_ROOM_RESERVED, NULL, &index, &err), WRIT_OK);
    /* What is queued takes room too. */
    w->room = w->seq.queued_bytes * 2;
    struct writ_record clock = writ_authority_clock_stepped(w->clock + 1, w->clock);
    assert_int_equal(writ_sequence(&w->seq, &clock, WRIT_ROOM_RESERVED, NULL, &index, &err),
                     WRIT_LIMIT);
}

static void test_a_record_that_cannot_follow_breaks_it(void **state)
{
    struct world *w = *state;
    uint64_t index = 0;
    struct writ_err err = { 0 };
    /* Time before the last record: no state can take it. */
    struct writ_record r = writ_authority_clock_stepped(1, 1);

    assert_int_not_equal(writ_sequence(&w->seq, &r, WRIT_ROOM_COMMON, NULL, &index, &err), WRIT_OK);
    assert_true(w->seq.broken);
    assert_int_equal(w->len, 0);
    r = writ_authority_clock_stepped(w->clock, w->clock);
    assert_int_equal(writ_sequence(&w->seq, &r, WRIT_ROOM_COMMON, NULL, &index, &err), WRIT_CLOSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_time_goes_on, make, drop),
        cmocka_unit_test_setup_teardown(test_a_clock_that_steps_back_is_on_record, make, drop),
        cmocka_unit_test_setup_teardown(test_a_record_is_applied_and_queued_once, make, drop),
        cmocka_unit_test_setup_teardown(test_a_decision_and_what_follows_are_queued_as_one, make,
                                        drop),
        cmocka_unit_test_setup_teardown(test_without_room_nothing_changes, make, drop),
        cmocka_unit_test_setup_teardown(test_a_record_that_cannot_follow_breaks_it, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
