/*
 * ssh_blob: the inside of SSH public keys.
 *
 * Source:    RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4, OpenSSH PROTOCOL.u2f.
 * Units:     bytes.
 * Limits:    WRIT_SSH_BLOB_MAX.
 * Errors:    WRIT_FORMAT for anything but one complete key of the four kinds.
 * Ownership: the parts borrow from the blob.
 * Threads:   pure functions.
 */
#ifndef WRIT_CRYPTO_SSH_BLOB_H
#define WRIT_CRYPTO_SSH_BLOB_H

#include "crypto/key.h"
#include "crypto/ssh.h"

struct writ_ssh_kind {
    const char *type;
    enum writ_key_kind kind;
    bool hardware; /* a FIDO key: signs over flags and a counter too */
};

struct writ_ssh_parts {
    const struct writ_ssh_kind *kind;
    struct writ_slice public_part;
    struct writ_slice application; /* hardware keys only */
};

WRIT_MUST_CHECK enum writ_status
writ_ssh_blob_parts(struct writ_slice blob, struct writ_ssh_parts *out, struct writ_err *err);
/* A checked key from its blob. */
WRIT_MUST_CHECK enum writ_status
writ_ssh_key_from_blob(struct writ_slice blob, struct writ_ssh_key *out, struct writ_err *err);

#endif
