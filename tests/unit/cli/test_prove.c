#include "test.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "ledger/log.h"

#include "base/banned.h"

#define CELL "x.example/a"

/* A home without a daemon, and other ledgers and keys to be told apart from it. */
struct place {
    char dir[64], home[80], ledger[96], vkey[96];
    char first[96], second[96];                /* checkpoints of 2 and of 5 records */
    char behind[96], fork[96], fork_note[112]; /* ledgers of the same key */
    char same_name[WRIT_ORIGIN_MAX + 80], same_key[WRIT_ORIGIN_MAX + 80]; /* vkeys */
    struct writ_key *key;
};

static struct writ_err err;
#define OK(expr)                                 \
    do {                                         \
        if ((expr) != WRIT_OK)                   \
            fail_msg("%s: %s", #expr, err.text); \
    } while (0)

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static void write_file(const char *path, struct writ_slice bytes)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, f), bytes.len);
    assert_int_equal(fclose(f), 0);
}

static size_t read_file(const char *path, char *out, size_t room)
{
    FILE *f = fopen(path, "r");

    assert_non_null(f);
    size_t n = fread(out, 1, room - 1, f);
    out[n] = '\0';
    (void)fclose(f);
    return n;
}

static void keep_checkpoint(const char *ledger, const char *path)
{
    WRIT_AUTO_BUF note;

    writ_buf_init(&note, WRIT_NOTE_MAX);
    OK(writ_log_checkpoint(ledger, &note, &err));
    write_file(path, writ_buf_slice(&note));
}

/* Grows the ledger to `size` records, of which the last `unpublished` have no checkpoint. */
static void grow(const struct place *p, const char *ledger, const char *salt, uint64_t size,
                 uint64_t unpublished)
{
    const struct writ_log_options o = { ledger, WRIT_LIT(CELL), p->key, 65536 };
    struct writ_log *log = NULL;
    uint64_t first;

    if (access(ledger, F_OK) != 0)
        OK(writ_log_create(&o, &err));
    OK(writ_log_open(&o, &log, &err));
    while (writ_log_size(log) < size) {
        char text[64];
        int n = snprintf(text, sizeof(text), "{\"%s\":%llu}", salt,
                         (unsigned long long)writ_log_size(log));
        const struct writ_slice entry = writ_slice(text, (size_t)n);
        OK(writ_log_append(log, &entry, 1, &first, &err));
        if (writ_log_size(log) + unpublished == size)
            OK(writ_log_publish(log, &err));
    }
    writ_log_close(log);
}

static void vkey_text(const char *name, const struct writ_key *key, char *out, size_t room)
{
    WRIT_AUTO_BUF text;
    struct writ_note_key k;

    writ_buf_init(&text, room - 1);
    OK(writ_note_key_make(writ_cstr(name), 1, key, &k, &err));
    OK(writ_note_key_text(&k, &text));
    (void)snprintf(out, room, "%.*s", WRIT_FMT(writ_buf_slice(&text)));
}

#define PATH(field, ...) (void)snprintf(p.field, sizeof(p.field), __VA_ARGS__)

