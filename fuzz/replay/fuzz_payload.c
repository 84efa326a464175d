/*
 * Targets: the payload store's reader.
 * Property: whatever bytes lie in a file, what comes out under a digest has that digest.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay/payload.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_file(const char *path, const uint8_t *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0 || write(fd, data, size) != (ssize_t)size || close(fd) != 0)
        abort();
}

/* Every digest that the bytes could mean: what stands eight bytes behind each magic. */
static void look_up(struct writ_payload_reader *r, const uint8_t *digest)
{
    uint8_t salt[WRIT_PAYLOAD_SALT];
    struct writ_hash want;
    struct writ_sha256 sha;
    WRIT_AUTO_BUF json;

    writ_buf_init(&json, WRIT_PAYLOAD_MAX);
    memcpy(want.b, digest, sizeof(want.b));
    if (writ_payload_reader_get(r, &want, salt, &json, NULL) != WRIT_OK)
        return;
    writ_sha256_init(&sha);
    writ_sha256_add(&sha, writ_slice(salt, sizeof(salt)));
    writ_sha256_add(&sha, writ_buf_slice(&json));
    struct writ_hash got = writ_sha256_done(&sha);
    if (!writ_hash_eq(&got, &want))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char dir[64], path[96];
    struct writ_payload_reader *r = NULL;
    struct writ_err err;

    (void)snprintf(dir, sizeof(dir), "/tmp/writ-fuzz-payload-%ld", (long)getpid());
    (void)snprintf(path, sizeof(path), "%s/00000001.pay", dir);
    if (mkdir(dir, 0700) != 0)
        abort();
    write_file(path, data, size);
    if (writ_payload_reader_open(dir, &r, &err) == WRIT_OK) {
        for (size_t i = 0; i + 40 <= size; i++)
            if (memcmp(data + i, "WPAY", 4) == 0)
                look_up(r, data + i + 8);
        writ_payload_reader_close(r);
    }
    if (unlink(path) != 0 || rmdir(dir) != 0) /* nothing stays behind */
        abort();
    return 0;
}
