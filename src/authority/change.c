#include "state.h"

#include "base/text.h"

#include "base/banned.h"

/* --- who signed --- */

/* Record 0 is signed by the key it names: there is nobody else yet. */
static enum writ_status find_first(struct writ_change_request *r, const json_t *root,
                                   struct writ_err *err)
{
    struct human_text text;
    struct writ_slice name;

    WRIT_TRY(human_text_read(root, TEXT_AUTHORITY, &text, NULL, err));
    r->ssh = text.keys[0];
    name = text.human;
    /* The name stands in the signed bytes, which outlive the parsed text. */
    const void *at = memmem(r->text.ptr, r->text.len, name.ptr, name.len);
    r->by = writ_slice(at, at == NULL ? 0 : name.len);
    writ_arena_release(&text.arena);
    return WRIT_OK;
}

static enum writ_status find_agent(const struct writ_authority *a, struct writ_change_request *r,
                                   struct writ_slice parent, struct writ_err *err)
{
    const struct grant *g = state_grant(a, parent);

    if (g == NULL)
        return writ_fail(err, WRIT_NOT_FOUND, "the parent grant `%.*s` is unknown",
                         WRIT_FMT(parent));
    r->by_agent = true;
    r->by = writ_cstr(g->holder->name);
    r->key = g->holder->key;
    return WRIT_OK;
}

enum writ_status writ_authority_find_signer(const struct writ_authority *a,
                                            struct writ_change_request *r, struct writ_err *err)
{
    WRIT_AUTO_JSON *root = NULL;
    struct text_head head;
    struct writ_slice parent = { NULL, 0 };

    r->by_agent = false;
    r->verified = WRIT_CHECK_FAILED;
    WRIT_TRY(text_open(r->text, &root, &head, err));
    if (head.type == TEXT_GRANT)
        WRIT_TRY(writ_json_opt_str(root, "grant", "parent", &parent, err));
    if (parent.len != 0)
        return find_agent(a, r, parent, err);
    r->name_space = head.type == TEXT_GRANT      ? "writ.grant"
                    : head.type == TEXT_APPROVAL ? "writ.approval"
                                                 : "writ.change";
    if (head.type == TEXT_AUTHORITY)
        return find_first(r, root, err);
    WRIT_TRY(writ_sshsig_key(r->signature, &r->ssh, err));
    const struct human *h = state_human_of_key(a, &r->ssh);
    if (h == NULL)
        return writ_fail(err, WRIT_SIGNATURE, "nobody known here has the key %s that signed",
                         r->ssh.fingerprint);
    r->by = writ_cstr(h->name);
    return WRIT_OK;
}

/* --- whether it may be --- */

struct change {
    const struct writ_authority *a;
    const struct writ_change_request *r;
    const json_t *root;
    struct text_head head;
    uint64_t now;
    const struct human *by;
    struct writ_err *err;
};

static enum writ_status need_role(const struct change *c, unsigned role)
{
    /* The key may have been replaced while the signature was being verified. */
    if (c->by == NULL || state_human_of_key(c->a, &c->r->ssh) != c->by)
        return writ_fail(c->err, WRIT_SIGNATURE, "the key that signed is no longer %.*s's",
                         WRIT_FMT(c->r->by));
    if (c->by->standing != STANDING_ACTIVE)
        return writ_fail(c->err, WRIT_REFUSED, "%.*s is not active", WRIT_FMT(c->r->by));
    if ((c->by->text.roles & role) == 0)
        return writ_fail(c->err, WRIT_REFUSED, "%.*s does not have the role `%s` that this needs",
                         WRIT_FMT(c->r->by), role_text(role));
    return WRIT_OK;
}

static enum writ_status check_head(const struct change *c)
{
    uint64_t issued = c->head.issued;

