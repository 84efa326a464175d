#include "walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"

#define ZEROS_LEN ((size_t)1 << 20)

void writ_segment_path(char out[WRIT_REL_MAX], uint32_t number)
{
    (void)snprintf(out, WRIT_REL_MAX, "commit/%08u.seg", (unsigned)number);
}

/*
 * Zeros are written, not only allocated: an allocated but unwritten extent changes metadata at
 * the first write to it, and then a commit would wait for the journal of the file system.
 */
static bool fill(int fd, uint32_t number, uint64_t size, uint8_t *zeros)
{
    uint8_t head[WRIT_SEGMENT_HEAD];

    writ_segment_head_encode(number, size, head);
    for (uint64_t off = 0; off < size; off += ZEROS_LEN) {
        size_t n = size - off < ZEROS_LEN ? (size_t)(size - off) : ZEROS_LEN;
        if (!writ_pwrite(fd, writ_slice(zeros, n), off))
            return false;
    }
    return writ_pwrite(fd, writ_slice(head, sizeof(head)), 0) && fsync(fd) == 0;
}

enum writ_status writ_segment_make(const struct writ_dir *dir, uint32_t number, uint64_t size,
                                   int *fd, struct writ_err *err)
{
    char path[WRIT_REL_MAX];
    static const char tmp[] = "commit/segment.new";

    writ_segment_path(path, number);
    uint8_t *zeros = calloc(1, ZEROS_LEN);
    if (zeros == NULL)
        return writ_fail_nomem(err);
    int got = openat(dir->fd, tmp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good =
        got >= 0 && fill(got, number, size, zeros) && renameat(dir->fd, tmp, dir->fd, path) == 0;
    int saved = errno;
    free(zeros);
    if (!good) {
        writ_fd_close(got);
        (void)unlinkat(dir->fd, tmp, 0); /* the first error is the one to tell */
        errno = saved;
        if (writ_errno_is_full(saved))
            return writ_fail(err, WRIT_LIMIT, "no room on the disk for %s/%s of %llu bytes",
                             dir->path, path, (unsigned long long)size);
        return writ_fail_sys(err, "make %s/%s", dir->path, path);
    }
    enum writ_status st = writ_dir_sync(dir, "commit", err);
    if (st != WRIT_OK) {
        writ_fd_close(got);
        return st;
    }
    *fd = got;
    return WRIT_OK;
}

enum writ_status writ_segment_open(const struct writ_dir *dir, uint32_t number, int flags, int *fd,
                                   uint64_t *size, struct writ_err *err)
{
    char path[WRIT_REL_MAX];
    uint8_t head[WRIT_SEGMENT_HEAD];
    size_t got;
    struct stat st;

    writ_segment_path(path, number);
    int f = openat(dir->fd, path, flags | O_CLOEXEC | O_NOFOLLOW);
    if (f < 0 && errno == ENOENT)
        return WRIT_NOT_FOUND;
    if (f < 0)
        return writ_fail_sys(err, "open %s/%s", dir->path, path);
    enum writ_status status = WRIT_OK;
    if (fstat(f, &st) != 0 || !writ_pread(f, head, sizeof(head), 0, &got))
        status = writ_fail_sys(err, "read %s/%s", dir->path, path);
    else if (got != sizeof(head) ||
             !writ_segment_head_valid(writ_slice(head, got), number, (uint64_t)st.st_size))
        status = writ_fail(err, WRIT_CORRUPT,
                           "%s/%s: damaged at byte 0: its header or its length is not what was "
                           "written",
                           dir->path, path);
    if (status != WRIT_OK) {
        writ_fd_close(f);
        return status;
    }
    *fd = f;
    *size = (uint64_t)st.st_size;
    return WRIT_OK;
}

enum writ_status writ_segment_last(const struct writ_dir *dir, uint32_t *out, struct writ_err *err)
{
    uint32_t last = 0;
    struct dirent *de;

    int fd = openat(dir->fd, "commit", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return writ_fail_sys(err, "open %s/commit", dir->path);
    DIR *d = fdopendir(fd);
    if (d == NULL) {
        writ_fd_close(fd);
        return writ_fail_nomem(err);
    }
    while ((de = readdir(d)) != NULL) {
        char path[WRIT_REL_MAX];
        unsigned long n = strtoul(de->d_name, NULL, 10);
        if (n <= last || n > UINT32_MAX - 1)
            continue;
        writ_segment_path(path, (uint32_t)n);
        if (strcmp(path + sizeof("commit/") - 1, de->d_name) == 0)
            last = (uint32_t)n;
    }
    (void)closedir(d);
    *out = last;
    return WRIT_OK;
}
