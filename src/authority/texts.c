#include "texts.h"

#include "base/text.h"

#include "base/banned.h"

static const struct {
    struct writ_slice name;
    enum text_type type;
} TYPES[] = {
    { WRIT_SLICE_INIT("writ.authority"), TEXT_AUTHORITY },
    { WRIT_SLICE_INIT("writ.human"), TEXT_HUMAN },
    { WRIT_SLICE_INIT("writ.agent"), TEXT_AGENT },
    { WRIT_SLICE_INIT("writ.target"), TEXT_TARGET },
    { WRIT_SLICE_INIT("writ.tool"), TEXT_TOOL },
    { WRIT_SLICE_INIT("writ.lift"), TEXT_LIFT },
    { WRIT_SLICE_INIT("writ.grant"), TEXT_GRANT },
    { WRIT_SLICE_INIT("writ.approval"), TEXT_APPROVAL },
};

static const char *const ROLES[] = { "operator", "approver", "policy", "auditor" };

const char *role_text(unsigned role)
{
    for (unsigned i = 0; i < 4; i++)
        if (role == 1u << i)
            return ROLES[i];
    return "?";
}

static enum writ_status canonical(struct writ_slice text, const json_t *root, struct writ_err *err)
{
    WRIT_AUTO_BUF again;

    writ_buf_init(&again, TEXT_MAX * 2);
    WRIT_TRY(writ_json_canonical(root, &again, err));
    if (!writ_slice_eq(writ_buf_slice(&again), text))
        return writ_fail(err, WRIT_FORMAT,
                         "the text is not in canonical form (RFC 8785): sign the canonical bytes");
    return WRIT_OK;
}

enum writ_status text_open(struct writ_slice text, json_t **root, struct text_head *head,
                           struct writ_err *err)
{
    WRIT_AUTO_JSON *j = NULL;
    struct text_head h = { 0 };
    struct writ_slice type, issued;
    uint64_t v;

    WRIT_TRY(writ_json_parse_object(text, TEXT_MAX, &j, err));
    WRIT_TRY(canonical(text, j, err));
    WRIT_TRY(writ_json_str(j, "text", "type", &type, err));
    WRIT_TRY(writ_json_u64(j, "text", "v", 1, 1, &v, err));
    WRIT_TRY(writ_json_str(j, "text", "cell", &h.cell, err));
    WRIT_TRY(writ_json_str(j, "text", "id", &h.id, err));
    WRIT_TRY(writ_json_str(j, "text", "issued", &issued, err));
    for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++)
        if (writ_slice_eq(TYPES[i].name, type))
            h.type = TYPES[i].type;
    if (h.type == TEXT_NONE)
        return writ_fail(err, WRIT_FORMAT, "unknown type of text `%.*s`", WRIT_FMT(type));
    if (!cell_valid(h.cell))
        return writ_fail(err, WRIT_FORMAT,
                         "cell has 1-255 bytes of printable ASCII, without space and `+`");
    if (!id_valid(h.id))
        return writ_fail(err, WRIT_FORMAT, "id has 1-64 of A-Z a-z 0-9 . _ -");
    if (writ_time_parse(issued, &h.issued) != WRIT_OK)
        return writ_fail(err, WRIT_FORMAT, "issued must be a time like 2026-11-23T20:15:04Z");
    *head = h;
    *root = j;
    j = NULL; /* transferred */
    return WRIT_OK;
}

static enum writ_status keep(const json_t *root, const char *where, const char *key,
                             struct writ_arena *arena, struct writ_slice *out, struct writ_err *err)
{
    struct writ_slice s;

    WRIT_TRY(writ_json_str(root, where, key, &s, err));
    return writ_arena_copy(arena, s, out) ? WRIT_OK : writ_fail_nomem(err);
}

