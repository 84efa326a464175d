#include "apply_parts.h"

#include <stdlib.h>

#include "base/text.h"

#include "base/banned.h"

static enum writ_status corrupt(struct writ_err *err, const char *what)
{
    return writ_fail(err, WRIT_CORRUPT, "a signed text cannot follow this state: %s", what);
}

static enum writ_status add_human(struct writ_authority *a, uint64_t index, struct human_text *text,
                                  struct writ_err *err)
{
    struct human *h = state_human(a, text->human);

    if (h == NULL) {
        h = calloc(1, sizeof(*h));
        if (h != NULL)
            memcpy(h->name, text->human.ptr, text->human.len);
        if (h == NULL || !map_put(&a->humans, writ_cstr(h->name), h)) {
            free(h);
            writ_arena_release(&text->arena);
            return writ_fail_nomem(err);
        }
    } else {
        writ_arena_release(&h->text.arena);
    }
    h->text = *text;
    h->text.human = writ_cstr(h->name);
    h->standing = STANDING_ACTIVE;
    h->index = index;
    return WRIT_OK;
}

static enum writ_status apply_human(struct writ_authority *a, uint64_t index, const json_t *root,
                                    const struct text_head *head, struct writ_err *err)
{
    struct writ_slice vkey;
    struct human_text text;

    WRIT_TRY(human_text_read(root, head->type, &text, &vkey, err));
    if (head->type == TEXT_AUTHORITY) {
        if (!writ_arena_copy(&a->keep, vkey, &a->ledger_key)) {
            writ_arena_release(&text.arena);
            return writ_fail_nomem(err);
        }
        memcpy(a->cell, head->cell.ptr, head->cell.len);
    }
    return add_human(a, index, &text, err);
}

/* Verifying threads may still hold the old key: it lives as long as the authority. */
static enum writ_status retire_key(struct writ_authority *a, struct writ_key *key,
                                   struct writ_err *err)
{
    struct writ_key **grown =
        reallocarray(a->old_keys, a->old_keys_len + 1, sizeof(struct writ_key *));

    if (grown == NULL)
        return writ_fail_nomem(err);
    a->old_keys = grown;
    a->old_keys[a->old_keys_len++] = key;
    return WRIT_OK;
}

static enum writ_status fill_agent(struct writ_authority *a, uint64_t index, struct agent *g,
                                   struct agent_text *text, struct writ_err *err)
{
    struct human *owner = state_human(a, text->owner);
    struct writ_key *key;

    if (owner == NULL)
        return corrupt(err, "an unknown owner");
    WRIT_TRY(writ_key_parse(text->key, &key, err));
    if (g->key != NULL && retire_key(a, g->key, err) != WRIT_OK) {
        writ_key_free(key);
        return WRIT_NOMEM;
    }
    g->key = key;
    struct writ_hash print = writ_key_thumbprint(key);
    writ_hex(g->thumbprint, print.b, sizeof(print.b));
    g->owner = owner;
    g->standing = STANDING_ACTIVE;
    g->index = index;
    return WRIT_OK;
}

static enum writ_status apply_agent(struct writ_authority *a, uint64_t index, const json_t *root,
                                    struct writ_err *err)
{
    struct agent_text text;

    WRIT_TRY(agent_text_read(root, &text, err));
    struct agent *g = state_agent(a, text.agent);
    bool fresh = g == NULL;
    if (fresh)
        g = calloc(1, sizeof(*g));
    if (fresh && g != NULL)
        memcpy(g->name, text.agent.ptr, text.agent.len);
    enum writ_status st = g == NULL ? writ_fail_nomem(err) : fill_agent(a, index, g, &text, err);
    if (st == WRIT_OK && !map_put(&a->agents, writ_cstr(g->name), g))
        st = writ_fail_nomem(err);
    if (st != WRIT_OK) {
        writ_arena_release(&text.arena);
        if (fresh && g != NULL) {
            writ_key_free(g->key);
            free(g);
        }
        return st;
    }
    writ_arena_release(&g->text.arena);
    g->text = text;
    g->text.agent = writ_cstr(g->name);
    return WRIT_OK;
}

struct tool *tool_of(struct target *t, struct writ_slice name)
{
    struct tool *tool = target_tool(t, name);

    if (tool != NULL)
        return tool;
    tool = calloc(1, sizeof(*tool) + name.len + 1);
    if (tool == NULL)
        return NULL;
    if (name.len != 0)
        memcpy(tool->bytes, name.ptr, name.len);
    tool->name = writ_slice(tool->bytes, name.len);
    tool->next = t->tools;
    t->tools = tool;
    return tool;
}

static enum writ_status apply_target(struct writ_authority *a, uint64_t index, const json_t *root,
                                     struct writ_err *err)
{
    struct target_text text;

    WRIT_TRY(target_text_read(root, &text, err));
    struct target *t = state_target(a, text.target);
    bool fresh = t == NULL;
    if (fresh)
        t = calloc(1, sizeof(*t));
    if (t == NULL || !map_put(&a->targets, text.target, t)) {
        if (fresh)
            free(t);
        writ_arena_release(&text.arena);
        return writ_fail_nomem(err); /* the state is unusable now, and its owner stops */
    }
    writ_arena_release(&t->text.arena);
    t->text = text;
    t->index = index;
    for (size_t i = 0; i < text.pins_len; i++) {
        struct tool *tool = tool_of(t, text.pins[i].tool);
        if (tool == NULL)
            return writ_fail_nomem(err);
        memcpy(tool->pinned, text.pins[i].digest.ptr, 64);
        memset(tool->held, 0, sizeof(tool->held));
    }
    return WRIT_OK;
}

static enum writ_status apply_tool_text(struct writ_authority *a, const json_t *root,
                                        struct writ_err *err)
{
    struct tool_text text;

