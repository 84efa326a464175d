/*
 * A small cell for tests: people with SSH keys, agents, a target, and a clock that stands still
 * until it is told to move. Every change goes the way it goes in the daemon: text, signature,
 * find_signer, verify, change, encode, apply; and every record is kept, to be folded again.
 *
 * alice has all roles, olga is an operator only, bob and carol are approvers only. Agents bot,
 * helper and third are alice's. The target is `files`.
 */
#ifndef WRIT_TESTS_WORLD_H
#define WRIT_TESTS_WORLD_H

#include "authority/authority.h"
#include "authority/grant.h"
#include "base/json.h"

#define SECOND        1000000ull
#define MINUTE        (60 * SECOND)
#define WORLD_START   1795464000000000ull /* 2026-11-23T20:00:00Z */
#define WORLD_CELL    "writ.example/alpha"
#define WORLD_RECORDS 4096

enum who { ALICE, OLGA, BOB, CAROL, MALLORY, PEOPLE };
enum bot { BOT, HELPER, THIRD, FOURTH, BOTS };

struct ask {
    enum bot agent;
    const char *grant, *action, *arguments, *tool, *txn; /* NULL: what is usual */
    const char *agent_name;                              /* instead of the agent's own */
    uint64_t issued;                                     /* 0: now */
    uint64_t session;                                    /* 0: sign; else its index + 1 */
    unsigned salt, nonce;                                /* 0: a fresh one */
    bool no_proof, bad_signature;
};

/* An attempt that was committed, with all that it needs to be made again. */
struct logged {
    uint64_t index, now;
    struct ask ask;
};

struct world {
    struct writ_authority *a;
    struct writ_arena arena;
    uint64_t now;
    struct writ_key *people[PEOPLE], *bots[BOTS];
    char lines[PEOPLE][128]; /* the ssh-ed25519 line of each */
    char bot_keys[BOTS][WRIT_KEY_TEXT];
    struct writ_slice records[WORLD_RECORDS];
    size_t len;
    unsigned serial; /* for ids, salts and nonces that differ */
    struct writ_err err;
    struct logged log[1024];
    size_t log_len;
};

extern const char *const WHO[PEOPLE], *const BOTNAME[BOTS];

/* The cell as described above, with no grants. */
void world_init(struct world *w);
/* Only record 0. */
void world_init_empty(struct world *w);
void world_release(struct world *w);

/* Encodes, keeps and applies; fails the test if that cannot be. The index. */
uint64_t world_commit(struct world *w, const struct writ_record *r);

/*
 * Canonical text of the type: `fields` in JSON with ' for ", after printf; cell, v, issued and id
 * are added where they are missing. Lives in the world's arena.
 */
struct writ_slice world_text(struct world *w, const char *type, const char *fields, ...)
    __attribute__((format(printf, 3, 4)));
/* A copy of the JSON with ' for ". */
char *world_quotes(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Armored signatures, and an agent's over a derived grant. */
struct writ_slice world_ssh(struct world *w, const struct writ_key *key, const char *name_space,
                            struct writ_slice text);
struct writ_slice world_agent_signature(struct world *w, enum bot by, struct writ_slice text);

/* Finds the signer, verifies, checks; commits when all is well. w->err says why not. */
enum writ_status world_change_raw(struct world *w, struct writ_slice text,
                                  struct writ_slice signature, bool commit);
/* The same by a human, in the namespace that the text's type asks for. */
enum writ_status world_change(struct world *w, enum who by, struct writ_slice text);
enum writ_status world_derive(struct world *w, enum bot by, struct writ_slice text);
enum writ_status world_narrow(struct world *w, enum writ_record_type type, const char *subject);

/* A root grant of alice's that allows bot much for an hour; `fields` replaces or adds. */
struct writ_slice world_grant_text(struct world *w, const char *id, const char *fields, ...)
    __attribute__((format(printf, 3, 4)));
void world_grant(struct world *w, const char *id, const char *fields, ...)
    __attribute__((format(printf, 3, 4)));

struct answer {
    enum writ_status status;
    enum writ_verdict verdict;
    char reason[40], detail[512], approval[80], grant[80], allowed[256];
    bool asks, unnamed;
    uint64_t index; /* when committed */
};

/* Fills the request and verifies it, as a worker of the daemon does. */
void world_request(struct world *w, const struct ask *q, struct writ_action_request *r);
/* Decides only; world_act also commits what was decided. */
struct answer world_ask(struct world *w, const struct ask *q);
struct answer world_act(struct world *w, const struct ask *q);
enum writ_status world_complete(struct world *w, uint64_t decided);
uint64_t world_session(struct world *w, enum bot agent); /* index + 1, for struct ask */

/* The text that approves; `digest` NULL: the right one. */
struct writ_slice world_approval_text(struct world *w, enum who by, const char *approval,
                                      const char *digest);
enum writ_status world_approve(struct world *w, enum who by, const char *approval);

/* A little of everything: every type of record, every verdict, many reasons. */
void world_busy(struct world *w);
/* The state after the first `n` records, folded anew. */
struct writ_authority *world_fold(struct world *w, size_t n);
/* The record of a decision in the bytes that would be written; empty when there is none. */
struct writ_slice world_bytes(struct world *w, const struct writ_authority *a, const struct ask *q);

/* A view in canonical JSON, in the arena. */
const char *world_view(struct world *w, const struct writ_authority *a, const char *what,
                       const char *filter);

#endif
