/*
 * decide_parts: what the files that decide pass to each other.
 *
 * Source:    design section 4 "Decision, in this order".
 * Units:     times are microseconds since 1970 UTC; amounts are millionths.
 * Limits:    none of its own.
 * Errors:    as authority.h.
 * Ownership: everything is borrowed for one decision, or lives in its arena.
 * Threads:   one.
 */
#ifndef WRIT_AUTHORITY_DECIDE_PARTS_H
#define WRIT_AUTHORITY_DECIDE_PARTS_H

#include "state.h"

/* A request, and what was looked up for it once. */
struct question {
    const struct writ_authority *a;
    const struct writ_action_request *r;
    uint64_t now;
    struct writ_arena *arena;
    struct action_name name;
    const json_t *arguments; /* NULL: erased */
    struct writ_slice arguments_hex;
    struct agent *agent;
    struct target *target;
    struct writ_texts resources;
    const char *resource_problem;
    bool resources_recorded; /* taken from the record, because the arguments are erased */
    bool spends, spend_known;
    uint64_t spend;
    struct writ_slice unit;
    bool *undecidable;
};

struct chain {
    size_t len;
    struct grant *links[WRIT_CHAIN_MAX];
};

/* What a check found; reason NULL: nothing against it. */
struct finding {
    int step; /* the number in the design, or ten times it and more: how far the check came */
    enum writ_verdict verdict;
    const char *reason;
    const char *detail;         /* NULL: memory is out */
    struct writ_slice approval; /* used, waited for, or refused */
    struct approval_rule *ask;  /* a new approval is to be asked for */
};

/* Step 6 begins here (action, resource, argument), and step 7. */
#define STEP_SCOPE  60
#define STEP_LIMITS 70

#define PASSED ((struct finding){ 0, WRIT_ALLOW, NULL, "", { NULL, 0 }, NULL })

static inline int finding_rank(const struct finding *f)
{
    if (f->reason == NULL)
        return 1000;
    return f->verdict == WRIT_HOLD ? 500 + f->step : f->step;
}

/* Fills d->record, d->request and d->allowed. */
WRIT_MUST_CHECK enum writ_status decision_write(const struct question *q, const struct finding *f,
                                                const struct chain *c, struct writ_decision *d,
                                                struct writ_err *err);
/* In the arena; empty when memory is out, which the length then shows. */
struct writ_slice decision_hex(struct writ_arena *arena, struct writ_slice bytes);

#endif
