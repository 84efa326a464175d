/*
 * home: the directory in which an authority lives, and the files in it.
 *
 * Source:    docs/FORMATS.md section 8.
 * Units:     none.
 * Limits:    paths of WRIT_PATH_MAX bytes; one-line files of WRIT_HOME_LINE_MAX bytes.
 * Errors:    WRIT_REFUSED for a home that others may enter, with the command that closes it;
 *            WRIT_NOT_FOUND where there is none, with the command that makes one; WRIT_IO.
 * Ownership: paths go to the caller's arrays.
 * Threads:   one.
 */
#ifndef WRIT_CLI_HOME_H
#define WRIT_CLI_HOME_H

#include <sys/types.h>

#include "command.h"
#include "crypto/key.h"

#define WRIT_HOME_LINE_MAX 1024

/* Fills cli->home from --home, WRIT_HOME or ~/.writ, as an absolute path; looks at nothing. */
WRIT_MUST_CHECK enum writ_status writ_home_name(struct writ_cli *cli, struct writ_err *err);
/* The same, and the home must be there, ours, and closed to others. */
WRIT_MUST_CHECK enum writ_status writ_home_find(struct writ_cli *cli, struct writ_err *err);
/* The path of `name` in the home. */
WRIT_MUST_CHECK enum writ_status writ_home_path(const struct writ_cli *cli, const char *name,
                                                char out[WRIT_PATH_MAX], struct writ_err *err);
/* The only line of a file of the home, without its newline. */
WRIT_MUST_CHECK enum writ_status writ_home_line(const struct writ_cli *cli, const char *name,
                                                struct writ_buf *out, struct writ_err *err);
/* The key of `agent`: --agent-key, or the one that `writ agent add` left in the home. */
WRIT_MUST_CHECK enum writ_status writ_home_agent_key(const struct writ_cli *cli, const char *agent,
                                                     struct writ_key **out, struct writ_err *err);

/* A whole file of at most out->max bytes; "-" is stdin. */
WRIT_MUST_CHECK enum writ_status writ_home_read_file(const char *path, struct writ_buf *out,
                                                     struct writ_err *err);
/* A ledger key: the text itself, or that of a file that holds it. */
WRIT_MUST_CHECK enum writ_status writ_home_vkey(const char *given, struct writ_buf *out,
                                                struct writ_err *err);
/* A new file of mode 0600, durable with its name on return; it must not exist. */
WRIT_MUST_CHECK enum writ_status writ_home_create_file(const char *path, struct writ_slice bytes,
                                                       struct writ_err *err);
/* Replaces `path` as one step, durably: after a crash it is the old or the new one, whole. */
WRIT_MUST_CHECK enum writ_status writ_home_replace_file(const char *path, struct writ_slice bytes,
                                                        mode_t mode, struct writ_err *err);
/* A new directory of mode 0700, durable with its name. */
WRIT_MUST_CHECK enum writ_status writ_home_create_dir(const char *path, struct writ_err *err);

/* 1–64 of a-z 0-9 . _ -, first a letter or digit: a human, agent or target. */
bool writ_name_valid(struct writ_slice name);

#endif
