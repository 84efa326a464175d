#include "fixture.h"

#include "ledger/proof_file.h"

#include "base/banned.h"

#define SIZES 6
static const uint64_t GROWN[SIZES] = { 0, 1, 3, 256, 257, 600 };

/* A history: a log of the fixture's key that keeps the checkpoint of each size. */
struct history {
    char dir[96];
    struct writ_buf note[SIZES];
};

/* The first entry tells histories apart: two with the same one hold the same entries. */
static void append_from(struct writ_log *log, const char *salt, uint64_t to)
{
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    uint64_t first;

    while (writ_log_size(log) < to) {
        char text[ENTRY_MAX];
        int n = snprintf(text, sizeof(text), "%s %llu", writ_log_size(log) == 0 ? salt : "entry",
                         (unsigned long long)writ_log_size(log));
        const struct writ_slice entry = writ_slice(text, (size_t)n);
        assert_ok(writ_log_append(log, &entry, 1, &first, &err));
    }
}

static void history_make(struct fixture *f, const char *name, const char *salt, size_t sizes,
                         struct history *h)
{
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    struct writ_log_options o = f->options;
    struct writ_log *log = NULL;

    (void)snprintf(h->dir, sizeof(h->dir), "%s/%s", f->base, name);
    o.dir = h->dir;
    assert_ok(writ_log_create(&o, &err));
    assert_ok(writ_log_open(&o, &log, &err));
    for (size_t i = 0; i < SIZES; i++) {
        writ_buf_init(&h->note[i], WRIT_NOTE_MAX);
        if (i >= sizes)
            continue;
        append_from(log, salt, GROWN[i]);
        assert_ok(writ_log_publish(log, &err));
        assert_ok(writ_log_checkpoint(h->dir, &h->note[i], &err));
    }
    writ_log_close(log);
}

static void history_drop(struct history *h)
{
    for (size_t i = 0; i < SIZES; i++)
        writ_buf_release(&h->note[i]);
}
#define AUTO_HISTORY __attribute__((cleanup(history_drop))) struct history

static void flip(const char *dir, const char *name, off_t at)
{
    char path[160];
    uint8_t b;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &b, 1, at), 1);
    b ^= 1;
    assert_int_equal(pwrite(fd, &b, 1, at), 1);
    (void)close(fd);
}

static void proves_each_entry_as_it_is_stored(void **state)
{
    struct fixture *f = *state;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    AUTO_HISTORY h;

    history_make(f, "log", "ours", SIZES, &h);
    for (uint64_t i = 0; i < GROWN[SIZES - 1]; i += i < 4 || i > 252 ? 1 : 31) {
        WRIT_AUTO_BUF entry, text;
        struct writ_proof_file p;
        char want[ENTRY_MAX];

        writ_buf_init(&entry, WRIT_ENTRY_MAX);
        writ_buf_init(&text, WRIT_PROOF_FILE_MAX);
        assert_ok(writ_log_prove_entry(h.dir, i, &entry, &text, &err));
        (void)snprintf(want, sizeof(want), "%s %llu", i == 0 ? "ours" : "entry",
                       (unsigned long long)i);
        assert_true(writ_slice_is(writ_buf_slice(&entry), want));
        assert_true(writ_proof_file_is(writ_buf_slice(&text)));
        assert_ok(writ_proof_file_parse(writ_buf_slice(&text), &p, &err));
        assert_int_equal(p.index, i);
        assert_ok(writ_proof_file_check(&p, writ_buf_slice(&entry), &f->name, &err));
    }
}

static void expect_no_proof(const char *dir, uint64_t index, enum writ_status want,
                            const char *words)
{
    WRIT_AUTO_BUF entry, text;
    struct writ_err err = { WRIT_OK, 0, 0, "" };

    writ_buf_init(&entry, WRIT_ENTRY_MAX);
    writ_buf_init(&text, WRIT_PROOF_FILE_MAX);
    assert_int_equal(writ_buf_add_cstr(&entry, "e"), WRIT_OK);
    assert_int_equal(writ_buf_add_cstr(&text, "t"), WRIT_OK);
    assert_int_equal(writ_log_prove_entry(dir, index, &entry, &text, &err), want);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, words);
    assert_true(writ_slice_is(writ_buf_slice(&entry), "e"));
    assert_true(writ_slice_is(writ_buf_slice(&text), "t"));
}

