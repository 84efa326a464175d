/*
 * child: the MCP server as a process.
 *
 * Source:    posix_spawn(3), pidfd_open(2).
 * Units:     none.
 * Limits:    CHILD_ENV_MAX variables of the environment.
 * Errors:    WRIT_IO with words; WRIT_LIMIT; WRIT_NOMEM.
 * Ownership: the child owns its descriptors; child_release closes them and reaps nothing.
 * Threads:   one at a time.
 */
#ifndef WRIT_GATEWAY_STDIO_CHILD_H
#define WRIT_GATEWAY_STDIO_CHILD_H

#include <signal.h>
#include <sys/types.h>

#include "base/status.h"

#include <stdbool.h>

#define CHILD_ENV_MAX 65536

struct child {
    pid_t pid;
    int pidfd;   /* readable once it has ended */
    int to_fd;   /* its stdin, non-blocking; -1 once closed */
    int from_fd; /* its stdout, non-blocking; -1 once closed */
    bool ended;
    int status; /* of waitpid(2), once ended */
};

/*
 * Starts `command`, found in PATH, with our environment but for WRIT_* (they name keys and homes),
 * our stderr, no other descriptor, and the signal mask `mask`.
 */
WRIT_MUST_CHECK enum writ_status child_start(struct child *c, char *const *command,
                                             const sigset_t *mask, struct writ_err *err);
void child_close_stdin(struct child *c);
/* Looks whether it has ended; never waits. */
void child_reap(struct child *c);
void child_signal(const struct child *c, int sig);
/* What a shell would give as its exit code. */
int child_exit_code(const struct child *c);
void child_release(struct child *c);

#endif
