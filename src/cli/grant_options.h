/*
 * grant_options: the options of `writ grant` and `writ derive`, made into a grant's fields.
 *
 * Source:    docs/FORMATS.md section 4, docs/man/writ.1.
 * Units:     none.
 * Limits:    those of the grant.
 * Errors:    WRIT_ARG naming the option; WRIT_FORMAT for the file of --file.
 * Ownership: the caller owns the JSON.
 * Threads:   one.
 */
#ifndef WRIT_CLI_GRANT_OPTIONS_H
#define WRIT_CLI_GRANT_OPTIONS_H

#include "command.h"

/* The rows that both commands share. */
/* clang-format off */
#define WRIT_GRANT_OPTIONS                                                                        \
    { WRIT_OPTION_ONE, "purpose", NULL, "TEXT", "what for, in a sentence", false },               \
    { WRIT_OPTION_ONE, "for", NULL, "DURATION", "how long: 30m, 2h, 7d", false },                 \
    { WRIT_OPTION_ONE, "expires", NULL, "TIME", "until when: 2026-11-23T20:15:04Z", false },      \
    { WRIT_OPTION_ONE, "not-before", NULL, "TIME", "from when; now if not given", false },        \
    { WRIT_OPTION_MANY, "action", NULL, "PATTERN", "what: files/tools/read_file, files/*", false }, \
    { WRIT_OPTION_MANY, "resource", NULL, "PATTERN", "on what: file:///srv/*, writ:files", false }, \
    { WRIT_OPTION_MANY, "argument", NULL, "ACTION:NAME:JSON",                                     \
      "how an argument must be: 'files/tools/rm:path:{\"prefix\":\"/tmp/\"}'", false },           \
    { WRIT_OPTION_MANY, "limit", NULL, "NAME=VALUE",                                              \
      "calls=20, per_minute=60, concurrency=2, spend=100EUR", false },                            \
    { WRIT_OPTION_ONE, "max-depth", NULL, "N", "how many times it may be passed on (default 0)", false },  \
    { WRIT_OPTION_ONE, "proof", NULL, "KIND",                                                     \
      "key (the agent signs each action) or none (a session is enough); default key", false },            \
    { WRIT_OPTION_MANY, "approval", NULL, "ACTION[,…]",                                           \
      "needs a yes each time: 'PATTERN,quorum=2,four_eyes,within=10m'", false },                  \
    { WRIT_OPTION_ONE, "file", NULL, "FILE",                                                      \
      "begin with the fields of this JSON file (- for stdin); options override", false },         \
    { WRIT_OPTION_FLAG, "yes", "y", NULL, "do not ask before signing", false }
/* clang-format on */

/* Fills `grant` with all fields but parent, human and holder. */
WRIT_MUST_CHECK enum writ_status writ_grant_from_options(const struct writ_cli *cli, json_t *grant,
                                                         struct writ_err *err);

/* Single options, for tests. */
WRIT_MUST_CHECK enum writ_status writ_grant_limit(json_t *grant, const char *text,
                                                  struct writ_err *err);
WRIT_MUST_CHECK enum writ_status writ_grant_argument(json_t *grant, const char *text,
                                                     struct writ_err *err);
WRIT_MUST_CHECK enum writ_status writ_grant_approval(json_t *grant, const char *text,
                                                     struct writ_err *err);

#endif
