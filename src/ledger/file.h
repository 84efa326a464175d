/*
 * file: the few ways in which the ledger touches files; every message names the path.
 *
 * Source:    POSIX.
 * Units:     bytes.
 * Limits:    a relative path is at most WRIT_REL_MAX bytes with its NUL.
 * Errors:    WRIT_IO with errno; WRIT_NOT_FOUND for a file that is not there; WRIT_LIMIT,
 *            WRIT_NOMEM.
 * Ownership: writ_dir owns its descriptor and its path.
 * Threads:   a writ_dir may be used by many at once.
 */
#ifndef WRIT_LEDGER_FILE_H
#define WRIT_LEDGER_FILE_H

#include <sys/types.h>

#include "base/buf.h"

#define WRIT_REL_MAX 96

struct writ_dir {
    int fd;
    char *path; /* for messages */
};

/* A directory that is not open yet; needed before the first return of a function. */
#define WRIT_DIR_NONE \
    {                 \
        -1, NULL      \
    }

WRIT_MUST_CHECK enum writ_status writ_dir_open(const char *path, struct writ_dir *out,
                                               struct writ_err *err);
void writ_dir_close(struct writ_dir *d);
#define WRIT_AUTO_DIR __attribute__((cleanup(writ_dir_close))) struct writ_dir

void writ_fd_close(int fd);
static inline void writ_fd_drop(const int *fd)
{
    writ_fd_close(*fd);
}
/* -1 is a no-op; errno is kept. */
#define WRIT_AUTO_FD __attribute__((cleanup(writ_fd_drop))) int

/* WRIT_NOT_FOUND without words when the file is not there: the caller knows what that means. */
WRIT_MUST_CHECK enum writ_status writ_file_open(const struct writ_dir *d, const char *rel, int *fd,
                                                struct writ_err *err);
/* Appends the whole file, of at most `max` bytes. */
WRIT_MUST_CHECK enum writ_status writ_file_read(const struct writ_dir *d, const char *rel,
                                                size_t max, struct writ_buf *out,
                                                struct writ_err *err);
/* Up to `n` bytes from `off`; *got is less only at the end of the file. false: errno says why. */
WRIT_MUST_CHECK bool writ_pread(int fd, uint8_t *out, size_t n, uint64_t off, size_t *got);
WRIT_MUST_CHECK bool writ_pwrite(int fd, struct writ_slice s, uint64_t off);

/* Makes the directory `rel` durable after files in it were made, renamed or removed. */
WRIT_MUST_CHECK enum writ_status writ_dir_sync(const struct writ_dir *d, const char *rel,
                                               struct writ_err *err);
/* Replaces `rel` as one step: after a crash it is the old or the new one, whole. */
WRIT_MUST_CHECK enum writ_status writ_file_replace(const struct writ_dir *d, const char *rel,
                                                   struct writ_slice data, mode_t mode,
                                                   struct writ_err *err);
/* No room is an answer that time or a person can change; other errors are not. */
bool writ_errno_is_full(int e);

#endif
