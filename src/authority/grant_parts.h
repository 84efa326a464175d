/*
 * grant_parts: what a compiled grant is made of, for the files of this folder.
 *
 * Source:    docs/FORMATS.md section 4.
 * Units:     times are microseconds; amounts are millionths of their unit.
 * Limits:    as named.
 * Errors:    as grant.h.
 * Ownership: everything lives in the grant's own arena, which is exactly as large as needed:
 *            a hundred thousand grants must fit a small daemon.
 * Threads:   immutable after parse.
 */
#ifndef WRIT_AUTHORITY_GRANT_PARTS_H
#define WRIT_AUTHORITY_GRANT_PARTS_H

#include "authority/grant.h"
#include "constraint.h"
#include "pattern.h"

#define RULES_MAX     32
#define ARGUMENTS_MAX 64
#define APPROVALS_MAX 16
#define GIVERS_MAX    8
#define RATE_MAX      6000 /* per minute; each grant keeps so many times */
#define IN_FLIGHT_MAX 1024
#define DAY_US        (86400ull * 1000000u)

struct argument {
    struct writ_slice name;
    struct constraint constraint;
};

/* Where the pattern matches, these arguments and no others. */
struct rule {
    struct pattern action;
    size_t len;
    const struct argument *at;
};

struct approval_rule {
    struct patterns actions;
    uint64_t within_us;
    uint8_t quorum;
    bool four_eyes;
};

enum proof_need { PROOF_KEY = 0, PROOF_NONE }; /* zero asks for more */

struct spend_limit {
    struct writ_slice unit;
    uint64_t max;
};

struct writ_grant {
    struct writ_arena arena;
    struct writ_slice id, cell, parent, human, holder, purpose;
    uint64_t issued, not_before, expires;
    struct patterns actions, resources;
    const struct rule *rules;
    const struct approval_rule *approvals;
    const struct spend_limit *spend; /* NULL: no limit */
    uint32_t calls;                  /* 0: no limit, as for the next two */
    uint16_t per_minute, concurrency;
    uint8_t rules_len, approvals_len, max_depth;
    enum proof_need proof;
};

/* The same as writ_grant_parse, into the caller's struct; release with grant_release. */
WRIT_MUST_CHECK enum writ_status grant_init(struct writ_grant *g, struct writ_slice text,
                                            struct writ_err *err);
void grant_release(struct writ_grant *g);

const struct rule *grant_rule(const struct writ_grant *g, struct writ_slice action);
/* Arguments within the rule; the error names the first that is not. `rule` NULL: free. */
WRIT_MUST_CHECK enum writ_status rule_match(const struct rule *rule, const json_t *arguments,
                                            struct writ_err *err);

#endif