static int setup(void **state)
{
    static struct place p;
    static const uint8_t seed[32] = { 7 }, other_seed[32] = { 8 };
    WRIT_AUTO_KEY *other = NULL;
    char text[WRIT_ORIGIN_MAX + 80], path[112];

    PATH(dir, "/tmp/writ-test-XXXXXX");
    assert_non_null(mkdtemp(p.dir));
    PATH(home, "%s/home", p.dir);
    PATH(ledger, "%s/ledger", p.home);
    PATH(vkey, "%s/ledger.vkey", p.home);
    PATH(first, "%s/first", p.dir);
    PATH(second, "%s/second", p.dir);
    PATH(behind, "%s/behind", p.dir);
    PATH(fork, "%s/fork", p.dir);
    PATH(fork_note, "%s/fork/checkpoint", p.dir);
    OK(writ_key_from_seed(seed, &p.key, &err));
    OK(writ_key_from_seed(other_seed, &other, &err));
    vkey_text(CELL, other, p.same_name, sizeof(p.same_name));
    vkey_text("y.example/b", p.key, p.same_key, sizeof(p.same_key));
    assert_int_equal(mkdir(p.home, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/cell", p.home);
    write_file(path, WRIT_LIT(CELL "\n"));
    vkey_text(CELL, p.key, text, sizeof(text) - 1);
    (void)strncat(text, "\n", 2);
    write_file(p.vkey, writ_cstr(text));
    grow(&p, p.ledger, "ours", 2, 0);
    keep_checkpoint(p.ledger, p.first);
    grow(&p, p.ledger, "ours", 5, 0);
    keep_checkpoint(p.ledger, p.second);
    grow(&p, p.behind, "ours", 1, 0);
    grow(&p, p.fork, "theirs", 5, 0);
    *state = &p;
    return chdir(p.dir); /* for files that are named by nobody */
}

static int teardown(void **state)
{
    struct place *p = *state;

    writ_key_free(p->key);
    return chdir("/") != 0 || nftw(p->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0;
}

/* Runs a command line; its code must be `code`, and stdout or stderr must hold `words`. */
static void expect(int code, const char *words, const char *const *line)
{
    const char *argv[16] = { "writ" };
    char *out = NULL, *note = NULL;
    size_t out_len, note_len;
    FILE *out_file = open_memstream(&out, &out_len), *note_file = open_memstream(&note, &note_len);
    int argc = 1;

    for (; argc < 15 && line[argc - 1] != NULL; argc++)
        argv[argc] = line[argc - 1];
    int got = writ_cli_main(argc, (char *const *)(uintptr_t)argv,
                            (struct writ_out){ out_file, false, false, 0 },
                            (struct writ_out){ note_file, false, false, 0 });
    (void)fclose(out_file);
    (void)fclose(note_file);
    if (got != code || (strstr(out, words) == NULL && strstr(note, words) == NULL))
        fail_msg("writ %s: %d instead of %d, and not \"%s\": %s%s", line[0], got, code, words, out,
                 note);
    free(out);
    free(note);
}

#define WRIT(code, words, ...) expect(code, words, (const char *const[]){ __VA_ARGS__, NULL })

static void proves_and_verifies(void **state)
{
    const struct place *p = *state;
    char text[4096];
    struct stat st;

    WRIT(0, "writ verify record-3.tlog-proof --record r3", "prove", "3", "--home", p->home,
         "--record", "r3");
    assert_int_equal(read_file("r3", text, sizeof(text)), strlen("{\"ours\":3}"));
    assert_string_equal(text, "{\"ours\":3}");
    assert_int_equal(stat("record-3.tlog-proof", &st), 0);
    assert_int_equal(st.st_mode & 077, 0);
    WRIT(0, "The record is in the ledger\n", "verify", "record-3.tlog-proof", "--record", "r3",
         "--key", p->vkey, "--home=/nowhere");
    WRIT(0, ", as you named it\n", "verify", "record-3.tlog-proof", "--record", "r3", "--key",
         p->vkey);
    WRIT(0, "The key is the home's own word.", "verify", "record-3.tlog-proof", "--record", "r3",
         "--home", p->home);
    WRIT(0, "5 records, root ", "verify", "record-3.tlog-proof", "--record", "r3", "--home",
         p->home);
    WRIT(0, "\"tree_size\": 5", "verify", "record-3.tlog-proof", "--record", "r3", "--home",
         p->home, "--json");
    WRIT(0, "c2sp.org/tlog-proof@v1\nindex 4\n", "prove", "4", "--ledger", p->ledger, "-o", "-",
         "--home=/nowhere");
    WRIT(0, "\"index\": 0", "prove", "0", "--home", p->home, "-o", "p0", "--record", "r0",
         "--json");
}

static void says_why_it_cannot_prove(void **state)
{
    const struct place *p = *state;
    char later[96];

    WRIT(2, "\"3x\" is not a ledger index", "prove", "3x", "--home", p->home);
    WRIT(2, "is not a ledger index", "prove", "18446744073709551615", "--home", p->home);
    WRIT(2, "--record needs the name of a file", "prove", "1", "--home", p->home, "--record=-");
    WRIT(1, "has no entry 5", "prove", "5", "--home", p->home);
    WRIT(1, "is not a home of Writ", "prove", "1", "--home=/nowhere");
    WRIT(1, "File exists", "prove", "1", "--home", p->home, "-o", p->first, "--record", "r1");
    assert_int_not_equal(access("r1", F_OK), 0); /* not without its proof */
    (void)snprintf(later, sizeof(later), "%s/later", p->dir);
    grow(p, later, "ours", 4, 2);
    WRIT(1, "entry 2 is not published yet", "prove", "2", "--ledger", later);
}

static void changed(const char *from, const char *to, const char *find, char with)
{
    char text[4096];
    size_t n = read_file(from, text, sizeof(text));
    char *at = strstr(text, find);

    assert_non_null(at);
    *at = with;
    write_file(to, writ_slice(text, n));
}

static void says_what_is_wrong_with_a_proof(void **state)
{
    const struct place *p = *state;
    static const char another[] = "the entry, its index or the proof is another";

    WRIT(0, "", "prove", "2", "--home", p->home, "-o", "p2", "--record", "r2");
    changed("r2", "r2-changed", "2}", '9');
    changed("p2", "p2-index", "2\n", '1');
    changed("p2", "p2-beyond", "2\n", '7');
    changed("p2", "p2-head", "@", '-');
    changed("p2", "p2-origin", CELL, 'y');
    changed("p2", "p2-size", "5\n", '6');
    changed("p2", "p2-dash", "\xe2\x80\x94", '-');
    write_file("r2-line", WRIT_LIT("{\"ours\":2}\n"));
    write_file("no-key", WRIT_LIT("\n"));
    const struct {
        int code;
        const char *proof, *record, *key, *words;
    } rows[] = {
        { 1, "p2", "r2-changed", p->vkey, another },
        { 1, "p2-index", "r2", p->vkey, another },
        { 1, "p2", "r0", p->vkey, another },
        { 1, "p2", "r2-line", p->vkey, "a newline behind it" },
        { 1, "p2-beyond", "r2", p->vkey, "entry 7 is not in a log of 5" },
        { 1, "p2-origin", "r2", p->vkey, "checkpoint of y.example/a, not of " CELL },
        { 1, "p2-size", "r2", p->vkey, "the signature by " CELL " is wrong" },
        { 1, "p2-dash", "r2", p->vkey, "a note is UTF-8 text" },
        { 1, "p2", "r2", p->same_name, "no signature by " CELL " with the key" },
        { 1, "p2", "r2", p->same_key, "checkpoint of " CELL ", not of y.example/b" },
        { 1, "p2", "r2", "a+b", "not name+id+key" },
        { 1, "p2", "r2", "no-key", "no-key holds no key" },
        { 1, "p2", "none", p->vkey, "none: No such file" },
        { 2, "second", "r2", p->vkey, "--record goes with a proof" },
        { 2, "p2-head", "r2", p->vkey, "--record goes with a proof" },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        WRIT(rows[i].code, rows[i].words, "verify", rows[i].proof, "--record", rows[i].record,
             "--key", rows[i].key, "--home=/nowhere");
    WRIT(2, "a proof holds no record", "verify", "p2", "--home", p->home);
    WRIT(2, "a proof by itself has no key", "verify", "p2", "--record=r2", "--home=/nowhere");
    WRIT(2, "--record goes with a proof", "verify", "--record=r2", "--home", p->home);
}

static void shows_that_the_ledger_only_grew(void **state)
{
    const struct place *p = *state;

    WRIT(0, "The ledger only grew\n", "consistent", "first", "--home", p->home);
    WRIT(0, "The key is the home's own word.", "consistent", "second", "--home", p->home);
    WRIT(0, ", as you named it", "consistent", "first", "second", "--ledger", p->ledger, "--key",
         p->vkey, "--home=/nowhere");
    WRIT(0, "\"published\": 5", "consistent", "first", "first", "--home", p->home, "--json");
    WRIT(0, "\"key_trusted\": true", "consistent", "first", "--home", p->home, "--json", "--key",
         p->vkey);
}

static void says_what_is_wrong_with_the_growth(void **state)
{
    const struct place *p = *state;
    const struct {
        const char *ledger, *key, *from, *to, *words;
    } rows[] = {
        { p->behind, p->vkey, "first", NULL, "the ledger was rolled back: 1 entries" },
        { p->fork, p->vkey, "second", NULL, "a fork: the old checkpoint and the published" },
        { p->fork, p->vkey, "first", NULL, "a fork: the 2 entries under the old checkpoint" },
        { p->ledger, p->vkey, "first", p->fork_note, "a fork: the new checkpoint and" },
        { p->ledger, p->vkey, "second", "first", "the new checkpoint is older than the old" },
        { p->ledger, p->same_name, "first", NULL, "no signature by " CELL " with the key" },
        { p->ledger, p->same_key, "first", NULL, "checkpoint of " CELL ", not of y.example/b" },
        { p->ledger, p->vkey, "r3", NULL, "the old checkpoint: " },
        { p->ledger, p->vkey, "first", "/dev/null", "/dev/null is empty" },
        { p->ledger, p->vkey, "none", NULL, "none: No such file" },
        { "nowhere", p->vkey, "first", NULL, "nowhere" },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        WRIT(1, rows[i].words, "consistent", "--ledger", rows[i].ledger, "--key", rows[i].key,
             rows[i].from, rows[i].to);
    WRIT(2, "a ledger by itself has no key", "consistent", "first", "--ledger", p->ledger);
    WRIT(1, "is not a home of Writ", "consistent", "first", "--home=/nowhere");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proves_and_verifies),
        cmocka_unit_test(says_why_it_cannot_prove),
        cmocka_unit_test(says_what_is_wrong_with_a_proof),
        cmocka_unit_test(shows_that_the_ledger_only_grew),
        cmocka_unit_test(says_what_is_wrong_with_the_growth),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
