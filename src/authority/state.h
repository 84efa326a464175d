/*
 * state: what the authority knows, for the files of this folder: the fold of the ledger.
 *
 * Source:    design section 4.
 * Units:     times are microseconds since 1970 UTC; indices count ledger entries.
 * Limits:    as named.
 * Errors:    none here.
 * Ownership: objects are owned by the maps that hold them and never move; keys of agents live
 *            until the authority goes, because verifying threads may hold them.
 * Threads:   one.
 */
#ifndef WRIT_AUTHORITY_STATE_H
#define WRIT_AUTHORITY_STATE_H

#include "authority/authority.h"
#include "grant_parts.h"
#include "map.h"
#include "seen.h"
#include "texts.h"

/* An action that nobody completed no longer holds a place of `concurrency` after this time. */
#define IN_FLIGHT_US (15ull * 60 * 1000000)
/* How far the time in a proof may be from the authority's. */
#define PROOF_AGE_US (30ull * 1000000)
/* How far `issued` of a signed text may be from the authority's clock. */
#define TEXT_AGE_US (600ull * 1000000)
#define SESSION_US  DAY_US
/* I-JSON: readers of records in other languages have no larger exact integers. */
#define INTEGER_MAX 9007199254740991ull
/* An agent's newest live grants are tried when it names none. */
#define SELECT_MAX 64
/* Of these, expired and revoked ones included: a decision must not cost more as history grows. */
#define SELECT_WALK_MAX 1024

enum standing { STANDING_GONE = 0, STANDING_SUSPENDED, STANDING_ACTIVE };
const char *standing_text(enum standing s);

/* Names outlive the texts that are replaced: requests that wait for a verifier borrow them. */
struct human {
    char name[65];
    struct human_text text;
    enum standing standing;
    uint64_t index;
};

struct agent {
    char name[65];
    struct agent_text text;
    struct human *owner;
    enum standing standing;
    uint64_t index;
    struct writ_key *key;
    char thumbprint[65];
    struct grant *newest; /* grants it holds, linked by next_held */
};

/* A tool's definition as pinned, and another one that was seen since. */
struct tool {
    struct tool *next;
    struct writ_slice name;    /* behind the struct */
    char pinned[65], held[65]; /* empty: none */
    char bytes[];
};

struct target {
    struct target_text text;
    uint64_t index;
    struct tool *tools;
};

/* Counters of a grant that was used; most grants of a large cell rest. */
struct usage {
    uint64_t calls, spend;
    uint64_t *recent; /* times of the last per_minute calls, a ring */
    uint32_t recent_at;
    uint32_t in_flight;
    uint64_t *flying; /* times of up to `concurrency` actions in flight; 0: free */
};

struct grant {
    struct writ_grant g;
    uint64_t index;
    struct grant *parent;
    struct human *human;
    struct agent *holder;
    struct grant *next_held;
    struct usage *usage; /* NULL: never used */
    bool revoked;
};

struct approval {
    struct approval *next; /* in the list of those that may still expire */
    struct writ_arena arena;
    struct writ_slice id, txn, action, human, agent;
    struct writ_texts resources;
    char arguments[65], digest[65];
    struct grant *grant;
    uint64_t requested, expires;
    enum writ_approval_state state;
    bool four_eyes, opened;
    uint8_t quorum, given_len;
    struct human *given[GIVERS_MAX];
};

struct in_flight {
    struct index_key key;
    uint64_t index, time;
    struct grant *grant;
    size_t txn_len;
    uint8_t txn[];
};

struct session {
    struct index_key key;
    struct agent *agent;
    uint64_t agent_index; /* which registration: a rotated key ends the sessions of the old one */
    uint64_t expires;
    size_t instance_len;
    uint8_t instance[];
};

struct stop {
    struct stop *next;
    uint64_t index, time;
    struct writ_slice scope, by, reason; /* in the arena */
    struct writ_arena arena;
};

struct writ_authority {
    uint64_t next_index, last_time, clock_steps, unnamed_refused;
    char cell[256];
    struct writ_slice ledger_key; /* in ledger_key_arena */
    struct writ_arena keep;       /* ids of changes and the ledger key; grows with changes */
    struct map humans, agents, targets, grants, approvals, flying, sessions, ids;
    struct map digests; /* action digest to its newest approval */
    struct approval *pending;
    struct stop *stops;
    struct seen seen;
    struct writ_key **old_keys;
    size_t old_keys_len;
};

struct human *state_human(const struct writ_authority *a, struct writ_slice name);
struct agent *state_agent(const struct writ_authority *a, struct writ_slice name);
struct target *state_target(const struct writ_authority *a, struct writ_slice name);
struct grant *state_grant(const struct writ_authority *a, struct writ_slice id);
struct approval *state_approval(const struct writ_authority *a, struct writ_slice id);
struct tool *target_tool(const struct target *t, struct writ_slice name);
/* The stop that holds for everything, or for the target; NULL when there is none. */
const struct stop *state_stop(const struct writ_authority *a, struct writ_slice target);
/* Without an active operator nobody could ever widen anything again. */
bool state_last_operator(const struct writ_authority *a, const struct human *h);
/* Who has the key, unless removed; NULL when nobody. */
struct human *state_human_of_key(const struct writ_authority *a, const struct writ_ssh_key *key);
/* Root first; the number of links, at most WRIT_CHAIN_MAX. */
size_t grant_chain(struct grant *leaf, struct grant *links[WRIT_CHAIN_MAX]);
/* The state with expiry at `now` taken into account. */
enum writ_approval_state approval_state(const struct approval *ap, uint64_t now);

/* --- decide_*.c --- */

/* The resources of an action, as its target derives them from the arguments. */
WRIT_MUST_CHECK enum writ_status target_resources(const struct target *t,
                                                  const struct action_name *name,
                                                  const json_t *arguments, struct writ_arena *arena,
                                                  struct writ_texts *out, struct writ_err *err);
bool target_needs_arguments(const struct target *t, const struct action_name *name);

/* Limits: whether one more action fits, and what the counters would then be. */
struct limit_result {
    const char *reason; /* NULL: fits */
    char detail[200];
};
void limits_check(const struct grant *link, uint64_t spend, bool spend_known,
                  struct writ_slice unit, uint64_t now, struct limit_result *out);
WRIT_MUST_CHECK enum writ_status limits_apply(struct grant *link, uint64_t calls, uint64_t spend,
                                              uint64_t now, struct writ_err *err);
void limits_complete(struct grant *link, uint64_t decided_at);
void usage_free(struct usage *u);

#endif
