#include "fixture.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/banned.h"

static void opens_what_it_created(void **state)
{
    struct fixture *f = *state;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    struct writ_log *log = NULL;
    struct writ_hash empty = writ_tree_empty();

    assert_ok(writ_log_create(&f->options, &err));
    assert_int_equal(writ_log_create(&f->options, &err), WRIT_CONFLICT);
    assert_ok(writ_log_open(&f->options, &log, &err));
    assert_int_equal(writ_log_size(log), 0);
    assert_int_equal(writ_log_published(log), 0);
    struct writ_hash root = writ_log_root(log);
    assert_memory_equal(&root, &empty, sizeof(root));
    writ_log_close(log);
    assert_int_equal(count_entries(f->dir), 0);
}

static void keeps_entries_over_a_reopen(void **state)
{
    struct fixture *f = *state;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    struct writ_log *log = NULL;
    static const uint64_t sizes[] = { 1, 2, 7, 255, 256, 257, 300, 511, 512, 513, 3000 };

    assert_ok(writ_log_create(&f->options, &err));
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        assert_ok(writ_log_open(&f->options, &log, &err));
        assert_int_equal(writ_log_published(log), writ_log_size(log));
        assert_ok(append_to(log, sizes[i], 1 + i * 5, &err));
        if (i % 2 == 0)
            assert_ok(writ_log_publish(log, &err));
        struct writ_hash root = writ_log_root(log), want = root_of(sizes[i]);
        assert_memory_equal(&root, &want, sizeof(root));
        writ_log_close(log);
        assert_int_equal(count_entries(f->dir), sizes[i]);
    }
}

static bool exists(struct fixture *f, const char *rel)
{
    char path[256];

    (void)snprintf(path, sizeof(path), "%s/%s", f->dir, rel);
    return access(path, F_OK) == 0;
}

/* The table of tlog-tiles: which files a size needs. */
static void publishes_the_tiles_of_a_size(void **state)
{
    struct fixture *f = *state;
    static const struct {
        uint64_t size;
        const char *there[6], *not_there[4];
    } rows[] = {
        { 7, { "tile/0/000.p/7", "tile/entries/000.p/7" }, { "tile/1", "tile/0/000" } },
        { 255, { "tile/0/000.p/255", "tile/entries/000.p/255" }, { "tile/0/000", "tile/1" } },
        { 256,
          { "tile/0/000", "tile/entries/000", "tile/1/000.p/1" },
          { "tile/0/000.p", "tile/entries/000.p", "tile/0/001.p" } },
        { 257, { "tile/0/001.p/1", "tile/entries/001.p/1", "tile/1/000.p/1" }, { "tile/2" } },
        { 65535, { "tile/0/255.p/255", "tile/1/000.p/255" }, { "tile/0/255", "tile/1/000" } },
        { 65536,
          { "tile/0/255", "tile/1/000", "tile/2/000.p/1" },
          { "tile/0/256.p", "tile/1/001.p", "tile/1/000.p" } },
        { 70000,
          { "tile/0/272", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1" },
          { "tile/0/273", "tile/3" } },
    };
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    struct writ_log *log = NULL;
    struct writ_log_check check;

    f->options.segment_bytes = 1 << 20;
    assert_ok(writ_log_create(&f->options, &err));
    assert_ok(writ_log_open(&f->options, &log, &err));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_ok(append_to(log, rows[i].size, 1000, &err));
        assert_ok(writ_log_publish(log, &err));
        for (size_t k = 0; k < 6 && rows[i].there[k] != NULL; k++)
            if (!exists(f, rows[i].there[k]))
                fail_msg("size %llu has %s", (unsigned long long)rows[i].size, rows[i].there[k]);
        for (size_t k = 0; k < 4 && rows[i].not_there[k] != NULL; k++)
            if (exists(f, rows[i].not_there[k]))
                fail_msg("size %llu has no %s", (unsigned long long)rows[i].size,
                         rows[i].not_there[k]);
        assert_ok(writ_log_verify(f->dir, &f->name, &check, &err));
        struct writ_hash root = root_of(rows[i].size);
        assert_memory_equal(&check.root, &root, sizeof(root));
    }
    writ_log_close(log);
    assert_int_equal(count_entries(f->dir), 70000);
}