    if (c->head.type != TEXT_AUTHORITY && !writ_slice_is(c->head.cell, c->a->cell))
        return writ_fail(c->err, WRIT_REFUSED, "the text is for cell `%.*s`, this is `%s`",
                         WRIT_FMT(c->head.cell), c->a->cell);
    if (issued > c->now + TEXT_AGE_US || issued + TEXT_AGE_US < c->now)
        return writ_fail(c->err, WRIT_TIME,
                         "issued is more than ten minutes away from the authority's clock: make "
                         "and sign the text anew");
    if (map_get(&c->a->ids, c->head.id) != NULL || state_grant(c->a, c->head.id) != NULL)
        return writ_fail(c->err, WRIT_CONFLICT, "the id `%.*s` was used before: make a new text",
                         WRIT_FMT(c->head.id));
    return WRIT_OK;
}

static enum writ_status judge_human(const struct change *c, const struct human_text *text)
{
    const struct human *known = state_human(c->a, text->human);

    if (known != NULL && known->standing == STANDING_GONE)
        return writ_fail(c->err, WRIT_CONFLICT,
                         "`%.*s` was removed: a name is used once, and grants still bear it",
                         WRIT_FMT(text->human));
    if (known != NULL && (text->roles & ROLE_OPERATOR) == 0 && state_last_operator(c->a, known))
        return writ_fail(c->err, WRIT_REFUSED,
                         "`%.*s` is the last active operator and must keep the role",
                         WRIT_FMT(text->human));
    for (size_t i = 0; i < text->keys_len; i++) {
        const struct human *other = state_human_of_key(c->a, &text->keys[i]);
        if (other != NULL && other != known)
            return writ_fail(c->err, WRIT_CONFLICT, "the key %s is %.*s's",
                             text->keys[i].fingerprint, WRIT_FMT(other->text.human));
    }
    return WRIT_OK;
}

static enum writ_status check_people(const struct change *c, enum writ_record_type *type)
{
    struct human_text text;
    struct writ_slice vkey;

    if (c->head.type == TEXT_AUTHORITY) {
        if (c->a->next_index != 0)
            return writ_fail(c->err, WRIT_CONFLICT, "the authority exists already");
    } else {
        WRIT_TRY(need_role(c, ROLE_OPERATOR));
    }
    WRIT_TRY(human_text_read(c->root, c->head.type, &text, &vkey, c->err));
    enum writ_status st = judge_human(c, &text);
    writ_arena_release(&text.arena);
    *type =
        c->head.type == TEXT_AUTHORITY ? WRIT_RECORD_AUTHORITY_CREATED : WRIT_RECORD_HUMAN_ADDED;
    return st;
}

static enum writ_status judge_agent(const struct change *c, const struct agent_text *text)
{
    const struct human *owner = state_human(c->a, text->owner);
    const struct agent *known = state_agent(c->a, text->agent);
    WRIT_AUTO_KEY *key = NULL;

    WRIT_TRY(writ_key_parse(text->key, &key, c->err));
    if (owner == NULL || owner->standing != STANDING_ACTIVE)
        return writ_fail(c->err, WRIT_REFUSED, "the owner `%.*s` is not an active human",
                         WRIT_FMT(text->owner));
    if (known != NULL && known->standing == STANDING_GONE)
        return writ_fail(c->err, WRIT_CONFLICT, "agent `%.*s` is retired: a name is used once",
                         WRIT_FMT(text->agent));
    if (known != NULL && !writ_slice_eq(known->text.owner, text->owner))
        return writ_fail(c->err, WRIT_CONFLICT, "agent `%.*s` has another owner",
                         WRIT_FMT(text->agent));
    return WRIT_OK;
}

static enum writ_status check_agent(const struct change *c)
{
    struct agent_text text;

    WRIT_TRY(need_role(c, ROLE_OPERATOR));
    WRIT_TRY(agent_text_read(c->root, &text, c->err));
    enum writ_status st = judge_agent(c, &text);
    writ_arena_release(&text.arena);
    return st;
}

static enum writ_status check_target(const struct change *c)
{
    struct target_text text;

    WRIT_TRY(need_role(c, ROLE_OPERATOR));
    WRIT_TRY(target_text_read(c->root, &text, c->err));
    writ_arena_release(&text.arena);
    return WRIT_OK;
}

static enum writ_status check_tool(const struct change *c)
{
    struct tool_text text;

