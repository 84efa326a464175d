/*
 * record: the entries of the ledger: their types, and their one way of being written.
 *
 * Source:    docs/FORMATS.md section 5.
 * Units:     times are microseconds since 1970 UTC; indices count ledger entries.
 * Limits:    an encoded record has at most WRIT_RECORD_MAX bytes; lists at most
 *            WRIT_RECORD_LIST_MAX elements.
 * Errors:    WRIT_FORMAT with the byte offset for whatever the encoder would not have written,
 *            WRIT_LIMIT, WRIT_NOMEM.
 * Ownership: a decoded record borrows from the bytes, and from the arena where a string had to be
 *            unescaped; an encoder borrows everything.
 * Threads:   pure functions.
 *
 * Decoding accepts exactly what encoding produces: decode(b) == OK implies encode(decode(b)) == b.
 * So a record has one form, and comparing records is comparing bytes.
 */
#ifndef WRIT_RECORD_RECORD_H
#define WRIT_RECORD_RECORD_H

#include "base/arena.h"
#include "base/buf.h"

#define WRIT_RECORD_MAX      65535
#define WRIT_RECORD_LIST_MAX 64

/* number, name, text, shape (the struct in the union below) */
#define WRIT_RECORD_MAP(X)                                    \
    X(1, AUTHORITY_CREATED, "authority.created", signed_text) \
    X(2, HUMAN_ADDED, "human.added", signed_text)             \
    X(3, AGENT_REGISTERED, "agent.registered", signed_text)   \
    X(4, TARGET_ADDED, "target.added", signed_text)           \
    X(5, TOOL_ACCEPTED, "tool.accepted", signed_text)         \
    X(6, GRANT_SIGNED, "grant.signed", signed_text)           \
    X(7, GRANT_DERIVED, "grant.derived", signed_text)         \
    X(8, APPROVAL_GIVEN, "approval.given", signed_text)       \
    X(9, STOP_LIFTED, "stop.lifted", signed_text)             \
    X(10, HUMAN_SUSPENDED, "human.suspended", narrowed)       \
    X(11, HUMAN_REMOVED, "human.removed", narrowed)           \
    X(12, AGENT_SUSPENDED, "agent.suspended", narrowed)       \
    X(13, AGENT_RETIRED, "agent.retired", narrowed)           \
    X(14, GRANT_REVOKED, "grant.revoked", narrowed)           \
    X(15, STOP_SET, "stop.set", narrowed)                     \
    X(16, APPROVAL_REFUSED, "approval.refused", narrowed)     \
    X(17, ACTION_DECIDED, "action.decided", decided)          \
    X(18, ACTION_COMPLETED, "action.completed", completed)    \
    X(19, APPROVAL_REQUESTED, "approval.requested", held)     \
    X(20, APPROVAL_OPENED, "approval.opened", narrowed)       \
    X(21, APPROVAL_EXPIRED, "approval.expired", narrowed)     \
    X(22, TOOL_PINNED, "tool.pinned", tool_seen)              \
    X(23, TOOL_CHANGED, "tool.changed", tool_seen)            \
    X(24, SESSION_OPENED, "session.opened", session)          \
    X(25, SESSION_CLOSED, "session.closed", narrowed)         \
    X(26, CLOCK_STEPPED, "clock.stepped", clock_stepped)      \
    X(27, PAYLOAD_READ, "payload.read", narrowed)             \
    X(28, CALLERS_REFUSED, "callers.refused", callers_refused)

enum writ_record_type {
    WRIT_RECORD_NONE = 0,
#define X(num, name, text, shape) WRIT_RECORD_##name = (num),
    WRIT_RECORD_MAP(X)
#undef X
};

struct writ_texts {
    size_t len;
    const struct writ_slice *at;
};

struct writ_numbers {
    size_t len;
    const uint64_t *at;
};

/* A change that somebody signed: the text itself is the content (docs/FORMATS.md section 2). */
struct writ_rec_signed_text {
    struct writ_slice by;        /* the human or, for a derived grant, the agent */
    struct writ_slice text;      /* exactly the bytes that were signed */
    struct writ_slice signature; /* armored SSH signature, or base64url of an agent's */
};

/* A change that narrows, or an event about one subject. */
struct writ_rec_narrowed {
    struct writ_slice by;      /* "uid:1000", "human:alice", "agent:NAME" or "writd" */
    struct writ_slice subject; /* grant id, name, scope of a stop, approval id, digest */
    struct writ_slice reason;  /* may be empty */
    uint64_t requested;        /* when it was asked for */
};

