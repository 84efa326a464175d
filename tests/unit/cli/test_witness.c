#include "fixture.h"

#include <stdarg.h>

#include "command.h"

#include "base/banned.h"

/* A ledger, two witnesses, and an operator who is tempted. */
struct place {
    struct fixture f;
    char log[256]; /* vkey */
    char vkey[2][256], key[2][96], state[2][96], out[96], policy[96];
};

/* Runs a command line; what it printed to stdout and stderr, and its code. */
static char *writ(int *code, char **note, const char *const *words)
{
    const char *argv[24] = { "writ" };
    int argc = 1;
    char *out = NULL;
    size_t out_len, note_len;
    FILE *out_file = open_memstream(&out, &out_len);
    FILE *note_file = open_memstream(note, &note_len);

    for (; argc < 23 && words[argc - 1] != NULL; argc++)
        argv[argc] = words[argc - 1];
    *code = writ_cli_main(argc, (char *const *)(uintptr_t)argv,
                          (struct writ_out){ out_file, false, false, 0 },
                          (struct writ_out){ note_file, false, false, 0 });
    (void)fclose(out_file);
    (void)fclose(note_file);
    return out;
}

/* The command must end with `want` and say `words` on either stream. */
static void expect(int want, const char *words, const char *const *argv)
{
    char *note = NULL;
    int code;
    char *out = writ(&code, &note, argv);

    if (code != want || (strstr(out, words) == NULL && strstr(note, words) == NULL))
        fail_msg("code %d, wanted %d and \"%s\":\n%s%s", code, want, words, out, note);
    free(out);
    free(note);
}
#define EXPECT(code, words, ...) expect(code, words, (const char *const[]){ __VA_ARGS__, NULL })

#define WITNESS(p, i, code, words)                                                                \
    EXPECT(code, words, "witness", "--key", (p)->key[i], "--name",                                \
           (i) == 0 ? "w.example/1" : "w.example/2", "--log", (p)->log, "--state", (p)->state[i], \
           "-o", (p)->out, (p)->f.dir)
#define VERIFY(p, code, words) \
    EXPECT(code, words, "verify", (p)->f.dir, "--policy", (p)->policy, "--checkpoint", (p)->out)

__attribute__((format(printf, 2, 3))) static void write_file(const char *path, const char *fmt, ...)
{
    va_list ap;
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    va_start(ap, fmt);
    assert_true(vfprintf(f, fmt, ap) >= 0);
    va_end(ap);
    assert_int_equal(fclose(f), 0);
}

/* Entries from `from`, so that another start is another history. */
static void grow(const struct fixture *f, uint64_t to, uint64_t offset)
{
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    struct writ_log *log = NULL;
    uint64_t first;

    if (access(f->dir, F_OK) != 0)
        assert_ok(writ_log_create(&f->options, &err));
    assert_ok(writ_log_open(&f->options, &log, &err));
    for (uint64_t i = writ_log_size(log); i < to; i++) {
        char text[ENTRY_MAX];
        struct writ_slice e = entry_of(i + offset, text);
        assert_ok(writ_log_append(log, &e, 1, &first, &err));
    }
    assert_ok(writ_log_publish(log, &err));
    writ_log_close(log);
}

static void start_again(const struct fixture *f, uint64_t to, uint64_t offset)
{
    remove_tree(f->dir);
    grow(f, to, offset);
}

static void new_key(struct place *p, int i)
{
    char *note = NULL;
    int code;
    char *out = writ(&code, &note,
                     (const char *const[]){ "witness", "--new", "--key", p->key[i], "--name",
                                            i == 0 ? "w.example/1" : "w.example/2", NULL });

    assert_int_equal(code, 0);
    (void)snprintf(p->vkey[i], sizeof(p->vkey[i]), "%.*s", (int)strcspn(out, "\n"), out);
    free(out);
    free(note);
}

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    struct writ_buf log;

    assert_non_null(p);
    fixture_make(&p->f);
    p->f.options.dir = p->f.dir;
    p->f.options.key = p->f.key;
    writ_buf_init(&log, 256);
    assert_int_equal(writ_note_key_text(&p->f.name, &log), WRIT_OK);
    (void)snprintf(p->log, sizeof(p->log), "%.*s", WRIT_FMT(writ_buf_slice(&log)));
    writ_buf_release(&log);
    for (int i = 0; i < 2; i++) {
        (void)snprintf(p->key[i], sizeof(p->key[i]), "%s/w%d.key", p->f.base, i);
        (void)snprintf(p->state[i], sizeof(p->state[i]), "%s/w%d.state", p->f.base, i);
        new_key(p, i);
    }
    (void)snprintf(p->out, sizeof(p->out), "%s/cosigned", p->f.base);
    (void)snprintf(p->policy, sizeof(p->policy), "%s/policy", p->f.base);
    write_file(p->policy, "log %s\nwitness one %s\nwitness two %s\ngroup g 2 one two\nquorum g\n",
               p->log, p->vkey[0], p->vkey[1]);
    grow(&p->f, 5, 0);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;

    remove_tree(p->f.base);
    writ_key_free(p->f.key);
    free(p);
    return 0;
}

