/*
 * authority: the deterministic state machine that decides. State is the fold of the ledger.
 *
 * Source:    design section 4; docs/FORMATS.md; docs/ARCHITECTURE.md.
 * Units:     times are microseconds since 1970 UTC; indices count ledger entries.
 * Limits:    named beside each; what exceeds one is refused, never cut.
 * Errors:    WRIT_REFUSED with the reason in words for what may not happen; WRIT_FORMAT,
 *            WRIT_LIMIT, WRIT_SIGNATURE, WRIT_TIME, WRIT_CONFLICT, WRIT_NOT_FOUND for texts;
 *            WRIT_CORRUPT from apply: the record cannot follow this state.
 * Ownership: the authority copies what it keeps. Records it hands out borrow from the request,
 *            the arena and the authority: encode them before the next apply.
 * Threads:   one thread for everything but the verify functions of request.h.
 *
 * Reads no clock, does no I/O, draws no random numbers.
 */
#ifndef WRIT_AUTHORITY_AUTHORITY_H
#define WRIT_AUTHORITY_AUTHORITY_H

#include "authority/request.h"
#include "record/record.h"

struct writ_authority;

enum writ_verdict { WRIT_DENY = 0, WRIT_ALLOW = 1, WRIT_HOLD = 2 };

WRIT_MUST_CHECK enum writ_status writ_authority_new(struct writ_authority **out,
                                                    struct writ_err *err);
void writ_authority_free(struct writ_authority *a);

/*
 * The only way state changes: the record at `index` (0, 1, 2, … without a gap). Trusts that the
 * record was checked when it was made; replay checks again by making it anew. `bytes` is the
 * record as stored. On failure the state is unusable.
 */
WRIT_MUST_CHECK enum writ_status writ_authority_apply(struct writ_authority *a, uint64_t index,
                                                      struct writ_slice bytes,
                                                      struct writ_err *err);
/* The same for a record that the caller has decoded from the stored bytes. */
WRIT_MUST_CHECK enum writ_status writ_authority_apply_record(struct writ_authority *a,
                                                             uint64_t index,
                                                             const struct writ_record *rec,
                                                             struct writ_err *err);
/*
 * For packages, which hold a part of the ledger: the next record stands at `index`, and those
 * between are not here. Signed texts and chains can still be checked; counters cannot.
 */
WRIT_MUST_CHECK enum writ_status writ_authority_skip(struct writ_authority *a, uint64_t index,
                                                     struct writ_err *err);
/* The index that the next record gets, and the time before which no record can be. */
uint64_t writ_authority_next_index(const struct writ_authority *a);
uint64_t writ_authority_last_time(const struct writ_authority *a);
/* The cell's name, and the vkey of its ledger; empty before record 0. */
struct writ_slice writ_authority_cell(const struct writ_authority *a);
struct writ_slice writ_authority_ledger_key(const struct writ_authority *a);

/*
 * The time of the next record for what the clock says: never before the last record. *stepped is
 * true when the clock went back by more than a millisecond since then: the caller commits a
 * writ_authority_clock_stepped record first.
 */
uint64_t writ_authority_time(const struct writ_authority *a, uint64_t clock, bool *stepped);
struct writ_record writ_authority_clock_stepped(uint64_t now, uint64_t clock);

/* --- actions --- */

/* The key of a registered agent (also suspended or retired), for writ_action_verify; or NULL. */
const struct writ_key *writ_authority_agent_key(const struct writ_authority *a,
                                                struct writ_slice agent);

struct writ_decision {
    enum writ_verdict verdict;
    struct writ_record record;  /* action.decided */
    bool asks_approval;         /* hold, and nobody was asked yet: `request` follows the record */
    struct writ_record request; /* approval.requested */
    struct writ_slice allowed;  /* for deny: what the grant does allow, in words; may be empty */
    bool unnamed;               /* the caller could not be named: count it, record a sample */
    bool undecidable; /* only at replay: the arguments are erased and the grant needs them */
};

/*
 * Decides in the order of design section 4; changes nothing. Failure means the request could not
 * even be put in a record (WRIT_FORMAT, WRIT_LIMIT) or memory is out: nothing may be forwarded.
 */
WRIT_MUST_CHECK enum writ_status writ_authority_decide(const struct writ_authority *a,
                                                       const struct writ_action_request *r,
                                                       uint64_t now, struct writ_arena *arena,
                                                       struct writ_decision *out,
                                                       struct writ_err *err);

/* action.completed; WRIT_NOT_FOUND when `decided` is not an allowed action in flight. */
struct writ_outcome {
    uint64_t decided;
    struct writ_slice status; /* "ok", "error", "timeout", "cancelled", "lost" */
    bool has_result;
    struct writ_hash result; /* salted digest */
    uint64_t duration_us;
};
WRIT_MUST_CHECK enum writ_status
writ_authority_complete(const struct writ_authority *a, const struct writ_outcome *o, uint64_t now,
                        struct writ_arena *arena, struct writ_record *out, struct writ_err *err);
