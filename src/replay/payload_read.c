#include "replay/payload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "payload_file.h"

#include "base/banned.h"

struct place {
    struct writ_hash digest;
    uint64_t at;
    uint32_t file; /* 0: an empty slot */
};

/* Open addressing; the digests are hashes already, so eight of their bytes are a good slot. */
struct writ_payload_reader {
    int dir_fd;
    struct place *slots;
    size_t cap, len;
    int fd; /* the file that was read last */
    uint32_t fd_number;
};

static size_t slot_of(const struct writ_payload_reader *r, const struct writ_hash *digest)
{
    uint64_t h;

    memcpy(&h, digest->b, sizeof(h));
    size_t i = (size_t)h & (r->cap - 1);
    while (r->slots[i].file != 0 && !writ_hash_eq(&r->slots[i].digest, digest))
        i = (i + 1) & (r->cap - 1);
    return i;
}

static enum writ_status grow(struct writ_payload_reader *r, struct writ_err *err)
{
    size_t cap = r->cap == 0 ? 1024 : r->cap * 2; /* 2^63 payloads do not fit a disk */
    struct place *old = r->slots;
    size_t old_cap = r->cap;

    struct place *slots = calloc(cap, sizeof(*slots));
    if (slots == NULL)
        return writ_fail_nomem(err);
    r->slots = slots;
    r->cap = cap;
    for (size_t i = 0; i < old_cap; i++)
        if (old[i].file != 0)
            r->slots[slot_of(r, &old[i].digest)] = old[i];
    free(old);
    return WRIT_OK;
}

static enum writ_status remember(struct writ_payload_reader *r, const struct writ_hash *digest,
                                 uint32_t file, uint64_t at, struct writ_err *err)
{
    if (r->len >= r->cap / 2)
        WRIT_TRY(grow(r, err));
    size_t i = slot_of(r, digest);
    if (r->slots[i].file == 0)
        r->len++;
    r->slots[i] = (struct place){ *digest, at, file };
    return WRIT_OK;
}

/* WRIT_NOT_FOUND when there is no such file: an operator may have erased it. */
static enum writ_status open_file(int dir_fd, uint32_t number, int *out, uint64_t *size,
                                  struct writ_err *err)
{
    char name[PAYLOAD_NAME];
    struct stat s;

    payload_name(number, name);
    int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        return writ_fail(err, WRIT_NOT_FOUND, "there is no payload file %s", name);
    if (fd < 0 || fstat(fd, &s) != 0) {
        enum writ_status st = writ_fail_sys(err, "cannot open the payload file %s", name);
        if (fd >= 0)
            (void)close(fd);
        return st;
    }
    *out = fd;
    *size = (uint64_t)s.st_size;
    return WRIT_OK;
}

static enum writ_status index_file(struct writ_payload_reader *r, uint32_t number,
                                   struct writ_err *err)
{
    struct payload_head head;
    uint64_t size = 0, at = 0;
    int fd = -1;

    enum writ_status st = open_file(r->dir_fd, number, &fd, &size, err);
    if (st != WRIT_OK)
        return st == WRIT_NOT_FOUND ? WRIT_OK : st;
    while ((st = payload_read_head(fd, at, size, &head, err)) == WRIT_OK) {
        st = remember(r, &head.digest, number, at, err);
        if (st != WRIT_OK)
            break;
        at = head.next;
    }
    (void)close(fd);
    return st == WRIT_NOT_FOUND ? WRIT_OK : st;
}

enum writ_status writ_payload_reader_open(const char *dir, struct writ_payload_reader **out,
                                          struct writ_err *err)
{
    uint32_t last = 0;
    struct writ_payload_reader *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return writ_fail_nomem(err);
    r->dir_fd = r->fd = -1;
    enum writ_status st = grow(r, err);
    if (st == WRIT_OK)
        st = payload_open_dir(dir, &r->dir_fd, err);
    if (st == WRIT_OK)
        st = payload_last(r->dir_fd, &last, err);
    for (uint32_t n = 1; st == WRIT_OK && n <= last; n++)
        st = index_file(r, n, err);
    if (st != WRIT_OK) {
        writ_payload_reader_close(r);
        return st;
    }
    *out = r;
    return WRIT_OK;
}

void writ_payload_reader_close(struct writ_payload_reader *r)
{
    if (r == NULL)
        return;
    if (r->fd >= 0)
        (void)close(r->fd);
    if (r->dir_fd >= 0)
        (void)close(r->dir_fd);
    free(r->slots);
    free(r);
}

static enum writ_status not_there(struct writ_err *err)
{
    return writ_fail(err, WRIT_NOT_FOUND, "the payload is not there: never stored, or erased");
}

enum writ_status writ_payload_reader_get(struct writ_payload_reader *r,
                                         const struct writ_hash *digest,
                                         uint8_t salt[WRIT_PAYLOAD_SALT], struct writ_buf *json,
                                         struct writ_err *err)
{
    struct payload_head head;
    uint64_t size = 0;

    struct place place = r->slots[slot_of(r, digest)];
    if (place.file == 0)
        return not_there(err);
    if (r->fd_number != place.file) {
        int fd = -1;
        WRIT_TRY(open_file(r->dir_fd, place.file, &fd, &size, err));
        if (r->fd >= 0)
            (void)close(r->fd);
        r->fd = fd;
        r->fd_number = place.file;
    }
    WRIT_TRY(payload_read_head(r->fd, place.at, UINT64_MAX >> 1, &head, err));
    if (!writ_hash_eq(&head.digest, digest))
        return writ_fail(err, WRIT_CORRUPT, "the payload files changed while they were read");
    WRIT_TRY(payload_read_json(r->fd, place.at, &head, json, err));
    memcpy(salt, head.salt, WRIT_PAYLOAD_SALT);
    return WRIT_OK;
}

static enum writ_status find_in_file(int fd, uint64_t size, const struct writ_hash *digest,
                                     uint8_t salt[WRIT_PAYLOAD_SALT], struct writ_buf *json,
                                     struct writ_err *err)
{
    struct payload_head head;

    for (uint64_t at = 0;; at = head.next) {
        WRIT_TRY(payload_read_head(fd, at, size, &head, err));
        if (!writ_hash_eq(&head.digest, digest))
            continue;
        WRIT_TRY(payload_read_json(fd, at, &head, json, err));
        memcpy(salt, head.salt, WRIT_PAYLOAD_SALT);
        return WRIT_OK;
    }
}

enum writ_status writ_payload_find(const char *dir, const struct writ_hash *digest,
                                   uint8_t salt[WRIT_PAYLOAD_SALT], struct writ_buf *json,
                                   struct writ_err *err)
{
    uint32_t last = 0;
    int dir_fd = -1;

    WRIT_TRY(payload_open_dir(dir, &dir_fd, err));
    enum writ_status st = payload_last(dir_fd, &last, err);
    bool found = false;
    for (uint32_t n = last; st == WRIT_OK && !found && n > 0; n--) {
        uint64_t size = 0;
        int fd = -1;
        st = open_file(dir_fd, n, &fd, &size, err);
        if (st == WRIT_OK) {
            st = find_in_file(fd, size, digest, salt, json, err);
            found = st == WRIT_OK;
            (void)close(fd);
        }
        if (st == WRIT_NOT_FOUND)
            st = WRIT_OK;
    }
    (void)close(dir_fd);
    if (st == WRIT_OK && !found)
        return not_there(err);
    return st;
}
