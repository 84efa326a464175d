#include "daemon/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/banned.h"

/* Longest line in a file of the home: a vkey with a name of 255 bytes. */
#define LINE_MAX_BYTES 512

static enum writ_status join(char out[WRIT_HOME_PATH], const char *dir, const char *name,
                             struct writ_err *err)
{
    int n = snprintf(out, WRIT_HOME_PATH, "%s/%s", dir, name);

    if (n < 0 || n >= WRIT_HOME_PATH)
        return writ_fail(err, WRIT_LIMIT, "the path of the home is too long: %.100s", dir);
    return WRIT_OK;
}

static enum writ_status check_dir(const char *dir, struct writ_err *err)
{
    struct stat s;

    if (stat(dir, &s) != 0) {
        if (errno == ENOENT)
            return writ_fail(err, WRIT_NOT_FOUND,
                             "there is no home at %s: make one with `writ init`", dir);
        return writ_fail_sys(err, "cannot look at the home %s", dir);
    }
    if (!S_ISDIR(s.st_mode))
        return writ_fail(err, WRIT_REFUSED, "the home %s is not a folder", dir);
    if (s.st_uid != geteuid())
        return writ_fail(err, WRIT_REFUSED,
                         "the home %s belongs to user %u, and this is user %u: run as its owner, "
                         "or `chown -R %u %s`",
                         dir, (unsigned)s.st_uid, (unsigned)geteuid(), (unsigned)geteuid(), dir);
    if ((s.st_mode & 077) != 0)
        return writ_fail(err, WRIT_REFUSED, "others may enter the home %s: run `chmod 700 %s`", dir,
                         dir);
    return WRIT_OK;
}

/* One file or folder of the home, which nobody else may use; absent is fine unless `required`. */
static enum writ_status check_private(const char *dir, const char *name, bool required,
                                      struct writ_err *err)
{
    char path[WRIT_HOME_PATH];
    struct stat s;

    WRIT_TRY(join(path, dir, name, err));
    if (lstat(path, &s) != 0) {
        if (errno == ENOENT && !required)
            return WRIT_OK;
        return writ_fail_sys(err, "cannot look at %s", path);
    }
    if (!S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode))
        return writ_fail(err, WRIT_REFUSED, "%s is not a plain file or folder", path);
    if (s.st_uid != geteuid())
        return writ_fail(err, WRIT_REFUSED, "%s belongs to user %u: run `chown %u %s`", path,
                         (unsigned)s.st_uid, (unsigned)geteuid(), path);
    if ((s.st_mode & 077) != 0)
        return writ_fail(err, WRIT_REFUSED, "others may use %s: run `chmod %s %s`", path,
                         S_ISDIR(s.st_mode) ? "700" : "600", path);
    return WRIT_OK;
}

/* A file of exactly one line, without its end. */
static enum writ_status read_line(const char *dir, const char *name, struct writ_buf *out,
                                  struct writ_err *err)
{
    char path[WRIT_HOME_PATH];
    uint8_t *at;

    WRIT_TRY(join(path, dir, name, err));
    writ_buf_init(out, LINE_MAX_BYTES);
    if (writ_buf_reserve(out, LINE_MAX_BYTES, &at) != WRIT_OK)
        return writ_fail_nomem(err);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return writ_fail_sys(err, "cannot open %s", path);
    ssize_t n = read(fd, at, LINE_MAX_BYTES);
    enum writ_status st = n < 0 ? writ_fail_sys(err, "cannot read %s", path) : WRIT_OK;
    (void)close(fd);
    if (st != WRIT_OK)
        return st;
    size_t len = (size_t)n;
    if (len == 0 || at[len - 1] != '\n' || memchr(at, '\n', len - 1) != NULL)
        return writ_fail(err, WRIT_CORRUPT, "%s is not one line of text", path);
    out->len = len - 1;
    return WRIT_OK;
}

static enum writ_status take_lock(struct writ_home *h, struct writ_err *err)
{
    char path[WRIT_HOME_PATH], pid[32] = { 0 };