static void says_why_there_is_no_proof(void **state)
{
    struct fixture *f = *state;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    struct writ_log_options o = f->options;
    struct writ_log *log = NULL;
    AUTO_HISTORY h;

    history_make(f, "log", "ours", 3, &h);
    o.dir = h.dir;
    assert_ok(writ_log_open(&o, &log, &err));
    append_from(log, "ours", 5);
    expect_no_proof(h.dir, 3, WRIT_NOT_FOUND, "entry 3 is not published yet");
    expect_no_proof(h.dir, 5, WRIT_NOT_FOUND, "has no entry 5");
    expect_no_proof(h.dir, INT64_MAX, WRIT_NOT_FOUND, "has no entry 9223372036854775807");
    writ_log_close(log);
    flip(h.dir, "tile/0/000.p/3", 40);
    expect_no_proof(h.dir, 0, WRIT_CORRUPT, "do not lead from entry 0 to the root");
    expect_no_proof(f->base, 0, WRIT_NOT_FOUND, "checkpoint is missing");
}

static void every_checkpoint_continues_those_before_it(void **state)
{
    struct fixture *f = *state;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    AUTO_HISTORY h;

    history_make(f, "log", "ours", SIZES, &h);
    for (size_t from = 0; from < SIZES; from++) {
        for (size_t to = from; to < SIZES; to++) {
            struct writ_log_growth g;
            struct writ_hash root;

            assert_ok(writ_log_check_growth(h.dir, &f->name, writ_buf_slice(&h.note[from]),
                                            writ_buf_slice(&h.note[to]), &g, &err));
            assert_int_equal(g.from, GROWN[from]);
            assert_int_equal(g.to, GROWN[to]);
            assert_int_equal(g.published, GROWN[SIZES - 1]);
            assert_ok(writ_log_root_at(h.dir, GROWN[to], &root, &err));
            assert_true(writ_hash_eq(&root, &g.to_root));
        }
        struct writ_log_growth g;
        assert_ok(writ_log_check_growth(h.dir, &f->name, writ_buf_slice(&h.note[from]),
                                        writ_slice(NULL, 0), &g, &err));
        assert_int_equal(g.to, GROWN[SIZES - 1]);
    }
}

static void expect_no_growth(const char *dir, const struct writ_note_key *key,
                             struct writ_slice from, struct writ_slice to, enum writ_status want,
                             const char *words)
{
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    struct writ_log_growth g = { .from = 77 };

    assert_int_equal(writ_log_check_growth(dir, key, from, to, &g, &err), want);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, words);
    assert_int_equal(g.from, 77);
}

