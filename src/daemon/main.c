#include "daemon.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"

static const char usage[] =
    "usage: writd [--home DIR]\n"
    "\n"
    "The daemon of one Writ authority: decides, and writes the ledger.\n"
    "Usually started by `writ up`.\n"
    "\n"
    "  --home DIR   the home of the authority (default: $WRIT_HOME, then ~/.writ)\n"
    "  --help       this text\n"
    "  --version    the version\n"
    "\n"
    "Stops cleanly on SIGTERM and SIGINT. Exit codes: 0 stopped cleanly, 1 could not start or\n"
    "had to stop (the reason is on stderr), 2 usage.\n";

#ifndef WRIT_VERSION
#define WRIT_VERSION "0"
#endif

static enum writ_status default_home(char out[WRIT_HOME_PATH], struct writ_err *err)
{
    const char *env = getenv("WRIT_HOME");
    const char *user = getenv("HOME");
    int n = -1;

    if (env != NULL && env[0] != '\0')
        n = snprintf(out, WRIT_HOME_PATH, "%s", env);
    else if (user != NULL && user[0] != '\0')
        n = snprintf(out, WRIT_HOME_PATH, "%s/.writ", user);
    else
        return writ_fail(err, WRIT_ARG, "neither WRIT_HOME nor HOME is set: use --home DIR");
    if (n < 0 || n >= WRIT_HOME_PATH)
        return writ_fail(err, WRIT_LIMIT, "the path of the home is too long");
    return WRIT_OK;
}

static int fail(const struct writ_err *err)
{
    (void)fprintf(stderr, "writd: %s\n", err->text);
    return 1;
}

static int serve(const char *home)
{
    struct writ_err err = { 0 };
    struct daemon *d = calloc(1, sizeof(*d));

    if (d == NULL) {
        (void)writ_fail_nomem(&err);
        return fail(&err);
    }
    /* What is half open when this fails goes with the process; the ledger needs no goodbye. */
    if (daemon_open(d, home, &err) != WRIT_OK || daemon_listen(d, &err) != WRIT_OK)
        _exit(fail(&err));
    daemon_log(d, "cell %s, %llu records, listening on %s", d->home.cell,
               (unsigned long long)writ_authority_next_index(d->authority), d->home.socket);
    (void)uv_run(&d->loop, UV_RUN_DEFAULT);
    if (d->fatal)
        _exit(1); /* nothing may be written any more, not even by an exit handler */
    daemon_close(d);
    int code = d->fatal ? 1 : 0;
    if (code == 0)
        daemon_log(d, "stopped");
    free(d);
    return code;
}

int main(int argc, char **argv)
{
    char home[WRIT_HOME_PATH];
    const char *given = NULL;
    struct writ_err err = { 0 };

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            (void)fputs(usage, stdout);
            return 0;
        }
        if (strcmp(argv[i], "--version") == 0) {
            (void)printf("writd %s\n", WRIT_VERSION);
            return 0;
        }
        if (strcmp(argv[i], "--home") == 0 && i + 1 < argc) {
            given = argv[++i];
            continue;
        }
        (void)fprintf(stderr, "writd: unknown argument %s\n\n%s", argv[i], usage);
        return 2;
    }
    if (given == NULL) {
        if (default_home(home, &err) != WRIT_OK)
            return fail(&err);
        given = home;
    }
    (void)signal(SIGPIPE, SIG_IGN); /* a client that is gone is an error code, not an end */
    (void)umask(077);
    return serve(given);
}
