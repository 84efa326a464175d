/*
 * payload_file: one file of the payload store: how an entry looks, and walking over entries.
 *
 * Source:    docs/FORMATS.md section 8.
 * Units:     offsets are bytes from the start of the file.
 * Limits:    WRIT_PAYLOAD_MAX bytes of JSON in an entry.
 * Errors:    WRIT_NOT_FOUND at the end, or where no whole entry stands any more; WRIT_IO.
 * Ownership: descriptors stay the caller's.
 * Threads:   no shared state.
 *
 * An entry: "WPAY", u32 length of all of it, 32 bytes digest, 32 bytes salt, the JSON, and the
 * first four bytes of SHA-256 over everything before.
 */
#ifndef WRIT_REPLAY_PAYLOAD_FILE_H
#define WRIT_REPLAY_PAYLOAD_FILE_H

#include "replay/payload.h"

#define PAYLOAD_MAGIC "WPAY"
#define PAYLOAD_HEAD  72
#define PAYLOAD_TAIL  4
#define PAYLOAD_NAME  13 /* "00000001.pay" and NUL */

struct payload_head {
    struct writ_hash digest;
    uint8_t salt[WRIT_PAYLOAD_SALT];
    uint64_t json_at;
    uint32_t json_len;
    uint64_t next; /* where the following entry starts */
};

/* The head at `at`. Whole means: the file is long enough for the entry; nothing is compared. */
WRIT_MUST_CHECK enum writ_status payload_read_head(int fd, uint64_t at, uint64_t size,
                                                   struct payload_head *out, struct writ_err *err);
/* The JSON behind a head; WRIT_CORRUPT unless digest and checksum are right. */
WRIT_MUST_CHECK enum writ_status payload_read_json(int fd, uint64_t at,
                                                   const struct payload_head *head,
                                                   struct writ_buf *json, struct writ_err *err);
/* Fills the bytes before and behind the JSON. */
void payload_make(const struct writ_hash *digest, struct writ_slice salt, struct writ_slice json,
                  uint8_t head[PAYLOAD_HEAD], uint8_t tail[PAYLOAD_TAIL]);

void payload_name(uint32_t number, char out[PAYLOAD_NAME]);
/* The greatest file number in the folder, 0 when there is none. */
WRIT_MUST_CHECK enum writ_status payload_last(int dir_fd, uint32_t *out, struct writ_err *err);
/* The folder itself, refused when others may enter it. */
WRIT_MUST_CHECK enum writ_status payload_open_dir(const char *dir, int *out, struct writ_err *err);

#endif