    WRIT_TRY(join(path, h->dir, "writd.lock", err));
    h->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (h->lock_fd < 0)
        return writ_fail_sys(err, "cannot open %s", path);
    if (flock(h->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return writ_fail_sys(err, "cannot lock %s", path);
        ssize_t n = pread(h->lock_fd, pid, sizeof(pid) - 1, 0);
        pid[n > 0 ? strcspn(pid, "\n") : 0] = '\0';
        return writ_fail(err, WRIT_CONFLICT,
                         "another writd (process %s) has this home: stop it with `writ down`",
                         pid[0] != '\0' ? pid : "unknown");
    }
    h->locked = true;
    int n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
    if (ftruncate(h->lock_fd, 0) != 0 || pwrite(h->lock_fd, pid, (size_t)n, 0) != n)
        return writ_fail_sys(err, "cannot write %s", path);
    return WRIT_OK;
}

/* ledger.key, ledger.vkey and cell must tell of the same ledger. */
static enum writ_status read_keys(struct writ_home *h, struct writ_err *err)
{
    WRIT_AUTO_BUF cell = { 0 };
    char path[WRIT_HOME_PATH];
    struct writ_note_key stated, own;

    WRIT_TRY(read_line(h->dir, "cell", &cell, err));
    if (!writ_origin_valid(writ_buf_slice(&cell)) || cell.len >= sizeof(h->cell))
        return writ_fail(err, WRIT_CORRUPT, "the file cell in %s holds no name of a cell", h->dir);
    memcpy(h->cell, cell.ptr, cell.len);
    h->cell[cell.len] = '\0';
    WRIT_TRY(read_line(h->dir, "ledger.vkey", &h->vkey, err));
    WRIT_TRY(writ_note_key_parse(writ_buf_slice(&h->vkey), &stated, err));
    WRIT_TRY(join(path, h->dir, "ledger.key", err));
    WRIT_TRY(writ_key_load(path, &h->ledger_key, err));
    WRIT_TRY(writ_note_key_make(writ_cstr(h->cell), 0x01, h->ledger_key, &own, err));
    if (strcmp(own.name, stated.name) != 0 || own.id != stated.id ||
        memcmp(own.pub, stated.pub, sizeof(own.pub)) != 0)
        return writ_fail(err, WRIT_CORRUPT,
                         "ledger.key, ledger.vkey and cell in %s are not of one ledger", h->dir);
    return WRIT_OK;
}

static enum writ_status open_home(struct writ_home *h, const char *dir, struct writ_err *err)
{
    if (strlen(dir) >= sizeof(h->dir))
        return writ_fail(err, WRIT_LIMIT, "the path of the home is too long: %.100s", dir);
    memcpy(h->dir, dir, strlen(dir) + 1);
    WRIT_TRY(join(h->ledger, dir, "ledger", err));
    WRIT_TRY(join(h->payloads, dir, "payloads", err));
    WRIT_TRY(join(h->socket, dir, "writd.sock", err));
    WRIT_TRY(join(h->pid_file, dir, "writd.pid", err));
    if (strlen(h->socket) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
        return writ_fail(err, WRIT_LIMIT, "the path of the socket is too long for the system: %s",
                         h->socket);
    WRIT_TRY(check_dir(dir, err));
    WRIT_TRY(check_private(dir, "ledger.key", true, err));
    WRIT_TRY(check_private(dir, "ledger", true, err));
    WRIT_TRY(check_private(dir, "payloads", false, err));
    WRIT_TRY(check_private(dir, "agents", false, err));
    WRIT_TRY(check_private(dir, "writd.lock", false, err));
    WRIT_TRY(check_private(dir, "writd.log", false, err));
    WRIT_TRY(take_lock(h, err));
    return read_keys(h, err);
}

enum writ_status writ_home_open(const char *dir, struct writ_home *out, struct writ_err *err)
{
    struct writ_home h = { .lock_fd = -1 };

    enum writ_status st = open_home(&h, dir, err);
    if (st != WRIT_OK) {
        writ_home_close(&h);
        return st;
    }
    *out = h;
    return WRIT_OK;
}

void writ_home_close(struct writ_home *h)
{
    writ_key_free(h->ledger_key);
    h->ledger_key = NULL;
    writ_buf_release(&h->vkey);
    if (h->lock_fd >= 0) {
        /* Nobody else can hold it now; an old process id would only mislead. */
        if (h->locked && ftruncate(h->lock_fd, 0) != 0)
            h->locked = false;
        (void)close(h->lock_fd);
    }
    h->lock_fd = -1;
    h->locked = false;
}
