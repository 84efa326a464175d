/*
 * ssh: OpenSSH public keys, and verification of signatures made by `ssh-keygen -Y sign`.
 *
 * Source:    RFC 4253 6.6, RFC 8709, OpenSSH PROTOCOL.sshsig and PROTOCOL.u2f. Key types:
 *            ssh-ed25519, ecdsa-sha2-nistp256, sk-ssh-ed25519@openssh.com,
 *            sk-ecdsa-sha2-nistp256@openssh.com; hashes sha256 and sha512.
 * Units:     bytes.
 * Limits:    WRIT_SSH_LINE_MAX for a key line, WRIT_SSHSIG_MAX for an armored signature.
 * Errors:    WRIT_FORMAT for what cannot be read, WRIT_SIGNATURE for a wrong key, text, or
 *            namespace (the text says which), WRIT_REFUSED for a security key that reports no
 *            touch, WRIT_LIMIT, WRIT_NOMEM.
 * Ownership: struct writ_ssh_key is a value and holds no pointers.
 * Threads:   pure functions.
 */
#ifndef WRIT_CRYPTO_SSH_H
#define WRIT_CRYPTO_SSH_H

#include "base/buf.h"

#define WRIT_SSH_LINE_MAX 1024
#define WRIT_SSHSIG_MAX   4096
#define WRIT_SSH_BLOB_MAX 512 /* the longest accepted type, an sk-ecdsa key, takes under 300 */

struct writ_ssh_key {
    uint8_t blob[WRIT_SSH_BLOB_MAX]; /* the key as in the wire format, type first */
    size_t blob_len;
    char type[48];        /* e.g. "ssh-ed25519" */
    char fingerprint[64]; /* "SHA256:" and unpadded base64, as ssh-keygen -l prints it */
};

/* One line of a .pub file: type, base64, optional comment. Options before the type are refused. */
WRIT_MUST_CHECK enum writ_status writ_ssh_key_parse(struct writ_slice line,
                                                    struct writ_ssh_key *out, struct writ_err *err);
/* "type base64": the line without its comment; the form that records hold. */
WRIT_MUST_CHECK enum writ_status writ_ssh_key_line(const struct writ_ssh_key *key,
                                                   struct writ_buf *out);
bool writ_ssh_key_eq(const struct writ_ssh_key *a, const struct writ_ssh_key *b);

/*
 * `armored` is what ssh-keygen wrote: "-----BEGIN SSH SIGNATURE-----" and so on. WRIT_OK only
 * when it was made by `key`, in exactly `name_space`, over exactly `message`.
 */
WRIT_MUST_CHECK enum writ_status
writ_sshsig_verify(struct writ_slice armored, const char *name_space, struct writ_slice message,
                   const struct writ_ssh_key *key, struct writ_err *err);
/* The key that a signature claims to be by, e.g. to find whose it is before verifying. */
WRIT_MUST_CHECK enum writ_status writ_sshsig_key(struct writ_slice armored,
                                                 struct writ_ssh_key *out, struct writ_err *err);

#endif
