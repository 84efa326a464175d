#include "log_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outbox.h"

#include "base/banned.h"

#define SEGMENT_DEFAULT ((uint64_t)32 << 20)
#define SEGMENT_LEAST   ((uint64_t)64 << 10)
#define LOG_KEY_TYPE    0x01

uint64_t writ_segment_bytes(size_t wanted)
{
    uint64_t n = wanted != 0 ? wanted : SEGMENT_DEFAULT;

    if (n < SEGMENT_LEAST)
        n = SEGMENT_LEAST;
    return (n + WRIT_SEGMENT_BLOCK - 1) / WRIT_SEGMENT_BLOCK * WRIT_SEGMENT_BLOCK;
}

enum writ_status writ_log_poison(struct writ_log *log, enum writ_status st)
{
    (void)pthread_mutex_lock(&log->shared->mutex);
    log->shared->poisoned = true;
    (void)pthread_mutex_unlock(&log->shared->mutex);
    return st;
}

enum writ_status writ_log_put_head(const struct writ_log *log, uint64_t size,
                                   const struct writ_hash *root, struct writ_err *err)
{
    WRIT_AUTO_BUF note;
    struct writ_checkpoint c = { writ_cstr(log->name.name), size, *root };

    writ_buf_init(&note, WRIT_NOTE_MAX);
    WRIT_TRY(writ_checkpoint_sign(&c, &log->name, log->key, &note, err));
    return writ_file_replace(&log->dir, WRIT_CHECKPOINT_FILE, writ_buf_slice(&note), 0640, err);
}

void writ_log_close(struct writ_log *log)
{
    if (log == NULL)
        return;
    if (log->shared != NULL) {
        writ_fd_close(log->shared->prepared_fd);
        (void)pthread_cond_destroy(&log->shared->prepared_cond);
        (void)pthread_mutex_destroy(&log->shared->mutex);
        free(log->shared);
    }
    writ_walk_release(&log->walk);
    writ_edges_release(&log->edges);
    writ_edges_release(&log->next);
    writ_fd_close(log->fd);
    free(log->frame);
    writ_fd_close(log->lock_fd); /* the lock goes with its descriptor */
    writ_dir_close(&log->dir);
    free(log);
}

static void log_drop(struct writ_log **log)
{
    writ_log_close(*log);
}

static enum writ_status log_new(const struct writ_log_options *o, struct writ_log **out,
                                struct writ_err *err)
{
    __attribute__((cleanup(log_drop))) struct writ_log *log = calloc(1, sizeof(*log));

    if (log == NULL)
        return writ_fail_nomem(err);
    log->dir = (struct writ_dir)WRIT_DIR_NONE;
    log->lock_fd = log->fd = -1;
    log->key = o->key;
    log->segment_bytes = writ_segment_bytes(o->segment_bytes);
    writ_walk_init(&log->walk, &log->dir);
    writ_edges_init(&log->edges);
    writ_edges_init(&log->next);
    WRIT_TRY(writ_note_key_make(o->origin, LOG_KEY_TYPE, o->key, &log->name, err));
    struct writ_log_shared *sh = calloc(1, sizeof(*sh));
    if (sh == NULL)
        return writ_fail_nomem(err);
    sh->prepared_fd = -1;
    if (pthread_mutex_init(&sh->mutex, NULL) != 0) {
        free(sh);
        return writ_fail_nomem(err);
    }
    if (pthread_cond_init(&sh->prepared_cond, NULL) != 0) {
        (void)pthread_mutex_destroy(&sh->mutex);
        free(sh);
        return writ_fail_nomem(err);
    }
    log->shared = sh;
    *out = log;
    log = NULL; /* transferred */
    return WRIT_OK;
}

/* The name of a new directory is durable only when the directory above it is. */
static enum writ_status sync_parent(const char *path, struct writ_err *err)
{
    WRIT_AUTO_BUF up;

    writ_buf_init(&up, 8192);
    if (writ_buf_addf(&up, "%s/..", path) != WRIT_OK || writ_buf_add_byte(&up, 0) != WRIT_OK)
        return writ_fail_nomem(err);
    WRIT_AUTO_FD fd = open((const char *)up.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return writ_fail_sys(err, "fsync %s", (const char *)up.ptr);
    return WRIT_OK;
}

static enum writ_status fill_new(struct writ_log *log, struct writ_err *err)
{
    struct writ_hash empty = writ_tree_empty();
    static const char *const dirs[] = { "commit", "tile" };