static void proves_from_published_tiles(void **state)
{
    struct fixture *f = *state;
    static const uint64_t sizes[] = { 1, 2, 255, 256, 257, 511, 512, 700, 1000 };
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    struct writ_log *log = NULL;
    struct writ_proof p;
    char buf[ENTRY_MAX];

    assert_ok(writ_log_create(&f->options, &err));
    assert_ok(writ_log_open(&f->options, &log, &err));
    assert_ok(append_to(log, 1000, 100, &err));
    assert_ok(writ_log_publish(log, &err));
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct writ_hash root = root_of(sizes[i]);
        for (uint64_t index = 0; index < sizes[i]; index += 1 + sizes[i] / 23) {
            struct writ_hash leaf = writ_tree_leaf(entry_of(index, buf));
            assert_ok(writ_log_prove_inclusion(f->dir, index, sizes[i], &p, &err));
            assert_int_equal(writ_tree_check_inclusion(index, sizes[i], &leaf, &p, &root), WRIT_OK);
        }
        for (size_t k = i; k < ARRAY_LEN(sizes); k++) {
            struct writ_hash later = root_of(sizes[k]);
            assert_ok(writ_log_prove_consistency(f->dir, sizes[i], sizes[k], &p, &err));
            assert_int_equal(writ_tree_check_consistency(sizes[i], sizes[k], &root, &later, &p),
                             WRIT_OK);
        }
    }
    assert_int_equal(writ_log_prove_inclusion(f->dir, 3, 1001, &p, &err), WRIT_NOT_FOUND);
    assert_int_equal(writ_log_prove_inclusion(f->dir, 1000, 1000, &p, &err), WRIT_ARG);
    writ_log_close(log);
}

static void a_reader_follows_and_seeks(void **state)
{
    struct fixture *f = *state;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    struct writ_log *log = NULL;
    struct writ_log_reader *r = NULL;
    struct writ_slice got;
    uint64_t index, next = 0;
    char buf[ENTRY_MAX];

    assert_ok(writ_log_create(&f->options, &err));
    assert_ok(writ_log_open(&f->options, &log, &err));
    assert_ok(writ_log_reader_open(f->dir, &r, &err));
    for (uint64_t size = 0; size < 6000; size += 1 + size / 7) {
        assert_ok(append_to(log, size, 11, &err));
        for (; next < size; next++) {
            assert_ok(writ_log_reader_next(r, &got, &index, &err));
            assert_int_equal(index, next);
            assert_true(writ_slice_eq(got, entry_of(next, buf)));
        }
        assert_int_equal(writ_log_reader_next(r, &got, &index, &err), WRIT_NOT_FOUND);
    }
    for (uint64_t i = 0, at = 0; i < 300; i++, at = (at * 31 + 977) % next) {
        struct writ_log_reader *fresh = NULL;
        assert_ok(writ_log_reader_seek(r, at, &err));
        assert_ok(writ_log_reader_next(r, &got, &index, &err));
        assert_int_equal(index, at);
        assert_true(writ_slice_eq(got, entry_of(at, buf)));
        if (i % 10 != 0)
            continue;
        assert_ok(writ_log_reader_open(f->dir, &fresh, &err));
        assert_ok(writ_log_reader_seek(fresh, at, &err));
        assert_ok(writ_log_reader_next(fresh, &got, &index, &err));
        assert_true(writ_slice_eq(got, entry_of(at, buf)));
        writ_log_reader_close(fresh);
    }
    assert_ok(writ_log_reader_seek(r, next, &err)); /* the end is a place, too */
    assert_int_equal(writ_log_reader_next(r, &got, &index, &err), WRIT_NOT_FOUND);
    assert_int_equal(writ_log_reader_seek(r, next + 1, &err), WRIT_NOT_FOUND);
    assert_ok(append_to(log, next + 1, 1, &err));
    assert_ok(writ_log_reader_next(r, &got, &index, &err));
    assert_int_equal(index, next);
    writ_log_reader_close(r);
    writ_log_close(log);
}

static void there_is_one_writer(void **state)
{
    struct fixture *f = *state;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    struct writ_log *log = NULL, *second = NULL;

    assert_ok(writ_log_create(&f->options, &err));
    assert_ok(writ_log_open(&f->options, &log, &err));
    assert_int_equal(writ_log_open(&f->options, &second, &err), WRIT_CONFLICT);
    writ_log_close(log);
    assert_ok(writ_log_open(&f->options, &second, &err));
    writ_log_close(second);
}

static void refuses_files_that_others_may_write(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = { ".", "commit", "commit/00000001.seg" };
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    struct writ_log *log = NULL;
    struct stat st;
    char path[256];

    assert_ok(writ_log_create(&f->options, &err));
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 077, 0);
        assert_int_equal(chmod(path, st.st_mode | 020), 0);
        assert_int_equal(writ_log_open(&f->options, &log, &err), WRIT_REFUSED);
        assert_int_equal(chmod(path, st.st_mode), 0);
    }
    assert_ok(writ_log_open(&f->options, &log, &err));
    writ_log_close(log);
}

