#include "replay/payload.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "payload_file.h"

#include "base/banned.h"

/* Full files that wait for their sync: one second's worth of the fastest writer is far less. */
#define RETIRED_MAX 8

struct writ_payloads {
    int dir_fd;
    pthread_mutex_t lock; /* guards all below: put appends while sync looks */
    int fd;
    uint32_t number;
    uint64_t size;
    bool dirty, new_file;
    int retired[RETIRED_MAX];
    size_t retired_len;
};

/* Whether every byte of the file belongs to a whole, right entry. */
static enum writ_status walk_clean(int fd, uint64_t size, bool *clean, struct writ_err *err)
{
    WRIT_AUTO_BUF json;
    struct payload_head head;
    uint64_t at = 0;

    writ_buf_init(&json, WRIT_PAYLOAD_MAX + 1);
    while (at < size) {
        enum writ_status st = payload_read_head(fd, at, size, &head, err);
        if (st == WRIT_OK)
            st = payload_read_json(fd, at, &head, &json, err);
        if (st == WRIT_NOT_FOUND || st == WRIT_CORRUPT)
            break;
        WRIT_TRY(st);
        at = head.next;
    }
    *clean = at == size;
    return WRIT_OK;
}

static enum writ_status start_file(struct writ_payloads *p, uint32_t number, struct writ_err *err)
{
    char name[PAYLOAD_NAME];

    payload_name(number, name);
    int fd = openat(p->dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return writ_fail_sys(err, "cannot make the payload file %s", name);
    p->fd = fd;
    p->number = number;
    p->size = 0;
    p->new_file = true;
    return WRIT_OK;
}

/*
 * Goes on in the last file when it is sound. One that a crash left torn stays as it is, since
 * what follows the tear may be good, and a new one is begun.
 */
static enum writ_status continue_file(struct writ_payloads *p, struct writ_err *err)
{
    char name[PAYLOAD_NAME];
    struct stat s;
    uint32_t last = 0;
    bool clean = false;

    WRIT_TRY(payload_last(p->dir_fd, &last, err));
    if (last == 0)
        return start_file(p, 1, err);
    payload_name(last, name);
    int fd = openat(p->dir_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &s) != 0) {
        enum writ_status st = writ_fail_sys(err, "cannot open the payload file %s", name);
        if (fd >= 0)
            (void)close(fd);
        return st;
    }
    enum writ_status st = WRIT_OK;
    if ((uint64_t)s.st_size < WRIT_PAYLOAD_FILE_MAX)
        st = walk_clean(fd, (uint64_t)s.st_size, &clean, err);
    if (st != WRIT_OK || !clean) {
        (void)close(fd);
        return st != WRIT_OK ? st : start_file(p, last + 1, err);
    }
    p->fd = fd;
    p->number = last;
    p->size = (uint64_t)s.st_size;
    return WRIT_OK;
}

enum writ_status writ_payloads_open(const char *dir, struct writ_payloads **out,
                                    struct writ_err *err)
{
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return writ_fail_sys(err, "cannot make the payload folder %s", dir);
    struct writ_payloads *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return writ_fail_nomem(err);
    p->fd = p->dir_fd = -1;
    if (pthread_mutex_init(&p->lock, NULL) != 0) {
        free(p);
        return writ_fail_nomem(err);
    }
    enum writ_status st = payload_open_dir(dir, &p->dir_fd, err);
    if (st == WRIT_OK)
        st = continue_file(p, err);
    if (st != WRIT_OK) {
        writ_payloads_close(p);
        return st;
    }
    *out = p;
    return WRIT_OK;
}

void writ_payloads_close(struct writ_payloads *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->retired_len; i++)
        (void)close(p->retired[i]);
    if (p->fd >= 0)
        (void)close(p->fd);
    if (p->dir_fd >= 0)
        (void)close(p->dir_fd);
    (void)pthread_mutex_destroy(&p->lock);
    free(p);
}

/* The next file, when this one is full; the full one is synced and closed by the next sync. */
static enum writ_status rotate(struct writ_payloads *p, struct writ_err *err)
{
    if (p->retired_len == RETIRED_MAX)
        return writ_fail(err, WRIT_LIMIT, "payloads arrive faster than the disk takes them");
    int full = p->fd;
    WRIT_TRY(start_file(p, p->number + 1, err));
    p->retired[p->retired_len++] = full;
    return WRIT_OK;
}

static enum writ_status append(struct writ_payloads *p, struct iovec *v, int n, size_t total,
                               struct writ_err *err)
{
    ssize_t put = pwritev(p->fd, v, n, (off_t)p->size);

    if (put >= 0 && (size_t)put == total) {
        p->size += total;
        p->dirty = true;
        return WRIT_OK;
    }
    if (put >= 0)
        errno = ENOSPC; /* a file takes less than asked for only when there is no more room */
    enum writ_status st = writ_fail_sys(err, "cannot write a payload");
    /* The size did not move, so the next entry goes over whatever part was written. */
    if (put > 0 && ftruncate(p->fd, (off_t)p->size) != 0)
        p->dirty = true;
    return st;
}

enum writ_status writ_payloads_put(struct writ_payloads *p, const struct writ_hash *digest,
                                   struct writ_slice salt, struct writ_slice json,
                                   struct writ_err *err)
{
    uint8_t head[PAYLOAD_HEAD], tail[PAYLOAD_TAIL];

    if (salt.len != WRIT_PAYLOAD_SALT)
        return writ_fail(err, WRIT_ARG, "a payload has a salt of %d bytes", WRIT_PAYLOAD_SALT);
    if (json.len > WRIT_PAYLOAD_MAX)
        return writ_fail(err, WRIT_LIMIT, "a payload of %zu bytes exceeds the limit of %u",
                         json.len, WRIT_PAYLOAD_MAX);
    payload_make(digest, salt, json, head, tail);
    struct iovec v[3] = {
        { head, sizeof(head) },
        { (void *)(uintptr_t)json.ptr, json.len }, /* iovec has no const; it is only read */
        { tail, sizeof(tail) },
    };
    (void)pthread_mutex_lock(&p->lock);
    enum writ_status st = WRIT_OK;
    if (p->size >= WRIT_PAYLOAD_FILE_MAX)
        st = rotate(p, err);
    if (st == WRIT_OK)
        st = append(p, v, 3, sizeof(head) + json.len + sizeof(tail), err);
    (void)pthread_mutex_unlock(&p->lock);
    return st;
}

enum writ_status writ_payloads_sync(struct writ_payloads *p, struct writ_err *err)
{
    int fds[RETIRED_MAX + 1];
    size_t n = 0, closing;
    int current = -1;

    (void)pthread_mutex_lock(&p->lock);
    bool named = p->new_file;
    for (n = 0; n < p->retired_len; n++)
        fds[n] = p->retired[n];
    closing = n;
    p->retired_len = 0;
    if (p->dirty)
        current = p->fd;
    if (current >= 0)
        fds[n++] = current;
    p->dirty = p->new_file = false;
    (void)pthread_mutex_unlock(&p->lock);

    /* The current file can be retired meanwhile, but only a sync closes files. */
    enum writ_status st = WRIT_OK;
    for (size_t i = 0; i < n; i++)
        if (fdatasync(fds[i]) != 0 && st == WRIT_OK)
            st = writ_fail_sys(err, "cannot sync the payloads");
    if (named && st == WRIT_OK && fsync(p->dir_fd) != 0)
        st = writ_fail_sys(err, "cannot sync the payload folder");
    for (size_t i = 0; i < closing; i++)
        (void)close(fds[i]);
    return st;
}
