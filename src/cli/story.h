/*
 * story: one transaction, put together from the ledger.
 *
 * Source:    docs/FORMATS.md section 5.
 * Units:     times are microseconds since 1970 UTC; indices count ledger entries.
 * Limits:    64 MiB of records in one transaction.
 * Errors:    WRIT_NOT_FOUND for an unknown transaction; WRIT_LIMIT; what the ledger answers.
 * Ownership: the story owns its records; writ_story_release.
 * Threads:   one.
 */
#ifndef WRIT_CLI_STORY_H
#define WRIT_CLI_STORY_H

#include "ledger_read.h"

struct writ_story_given {
    struct writ_story_given *next;
    struct writ_slice by;
    uint64_t index, time;
};

/* An approval: who was asked when, and what became of it. */
struct writ_story_approval {
    struct writ_story_approval *next;
    uint64_t index, time;
    const struct writ_rec_held *held;
    struct writ_story_given *given, **given_end;
    struct writ_slice refused_by, refused_reason; /* empty: not refused */
    bool expired;
};

struct writ_story_action {
    struct writ_story_action *next;
    uint64_t index, time;
    const struct writ_rec_decided *decided;
    const struct writ_rec_completed *completed; /* NULL: in doubt, when it was allowed */
    uint64_t completed_index;
};

/* A link of a chain: a grant that some action of the transaction stood on. */
struct writ_story_grant {
    struct writ_story_grant *next;
    uint64_t index;
    bool derived;
    struct writ_slice by, text;
};

struct writ_story {
    struct writ_arena arena;
    struct writ_slice txn;
    struct writ_story_action *actions, **actions_end;
    struct writ_story_approval *approvals, **approvals_end;
    struct writ_story_grant *grants; /* in the order of the ledger */
};

WRIT_MUST_CHECK enum writ_status writ_story_read(struct writ_cli *cli, struct writ_slice txn,
                                                 struct writ_story *out, struct writ_err *err);
void writ_story_release(struct writ_story *s);

#endif