    for (size_t i = 0; i < 2; i++)
        if (mkdirat(log->dir.fd, dirs[i], i == 0 ? 0700 : 0750) != 0)
            return writ_fail_sys(err, "mkdir %s/%s", log->dir.path, dirs[i]);
    WRIT_TRY(writ_segment_make(&log->dir, 1, log->segment_bytes, &log->fd, err));
    WRIT_AUTO_FD lock = openat(log->dir.fd, "lock", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (lock < 0)
        return writ_fail_sys(err, "create %s/lock", log->dir.path);
    return writ_log_put_head(log, 0, &empty, err);
}

/* A directory that was made only in part would be in the way of the next try. */
static void undo_create(const struct writ_log *log)
{
    static const char *const files[] = { "commit/00000001.seg", "lock", WRIT_CHECKPOINT_FILE };

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        (void)unlinkat(log->dir.fd, files[i], 0);
    (void)unlinkat(log->dir.fd, "commit", AT_REMOVEDIR);
    (void)unlinkat(log->dir.fd, "tile", AT_REMOVEDIR);
    (void)rmdir(log->dir.path);
}

enum writ_status writ_log_create(const struct writ_log_options *o, struct writ_err *err)
{
    __attribute__((cleanup(log_drop))) struct writ_log *log = NULL;

    WRIT_TRY(log_new(o, &log, err));
    if (mkdir(o->dir, 0700) != 0) {
        if (errno == EEXIST)
            return writ_fail(err, WRIT_CONFLICT, "%s exists already", o->dir);
        return writ_fail_sys(err, "mkdir %s", o->dir);
    }
    enum writ_status st = writ_dir_open(o->dir, &log->dir, err);
    if (st == WRIT_OK)
        st = fill_new(log, err);
    if (st == WRIT_OK)
        st = sync_parent(o->dir, err);
    if (st != WRIT_OK && log->dir.fd >= 0)
        undo_create(log);
    return st;
}

/* A lock of the open file, not of the process, so that one process cannot open a log twice. */
static enum writ_status take_lock(struct writ_log *log, struct writ_err *err)
{
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

    log->lock_fd = openat(log->dir.fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (log->lock_fd < 0)
        return writ_fail_sys(err, "open %s/lock", log->dir.path);
    if (fcntl(log->lock_fd, F_OFD_SETLK, &whole) != 0) {
        if (errno == EAGAIN || errno == EACCES)
            return writ_fail(err, WRIT_CONFLICT, "another process writes to %s", log->dir.path);
        return writ_fail_sys(err, "lock %s/lock", log->dir.path);
    }
    return WRIT_OK;
}

/* What others may write, others may have written. */
static enum writ_status check_modes(const struct writ_log *log, struct writ_err *err)
{
    static const char *const names[] = { ".", "commit", "commit/00000001.seg" };
    struct stat st;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (fstatat(log->dir.fd, names[i], &st, AT_SYMLINK_NOFOLLOW) != 0) {
            if (errno == ENOENT)
                return writ_fail(err, WRIT_CORRUPT, "%s/%s is missing", log->dir.path, names[i]);
            return writ_fail_sys(err, "stat %s/%s", log->dir.path, names[i]);
        }
        if ((st.st_mode & 022) != 0)
            return writ_fail(err, WRIT_REFUSED, "%s/%s may be written by others: chmod go-w it",
                             log->dir.path, names[i]);
    }
    return WRIT_OK;
}

enum writ_status writ_log_open(const struct writ_log_options *o, struct writ_log **out,
                               struct writ_err *err)
{
    __attribute__((cleanup(log_drop))) struct writ_log *log = NULL;

    WRIT_TRY(log_new(o, &log, err));
    WRIT_TRY(writ_dir_open(o->dir, &log->dir, err));
    WRIT_TRY(check_modes(log, err));
    WRIT_TRY(take_lock(log, err));
    writ_outbox_clean(&log->dir);
    (void)unlinkat(log->dir.fd, "commit/segment.new", 0);
    (void)unlinkat(log->dir.fd, "." WRIT_CHECKPOINT_FILE ".tmp", 0);
    WRIT_TRY(writ_log_recover(log, err));
    enum writ_status st = writ_log_publish(log, err);
    /* A full disk stops what is derived, and the next segment; both can follow later. */
    if (st != WRIT_OK && (st == WRIT_CORRUPT || log->shared->poisoned))
        return st;
    *out = log;
    log = NULL; /* transferred */
    return WRIT_OK;
}

uint64_t writ_log_size(const struct writ_log *log)
{
    (void)pthread_mutex_lock(&log->shared->mutex);
    uint64_t n = log->shared->size;
    (void)pthread_mutex_unlock(&log->shared->mutex);
    return n;
}

struct writ_hash writ_log_root(const struct writ_log *log)
{
    (void)pthread_mutex_lock(&log->shared->mutex);
    struct writ_hash h = log->shared->root;
    (void)pthread_mutex_unlock(&log->shared->mutex);
    return h;
}

uint64_t writ_log_published(const struct writ_log *log)
{
    (void)pthread_mutex_lock(&log->shared->mutex);
    uint64_t n = log->shared->published;
    (void)pthread_mutex_unlock(&log->shared->mutex);
    return n;
}

uint64_t writ_log_room(const struct writ_log *log)
{
    const struct writ_log_shared *sh = log->shared;

    (void)pthread_mutex_lock(&log->shared->mutex);
    uint64_t n = sh->segment_size - sh->off;
    if (sh->prepared_fd >= 0)
        n += sh->prepared_size - WRIT_SEGMENT_HEAD;
    (void)pthread_mutex_unlock(&log->shared->mutex);
    return n;
}
