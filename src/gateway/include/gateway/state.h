/*
 * state: the sealed handle that a modern client carries from a held call to its retry.
 *
 * Source:    MCP 2026-07-28, multi round-trip requests: requestState comes back from whoever has
 *            it, so what it says counts only under our seal (HMAC-SHA-256).
 * Units:     microseconds since 1970 UTC.
 * Limits:    WRIT_STATE_MAX bytes of text.
 * Errors:    WRIT_NOT_FOUND: not of our form, so another's; WRIT_SIGNATURE: of our form, but not
 *            sealed with this key; WRIT_TIME: expired; WRIT_CONFLICT: made for another call.
 * Ownership: borrows its arguments; writes only to what the caller gave.
 * Threads:   pure functions.
 *
 * Text: "writ.v1." base64url(payload) "." base64url(HMAC). Payload: u8 length and the approval's
 * id, 32 bytes writ_mcp_params_digest, u64 expiry. The key lives as long as the gateway process,
 * and knows one agent only; so the seal binds the agent too.
 */
#ifndef WRIT_GATEWAY_STATE_H
#define WRIT_GATEWAY_STATE_H

#include "base/buf.h"
#include "crypto/hash.h"

#define WRIT_STATE_KEY_LEN      32
#define WRIT_STATE_MAX          256
#define WRIT_STATE_APPROVAL_MAX 64

struct writ_state {
    char approval[WRIT_STATE_APPROVAL_MAX + 1];
    struct writ_hash params;
    uint64_t expires;
};

WRIT_MUST_CHECK enum writ_status writ_state_seal(const uint8_t key[WRIT_STATE_KEY_LEN],
                                                 const struct writ_state *state,
                                                 struct writ_buf *out);
/* Whether the text claims to be ours; a claim only. */
bool writ_state_is_ours(struct writ_slice text);
/* *out only for a state that this key sealed for a call with exactly these params. */
WRIT_MUST_CHECK enum writ_status writ_state_open(const uint8_t key[WRIT_STATE_KEY_LEN],
                                                 struct writ_slice text,
                                                 const struct writ_hash *params, uint64_t now,
                                                 struct writ_state *out);

#endif
