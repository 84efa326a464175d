#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"

enum writ_status writ_dir_open(const char *path, struct writ_dir *out, struct writ_err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 && errno == ENOENT)
        return writ_fail(err, WRIT_NOT_FOUND, "no ledger at %s", path);
    if (fd < 0)
        return writ_fail_sys(err, "open %s", path);
    char *copy = strdup(path);
    if (copy == NULL) {
        (void)close(fd);
        return writ_fail_nomem(err);
    }
    *out = (struct writ_dir){ fd, copy };
    return WRIT_OK;
}

void writ_dir_close(struct writ_dir *d)
{
    writ_fd_close(d->fd);
    free(d->path);
    *d = (struct writ_dir)WRIT_DIR_NONE;
}

void writ_fd_close(int fd)
{
    int saved = errno;

    if (fd >= 0)
        (void)close(fd); /* what had to be durable was synced; close can add nothing */
    errno = saved;
}

enum writ_status writ_file_open(const struct writ_dir *d, const char *rel, int *fd,
                                struct writ_err *err)
{
    int got = openat(d->fd, rel, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (got < 0 && errno == ENOENT)
        return WRIT_NOT_FOUND;
    if (got < 0)
        return writ_fail_sys(err, "open %s/%s", d->path, rel);
    *fd = got;
    return WRIT_OK;
}

bool writ_pread(int fd, uint8_t *out, size_t n, uint64_t off, size_t *got)
{
    size_t have = 0;

    while (have < n) {
        ssize_t r = pread(fd, out + have, n - have, (off_t)(off + have));
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return false;
        if (r == 0)
            break;
        have += (size_t)r;
    }
    *got = have;
    return true;
}

bool writ_pwrite(int fd, struct writ_slice s, uint64_t off)
{
    while (s.len != 0) {
        ssize_t w = pwrite(fd, s.ptr, s.len, (off_t)off);
        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0) {
            if (w == 0)
                errno = EIO;
            return false;
        }
        off += (uint64_t)w;
        s = writ_slice_from(s, (size_t)w);
    }
    return true;
}

enum writ_status writ_file_read(const struct writ_dir *d, const char *rel, size_t max,
                                struct writ_buf *out, struct writ_err *err)
{
    WRIT_AUTO_FD fd = -1;
    struct stat st;
    uint8_t *at;
    size_t got;

    WRIT_TRY(writ_file_open(d, rel, &fd, err));
    if (fstat(fd, &st) != 0)
        return writ_fail_sys(err, "stat %s/%s", d->path, rel);
    if (!S_ISREG(st.st_mode))
        return writ_fail(err, WRIT_CORRUPT, "%s/%s is not a file", d->path, rel);
    if ((uint64_t)st.st_size > max)
        return writ_fail(err, WRIT_LIMIT, "%s/%s is longer than %zu bytes", d->path, rel, max);
    if (writ_buf_reserve(out, (size_t)st.st_size, &at) != WRIT_OK)
        return writ_fail_nomem(err);
    if (!writ_pread(fd, at, (size_t)st.st_size, 0, &got))
        return writ_fail_sys(err, "read %s/%s", d->path, rel);
    out->len += got;
    return WRIT_OK;
}

enum writ_status writ_dir_sync(const struct writ_dir *d, const char *rel, struct writ_err *err)
{
    WRIT_AUTO_FD fd = openat(d->fd, rel, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return writ_fail_sys(err, "open %s/%s", d->path, rel);
    if (fsync(fd) != 0)
        return writ_fail_sys(err, "fsync %s/%s", d->path, rel);
    return WRIT_OK;
}

enum writ_status writ_file_replace(const struct writ_dir *d, const char *rel,
                                   struct writ_slice data, mode_t mode, struct writ_err *err)
{
    char tmp[WRIT_REL_MAX];
    enum writ_status st = WRIT_OK;

    int n = snprintf(tmp, sizeof(tmp), ".%s.tmp", rel);
    if (n < 0 || (size_t)n >= sizeof(tmp))
        return writ_fail(err, WRIT_ARG, "path too long: %s", rel);
    WRIT_AUTO_FD fd =
        openat(d->fd, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return writ_fail_sys(err, "create %s/%s", d->path, tmp);
    if (!writ_pwrite(fd, data, 0))
        st = writ_fail_sys(err, "write %s/%s", d->path, tmp);
    else if (fsync(fd) != 0)
        st = writ_fail_sys(err, "fsync %s/%s", d->path, tmp);
    else if (renameat(d->fd, tmp, d->fd, rel) != 0)
        st = writ_fail_sys(err, "rename %s/%s", d->path, tmp);
    if (st != WRIT_OK) {
        (void)unlinkat(d->fd, tmp, 0); /* the error above is the one to tell */
        return st;
    }
    return writ_dir_sync(d, ".", err);
}

bool writ_errno_is_full(int e)
{
    return e == ENOSPC || e == EDQUOT || e == EFBIG;
}