    WRIT_TRY(tool_text_read(root, &text, err));
    struct target *t = state_target(a, text.target);
    if (t == NULL)
        return corrupt(err, "a tool of an unknown target");
    struct tool *tool = tool_of(t, text.tool);
    if (tool == NULL)
        return writ_fail_nomem(err);
    memcpy(tool->pinned, text.digest.ptr, 64);
    memset(tool->held, 0, sizeof(tool->held));
    return WRIT_OK;
}

static enum writ_status apply_lift(struct writ_authority *a, const json_t *root,
                                   struct writ_err *err)
{
    uint64_t index;

    WRIT_TRY(lift_text_read(root, &index, err));
    for (struct stop **at = &a->stops; *at != NULL; at = &(*at)->next)
        if ((*at)->index == index) {
            struct stop *gone = *at;
            *at = gone->next;
            writ_arena_release(&gone->arena);
            free(gone);
            return WRIT_OK;
        }
    return corrupt(err, "no such stop");
}

static enum writ_status apply_grant(struct writ_authority *a, uint64_t index,
                                    struct writ_slice text, struct writ_err *err)
{
    struct grant *g = calloc(1, sizeof(*g));

    if (g == NULL)
        return writ_fail_nomem(err);
    enum writ_status st = grant_init(&g->g, text, err);
    if (st != WRIT_OK) {
        free(g);
        return st;
    }
    g->index = index;
    g->human = state_human(a, g->g.human);
    g->holder = state_agent(a, g->g.holder);
    g->parent = g->g.parent.len == 0 ? NULL : state_grant(a, g->g.parent);
    if (g->human == NULL || g->holder == NULL || (g->g.parent.len != 0 && g->parent == NULL) ||
        state_grant(a, g->g.id) != NULL)
        st = corrupt(err, "a grant of unknown people or with a taken id");
    else if (!map_put(&a->grants, g->g.id, g))
        st = writ_fail_nomem(err);
    if (st != WRIT_OK) {
        grant_release(&g->g);
        free(g);
        return st;
    }
    g->next_held = g->holder->newest;
    g->holder->newest = g;
    return WRIT_OK;
}

static enum writ_status apply_approval(struct writ_authority *a, const json_t *root,
                                       struct writ_err *err)
{
    struct approval_text text;

    WRIT_TRY(approval_text_read(root, &text, err));
    struct approval *ap = state_approval(a, text.approval);
    struct human *approver = state_human(a, text.approver);
    if (ap == NULL || approver == NULL || ap->state != WRIT_APPROVAL_PENDING ||
        ap->given_len >= GIVERS_MAX)
        return corrupt(err, "an approval of nothing, or by nobody");
    ap->given[ap->given_len++] = approver;
    if (ap->given_len >= ap->quorum)
        approval_settle(a, ap, WRIT_APPROVAL_GIVEN);
    return WRIT_OK;
}

/* The record says what the text is. */
static enum text_type text_of(enum writ_record_type type)
{
    static const struct {
        enum writ_record_type record;
        enum text_type text;
    } TEXTS[] = {
        { WRIT_RECORD_AUTHORITY_CREATED, TEXT_AUTHORITY },
        { WRIT_RECORD_HUMAN_ADDED, TEXT_HUMAN },
        { WRIT_RECORD_AGENT_REGISTERED, TEXT_AGENT },
        { WRIT_RECORD_TARGET_ADDED, TEXT_TARGET },
        { WRIT_RECORD_TOOL_ACCEPTED, TEXT_TOOL },
        { WRIT_RECORD_STOP_LIFTED, TEXT_LIFT },
        { WRIT_RECORD_GRANT_SIGNED, TEXT_GRANT },
        { WRIT_RECORD_GRANT_DERIVED, TEXT_GRANT },
        { WRIT_RECORD_APPROVAL_GIVEN, TEXT_APPROVAL },
    };

    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++)
        if (TEXTS[i].record == type)
            return TEXTS[i].text;
    return TEXT_NONE;
}

static enum writ_status apply_text(struct writ_authority *a, uint64_t index, struct writ_slice text,
                                   const json_t *root, const struct text_head *head,
                                   struct writ_err *err)
{
    switch (head->type) {
    case TEXT_AUTHORITY:
    case TEXT_HUMAN:
        return apply_human(a, index, root, head, err);
    case TEXT_AGENT:
        return apply_agent(a, index, root, err);
    case TEXT_TARGET:
        return apply_target(a, index, root, err);
    case TEXT_TOOL:
        return apply_tool_text(a, root, err);
    case TEXT_LIFT:
        return apply_lift(a, root, err);
    case TEXT_GRANT:
        return apply_grant(a, index, text, err);
    case TEXT_APPROVAL:
        return apply_approval(a, root, err);
    case TEXT_NONE:
        break;
    }
    return corrupt(err, "no type");
}

enum writ_status apply_signed(struct writ_authority *a, uint64_t index,
                              const struct writ_record *rec, struct writ_err *err)
{
    static const uint8_t USED;
    WRIT_AUTO_JSON *root = NULL;
    struct text_head head;
    struct writ_slice id;

    WRIT_TRY(text_open(rec->as.signed_text.text, &root, &head, err));
    if (head.type != text_of(rec->type))
        return corrupt(err, "the text is of another type than the record");
    WRIT_TRY(apply_text(a, index, rec->as.signed_text.text, root, &head, err));
    if (head.type == TEXT_GRANT) /* its id is known by the grant itself */
        return WRIT_OK;
    if (!writ_arena_copy(&a->keep, head.id, &id) || !map_put(&a->ids, id, (void *)(uintptr_t)&USED))
        return writ_fail_nomem(err);
    return WRIT_OK;
}
