#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/banned.h"

/* A NULL-terminated list of those variables that the server may see. */
static char **server_environment(void)
{
    size_t n = 0, kept = 0;

    while (environ != NULL && environ[n] != NULL)
        n++;
    if (n > CHILD_ENV_MAX)
        return NULL;
    char **list = calloc(n + 1, sizeof(*list));
    if (list == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (strncmp(environ[i], "WRIT_", 5) != 0)
            list[kept++] = environ[i];
    return list;
}

static int spawn(struct child *c, char *const *command, const sigset_t *mask, int in, int out)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t defaults;
    char **env = server_environment();

    if (env == NULL)
        return ENOMEM;
    (void)sigemptyset(&defaults);
    (void)sigaddset(&defaults, SIGPIPE);
    int e = posix_spawn_file_actions_init(&files);
    if (e != 0) {
        free(env);
        return e;
    }
    e = posix_spawnattr_init(&attr);
    if (e == 0) {
        e = posix_spawn_file_actions_adddup2(&files, in, 0);
        if (e == 0)
            e = posix_spawn_file_actions_adddup2(&files, out, 1);
        if (e == 0)
            e = posix_spawn_file_actions_addclosefrom_np(&files, 3);
        if (e == 0)
            e = posix_spawnattr_setsigmask(&attr, mask);
        if (e == 0)
            e = posix_spawnattr_setsigdefault(&attr, &defaults);
        if (e == 0)
            e = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        if (e == 0)
            e = posix_spawnp(&c->pid, command[0], &files, &attr, command, env);
        (void)posix_spawnattr_destroy(&attr);
    }
    (void)posix_spawn_file_actions_destroy(&files);
    free(env);
    return e;
}

/* Both ends at 3 or above, or the dup2 of one in the child would close the other. */
static int pipe_above(int fds[2])
{
    if (pipe2(fds, O_CLOEXEC) != 0)
        return -1;
    for (int i = 0; i < 2; i++) {
        if (fds[i] >= 3)
            continue;
        int up = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
        (void)close(fds[i]);
        fds[i] = up;
    }
    return fds[0] >= 0 && fds[1] >= 0 ? 0 : -1;
}

static void close_some(const int *fds, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
}

enum writ_status child_start(struct child *c, char *const *command, const sigset_t *mask,
                             struct writ_err *err)
{
    int in[2] = { -1, -1 }, out[2] = { -1, -1 };

    *c = (struct child){ .pidfd = -1, .to_fd = -1, .from_fd = -1 };
    if (pipe_above(in) != 0 || pipe_above(out) != 0 || fcntl(in[1], F_SETFL, O_NONBLOCK) != 0 ||
        fcntl(out[0], F_SETFL, O_NONBLOCK) != 0) {
        enum writ_status st = writ_fail_sys(err, "cannot make a pipe for the server");
        close_some(in, 2);
        close_some(out, 2);
        return st;
    }
    int e = spawn(c, command, mask, in[0], out[1]);
    close_some((int[]){ in[0], out[1] }, 2);
    c->to_fd = in[1];
    c->from_fd = out[0];
    if (e != 0) {
        errno = e;
        enum writ_status st = writ_fail_sys(err, "cannot start %s", command[0]);
        child_release(c);
        return st;
    }
    c->pidfd = pidfd_open(c->pid, 0);
    if (c->pidfd < 0) {
        enum writ_status st = writ_fail_sys(err, "cannot watch the server");
        (void)kill(c->pid, SIGKILL);
        (void)waitpid(c->pid, &c->status, 0);
        child_release(c);
        return st;
    }
    return WRIT_OK;
}

void child_close_stdin(struct child *c)
{
    if (c->to_fd >= 0)
        (void)close(c->to_fd);
    c->to_fd = -1;
}

void child_reap(struct child *c)
{
    int status;

    if (!c->ended && waitpid(c->pid, &status, WNOHANG) == c->pid) {
        c->ended = true;
        c->status = status;
    }
}

void child_signal(const struct child *c, int sig)
{
    if (!c->ended)
        (void)kill(c->pid, sig);
}

int child_exit_code(const struct child *c)
{
    if (!c->ended)
        return 1;
    return WIFSIGNALED(c->status) ? 128 + WTERMSIG(c->status) : WEXITSTATUS(c->status);
}

void child_release(struct child *c)
{
    close_some((int[]){ c->pidfd, c->to_fd, c->from_fd }, 3);
    c->pidfd = c->to_fd = c->from_fd = -1;
}
