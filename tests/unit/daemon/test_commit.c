#include "test.h"

#include <pthread.h>
#include <unistd.h>

#include "daemon/commit.h"
#include "ledger/log.h"

#include "base/banned.h"

#define ITEMS 20000

/* A ledger in memory that fails, lies, or waits when it is told to. */
struct fake {
    pthread_mutex_t lock;
    uint64_t size, batches, wakes;
    uint64_t fail_at; /* the index whose batch fails; UINT64_MAX never */
    uint64_t shift;   /* added to the first index: somebody else wrote */
    uint64_t pair;    /* this index and the next belong together */
    bool split;       /* a batch ended between them */
    size_t biggest, most_bytes;
    bool closed; /* appends wait */
};

static enum writ_status append(void *ctx, const struct writ_slice *entries, size_t n,
                               uint64_t *first, struct writ_err *err)
{
    struct fake *f = ctx;
    size_t bytes = 0;

    for (;;) {
        (void)pthread_mutex_lock(&f->lock);
        if (!f->closed)
            break;
        (void)pthread_mutex_unlock(&f->lock);
        (void)usleep(100);
    }
    enum writ_status st = WRIT_OK;
    for (size_t i = 0; i < n; i++)
        bytes += entries[i].len;
    f->biggest = n > f->biggest ? n : f->biggest;
    f->most_bytes = bytes > f->most_bytes ? bytes : f->most_bytes;
    f->batches++;
    if (f->size + n > f->fail_at) {
        st = writ_fail(err, WRIT_IO, "the disk said no");
    } else {
        *first = f->size + f->shift;
        f->size += n;
        f->split = f->split || f->size == f->pair + 1;
    }
    (void)pthread_mutex_unlock(&f->lock);
    return st;
}

static void wake(void *ctx)
{
    struct fake *f = ctx;
    (void)pthread_mutex_lock(&f->lock);
    f->wakes++;
    (void)pthread_mutex_unlock(&f->lock);
}

static void set_closed(struct fake *f, bool closed)
{
    (void)pthread_mutex_lock(&f->lock);
    f->closed = closed;
    (void)pthread_mutex_unlock(&f->lock);
}

static struct writ_commit *start(struct fake *f)
{
    struct writ_commit *c = NULL;
    struct writ_commit_sink sink = { append, f };

    *f = (struct fake){ .fail_at = UINT64_MAX, .pair = UINT64_MAX - 1 };
    assert_int_equal(pthread_mutex_init(&f->lock, NULL), 0);
    assert_int_equal(writ_commit_start(sink, wake, f, &c, NULL), WRIT_OK);
    return c;
}

static struct writ_commit_item *make_item(uint64_t index, size_t len)
{
    struct writ_commit_item *item = calloc(1, sizeof(*item));
    uint8_t *at;

    assert_non_null(item);
    writ_buf_init(&item->record, 65535);
    if (len > 0) {
        assert_int_equal(writ_buf_reserve(&item->record, len, &at), WRIT_OK);
        memset(at, 'x', len);
        item->record.len = len;
    }
    item->index = index;
    return item;
}

static void submit(struct writ_commit *c, uint64_t index, size_t len)
{
    writ_commit_submit(c, make_item(index, len));
}

static void submit_pair(struct writ_commit *c, uint64_t index, size_t len)
{
    struct writ_commit_item *first = make_item(index, len);
    first->next = make_item(index + 1, len);
    first->joined = true;
    writ_commit_submit(c, first);
}

/* Frees what came back; how many, in order from *next; barriers come between. */
static size_t drain(struct writ_commit *c, uint64_t *next, bool *failed, struct writ_err *why)
{
    size_t n = 0;
    struct writ_commit_item *item = writ_commit_take(c, failed, why);

    while (item != NULL) {
        struct writ_commit_item *after = item->next;
        if (item->record.len > 0)
            assert_true(item->index == (*next)++);
        else
            assert_true(item->index == *next);
        writ_commit_item_free(item);
        item = after;
        n++;
    }
    return n;
}

static void test_all_come_back_once_and_in_order(void **state)
{
    struct fake f;
    struct writ_err why;
    uint64_t next = 0;
    size_t n = 0;
    bool failed = false;
    struct writ_commit *c = start(&f);

    (void)state;
    for (uint64_t i = 0; i < ITEMS; i++) {
        submit(c, i, 1 + i % 600);
        if (i % 1000 == 999)
            n += drain(c, &next, &failed, &why);
    }
    writ_commit_stop(c);
    n += drain(c, &next, &failed, &why);
    assert_false(failed);
    assert_int_equal(n, ITEMS);
    assert_int_equal(f.size, ITEMS);
    assert_true(f.batches < ITEMS);
    assert_int_equal(f.wakes, f.batches);
    writ_commit_free(c);
}