struct writ_rec_credential {
    struct writ_slice kind; /* "key": this action is signed; "session": see id */
    struct writ_slice id;   /* ledger index of the session.opened, or empty */
    uint64_t issued, expires;
    struct writ_slice key; /* thumbprint of the agent's key, hex; empty when unknown */
};

struct writ_rec_proof {
    struct writ_slice kind;      /* "none", "key", or "invalid" for a signature that was not good */
    struct writ_slice id;        /* the nonce, hex */
    struct writ_slice signature; /* base64url */
};

struct writ_rec_limits {
    struct writ_numbers calls; /* used calls of each link after this decision, as in chain */
    struct writ_numbers spend; /* millionths of the unit */
};

struct writ_rec_decided {
    struct writ_slice txn, human, agent, instance;
    struct writ_slice grant;   /* the leaf of the chain; empty when none was found */
    bool selected;             /* the authority chose the grant, the caller named none */
    struct writ_numbers chain; /* ledger indices of the grants, root first */
    struct writ_rec_credential credential;
    struct writ_rec_proof proof;
    struct writ_slice transport, gateway;
    struct writ_slice action;
    struct writ_texts resources;
    bool sensitive;
    struct writ_slice arguments; /* salted digest, hex */
    struct writ_slice tool;      /* digest of the tool's definition, hex, or empty */
    struct writ_texts masked;    /* kinds of secrets masked in the payload, "kind:count" */
    struct writ_slice policy;    /* ledger index of the policy set, or empty */
    struct writ_texts policies;  /* determining policies */
    struct writ_slice verdict;   /* "allow", "deny", "hold" */
    struct writ_slice reason;    /* a reason code; empty for allow */
    struct writ_slice detail;    /* what exactly failed, in words */
    struct writ_rec_limits limits;
    struct writ_slice approval; /* used (allow) or waited for (hold), else empty */
    struct writ_slice trace;    /* W3C traceparent, or empty */
};

struct writ_rec_completed {
    uint64_t decided;         /* the index it completes */
    struct writ_slice status; /* "ok", "error", "timeout", "cancelled", "lost" */
    struct writ_slice result; /* salted digest, hex; empty when there was none */
    uint64_t duration;        /* microseconds */
};

struct writ_rec_held {
    struct writ_slice id, grant, txn, agent, human, action;
    struct writ_texts resources;
    struct writ_slice arguments; /* salted digest, hex */
    struct writ_slice digest;    /* of the action: what the approver signs */
    uint64_t quorum;
    bool four_eyes;
    uint64_t expires;
};

struct writ_rec_tool_seen {
    struct writ_slice by; /* the agent on whose behalf it was listed */
    struct writ_slice target, tool, digest;
};

struct writ_rec_session {
    struct writ_slice agent, instance, gateway, transport, client;
    struct writ_slice challenge; /* hex, 32 bytes */
    uint64_t issued, expires;
    struct writ_slice signature; /* base64url */
};

struct writ_rec_clock_stepped {
    uint64_t clock; /* what the clock said; the record's time is the last time + 1 */
};

/* Attempts by callers that could not be named, counted since the last such record. */
struct writ_rec_callers_refused {
    uint64_t count, since;
    struct writ_slice last_reason;
};

struct writ_record {
    enum writ_record_type type;
    uint64_t time;
    union {
        struct writ_rec_signed_text signed_text;
        struct writ_rec_narrowed narrowed;
        struct writ_rec_decided decided;
        struct writ_rec_completed completed;
        struct writ_rec_held held;
        struct writ_rec_tool_seen tool_seen;
        struct writ_rec_session session;
        struct writ_rec_clock_stepped clock_stepped;
        struct writ_rec_callers_refused callers_refused;
    } as;
};

/* "action.decided" and so on; "?" for a value that is no type. */
const char *writ_record_type_text(enum writ_record_type type);
enum writ_record_type writ_record_type_parse(struct writ_slice s);

/* Appends the bytes of `r`; the texts in it must be valid UTF-8. */
WRIT_MUST_CHECK enum writ_status writ_record_encode(const struct writ_record *r,
                                                    struct writ_buf *out, struct writ_err *err);
WRIT_MUST_CHECK enum writ_status writ_record_decode(struct writ_slice bytes,
                                                    struct writ_arena *arena,
                                                    struct writ_record *out, struct writ_err *err);

#endif
