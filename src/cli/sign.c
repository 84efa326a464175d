#include "sign.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "home.h"

#include "base/banned.h"

#define KEY_FILE_MAX 65536

/* In the child; `out_fd` becomes its stdout, and its stderr stays the terminal. */
static void become(const char *const *argv, int out_fd)
{
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGPIPE, SIG_DFL);
    if (dup2(out_fd, STDOUT_FILENO) >= 0)
        (void)execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(errno == ENOENT ? 127 : 126);
}

/*
 * Runs ssh-keygen. Ctrl-C at its prompt ends it and not us, so that what lies in the temporary
 * directory is taken away.
 */
static enum writ_status run(const char *const *argv, int out_fd, struct writ_err *err)
{
    void (*before)(int) = signal(SIGINT, SIG_IGN);
    int state = 0;
    pid_t pid = fork(), got = -1;

    if (pid == 0)
        become(argv, out_fd);
    while (pid > 0 && (got = waitpid(pid, &state, 0)) < 0 && errno == EINTR)
        ;
    if (before != SIG_ERR)
        (void)signal(SIGINT, before);
    if (got < 0)
        return writ_fail_sys(err, "ssh-keygen could not be run");
    if (WIFEXITED(state) && WEXITSTATUS(state) == 0)
        return WRIT_OK;
    if (WIFEXITED(state) && WEXITSTATUS(state) == 127)
        return writ_fail(err, WRIT_NOT_FOUND,
                         "ssh-keygen is not installed (Debian: openssh-client)");
    return writ_fail(err, WRIT_SIGNATURE, "ssh-keygen did not sign");
}

static enum writ_status sign_in(const char *dir, const char *key, const char *name_space,
                                struct writ_slice text, struct writ_buf *armored,
                                struct writ_err *err)
{
    char file[WRIT_PATH_MAX + 16], sig[WRIT_PATH_MAX + 16];
    const char *argv[] = {
        "ssh-keygen", "-Y", "sign", "-q", "-f", key, "-n", name_space, file, NULL
    };

    (void)snprintf(file, sizeof(file), "%s/text", dir);
    (void)snprintf(sig, sizeof(sig), "%s/text.sig", dir);
    enum writ_status st = writ_home_create_file(file, text, err);
    if (st == WRIT_OK)
        st = run(argv, STDERR_FILENO, err);
    if (st == WRIT_OK)
        st = writ_home_read_file(sig, armored, err);
    (void)unlink(file);
    (void)unlink(sig);
    return st;
}

enum writ_status writ_sign_ssh(const char *dir, const char *key, const char *name_space,
                               struct writ_slice text, struct writ_buf *armored,
                               struct writ_err *err)
{
    char made[WRIT_PATH_MAX];
    int n = snprintf(made, sizeof(made), "%s/.sign-XXXXXX", dir);

    if (n < 0 || (size_t)n >= sizeof(made))
        return writ_fail(err, WRIT_LIMIT, "the path %s is too long", dir);
    if (access(key, R_OK) != 0)
        return writ_fail_sys(err, "the key %s", key);
    if (mkdtemp(made) == NULL)
        return writ_fail_sys(err, "%s", made);
    enum writ_status st = sign_in(made, key, name_space, text, armored, err);
    (void)rmdir(made);
    return st;
}

/* ssh-keygen -y asks for the passphrase where there is one. */
static enum writ_status derive(const char *key, struct writ_buf *line, struct writ_err *err)
{
    const char *argv[] = { "ssh-keygen", "-y", "-f", key, NULL };
    FILE *file = tmpfile();

    if (file == NULL)
        return writ_fail_sys(err, "no temporary file");
    enum writ_status st = run(argv, fileno(file), err);
    if (st == WRIT_SIGNATURE)
        st = writ_fail(err, WRIT_FORMAT, "%s is not a key that ssh-keygen can read", key);
    rewind(file);
    while (st == WRIT_OK) {
        uint8_t part[512];
        size_t n = fread(part, 1, sizeof(part), file);
        if (n == 0)
            break;
        st = writ_buf_add(line, writ_slice(part, n));
    }
    (void)fclose(file);
    return st;
}

enum writ_status writ_sign_public(const char *key, struct writ_ssh_key *out, struct writ_err *err)
{
    WRIT_SECRET_BUF text;
    WRIT_AUTO_BUF line;
    char beside[WRIT_PATH_MAX];

    writ_buf_init(&text, KEY_FILE_MAX);
    writ_buf_init(&line, KEY_FILE_MAX);
    WRIT_TRY(writ_home_read_file(key, &text, err));
    bool private = writ_slice_starts(writ_buf_slice(&text), WRIT_LIT("-----BEGIN"));
    int n = snprintf(beside, sizeof(beside), "%s.pub", key);
    if (!private)
        WRIT_TRY(writ_buf_add(&line, writ_buf_slice(&text)));
    else if (n > 0 && (size_t)n < sizeof(beside) && access(beside, R_OK) == 0)
        WRIT_TRY(writ_home_read_file(beside, &line, err));
    else
        WRIT_TRY(derive(key, &line, err));
    while (line.len != 0 && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r'))
        line.len--;
    return writ_ssh_key_parse(writ_buf_slice(&line), out, err);
}