static enum writ_status read_name(const json_t *root, const char *where, const char *key,
                                  struct writ_arena *arena, struct writ_slice *out,
                                  struct writ_err *err)
{
    WRIT_TRY(keep(root, where, key, arena, out, err));
    if (!name_valid(*out))
        return writ_fail(err, WRIT_FORMAT,
                         "%s: %s is a name of 1-64 of a-z 0-9 . _ -, first a letter or digit",
                         where, key);
    return WRIT_OK;
}

static enum writ_status read_roles(const json_t *list, unsigned *out, struct writ_err *err)
{
    unsigned roles = 0;

    for (size_t i = 0; i < json_array_size(list); i++) {
        struct writ_slice s = writ_json_text(json_array_get(list, i));
        unsigned one = 0;
        for (unsigned r = 0; r < 4; r++)
            if (writ_slice_is(s, ROLES[r]))
                one = 1u << r;
        if (one == 0 || (roles & one) != 0)
            return writ_fail(err, WRIT_FORMAT,
                             "roles: each of operator, approver, policy, auditor at most once");
        roles |= one;
    }
    if (roles == 0)
        return writ_fail(err, WRIT_FORMAT, "roles: a list of at least one role is needed");
    *out = roles;
    return WRIT_OK;
}

static enum writ_status read_keys(const json_t *list, struct human_text *h, struct writ_err *err)
{
    size_t n = json_array_size(list);

    if (n == 0 || n > HUMAN_KEYS_MAX)
        return writ_fail(err, WRIT_FORMAT, "human: keys is a list of 1 to %d", HUMAN_KEYS_MAX);
    struct writ_ssh_key *keys = writ_arena_array(&h->arena, n, sizeof(*keys));
    if (keys == NULL)
        return writ_fail_nomem(err);
    for (size_t i = 0; i < n; i++)
        WRIT_TRY(writ_ssh_key_parse(writ_json_text(json_array_get(list, i)), &keys[i], err));
    h->keys = keys;
    h->keys_len = n;
    return WRIT_OK;
}

static enum writ_status read_human(const json_t *root, enum text_type type, struct human_text *h,
                                   struct writ_slice *ledger_key, struct writ_err *err)
{
    static const char *const HUMAN[] = { "type",  "v",    "cell",  "id", "issued",
                                         "human", "keys", "roles", NULL };
    static const char *const AUTHORITY[] = { "type",  "v",   "cell",  "id",         "issued",
                                             "human", "key", "roles", "ledger_key", NULL };
    bool first = type == TEXT_AUTHORITY;

    WRIT_TRY(writ_json_only(root, "text", first ? AUTHORITY : HUMAN, err));
    WRIT_TRY(read_name(root, "human", "human", &h->arena, &h->human, err));
    WRIT_TRY(read_roles(json_object_get(root, "roles"), &h->roles, err));
    if (!first)
        return read_keys(json_object_get(root, "keys"), h, err);
    struct writ_ssh_key *key = writ_arena_alloc(&h->arena, sizeof(*key));
    struct writ_slice line, vkey;
    if (key == NULL)
        return writ_fail_nomem(err);
    WRIT_TRY(writ_json_str(root, "authority", "key", &line, err));
    WRIT_TRY(writ_ssh_key_parse(line, key, err));
    WRIT_TRY(writ_json_str(root, "authority", "ledger_key", &vkey, err));
    if (vkey.len == 0 || !words_valid(vkey, 512))
        return writ_fail(err, WRIT_FORMAT, "authority: ledger_key is the ledger's vkey");
    if ((h->roles & ROLE_OPERATOR) == 0)
        return writ_fail(err, WRIT_FORMAT, "authority: the first human must be an operator");
    h->keys = key;
    h->keys_len = 1;
    *ledger_key = vkey;
    return WRIT_OK;
}

enum writ_status human_text_read(const json_t *root, enum text_type type, struct human_text *out,
                                 struct writ_slice *ledger_key, struct writ_err *err)
{
    struct human_text h = { 0 };
    struct writ_slice vkey = { NULL, 0 };

