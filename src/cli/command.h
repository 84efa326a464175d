/*
 * command: what a command of `writ` is, and what it is given to work with.
 *
 * Source:    docs/man/writ.1.
 * Units:     none.
 * Limits:    none.
 * Errors:    a command answers with a status: WRIT_ARG becomes exit code 2, WRIT_CLOSED 3, any
 *            other failure 1. A command that has no error but another exit code sets cli->exit.
 * Ownership: the context owns its connection; writ_cli_main gives everything back.
 * Threads:   one.
 */
#ifndef WRIT_CLI_COMMAND_H
#define WRIT_CLI_COMMAND_H

#include "base/env.h"
#include "options.h"
#include "output.h"

#define WRIT_PATH_MAX 4096

/* Whose work a command is; the order is that of `writ help`. */
enum writ_group {
    WRIT_GROUP_NONE = 0,
    WRIT_GROUP_OPERATOR,
    WRIT_GROUP_APPROVER,
    WRIT_GROUP_RUNNER,
    WRIT_GROUP_AUDITOR,
    WRIT_GROUP_ANYONE
};

struct writ_command;
struct writ_client;

struct writ_cli {
    const struct writ_command *command;
    struct writ_args args;
    struct writ_env env;
    struct writ_out out;  /* what was asked for: stdout */
    struct writ_out note; /* questions, hints and errors: stderr */
    bool json;
    int exit;
    bool printed; /* the JSON document stands already, also when the command then fails */
    char home[WRIT_PATH_MAX];   /* empty until writ_home_find */
    struct writ_client *client; /* NULL until the first call */
};

struct writ_command {
    const char *name; /* one word, or two as in "human add" */
    enum writ_group group;
    const char *summary;               /* a few words, no full stop */
    const char *synopsis;              /* what follows the name, without the options */
    const char *detail;                /* own text, lines of at most 78 cells, ends in a newline */
    const char *example;               /* one command line or a few, each ends in a newline */
    const struct writ_option *options; /* ends with WRIT_OPTION_END */
    size_t words_min, words_max;
    bool tail;
    enum writ_status (*run)(struct writ_cli *cli, struct writ_err *err);
};

/* --home, --json, --help and --version, before or after the command. */
extern const struct writ_option WRIT_GLOBAL_OPTIONS[];
/* All commands, in the order of help; the last has no name. */
extern const struct writ_command WRIT_COMMANDS[];

/* By its one or two words; *used says how many. NULL when there is none. */
const struct writ_command *writ_command_find(int argc, char *const *argv, int *used);
/* The name that is nearest to `name`, or NULL. */
const char *writ_command_nearest(struct writ_slice name);
struct writ_args_spec writ_command_spec(const struct writ_command *c);

/* The whole program; argv[0] is its name. */
int writ_cli_main(int argc, char *const *argv, struct writ_out out, struct writ_out note);

/* The option's value, or the environment variable's, or NULL. */
const char *writ_cli_value(const struct writ_cli *cli, const char *option, const char *variable);
/* The same, but WRIT_ARG naming both ways when there is none. */
WRIT_MUST_CHECK enum writ_status writ_cli_need(const struct writ_cli *cli, const char *option,
                                               const char *variable, const char **out,
                                               struct writ_err *err);

#endif