/* How many allowed actions have no completion yet. */
uint64_t writ_authority_in_flight(const struct writ_authority *a);
/* The txn of an action in flight; false when there is none at that index. */
bool writ_authority_in_flight_txn(const struct writ_authority *a, uint64_t decided,
                                  struct writ_slice *txn);

WRIT_MUST_CHECK enum writ_status writ_authority_open_session(const struct writ_authority *a,
                                                             const struct writ_session_request *r,
                                                             uint64_t now, struct writ_arena *arena,
                                                             struct writ_record *out,
                                                             struct writ_err *err);

/* --- tool lists --- */

enum writ_listing { WRIT_HIDE = 0, WRIT_SHOW = 1, WRIT_HELD = 2 };

/* One name that a target lists for an agent. */
struct writ_list_request {
    struct writ_slice agent, target;
    struct writ_slice grant; /* empty: any of the agent */
    struct writ_slice kind;  /* "tools", "resources" or "prompts" */
    struct writ_slice name;
    struct writ_slice digest; /* hex; empty for kinds that are not pinned */
};

/*
 * Whether some active grant of the agent (or the named one) could allow the tool. When the tool
 * is seen for the first time, or changed since it was last seen, *record is what to commit and
 * *has_record true; its texts are those of the request and of the authority.
 */
WRIT_MUST_CHECK enum writ_status writ_authority_list(const struct writ_authority *a,
                                                     const struct writ_list_request *r,
                                                     uint64_t now, enum writ_listing *out,
                                                     bool *has_record, struct writ_record *record,
                                                     struct writ_err *err);

/* --- changes --- */

/*
 * Reads who claims to have signed: fills the second half of *r. WRIT_SIGNATURE when nobody known
 * has that key. Record 0 (writ.authority) is signed by the key it names.
 */
WRIT_MUST_CHECK enum writ_status writ_authority_find_signer(const struct writ_authority *a,
                                                            struct writ_change_request *r,
                                                            struct writ_err *err);
/*
 * The record for a signed text whose signature writ_change_verify has checked: roles, ids, times,
 * containment in the parent and all else that the text's type demands.
 */
WRIT_MUST_CHECK enum writ_status writ_authority_change(const struct writ_authority *a,
                                                       const struct writ_change_request *r,
                                                       uint64_t now, struct writ_arena *arena,
                                                       struct writ_record *out,
                                                       struct writ_err *err);
/*
 * The record for what narrows, or for an event: any type of the shape `narrowed`. WRIT_NOT_FOUND
 * when the subject is unknown, WRIT_CONFLICT when it is so already. For STOP_SET the subject is
 * "*" or a target.
 */
WRIT_MUST_CHECK enum writ_status
writ_authority_narrow(const struct writ_authority *a, enum writ_record_type type,
                      const struct writ_rec_narrowed *what, uint64_t now, struct writ_arena *arena,
                      struct writ_record *out, struct writ_err *err);
/* The next approval that has run out at `now`: its approval.expired; false when there is none. */
bool writ_authority_next_expired(const struct writ_authority *a, uint64_t now,
                                 struct writ_arena *arena, struct writ_record *out);

enum writ_approval_state {
    WRIT_APPROVAL_UNKNOWN = 0,
    WRIT_APPROVAL_PENDING,
    WRIT_APPROVAL_GIVEN,
    WRIT_APPROVAL_USED,
    WRIT_APPROVAL_REFUSED,
    WRIT_APPROVAL_EXPIRED
};
enum writ_approval_state writ_authority_approval_state(const struct writ_authority *a,
                                                       struct writ_slice id, uint64_t now);

/*
 * The digest that an approver signs: SHA-256 over grant, action, digest of the arguments (hex)
 * and resources, as docs/FORMATS.md section 6 says; 64 hex digits and a NUL.
 */
void writ_approval_digest(struct writ_slice grant, struct writ_slice action,
                          const struct writ_texts *resources, struct writ_slice arguments,
                          char out[65]);

/* --- views: JSON for people's tools; the shapes are in docs/PROTOCOL.md --- */

/*
 * `what`: "status", "humans", "agents", "targets", "grants", "approvals". `filter` narrows to one
 * name or id; empty shows all (grants and approvals: those still alive, unless `all`).
 */
WRIT_MUST_CHECK enum writ_status writ_authority_view(const struct writ_authority *a,
                                                     struct writ_slice what,
                                                     struct writ_slice filter, bool all,
                                                     uint64_t now, struct writ_buf *out,
                                                     struct writ_err *err);

#endif