static void refuses_a_key_or_an_origin_of_another_log(void **state)
{
    struct fixture *f = *state;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    struct writ_log *log = NULL;
    struct writ_log_options o = f->options;

    assert_ok(writ_log_create(&f->options, &err));
    o.origin = WRIT_LIT("evidence.example/log2");
    assert_int_equal(writ_log_open(&o, &log, &err), WRIT_SIGNATURE);
    o.origin = WRIT_LIT("no spaces");
    assert_int_equal(writ_log_open(&o, &log, &err), WRIT_ARG);
    o = f->options;
    o.dir = "/nonexistent/log";
    assert_int_equal(writ_log_open(&o, &log, &err), WRIT_NOT_FOUND);
}

static void keeps_to_the_limits_of_a_batch(void **state)
{
    struct fixture *f = *state;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    struct writ_log *log = NULL;
    uint8_t *bytes = calloc(1, WRIT_ENTRY_MAX + 1);
    struct writ_slice *many = calloc(WRIT_BATCH_MAX + 1, sizeof(*many));
    struct writ_log_check check;
    uint64_t first = 99;

    assert_non_null(bytes);
    assert_non_null(many);
    assert_ok(writ_log_create(&f->options, &err));
    assert_ok(writ_log_open(&f->options, &log, &err));
    many[0] = writ_slice(bytes, WRIT_ENTRY_MAX + 1);
    assert_int_equal(writ_log_append(log, many, 1, &first, &err), WRIT_LIMIT);
    many[0].len = 0;
    assert_int_equal(writ_log_append(log, many, 1, &first, &err), WRIT_ARG);
    assert_int_equal(writ_log_append(log, many, 0, &first, &err), WRIT_ARG);
    for (size_t i = 0; i <= WRIT_BATCH_MAX; i++)
        many[i] = writ_slice(bytes, 1);
    assert_int_equal(writ_log_append(log, many, WRIT_BATCH_MAX + 1, &first, &err), WRIT_LIMIT);
    assert_int_equal(first, 99);
    assert_ok(writ_log_append(log, many, WRIT_BATCH_MAX, &first, &err));
    for (size_t i = 0; i < 129; i++)
        many[i] = writ_slice(bytes, WRIT_ENTRY_MAX);
    assert_int_equal(writ_log_append(log, many, 129, &first, &err), WRIT_LIMIT);
    /* larger than a segment of this log: gets one of its own */
    assert_ok(writ_log_append(log, many, 128, &first, &err));
    assert_ok(writ_log_append(log, many, 1, &first, &err));
    assert_ok(writ_log_publish(log, &err));
    writ_log_close(log);
    assert_ok(writ_log_open(&f->options, &log, &err));
    assert_int_equal(writ_log_size(log), WRIT_BATCH_MAX + 129);
    writ_log_close(log);
    assert_ok(writ_log_verify(f->dir, &f->name, &check, &err));
    free(many);
    free(bytes);
}

struct pair {
    struct writ_log *log;
    atomic_bool done;
    enum writ_status st;
};

static void *publish_until_done(void *arg)
{
    struct pair *p = arg;
    struct writ_err err;

    while (!atomic_load(&p->done) && p->st == WRIT_OK)
        p->st = writ_log_publish(p->log, &err);
    return NULL;
}

static void publishes_while_it_appends(void **state)
{
    struct fixture *f = *state;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    struct pair p = { NULL, false, WRIT_OK };
    struct writ_log_check check;
    pthread_t thread;

    assert_ok(writ_log_create(&f->options, &err));
    assert_ok(writ_log_open(&f->options, &p.log, &err));
    assert_int_equal(pthread_create(&thread, NULL, publish_until_done, &p), 0);
    for (uint64_t to = 40; to <= 8000; to += 40) {
        assert_ok(append_to(p.log, to, 40, &err));
        assert_true(writ_log_published(p.log) <= writ_log_size(p.log));
        if (to % 2000 == 0)
            assert_ok(writ_log_verify(f->dir, &f->name, &check, &err));
    }
    atomic_store(&p.done, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(p.st, WRIT_OK);
    assert_ok(writ_log_publish(p.log, &err));
    assert_true(writ_log_room(p.log) > 0);
    writ_log_close(p.log);
    assert_ok(writ_log_verify(f->dir, &f->name, &check, &err));
    assert_int_equal(check.entries, 8000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(opens_what_it_created),
        TEST(keeps_entries_over_a_reopen),
        TEST(publishes_the_tiles_of_a_size),
        TEST(proves_from_published_tiles),
        TEST(a_reader_follows_and_seeks),
        TEST(there_is_one_writer),
        TEST(refuses_files_that_others_may_write),
        TEST(refuses_a_key_or_an_origin_of_another_log),
        TEST(keeps_to_the_limits_of_a_batch),
        TEST(publishes_while_it_appends),
    };
    return cmocka_run_group_tests_name("ledger.log", tests, NULL, NULL);
}