    WRIT_TRY(need_role(c, ROLE_OPERATOR));
    WRIT_TRY(tool_text_read(c->root, &text, c->err));
    const struct target *t = state_target(c->a, text.target);
    const struct tool *tool = t == NULL ? NULL : target_tool(t, text.tool);
    if (tool == NULL)
        return writ_fail(c->err, WRIT_NOT_FOUND, "target `%.*s` has shown no tool `%.*s`",
                         WRIT_FMT(text.target), WRIT_FMT(text.tool));
    if (!writ_slice_is(text.digest, tool->held) && !writ_slice_is(text.digest, tool->pinned))
        return writ_fail(c->err, WRIT_REFUSED, "the digest is not that of a definition seen here");
    return WRIT_OK;
}

static enum writ_status check_lift(const struct change *c)
{
    uint64_t index;

    WRIT_TRY(need_role(c, ROLE_OPERATOR));
    WRIT_TRY(lift_text_read(c->root, &index, c->err));
    for (const struct stop *s = c->a->stops; s != NULL; s = s->next)
        if (s->index == index)
            return WRIT_OK;
    return writ_fail(c->err, WRIT_NOT_FOUND, "record %llu is not a stop that holds",
                     (unsigned long long)index);
}

static enum writ_status judge_grant(const struct change *c, const struct writ_grant *g)
{
    const struct human *human = state_human(c->a, g->human);
    const struct agent *holder = state_agent(c->a, g->holder);

    if (holder == NULL || holder->standing != STANDING_ACTIVE)
        return writ_fail(c->err, WRIT_REFUSED, "the holder `%.*s` is not an active agent",
                         WRIT_FMT(g->holder));
    if (g->expires <= c->now)
        return writ_fail(c->err, WRIT_TIME, "the grant has expired already");
    if (g->parent.len == 0) {
        WRIT_TRY(need_role(c, ROLE_APPROVER));
        if (human != c->by)
            return writ_fail(c->err, WRIT_REFUSED,
                             "a root grant is signed by the human it names: `%.*s`, not `%.*s`",
                             WRIT_FMT(g->human), WRIT_FMT(c->r->by));
        return WRIT_OK;
    }
    const struct grant *parent = state_grant(c->a, g->parent);
    if (parent == NULL)
        return writ_fail(c->err, WRIT_NOT_FOUND, "the parent grant is unknown");
    if (c->r->key != parent->holder->key)
        return writ_fail(c->err, WRIT_SIGNATURE, "the key that signed is no longer %.*s's",
                         WRIT_FMT(c->r->by));
    if (parent->holder->standing != STANDING_ACTIVE)
        return writ_fail(c->err, WRIT_REFUSED, "agent `%.*s`, who delegates, is not active",
                         WRIT_FMT(parent->holder->text.agent));
    struct grant *links[WRIT_CHAIN_MAX];
    size_t n = grant_chain((struct grant *)(uintptr_t)parent, links);
    if (n >= WRIT_CHAIN_MAX)
        return writ_fail(c->err, WRIT_REFUSED, "the chain would have more than %d links",
                         WRIT_CHAIN_MAX);
    for (size_t i = 0; i < n; i++)
        if (links[i]->revoked || links[i]->g.expires <= c->now ||
            links[i]->human->standing != STANDING_ACTIVE)
            return writ_fail(c->err, WRIT_REFUSED, "grant `%.*s` above it no longer holds",
                             WRIT_FMT(links[i]->g.id));
    return writ_grant_within(g, &parent->g, c->err);
}

static enum writ_status check_grant(const struct change *c, enum writ_record_type *type)
{
    struct writ_grant g;

    WRIT_TRY(grant_init(&g, c->r->text, c->err));
    *type = g.parent.len == 0 ? WRIT_RECORD_GRANT_SIGNED : WRIT_RECORD_GRANT_DERIVED;
    enum writ_status st = judge_grant(c, &g);
    grant_release(&g);
    return st;
}