    writ_arena_init(&h.arena, 65536);
    enum writ_status st = read_human(root, type, &h, &vkey, err);
    if (st != WRIT_OK) {
        writ_arena_release(&h.arena);
        return st;
    }
    if (ledger_key != NULL)
        *ledger_key = vkey;
    *out = h;
    return WRIT_OK;
}

static enum writ_status read_agent(const json_t *root, struct agent_text *a, struct writ_err *err)
{
    static const char *const FIELDS[] = { "type",        "v",       "cell",        "id",
                                          "issued",      "agent",   "owner",       "key",
                                          "environment", "purpose", "third_party", NULL };

    WRIT_TRY(writ_json_only(root, "agent", FIELDS, err));
    WRIT_TRY(read_name(root, "agent", "agent", &a->arena, &a->agent, err));
    WRIT_TRY(read_name(root, "agent", "owner", &a->arena, &a->owner, err));
    WRIT_TRY(read_name(root, "agent", "environment", &a->arena, &a->environment, err));
    WRIT_TRY(keep(root, "agent", "purpose", &a->arena, &a->purpose, err));
    WRIT_TRY(keep(root, "agent", "key", &a->arena, &a->key, err));
    if (a->purpose.len == 0 || !words_valid(a->purpose, 512))
        return writ_fail(err, WRIT_FORMAT, "agent: purpose is a sentence of 1-512 bytes");
    return writ_json_opt_bool(root, "agent", "third_party", false, &a->third_party, err);
}

enum writ_status agent_text_read(const json_t *root, struct agent_text *out, struct writ_err *err)
{
    struct agent_text a = { 0 };

    writ_arena_init(&a.arena, 16384);
    enum writ_status st = read_agent(root, &a, err);
    if (st != WRIT_OK) {
        writ_arena_release(&a.arena);
        return st;
    }
    *out = a;
    return WRIT_OK;
}

enum writ_status tool_text_read(const json_t *root, struct tool_text *out, struct writ_err *err)
{
    static const char *const FIELDS[] = { "type",   "v",    "cell",   "id", "issued",
                                          "target", "tool", "digest", NULL };

    WRIT_TRY(writ_json_only(root, "tool", FIELDS, err));
    WRIT_TRY(writ_json_str(root, "tool", "target", &out->target, err));
    WRIT_TRY(writ_json_str(root, "tool", "tool", &out->tool, err));
    WRIT_TRY(writ_json_str(root, "tool", "digest", &out->digest, err));
    if (!hex_valid(out->digest, 64))
        return writ_fail(err, WRIT_FORMAT, "tool: digest has 64 lower-case hex digits");
    return WRIT_OK;
}

enum writ_status lift_text_read(const json_t *root, uint64_t *stop, struct writ_err *err)
{
    static const char *const FIELDS[] = { "type", "v", "cell", "id", "issued", "stop", NULL };

    WRIT_TRY(writ_json_only(root, "lift", FIELDS, err));
    return writ_json_u64(root, "lift", "stop", 0, INT64_MAX, stop, err);
}

enum writ_status approval_text_read(const json_t *root, struct approval_text *out,
                                    struct writ_err *err)
{
    static const char *const FIELDS[] = { "type",      "v",         "cell",     "id",
                                          "issued",    "approval",  "digest",   "action",
                                          "resources", "arguments", "approver", NULL };

    WRIT_TRY(writ_json_only(root, "approval", FIELDS, err));
    WRIT_TRY(writ_json_str(root, "approval", "approval", &out->approval, err));
    WRIT_TRY(writ_json_str(root, "approval", "digest", &out->digest, err));
    WRIT_TRY(writ_json_str(root, "approval", "action", &out->action, err));
    WRIT_TRY(writ_json_str(root, "approval", "arguments", &out->arguments, err));
    WRIT_TRY(writ_json_str(root, "approval", "approver", &out->approver, err));
    out->resources = json_object_get(root, "resources");
    if (!json_is_array(out->resources))
        return writ_fail(err, WRIT_FORMAT, "approval: resources is a list");
    return WRIT_OK;
}
