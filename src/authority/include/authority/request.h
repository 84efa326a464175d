/*
 * request: what is asked of the authority: an action, its outcome, a session, a signed change.
 *
 * Source:    docs/FORMATS.md sections 2 and 6, design section 4.
 * Units:     times are microseconds since 1970 UTC.
 * Limits:    arguments at most WRIT_ARGUMENTS_MAX bytes of JSON; names as docs/FORMATS.md 1.
 * Errors:    WRIT_FORMAT, WRIT_LIMIT, WRIT_SIGNATURE, WRIT_NOMEM.
 * Ownership: requests borrow everything; whoever reads the bytes keeps them until the answer.
 * Threads:   the verify functions are pure and run on any thread: they read only the request,
 *            and keys that the authority never frees before itself.
 */
#ifndef WRIT_AUTHORITY_REQUEST_H
#define WRIT_AUTHORITY_REQUEST_H

#include "base/buf.h"
#include "crypto/key.h"
#include "crypto/ssh.h"
#include "record/record.h"

/* A whole MCP line may be arguments. */
#define WRIT_ARGUMENTS_MAX ((size_t)4 << 20)
#define WRIT_SALT_LEN      32
#define WRIT_NONCE_LEN     16

/* What became of checking a signature; nobody looked is zero, and is never as good as good. */
enum writ_check { WRIT_UNCHECKED = 0, WRIT_CHECK_FAILED, WRIT_CHECK_GOOD };

/* One attempt of an agent to act. */
struct writ_action_request {
    struct writ_slice agent, instance, txn;
    struct writ_slice grant; /* empty: the authority chooses */
    struct writ_slice transport, gateway;
    struct writ_slice action;
    struct writ_slice arguments; /* JSON object; NULL pointer when erased (only at replay) */
    struct writ_slice salt;      /* WRIT_SALT_LEN bytes, or empty when arguments are erased */
    struct writ_hash digest;     /* salted digest of the arguments; writ_action_verify sets it */
    /* Only at replay, when the arguments are erased: the resources that were recorded. */
    const struct writ_texts *erased_resources;
    struct writ_slice tool; /* hex digest of the tool's definition, or empty */
    struct writ_slice trace;
    /* Proof by the agent's key over writ_action_text; empty signature: none. */
    struct writ_slice nonce; /* WRIT_NONCE_LEN bytes */
    uint64_t issued;
    struct writ_slice signature; /* WRIT_SIGNATURE_LEN bytes */
    /* A session of this connection: the index of its session.opened; UINT64_MAX for none. */
    uint64_t session;
    /* Set by writ_action_verify; what is unchecked is not decided at all. */
    enum writ_check verified;
};

/* SHA-256 over the salt and the canonical form of `json` (an object; empty counts as {}). */
WRIT_MUST_CHECK enum writ_status writ_payload_digest(struct writ_slice salt, struct writ_slice json,
                                                     struct writ_hash *out, struct writ_err *err);
/* The bytes an agent signs for an action. */
WRIT_MUST_CHECK enum writ_status writ_action_text(const struct writ_action_request *r,
                                                  struct writ_slice cell, struct writ_buf *out);
/*
 * Computes r->digest from salt and arguments (unless they are erased), checks r->signature by
 * `key` (NULL: the agent is unknown), and sets r->verified; it stays unchecked when the
 * digest cannot be taken.
 * To be called for every request, signed or not: nothing else sets the digest.
 */
void writ_action_verify(struct writ_action_request *r, struct writ_slice cell,
                        const struct writ_key *key);

/* An agent's proof that a connection is its own. */
struct writ_session_request {
    struct writ_slice agent, instance, gateway, transport;
    struct writ_slice client;    /* what the MCP client says of itself; may be empty */
    struct writ_slice challenge; /* 32 bytes that the authority gave this connection */
    uint64_t issued;
    struct writ_slice signature;
    enum writ_check verified;
};

WRIT_MUST_CHECK enum writ_status writ_session_text(const struct writ_session_request *r,
                                                   struct writ_slice cell, struct writ_buf *out);
void writ_session_verify(struct writ_session_request *r, struct writ_slice cell,
                         const struct writ_key *key);

/* A signed text: by a human with SSH, or (a derived grant) by an agent. */
struct writ_change_request {
    struct writ_slice text;
    struct writ_slice signature; /* armored, or base64url of WRIT_SIGNATURE_LEN bytes */
    /* Filled by writ_authority_find_signer; then writ_change_verify runs anywhere. */
    bool by_agent;
    struct writ_slice by;       /* borrowed from the authority */
    struct writ_ssh_key ssh;    /* when by a human */
    const struct writ_key *key; /* when by an agent */
    const char *name_space;
    enum writ_check verified;
    struct writ_err why; /* when not verified */
};

void writ_change_verify(struct writ_change_request *r);

#endif