static bool same_resources(const json_t *list, const struct writ_texts *resources)
{
    bool same = json_array_size(list) == resources->len;

    for (size_t i = 0; i < resources->len && same; i++)
        same = json_is_string(json_array_get(list, i)) &&
               writ_slice_eq(writ_json_text(json_array_get(list, i)), resources->at[i]);
    return same;
}

static enum writ_status check_approval(const struct change *c)
{
    struct approval_text text;

    WRIT_TRY(need_role(c, ROLE_APPROVER));
    WRIT_TRY(approval_text_read(c->root, &text, c->err));
    const struct approval *ap = state_approval(c->a, text.approval);
    if (ap == NULL)
        return writ_fail(c->err, WRIT_NOT_FOUND, "no approval `%.*s` was asked for",
                         WRIT_FMT(text.approval));
    if (approval_state(ap, c->now) != WRIT_APPROVAL_PENDING)
        return writ_fail(c->err, WRIT_CONFLICT, "approval `%.*s` is no longer open",
                         WRIT_FMT(text.approval));
    if (!writ_slice_is(text.digest, ap->digest) || !writ_slice_is(text.arguments, ap->arguments) ||
        !writ_slice_eq(text.action, ap->action) || !same_resources(text.resources, &ap->resources))
        return writ_fail(c->err, WRIT_REFUSED,
                         "the text approves another action than the one that waits");
    if (!writ_slice_eq(text.approver, c->r->by))
        return writ_fail(c->err, WRIT_REFUSED, "the text names `%.*s`, but `%.*s` signed it",
                         WRIT_FMT(text.approver), WRIT_FMT(c->r->by));
    if (ap->four_eyes && writ_slice_eq(ap->human, c->r->by))
        return writ_fail(c->err, WRIT_REFUSED,
                         "four eyes: `%.*s` signed the grant and may not approve its actions",
                         WRIT_FMT(c->r->by));
    for (size_t i = 0; i < ap->given_len; i++)
        if (ap->given[i] == c->by)
            return writ_fail(c->err, WRIT_CONFLICT, "`%.*s` has approved already",
                             WRIT_FMT(c->r->by));
    return WRIT_OK;
}

static enum writ_status check(const struct change *c, enum writ_record_type *type)
{
    switch (c->head.type) {
    case TEXT_AUTHORITY:
    case TEXT_HUMAN:
        return check_people(c, type);
    case TEXT_AGENT:
        *type = WRIT_RECORD_AGENT_REGISTERED;
        return check_agent(c);
    case TEXT_TARGET:
        *type = WRIT_RECORD_TARGET_ADDED;
        return check_target(c);
    case TEXT_TOOL:
        *type = WRIT_RECORD_TOOL_ACCEPTED;
        return check_tool(c);
    case TEXT_LIFT:
        *type = WRIT_RECORD_STOP_LIFTED;
        return check_lift(c);
    case TEXT_GRANT:
        return check_grant(c, type);
    case TEXT_APPROVAL:
        *type = WRIT_RECORD_APPROVAL_GIVEN;
        return check_approval(c);
    case TEXT_NONE:
        break;
    }
    return writ_fail(c->err, WRIT_FORMAT, "unknown type of text");
}

enum writ_status writ_authority_change(const struct writ_authority *a,
                                       const struct writ_change_request *r, uint64_t now,
                                       struct writ_arena *arena, struct writ_record *out,
                                       struct writ_err *err)
{
    WRIT_AUTO_JSON *root = NULL;
    struct change c = { .a = a, .r = r, .now = now, .err = err };
    enum writ_record_type type = WRIT_RECORD_NONE;

    (void)arena;
    if (r->verified != WRIT_CHECK_GOOD)
        return writ_fail(err, WRIT_SIGNATURE, "%s",
                         r->why.text[0] != '\0' ? r->why.text : "the signature did not verify");
    WRIT_TRY(text_open(r->text, &root, &c.head, err));
    c.root = root;
    c.by = r->by_agent ? NULL : state_human(a, r->by);
    WRIT_TRY(check_head(&c));
    WRIT_TRY(check(&c, &type));
    *out = (struct writ_record){ type, now, { .signed_text = { r->by, r->text, r->signature } } };
    return WRIT_OK;
}
