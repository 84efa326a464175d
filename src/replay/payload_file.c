#include "payload_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

#include "base/banned.h"

static enum writ_status read_at(int fd, uint64_t at, uint8_t *out, size_t n, struct writ_err *err)
{
    size_t got = 0;

    while (got < n) {
        ssize_t r = pread(fd, out + got, n - got, (off_t)(at + got));
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return writ_fail_sys(err, "cannot read a payload file");
        if (r == 0)
            return writ_fail(err, WRIT_NOT_FOUND, "the payload file ends here");
        got += (size_t)r;
    }
    return WRIT_OK;
}

enum writ_status payload_read_head(int fd, uint64_t at, uint64_t size, struct payload_head *out,
                                   struct writ_err *err)
{
    uint8_t raw[PAYLOAD_HEAD];

    if (at > size || size - at < PAYLOAD_HEAD + PAYLOAD_TAIL)
        return writ_fail(err, WRIT_NOT_FOUND, "no further payload");
    WRIT_TRY(read_at(fd, at, raw, sizeof(raw), err));
    struct writ_reader r = writ_reader(writ_slice(raw, sizeof(raw)));
    struct writ_slice magic = writ_read_bytes(&r, 4);
    uint32_t total = writ_read_be32(&r);
    if (!writ_slice_is(magic, PAYLOAD_MAGIC) || total < PAYLOAD_HEAD + PAYLOAD_TAIL ||
        total > PAYLOAD_HEAD + WRIT_PAYLOAD_MAX + PAYLOAD_TAIL || total > size - at)
        return writ_fail(err, WRIT_NOT_FOUND, "no whole payload follows");
    memcpy(out->digest.b, raw + 8, sizeof(out->digest.b));
    memcpy(out->salt, raw + 40, sizeof(out->salt));
    out->json_at = at + PAYLOAD_HEAD;
    out->json_len = total - PAYLOAD_HEAD - PAYLOAD_TAIL;
    out->next = at + total;
    return WRIT_OK;
}

void payload_make(const struct writ_hash *digest, struct writ_slice salt, struct writ_slice json,
                  uint8_t head[PAYLOAD_HEAD], uint8_t tail[PAYLOAD_TAIL])
{
    struct writ_sha256 sum;

    memcpy(head, PAYLOAD_MAGIC, 4);
    writ_put_be32(head + 4, (uint32_t)(PAYLOAD_HEAD + json.len + PAYLOAD_TAIL));
    memcpy(head + 8, digest->b, sizeof(digest->b));
    memcpy(head + 40, salt.ptr, WRIT_PAYLOAD_SALT);
    writ_sha256_init(&sum);
    writ_sha256_add(&sum, writ_slice(head, PAYLOAD_HEAD));
    writ_sha256_add(&sum, json);
    struct writ_hash h = writ_sha256_done(&sum);
    memcpy(tail, h.b, PAYLOAD_TAIL);
}

enum writ_status payload_read_json(int fd, uint64_t at, const struct payload_head *head,
                                   struct writ_buf *json, struct writ_err *err)
{
    uint8_t made[PAYLOAD_HEAD], tail[PAYLOAD_TAIL], stored[PAYLOAD_TAIL];
    struct writ_sha256 sum;
    uint8_t *to;

    writ_buf_clear(json);
    enum writ_status st = writ_buf_reserve(json, (size_t)head->json_len + 1, &to);
    if (st != WRIT_OK)
        return writ_fail(err, st, "no room for a payload of %u bytes", head->json_len);
    WRIT_TRY(read_at(fd, head->json_at, to, head->json_len, err));
    WRIT_TRY(read_at(fd, head->next - PAYLOAD_TAIL, stored, sizeof(stored), err));
    struct writ_slice body = writ_slice(to, head->json_len);
    struct writ_slice salt = writ_slice(head->salt, sizeof(head->salt));
    payload_make(&head->digest, salt, body, made, tail);
    writ_sha256_init(&sum);
    writ_sha256_add(&sum, salt);
    writ_sha256_add(&sum, body);
    struct writ_hash digest = writ_sha256_done(&sum);
    if (memcmp(tail, stored, sizeof(tail)) != 0 || !writ_hash_eq(&digest, &head->digest))
        return writ_fail(err, WRIT_CORRUPT, "the payload at byte %llu does not match its digest",
                         (unsigned long long)at);
    json->len = head->json_len;
    return WRIT_OK;
}

void payload_name(uint32_t number, char out[PAYLOAD_NAME])
{
    (void)snprintf(out, PAYLOAD_NAME, "%08u.pay", number % 100000000u);
}

enum writ_status payload_last(int dir_fd, uint32_t *out, struct writ_err *err)
{
    uint32_t last = 0;
    int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

    if (d == NULL) {
        enum writ_status st = writ_fail_sys(err, "cannot list the payload folder");
        if (fd >= 0)
            (void)close(fd);
        return st;
    }
    for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        uint64_t n = 0;
        struct writ_slice name = writ_cstr(e->d_name);
        char back[PAYLOAD_NAME];
        if (name.len != PAYLOAD_NAME - 1)
            continue;
        struct writ_slice digits = writ_slice(name.ptr, 8);
        while (digits.len > 1 && digits.ptr[0] == '0')
            digits = writ_slice_from(digits, 1);
        if (writ_u64_parse(digits, &n) != WRIT_OK || n == 0)
            continue;
        payload_name((uint32_t)n, back);
        if (writ_slice_is(name, back) && n > last)
            last = (uint32_t)n;
    }
    (void)closedir(d);
    *out = last;
    return WRIT_OK;
}

enum writ_status payload_open_dir(const char *dir, int *out, struct writ_err *err)
{
    struct stat s;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return writ_fail_sys(err, "cannot open the payload folder %s", dir);
    if (fstat(fd, &s) != 0 || (s.st_mode & 077) != 0) {
        (void)close(fd);
        return writ_fail(err, WRIT_REFUSED,
                         "others may enter the payload folder %s: run `chmod 700 %s`", dir, dir);
    }
    *out = fd;
    return WRIT_OK;
}
