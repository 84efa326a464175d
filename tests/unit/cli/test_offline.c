#include "test.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "sign.h"

#include "base/banned.h"

/* A home from `writ init` to `writ verify`, with a key by the real ssh-keygen; no daemon. */
struct place {
    char dir[64], home[96], key[96], pub[96];
};

static int run_quiet(const char *const *argv)
{
    pid_t pid = fork();
    if (pid == 0) {
        (void)execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    int state;
    assert_int_equal(waitpid(pid, &state, 0), pid);
    return state;
}

static int setup(void **state)
{
    static struct place p;
    const char *argv[] = { "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", p.key, NULL };

    (void)snprintf(p.dir, sizeof(p.dir), "/tmp/writ-test-XXXXXX");
    if (mkdtemp(p.dir) == NULL)
        return -1;
    (void)snprintf(p.home, sizeof(p.home), "%s/home", p.dir);
    (void)snprintf(p.key, sizeof(p.key), "%s/key", p.dir);
    (void)snprintf(p.pub, sizeof(p.pub), "%s/key.pub", p.dir);
    *state = &p;
    return run_quiet(argv);
}

static int teardown(void **state)
{
    const struct place *p = *state;
    const char *argv[] = { "rm", "-rf", p->dir, NULL };

    return run_quiet(argv);
}

/* Runs a command line; what it printed to stdout, and its code. */
static char *writ(int *code, const char *const *words)
{
    const char *argv[16] = { "writ" };
    int argc = 1;
    char *out = NULL, *note = NULL;
    size_t out_len, note_len;
    FILE *out_file = open_memstream(&out, &out_len);
    FILE *note_file = open_memstream(&note, &note_len);

    for (; argc < 15 && words[argc - 1] != NULL; argc++)
        argv[argc] = words[argc - 1];
    *code = writ_cli_main(argc, (char *const *)(uintptr_t)argv,
                          (struct writ_out){ out_file, false, false, 0 },
                          (struct writ_out){ note_file, false, false, 0 });
    (void)fclose(out_file);
    (void)fclose(note_file);
    if (*note != '\0')
        print_message("    %s", note);
    free(note);
    return out;
}

#define WRIT(code, ...) writ(&(code), (const char *const[]){ __VA_ARGS__, NULL })

static void signs(void **state)
{
    const struct place *p = *state;
    struct writ_ssh_key key;
    struct writ_err err = { 0 };
    WRIT_AUTO_BUF armored;
    const struct writ_slice text = WRIT_LIT("{\"a\":1}");

    writ_buf_init(&armored, WRIT_SSHSIG_MAX);
    assert_int_equal(writ_sign_public(p->key, &key, &err), WRIT_OK);
    assert_int_equal(writ_sign_ssh(p->dir, p->key, "writ.change", text, &armored, &err), WRIT_OK);
    assert_int_equal(writ_sshsig_verify(writ_buf_slice(&armored), "writ.change", text, &key, &err),
                     WRIT_OK);
    assert_int_equal(writ_sshsig_verify(writ_buf_slice(&armored), "writ.grant", text, &key, &err),
                     WRIT_SIGNATURE);
}

/* Without the .pub beside it, ssh-keygen is asked. */
static void public_from_private(void **state)
{
    const struct place *p = *state;
    struct writ_ssh_key beside, derived;
    struct writ_err err = { 0 };
    char away[128];

    (void)snprintf(away, sizeof(away), "%s.away", p->pub);
    assert_int_equal(writ_sign_public(p->pub, &beside, &err), WRIT_OK);
    assert_int_equal(rename(p->pub, away), 0);
    assert_int_equal(writ_sign_public(p->key, &derived, &err), WRIT_OK);
    assert_int_equal(rename(away, p->pub), 0);
    assert_true(writ_ssh_key_eq(&beside, &derived));
}

static void init_to_verify(void **state)
{
    const struct place *p = *state;
    const char *names[] = { "cell", "ledger.vkey", "ledger.key", "ledger", "agents", "payloads" };
    struct stat st;
    int code;

    free(WRIT(code, "init", "--home", p->home, "--cell=x.example/a", "--human=Alice", "--key",
              p->key));
    assert_int_equal(code, 2); /* no such name; and nothing was made */
    assert_int_not_equal(stat(p->home, &st), 0);
    free(WRIT(code, "init", "--home", p->home, "--cell=x.example/a", "--human=alice", "--key",
              p->key, "--roles=approver"));
    assert_int_equal(code, 1); /* the first human must be an operator; nothing was made */
    assert_int_not_equal(stat(p->home, &st), 0);

    char *made = WRIT(code, "init", "--home", p->home, "--cell=x.example/a", "--human=alice",
                      "--key", p->key, "--segment-bytes=65536");
    assert_int_equal(code, 0);
    assert_non_null(strstr(made, "Made the authority x.example/a"));
    free(made);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[160];
        (void)snprintf(path, sizeof(path), "%s/%s", p->home, names[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 077, 0);
    }
    free(WRIT(code, "init", "--home", p->home, "--cell=x.example/b", "--human=alice", "--key",
              p->key));
    assert_int_equal(code, 1); /* a home is made once */

    char *log = WRIT(code, "log", "--home", p->home);
    assert_int_equal(code, 0);
    assert_non_null(strstr(log, "authority.created   human=alice signed by alice\n"));
    free(log);
    char *json = WRIT(code, "log", "--home", p->home, "--json");
    assert_ptr_equal(strstr(json, "{\"type\":\"authority.created\",\"v\":1,"), json);
    free(json);
    char *verified = WRIT(code, "verify", "--home", p->home);
    assert_int_equal(code, 0);
    assert_non_null(strstr(verified, "The ledger is whole"));
    free(verified);
    char *replayed = WRIT(code, "replay", "--home", p->home);
    assert_int_equal(code, 0);
    assert_non_null(strstr(replayed, "Every record came out the same"));
    free(replayed);
    free(WRIT(code, "show", "--home", p->home, "t-none"));
    assert_int_equal(code, 1);
    free(WRIT(code, "status", "--home", p->home));
    assert_int_equal(code, 3); /* nobody listens */
}

/* A home that others may enter is not used, and the way out is named. */
static void open_home(void **state)
{
    const struct place *p = *state;
    int code;

    assert_int_equal(chmod(p->home, 0750), 0);
    char *out = WRIT(code, "log", "--json", "--home", p->home);
    assert_int_equal(code, 1);
    assert_non_null(strstr(out, "run chmod 700 "));
    free(out);
    assert_int_equal(chmod(p->home, 0700), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(signs),
                                        cmocka_unit_test(public_from_private),
                                        cmocka_unit_test(init_to_verify),
                                        cmocka_unit_test(open_home) };
    return cmocka_run_group_tests(tests, setup, teardown);
}
