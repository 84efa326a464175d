/*
 * options: reads command-line arguments by a table, which also makes the help and completion.
 *
 * Source:    POSIX 12.2 guidelines, with long names: --name VALUE, --name=VALUE, -n VALUE.
 * Units:     arguments.
 * Limits:    WRIT_ARGS_MAX options and words of one command line.
 * Errors:    WRIT_ARG, with the nearest known name where one is near. An empty value or word is
 *            refused: it is what an unset shell variable looks like.
 * Ownership: what is read borrows from argv and from the table.
 * Threads:   pure functions.
 */
#ifndef WRIT_CLI_OPTIONS_H
#define WRIT_CLI_OPTIONS_H

#include "base/buf.h"

#define WRIT_ARGS_MAX 512

enum writ_option_kind {
    WRIT_OPTION_END = 0, /* the last row of a table */
    WRIT_OPTION_FLAG,
    WRIT_OPTION_ONE, /* a value, at most once */
    WRIT_OPTION_MANY /* a value each time */
};

struct writ_option {
    enum writ_option_kind kind;
    const char *name;  /* without its dashes */
    const char *alias; /* a second name or a single letter; NULL for none */
    const char *value; /* what stands for the value in help; NULL for a flag */
    const char *help;
    bool required;
};

/* The last row. */
#define WRIT_OPTIONS_DONE                              \
    {                                                  \
        WRIT_OPTION_END, NULL, NULL, NULL, NULL, false \
    }

struct writ_args_spec {
    const struct writ_option *global; /* NULL for none; both end with WRIT_OPTION_END */
    const struct writ_option *own;
    size_t words_min, words_max;
    bool tail; /* "--" begins a command of its own, and must be there */
};

struct writ_arg {
    const struct writ_option *option;
    const char *value; /* NULL for a flag */
};

struct writ_args {
    size_t len;
    struct writ_arg at[WRIT_ARGS_MAX];
    size_t words_len;
    const char *words[WRIT_ARGS_MAX];
    size_t tail_len;
    char *const *tail; /* NULL-terminated when argv is */
};

/* argv[0] is the first argument, not the program. *out is untouched on failure. */
WRIT_MUST_CHECK enum writ_status writ_args_parse(const struct writ_args_spec *spec, int argc,
                                                 char *const *argv, struct writ_args *out,
                                                 struct writ_err *err);
/* Required options and the number of words; apart from parsing, so that --help comes first. */
WRIT_MUST_CHECK enum writ_status writ_args_complete(const struct writ_args_spec *spec,
                                                    const struct writ_args *args,
                                                    struct writ_err *err);
/* Reads options until the first word or the end; *used counts the arguments that were read. */
WRIT_MUST_CHECK enum writ_status writ_args_leading(const struct writ_option *table, int argc,
                                                   char *const *argv, struct writ_args *out,
                                                   int *used, struct writ_err *err);
/* The arguments again, each followed by a NUL, in a form that parses to the same. */
WRIT_MUST_CHECK enum writ_status writ_args_render(const struct writ_args *args,
                                                  struct writ_buf *out);

bool writ_args_has(const struct writ_args *args, const char *name);
/* The value, or NULL when the option was not given. */
const char *writ_args_value(const struct writ_args *args, const char *name);
/* The values of a repeatable option one by one from a cursor that starts at 0; NULL at the end. */
const char *writ_args_next(const struct writ_args *args, const char *name, size_t *cursor);

/* Letters to change, add, drop or swap to come from `a` to `b`; SIZE_MAX for long texts. */
size_t writ_text_distance(struct writ_slice a, struct writ_slice b);

#endif