static void makes_a_key(void **state)
{
    const struct place *p = *state;
    struct writ_note_key k;
    struct stat st;

    assert_int_equal(writ_note_key_parse(writ_cstr(p->vkey[0]), &k, NULL), WRIT_OK);
    assert_int_equal(k.type, 4);
    assert_int_equal(stat(p->key[0], &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    EXPECT(1, "", "witness", "--new", "--key", p->key[0], "--name", "w.example/1"); /* once */
    EXPECT(2, "printable ASCII", "witness", "--new", "--key", p->out, "--name", "w 1");
    EXPECT(2, "--new makes a key", "witness", "--new", "--key", p->out, "--name", "w", p->f.dir);
}

static void follows_a_ledger_that_grows(void **state)
{
    struct place *p = *state;
    struct stat st;

    WITNESS(p, 0, 0, "No state in ");
    assert_int_equal(stat(p->state[0], &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    WITNESS(p, 0, 0, "cosigned 5 records"); /* the same again */
    for (uint64_t to = 6; to < 12; to++) {
        grow(&p->f, to, 0);
        WITNESS(p, 0, 0, "cosigned ");
    }
    grow(&p->f, 600, 0); /* over full tiles */
    WITNESS(p, 0, 0, "cosigned 600 records");
    EXPECT(0, "\xe2\x80\x94 w.example/1 ", "witness", "--key", p->key[0], "--name", "w.example/1",
           "--log", p->log, "--state", p->state[0], p->f.dir); /* to stdout */
}

static void the_quorum_of_a_policy(void **state)
{
    struct place *p = *state;

    EXPECT(1, "0 of 2 witnesses", "verify", p->f.dir, "--policy", p->policy);
    WITNESS(p, 0, 0, "cosigned 5");
    VERIFY(p, 1, "1 of 2 witnesses cosigned");
    WITNESS(p, 0, 0, "cosigned 5"); /* twice the same does not count twice */
    VERIFY(p, 1, "1 of 2 witnesses cosigned");
    WITNESS(p, 1, 0, "cosigned 5"); /* beside the line of the first */
    VERIFY(p, 0, "The quorum of the policy is met");
    VERIFY(p, 0, "w.example/2 at 2");
    grow(&p->f, 300, 0);
    VERIFY(p, 0, "of 5 records"); /* and the ledger goes on from it */
    EXPECT(0, "\"met\": true", "verify", "--json", p->f.dir, "--policy", p->policy, "--checkpoint",
           p->out);
    EXPECT(1, "\"missing\"", "verify", "--json", p->f.dir, "--policy", p->policy);
    EXPECT(1, "the policy demands the log key", "verify", p->f.dir, "--policy", p->policy, "--key",
           p->vkey[0]);
    EXPECT(2, "goes with --policy", "verify", p->f.dir, "--key", p->log, "--checkpoint", p->out);
    start_again(&p->f, 4, 0);
    VERIFY(p, 1, "records are missing");
    start_again(&p->f, 9, 77);
    VERIFY(p, 1, "another history");
    write_file(p->policy, "witness one %s\nquorum one\n", p->vkey[0]);
    VERIFY(p, 1, "names no log");
    write_file(p->policy, "quorum nobody\n");
    VERIFY(p, 1, "line 1: nobody");
}

/* A refused ledger changes neither the state nor what was given out. */
static void refuses_rollback_and_fork(void **state)
{
    struct place *p = *state;

    WITNESS(p, 0, 0, "cosigned 5");
    start_again(&p->f, 4, 0);
    WITNESS(p, 0, 1, "rolled back");
    start_again(&p->f, 5, 77);
    WITNESS(p, 0, 1, "forked");
    start_again(&p->f, 9, 77);
    WITNESS(p, 0, 1, "forked");
    WITNESS(p, 0, 1, "forked"); /* and it stays with that */
    start_again(&p->f, 9, 0);
    WITNESS(p, 0, 0, "cosigned 9"); /* the history of before, and more */
    start_again(&p->f, 8, 0);
    WITNESS(p, 0, 1, "rolled back"); /* it had moved on */
}

static void remembers_before_it_speaks(void **state)
{
    struct place *p = *state;
    const char *nowhere = "/nonexistent/cosigned";

    EXPECT(1, nowhere, "witness", "--key", p->key[0], "--name", "w.example/1", "--log", p->log,
           "--state", p->state[0], "-o", nowhere, p->f.dir);
    start_again(&p->f, 5, 77);
    WITNESS(p, 0, 1, "forked");
}

static void takes_nothing_that_is_odd(void **state)
{
    struct place *p = *state;

    EXPECT(2, "say which ledger", "witness", "--key", p->key[0], "--name", "w", p->f.dir);
    EXPECT(2, "key of a witness", "witness", "--key", p->key[0], "--name", "w", "--log", p->vkey[0],
           "--state", p->state[0], p->f.dir);
    WITNESS(p, 0, 0, "cosigned 5");
    write_file(p->state[0], "writ-witness/1\n%s\n5\n", p->log);
    WITNESS(p, 0, 1, "not the state of a witness");
    write_file(p->state[0], "writ-witness/1\n%s\n5\nxxxx\n", p->log);
    WITNESS(p, 0, 1, "not the state of a witness");
    write_file(p->state[0], "writ-witness/1\n%s\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
               p->vkey[0]);
    WITNESS(p, 0, 1, "is about another log");
    assert_int_equal(chmod(p->state[0], 0622), 0);
    WITNESS(p, 0, 1, "nobody else may write");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(makes_a_key),
        TEST(follows_a_ledger_that_grows),
        TEST(the_quorum_of_a_policy),
        TEST(refuses_rollback_and_fork),
        TEST(remembers_before_it_speaks),
        TEST(takes_nothing_that_is_odd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