static void test_what_gathers_meanwhile_is_one_batch_within_limits(void **state)
{
    struct fake f;
    struct writ_err why;
    uint64_t next = 0;
    bool failed = false;
    struct writ_commit *c = start(&f);

    (void)state;
    set_closed(&f, true);
    for (uint64_t i = 0; i < 5000; i++)
        submit(c, i, 10);
    for (uint64_t i = 5000; i < 5200; i++)
        submit(c, i, 65535);
    set_closed(&f, false);
    writ_commit_stop(c);
    assert_int_equal(drain(c, &next, &failed, &why), 5200);
    assert_true(f.biggest <= WRIT_BATCH_MAX);
    assert_true(f.most_bytes <= WRIT_BATCH_BYTES);
    assert_true(f.batches <= 6);
    writ_commit_free(c);
}

static void test_a_barrier_waits_for_what_is_before_it(void **state)
{
    struct fake f;
    struct writ_err why;
    uint64_t next = 0;
    bool failed = false;
    struct writ_commit *c = start(&f);

    (void)state;
    set_closed(&f, true);
    submit(c, 0, 10);
    submit(c, 1, 0);
    (void)usleep(20000);
    assert_int_equal(drain(c, &next, &failed, &why), 0);
    set_closed(&f, false);
    writ_commit_stop(c);
    assert_int_equal(drain(c, &next, &failed, &why), 2);
    assert_int_equal(f.size, 1); /* the barrier itself is not written */
    writ_commit_free(c);
}

struct fault_row {
    const char *rule;
    uint64_t fail_at, shift;
    enum writ_status status;
};

static const struct fault_row fault_rows[] = {
    { "the first batch fails", 0, 0, WRIT_IO },
    { "a later batch fails", 5000, 0, WRIT_IO },
    { "the ledger gives other indices than were applied", UINT64_MAX, 1, WRIT_CORRUPT },
};

static void test_after_a_failure_nothing_is_acknowledged(void **state)
{
    (void)state;
    for (size_t r = 0; r < ARRAY_LEN(fault_rows); r++) {
        struct fake f;
        struct writ_err why = { 0 };
        uint64_t next = 0;
        bool failed = false;
        struct writ_commit *c = start(&f);
        (void)pthread_mutex_lock(&f.lock);
        f.fail_at = fault_rows[r].fail_at;
        f.shift = fault_rows[r].shift;
        (void)pthread_mutex_unlock(&f.lock);
        for (uint64_t i = 0; i < ITEMS; i++)
            submit(c, i, 10);
        writ_commit_stop(c); /* must not hang on what can never be written */
        size_t n = drain(c, &next, &failed, &why);
        if (!failed || why.status != fault_rows[r].status)
            fail_msg("%s: failed %d, %s", fault_rows[r].rule, failed, why.text);
        assert_true(n <= f.size);
        assert_true(n <= fault_rows[r].fail_at);
        if (fault_rows[r].shift != 0)
            assert_int_equal(n, 0);
        writ_commit_free(c);
    }
}

/* Where the pair would lie across the end of a full batch: by entries, and by bytes. */
static void test_what_is_joined_becomes_durable_together(void **state)
{
    static const struct {
        const char *rule;
        uint64_t before;
        size_t len;
    } CASES[] = {
        { "one entry is left in the batch", WRIT_BATCH_MAX - 1, 10 },
        { "bytes for one are left in the batch", WRIT_BATCH_BYTES / 60000, 60000 },
        { "the batch is empty", 0, 60000 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct fake f;
        struct writ_err why;
        uint64_t next = 0;
        bool failed = false;
        struct writ_commit *c = start(&f);

        print_message("  %s\n", CASES[i].rule);
        f.pair = CASES[i].before + 1;
        set_closed(&f, true);
        submit(c, 0, 10); /* taken alone; the rest gathers behind it */
        (void)usleep(20000);
        for (uint64_t k = 1; k <= CASES[i].before; k++)
            submit(c, k, CASES[i].len);
        submit_pair(c, CASES[i].before + 1, CASES[i].len);
        set_closed(&f, false);
        writ_commit_stop(c);
        (void)drain(c, &next, &failed, &why);
        assert_false(failed);
        assert_int_equal(next, CASES[i].before + 3);
        assert_false(f.split);
        assert_true(f.biggest <= WRIT_BATCH_MAX);
        assert_true(f.most_bytes <= WRIT_BATCH_BYTES);
        writ_commit_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_joined_becomes_durable_together),
        cmocka_unit_test(test_all_come_back_once_and_in_order),
        cmocka_unit_test(test_what_gathers_meanwhile_is_one_batch_within_limits),
        cmocka_unit_test(test_a_barrier_waits_for_what_is_before_it),
        cmocka_unit_test(test_after_a_failure_nothing_is_acknowledged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
