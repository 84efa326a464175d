/* A log in a directory of its own, and entries to fill it. */
#ifndef WRIT_TESTS_LEDGER_FIXTURE_H
#define WRIT_TESTS_LEDGER_FIXTURE_H

#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/log.h"

#define ORIGIN "evidence.example/log1"

struct fixture {
    char base[64]; /* removed at the end, with all that is in it */
    char dir[80];
    struct writ_key *key;
    struct writ_note_key name;
    struct writ_log_options options;
};

static inline int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static inline void remove_tree(const char *path)
{
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void fixture_make(struct fixture *f)
{
    static const uint8_t seed[32] = { 0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60,
                                      0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
                                      0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19,
                                      0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60 };

    memset(f, 0, sizeof(*f));
    /* In memory where that is possible: these tests kill processes, not the power. */
    (void)snprintf(f->base, sizeof(f->base), "%s/writ-ledger-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(f->base));
    (void)snprintf(f->dir, sizeof(f->dir), "%s/log", f->base);
    assert_int_equal(writ_key_from_seed(seed, &f->key, NULL), WRIT_OK);
    assert_int_equal(writ_note_key_make(WRIT_LIT(ORIGIN), 1, f->key, &f->name, NULL), WRIT_OK);
    f->options = (struct writ_log_options){ f->dir, WRIT_LIT(ORIGIN), f->key, 65536 };
}

static inline int fixture_setup(void **state)
{
    struct fixture *f = malloc(sizeof(*f));

    assert_non_null(f);
    fixture_make(f);
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;

    remove_tree(f->base);
    writ_key_free(f->key);
    free(f);
    return 0;
}

/* Fails the test with the words of the error. */
#define assert_ok(expr)                                                       \
    do {                                                                      \
        enum writ_status ok_st = (expr);                                      \
        if (ok_st != WRIT_OK)                                                 \
            fail_msg("%s: %s: %s", #expr, writ_status_text(ok_st), err.text); \
    } while (0)

/* Entry `i` is a text of 12 to about 60 bytes that no other index has. */
#define ENTRY_MAX 96
static inline struct writ_slice entry_of(uint64_t i, char buf[ENTRY_MAX])
{
    int n = snprintf(buf, ENTRY_MAX, "{\"entry\":%llu,\"pad\":\"%.*s\"}", (unsigned long long)i,
                     (int)(i * 7 % 40), "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrst");
    return writ_slice(buf, (size_t)n);
}

/* Appends entries up to index `to`, in batches of at most `batch`. */
static inline enum writ_status append_to(struct writ_log *log, uint64_t to, size_t batch,
                                         struct writ_err *err)
{
    struct writ_slice *e = calloc(batch, sizeof(*e));
    char(*text)[ENTRY_MAX] = calloc(batch, sizeof(*text));
    enum writ_status st = WRIT_OK;
    uint64_t first = 0;

    assert_non_null(e);
    assert_non_null(text);
    for (uint64_t at = writ_log_size(log); at < to && st == WRIT_OK;) {
        size_t n = to - at < batch ? (size_t)(to - at) : batch;
        for (size_t i = 0; i < n; i++)
            e[i] = entry_of(at + i, text[i]);
        st = writ_log_append(log, e, n, &first, err);
        if (st == WRIT_OK)
            assert_int_equal(first, at);
        at += n;
    }
    free(e);
    free(text);
    return st;
}

/* Everything that a reader gives is what entry_of gave; returns how many there are. */
static inline uint64_t count_entries(const char *dir)
{
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    struct writ_log_reader *r = NULL;
    struct writ_slice got;
    uint64_t index, n = 0;
    char buf[ENTRY_MAX];
    enum writ_status st;

    assert_ok(writ_log_reader_open(dir, &r, &err));
    while ((st = writ_log_reader_next(r, &got, &index, &err)) == WRIT_OK) {
        assert_int_equal(index, n);
        assert_true(writ_slice_eq(got, entry_of(n, buf)));
        n++;
    }
    if (st != WRIT_NOT_FOUND)
        fail_msg("reader: %s: %s", writ_status_text(st), err.text);
    writ_log_reader_close(r);
    return n;
}

/* The root over entries 0 to n-1, by the plain definition. */
static inline struct writ_hash root_of(uint64_t n)
{
    struct writ_tree t;
    char buf[ENTRY_MAX];

    writ_tree_init(&t);
    for (uint64_t i = 0; i < n; i++) {
        struct writ_hash leaf = writ_tree_leaf(entry_of(i, buf));
        writ_tree_append(&t, &leaf);
    }
    return writ_tree_root(&t);
}

#endif
