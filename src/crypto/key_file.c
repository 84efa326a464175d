#include "crypto/key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include "key_internal.h"

#include "base/banned.h"

/* PKCS#8 PEM of our keys takes under 250 bytes. */
#define KEY_FILE_MAX 4096
#define PEM_BEGIN    "-----BEGIN PRIVATE KEY-----\n"
#define PEM_END      "\n-----END PRIVATE KEY-----\n"

static void fd_drop(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}
#define AUTO_FD __attribute__((cleanup(fd_drop))) int

static void bio_drop(BIO **bio)
{
    (void)BIO_free(*bio);
}
#define AUTO_BIO __attribute__((cleanup(bio_drop))) BIO

/* Without it OpenSSL asks for a pass phrase on the terminal. */
static int no_passphrase(char *buf, int size, int rwflag, void *u)
{
    (void)buf, (void)size, (void)rwflag, (void)u;
    return -1;
}

/* Everything is asked of the opened file, so that nobody can swap it after the check. */
static enum writ_status check_file(int fd, const char *path, struct writ_err *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return writ_fail_sys(err, "key file %s", path);
    if (!S_ISREG(st.st_mode))
        return writ_fail(err, WRIT_REFUSED, "key file %s is not a regular file", path);
    if (st.st_uid != geteuid())
        return writ_fail(err, WRIT_REFUSED,
                         "key file %s belongs to user %u, not to user %u who reads it: "
                         "chown %u %s",
                         path, (unsigned)st.st_uid, (unsigned)geteuid(), (unsigned)geteuid(), path);
    if ((st.st_mode & 07777 & ~(mode_t)0600) != 0)
        return writ_fail(err, WRIT_REFUSED,
                         "key file %s has mode %04o, others may use it: chmod 600 %s", path,
                         (unsigned)(st.st_mode & 07777), path);
    if (st.st_size > KEY_FILE_MAX)
        return writ_fail(err, WRIT_FORMAT, "key file %s is too long to be a key", path);
    return WRIT_OK;
}

static enum writ_status read_all(int fd, const char *path, struct writ_buf *out,
                                 struct writ_err *err)
{
    for (;;) {
        uint8_t *at;
        if (writ_buf_reserve(out, KEY_FILE_MAX + 1 - out->len, &at) != WRIT_OK)
            return writ_fail_nomem(err);
        ssize_t got = read(fd, at, KEY_FILE_MAX + 1 - out->len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return writ_fail_sys(err, "key file %s", path);
        out->len += (size_t)got;
        if (got == 0)
            return WRIT_OK;
        if (out->len > KEY_FILE_MAX)
            return writ_fail(err, WRIT_FORMAT, "key file %s is too long to be a key", path);
    }
}

/* One block and nothing else: OpenSSL would skip text before it and ignore text after it. */
static bool is_one_pem_block(struct writ_slice text)
{
    struct writ_slice begin = WRIT_LIT(PEM_BEGIN), end = WRIT_LIT(PEM_END);

    if (text.len < begin.len + end.len || !writ_slice_starts(text, begin) ||
        !writ_slice_eq(writ_slice_from(text, text.len - end.len), end))
        return false;
    const uint8_t *first_end = memmem(text.ptr, text.len, end.ptr, end.len);
    return first_end == text.ptr + (text.len - end.len);
}

enum writ_status writ_key_load(const char *path, struct writ_key **out, struct writ_err *err)
{
    WRIT_SECRET_BUF text;

    writ_buf_init(&text, KEY_FILE_MAX + 1);
    /* O_NONBLOCK: opening a FIFO must not hang; on a regular file it means nothing. */
    AUTO_FD fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ELOOP)
        return writ_fail(err, WRIT_REFUSED,
                         "key file %s is a symbolic link: name the file it points to", path);
    if (fd < 0)
        return writ_fail_sys(err, "key file %s", path);
    WRIT_TRY(check_file(fd, path, err));
    WRIT_TRY(read_all(fd, path, &text, err));
    if (!is_one_pem_block(writ_buf_slice(&text)))
        return writ_fail(err, WRIT_FORMAT,
                         "key file %s is not one unencrypted PKCS#8 PEM block "
                         "(\"BEGIN PRIVATE KEY\"): convert it with "
                         "openssl pkcs8 -topk8 -nocrypt",
                         path);
    AUTO_BIO *bio = BIO_new_mem_buf(text.ptr, (int)text.len);
    if (bio == NULL)
        return writ_fail_nomem(err);
    WRIT_AUTO_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    ERR_clear_error();
    if (pkey == NULL)
        return writ_fail(err, WRIT_FORMAT, "key file %s holds no private key", path);
    struct writ_err why;
    enum writ_status st = writ_key_adopt(pkey, out, &why);
    if (st != WRIT_OK)
        return writ_fail(err, st, "key file %s: %s", path, why.text);
    pkey = NULL; /* transferred */
    return WRIT_OK;
}

static enum writ_status write_all(int fd, struct writ_slice s, const char *path,
                                  struct writ_err *err)
{
    while (s.len != 0) {
        ssize_t put = write(fd, s.ptr, s.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return writ_fail_sys(err, "key file %s", path);
        s = writ_slice_from(s, (size_t)put);
    }
    return WRIT_OK;
}

/* A new name is on disk when its directory is. */
static enum writ_status sync_directory(const char *path, struct writ_err *err)
{
    char dir[4096];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);

    if (len >= sizeof(dir))
        return writ_fail(err, WRIT_ARG, "path too long: %s", path);
    if (slash == NULL) {
        memcpy(dir, ".", 2);
    } else {
        if (len == 0) /* the root itself */
            len = 1;
        memcpy(dir, path, len);
        dir[len] = '\0';
    }
    AUTO_FD fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return writ_fail_sys(err, "directory of key file %s", path);
    return WRIT_OK;
}

static enum writ_status write_file(int fd, const char *path, struct writ_slice text,
                                   struct writ_err *err)
{
    /* The umask may have taken bits away; it can never have added any. */
    if (fchmod(fd, 0600) != 0)
        return writ_fail_sys(err, "key file %s", path);
    WRIT_TRY(write_all(fd, text, path, err));
    if (fsync(fd) != 0)
        return writ_fail_sys(err, "key file %s", path);
    return sync_directory(path, err);
}

enum writ_status writ_key_store(const struct writ_key *key, const char *path, struct writ_err *err)
{
    if (!key->private_part)
        return writ_fail(err, WRIT_ARG, "a public key needs no key file");
    /* In secure memory when there is some, wiped on release in any case. */
    AUTO_BIO *bio = BIO_new(BIO_s_secmem());
    char *pem = NULL;
    if (bio == NULL ||
        PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) != 1) {
        ERR_clear_error();
        return writ_fail_nomem(err);
    }
    long len = BIO_get_mem_data(bio, &pem);
    AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return writ_fail(err, WRIT_CONFLICT,
                         "key file %s exists already, and keys are never overwritten", path);
    if (fd < 0)
        return writ_fail_sys(err, "key file %s", path);
    enum writ_status st = write_file(fd, path, writ_slice(pem, (size_t)len), err);
    if (st != WRIT_OK)
        (void)unlink(path); /* ours: O_EXCL made it */
    OPENSSL_cleanse(pem, (size_t)len);
    return st;
}
