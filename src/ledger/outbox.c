#include "outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"

static void tmp_name(char out[WRIT_REL_MAX], size_t i)
{
    (void)snprintf(out, WRIT_REL_MAX, ".tile-%02zu.tmp", i);
}

void writ_outbox_init(struct writ_outbox *o, const struct writ_dir *dir)
{
    o->dir = dir;
    o->len = 0;
    o->dirs = 0;
}

static void drop(struct writ_outbox *o)
{
    char tmp[WRIT_REL_MAX];

    for (size_t i = 0; i < o->len; i++) {
        writ_fd_close(o->file[i].fd);
        tmp_name(tmp, i);
        if (!o->file[i].in_place)
            (void)unlinkat(o->dir->fd, tmp, 0);
    }
    o->len = 0;
}

void writ_outbox_release(struct writ_outbox *o)
{
    int saved = errno;

    drop(o);
    o->dirs = 0;
    errno = saved;
}

void writ_outbox_clean(const struct writ_dir *dir)
{
    char tmp[WRIT_REL_MAX];

    for (size_t i = 0; i < WRIT_OUTBOX_LOT; i++) {
        tmp_name(tmp, i);
        (void)unlinkat(dir->fd, tmp, 0);
    }
}

static enum writ_status sync_dirs(struct writ_outbox *o, struct writ_err *err)
{
    for (size_t i = 0; i < o->dirs; i++)
        WRIT_TRY(writ_dir_sync(o->dir, o->dirty[i], err));
    o->dirs = 0;
    return WRIT_OK;
}

/* Notes that an entry of the directory that `rel` stands in has changed. */
static enum writ_status note_parent(struct writ_outbox *o, const char *rel, struct writ_err *err)
{
    const char *slash = strrchr(rel, '/');
    size_t len = slash != NULL ? (size_t)(slash - rel) : 0;
    struct writ_slice parent = len != 0 ? writ_slice(rel, len) : WRIT_LIT(".");

    for (size_t i = 0; i < o->dirs; i++)
        if (writ_slice_is(parent, o->dirty[i]))
            return WRIT_OK;
    if (o->dirs == WRIT_OUTBOX_DIRS)
        WRIT_TRY(sync_dirs(o, err));
    memcpy(o->dirty[o->dirs], parent.ptr, parent.len);
    o->dirty[o->dirs][parent.len] = '\0';
    o->dirs++;
    return WRIT_OK;
}

static enum writ_status make_parents(struct writ_outbox *o, const char *rel, struct writ_err *err)
{
    char path[WRIT_REL_MAX];

    for (const char *p = strchr(rel, '/'); p != NULL; p = strchr(p + 1, '/')) {
        size_t len = (size_t)(p - rel);
        memcpy(path, rel, len);
        path[len] = '\0';
        if (mkdirat(o->dir->fd, path, 0750) != 0) {
            if (errno == EEXIST)
                continue;
            return writ_fail_sys(err, "mkdir %s/%s", o->dir->path, path);
        }
        WRIT_TRY(note_parent(o, path, err));
    }
    return WRIT_OK;
}

/* The file is there with these bytes, perhaps written by a run that ended before its checkpoint. */
static bool same_there(const struct writ_outbox *o, const char *rel, struct writ_slice data,
                       int *fd)
{
    struct stat st;
    size_t got;
    uint8_t *have;

    int f = openat(o->dir->fd, rel, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (f < 0)
        return false;
    bool same = fstat(f, &st) == 0 && (uint64_t)st.st_size == data.len;
    if (same && (have = malloc(data.len)) != NULL) {
        same = writ_pread(f, have, data.len, 0, &got) && writ_slice_eq(writ_slice(have, got), data);
        free(have);
    } else {
        same = false;
    }
    if (same)
        *fd = f;
    else
        writ_fd_close(f);
    return same;
}

static enum writ_status settle(struct writ_outbox *o, struct writ_err *err)
{
    char tmp[WRIT_REL_MAX];

    for (size_t i = 0; i < o->len; i++)
        if (fsync(o->file[i].fd) != 0)
            return writ_fail_sys(err, "fsync %s/%s", o->dir->path, o->file[i].rel);
    for (size_t i = 0; i < o->len; i++) {
        const char *rel = o->file[i].rel;
        if (o->file[i].in_place)
            continue;
        tmp_name(tmp, i);
        int r = renameat(o->dir->fd, tmp, o->dir->fd, rel);
        if (r != 0 && errno == ENOENT) {
            WRIT_TRY(make_parents(o, rel, err));
            r = renameat(o->dir->fd, tmp, o->dir->fd, rel);
        }
        if (r != 0)
            return writ_fail_sys(err, "rename to %s/%s", o->dir->path, rel);
        o->file[i].in_place = true; /* nothing temporary is left of it */
        WRIT_TRY(note_parent(o, rel, err));
    }
    return WRIT_OK;
}

enum writ_status writ_outbox_put(struct writ_outbox *o, const char *rel, struct writ_slice data,
                                 struct writ_err *err)
{
    char tmp[WRIT_REL_MAX];
    int fd;

    if (o->len == WRIT_OUTBOX_LOT) {
        WRIT_TRY(settle(o, err));
        drop(o);
    }
    bool in_place = same_there(o, rel, data, &fd);
    if (!in_place) {
        tmp_name(tmp, o->len);
        fd = openat(o->dir->fd, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
        if (fd < 0)
            return writ_fail_sys(err, "create %s/%s", o->dir->path, tmp);
    }
    o->file[o->len].fd = fd;
    o->file[o->len].in_place = in_place;
    memcpy(o->file[o->len].rel, rel, strlen(rel) + 1);
    o->len++;
    if (in_place)
        return note_parent(o, rel, err);
    if (!writ_pwrite(fd, data, 0))
        return writ_fail_sys(err, "write %s/%s", o->dir->path, rel);
    /* Only a hint to begin: whether it was written is asked with fsync. */
    (void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    return WRIT_OK;
}

enum writ_status writ_outbox_flush(struct writ_outbox *o, struct writ_err *err)
{
    enum writ_status st = settle(o, err);

    if (st == WRIT_OK)
        st = sync_dirs(o, err);
    drop(o);
    return st;
}