static void names_rollback_and_fork(void **state)
{
    struct fixture *f = *state;
    const struct writ_slice none = { NULL, 0 };
    AUTO_HISTORY ours, theirs, old;

    history_make(f, "log", "ours", 5, &ours);
    history_make(f, "fork", "theirs", SIZES, &theirs);
    history_make(f, "old", "ours", 3, &old);
    const struct {
        const char *dir;
        const struct writ_buf *from, *to;
        const char *words;
    } rows[] = {
        { old.dir, &ours.note[4], NULL, "the ledger was rolled back: 3 entries are published" },
        { old.dir, &ours.note[4], &ours.note[4], "the ledger was rolled back" },
        { ours.dir, &theirs.note[4], NULL, "a fork: the old checkpoint and the published" },
        { ours.dir, &theirs.note[1], NULL, "a fork: the 1 entries under the old checkpoint" },
        { ours.dir, &theirs.note[3], NULL, "a fork: the 256 entries under the old checkpoint" },
        { ours.dir, &ours.note[1], &theirs.note[2], "a fork: the 3 entries under the new" },
        { ours.dir, &ours.note[1], &theirs.note[4], "a fork: the new checkpoint and the publi" },
        { ours.dir, &theirs.note[1], &ours.note[2], "a fork: the 1 entries under the old" },
        { ours.dir, &ours.note[2], &theirs.note[5], "the ledger does not reach to the new" },
        { ours.dir, &ours.note[3], &ours.note[2], "the new checkpoint is older than the old" },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        expect_no_growth(rows[i].dir, &f->name, writ_buf_slice(rows[i].from),
                         rows[i].to != NULL ? writ_buf_slice(rows[i].to) : none, WRIT_CORRUPT,
                         rows[i].words);
    flip(ours.dir, "tile/0/001.p/1", 3);
    expect_no_growth(ours.dir, &f->name, writ_buf_slice(&ours.note[3]), none, WRIT_CORRUPT,
                     "do not add up to the root of the published checkpoint");
}

static void names_other_keys_and_origins(void **state)
{
    struct fixture *f = *state;
    static const uint8_t seed[32] = { 1 };
    const struct writ_slice none = { NULL, 0 };
    WRIT_AUTO_KEY *key = NULL;
    struct writ_note_key same_name, same_key;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    AUTO_HISTORY h;

    history_make(f, "log", "ours", 3, &h);
    assert_ok(writ_key_from_seed(seed, &key, &err));
    assert_ok(writ_note_key_make(WRIT_LIT(ORIGIN), 1, key, &same_name, &err));
    assert_ok(writ_note_key_make(WRIT_LIT("x.example/a"), 1, f->key, &same_key, &err));
    const struct writ_slice note = writ_buf_slice(&h.note[1]);
    expect_no_growth(h.dir, &same_name, note, none, WRIT_SIGNATURE,
                     "the old checkpoint: no signature by " ORIGIN " with the key");
    expect_no_growth(h.dir, &same_key, note, none, WRIT_SIGNATURE,
                     "the old checkpoint: checkpoint of " ORIGIN ", not of x.example/a");
    expect_no_growth(h.dir, &f->name, WRIT_LIT("text\n"), none, WRIT_FORMAT,
                     "the old checkpoint: a note ends in");
    expect_no_growth(h.dir, &f->name, note, WRIT_LIT("text\n"), WRIT_FORMAT, "the new checkpoint:");
    h.note[1].ptr[sizeof(ORIGIN)] ^= 2; /* the size, which the signature covers */
    expect_no_growth(h.dir, &f->name, note, none, WRIT_SIGNATURE,
                     "the old checkpoint: the signature by " ORIGIN " is wrong");
    flip(h.dir, "checkpoint", (off_t)sizeof(ORIGIN));
    expect_no_growth(h.dir, &f->name, writ_buf_slice(&h.note[0]), none, WRIT_SIGNATURE,
                     "the published checkpoint: the signature by " ORIGIN " is wrong");
}

static void peeks_without_a_key(void **state)
{
    struct fixture *f = *state;
    struct writ_checkpoint c = { .size = 77 };
    AUTO_HISTORY h;

    history_make(f, "log", "ours", 3, &h);
    assert_int_equal(writ_checkpoint_peek(writ_buf_slice(&h.note[2]), &c, NULL), WRIT_OK);
    assert_int_equal(c.size, GROWN[2]);
    assert_true(writ_slice_is(c.origin, ORIGIN));
    c.size = 77;
    assert_int_equal(writ_checkpoint_peek(WRIT_LIT(""), &c, NULL), WRIT_FORMAT);
    assert_int_equal(writ_checkpoint_peek(WRIT_LIT("\n\n"), &c, NULL), WRIT_FORMAT);
    assert_int_equal(writ_checkpoint_peek(WRIT_LIT("a\n1\nx\n\nb"), &c, NULL), WRIT_FORMAT);
    assert_int_equal(c.size, 77);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(proves_each_entry_as_it_is_stored),
        T(says_why_there_is_no_proof),
        T(every_checkpoint_continues_those_before_it),
        T(names_rollback_and_fork),
        T(names_other_keys_and_origins),
        T(peeks_without_a_key),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
