/*
 * sign: signatures of people by `ssh-keygen -Y sign`, and the public half of their keys.
 *
 * Source:    ssh-keygen(1), docs/FORMATS.md section 2.
 * Units:     none.
 * Limits:    WRIT_SSHSIG_MAX, WRIT_SSH_LINE_MAX.
 * Errors:    WRIT_SIGNATURE when ssh-keygen did not sign (it says why on the terminal itself),
 *            WRIT_NOT_FOUND when it is not installed, WRIT_IO, WRIT_FORMAT for other key types.
 * Ownership: the caller's buffers.
 * Threads:   one: waits for a child.
 *
 * Writ never reads a person's private key: ssh-keygen, an agent or a security key does, and asks
 * for the passphrase or the touch on the terminal, which is inherited.
 */
#ifndef WRIT_CLI_SIGN_H
#define WRIT_CLI_SIGN_H

#include "crypto/ssh.h"

/*
 * Signs exactly `text` with the key file `key` (private, or .pub with an agent). The text lies in
 * a directory of mode 0700 below `dir` for as long as that takes.
 */
WRIT_MUST_CHECK enum writ_status writ_sign_ssh(const char *dir, const char *key,
                                               const char *name_space, struct writ_slice text,
                                               struct writ_buf *armored, struct writ_err *err);
/* The public key of a key file: itself, the .pub beside it, or what ssh-keygen -y says. */
WRIT_MUST_CHECK enum writ_status writ_sign_public(const char *key, struct writ_ssh_key *out,
                                                  struct writ_err *err);

#endif
