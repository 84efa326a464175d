/*
 * texts: the signed texts other than grants, read into structs.
 *
 * Source:    docs/FORMATS.md sections 2 and 3.
 * Units:     times are microseconds since 1970 UTC.
 * Limits:    TEXT_MAX bytes; counts as named.
 * Errors:    WRIT_FORMAT naming the text and the field; WRIT_NOMEM.
 * Ownership: each struct owns an arena with all it holds; release gives it back.
 * Threads:   pure functions.
 */
#ifndef WRIT_AUTHORITY_TEXTS_H
#define WRIT_AUTHORITY_TEXTS_H

#include "authority/request.h"
#include "base/json.h"
#include "names.h"
#include "pattern.h"

#define TEXT_MAX       ((size_t)16384)
#define HUMAN_KEYS_MAX 8
#define TOOLS_MAX      256
#define TEMPLATES_MAX  8
#define ROLE_OPERATOR  1u
#define ROLE_APPROVER  2u
#define ROLE_POLICY    4u
#define ROLE_AUDITOR   8u

enum text_type {
    TEXT_NONE = 0,
    TEXT_AUTHORITY,
    TEXT_HUMAN,
    TEXT_AGENT,
    TEXT_TARGET,
    TEXT_TOOL,
    TEXT_LIFT,
    TEXT_GRANT,
    TEXT_APPROVAL
};

/* What every text begins with; borrowed from the JSON. */
struct text_head {
    enum text_type type;
    struct writ_slice cell, id;
    uint64_t issued;
};

/* Reads the head, and demands canonical form. */
WRIT_MUST_CHECK enum writ_status text_open(struct writ_slice text, json_t **root,
                                           struct text_head *head, struct writ_err *err);

const char *role_text(unsigned role);

struct human_text {
    struct writ_arena arena;
    struct writ_slice human;
    unsigned roles;
    size_t keys_len;
    const struct writ_ssh_key *keys;
};

/* Also for writ.authority, whose `key` is the one key; ledger_key is set for it only. */
WRIT_MUST_CHECK enum writ_status human_text_read(const json_t *root, enum text_type type,
                                                 struct human_text *out,
                                                 struct writ_slice *ledger_key,
                                                 struct writ_err *err);

struct agent_text {
    struct writ_arena arena;
    struct writ_slice agent, owner, key, environment, purpose;
    bool third_party;
};
WRIT_MUST_CHECK enum writ_status agent_text_read(const json_t *root, struct agent_text *out,
                                                 struct writ_err *err);

struct tool_resources {
    struct writ_slice tool;
    size_t len;
    const struct writ_slice *templates;
};

struct tool_spend {
    struct writ_slice tool, argument, unit;
};

struct tool_pin {
    struct writ_slice tool, digest;
};

struct target_text {
    struct writ_arena arena;
    struct writ_slice target, environment;
    bool third_party, hold_new;
    struct patterns sensitive;
    size_t resources_len, spend_len, pins_len;
    const struct tool_resources *resources;
    const struct tool_spend *spend;
    const struct tool_pin *pins;
};
WRIT_MUST_CHECK enum writ_status target_text_read(const json_t *root, struct target_text *out,
                                                  struct writ_err *err);

/* The three small ones borrow from the JSON. */
struct tool_text {
    struct writ_slice target, tool, digest;
};
WRIT_MUST_CHECK enum writ_status tool_text_read(const json_t *root, struct tool_text *out,
                                                struct writ_err *err);
WRIT_MUST_CHECK enum writ_status lift_text_read(const json_t *root, uint64_t *stop,
                                                struct writ_err *err);

struct approval_text {
    struct writ_slice approval, digest, action, arguments, approver;
    const json_t *resources;
};
WRIT_MUST_CHECK enum writ_status approval_text_read(const json_t *root, struct approval_text *out,
                                                    struct writ_err *err);

#endif
