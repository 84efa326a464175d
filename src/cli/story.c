#include "story.h"

#include "connect.h"

#include "base/banned.h"

#define STORY_ARENA (64u << 20)

/* A record of the story itself, whose parts live as long as the story. */
static enum writ_status keep(struct writ_story *s, const struct writ_ledger *l,
                             struct writ_record **out, struct writ_err *err)
{
    struct writ_slice bytes;
    struct writ_record *r = writ_arena_alloc(&s->arena, sizeof(*r));

    if (r == NULL || !writ_arena_copy(&s->arena, l->bytes, &bytes))
        return writ_fail(err, WRIT_LIMIT, "the transaction is too large to be shown at once");
    WRIT_TRY(writ_record_decode(bytes, &s->arena, r, err));
    *out = r;
    return WRIT_OK;
}

static void *new_part(struct writ_story *s, size_t size, struct writ_err *err)
{
    void *part = writ_arena_alloc(&s->arena, size);

    if (part == NULL)
        (void)writ_fail(err, WRIT_LIMIT, "the transaction is too large to be shown at once");
    return part;
}

static enum writ_status add_action(struct writ_story *s, const struct writ_ledger *l,
                                   struct writ_err *err)
{
    struct writ_record *r = NULL;
    struct writ_story_action *a = new_part(s, sizeof(*a), err);

    if (a == NULL)
        return WRIT_LIMIT;
    WRIT_TRY(keep(s, l, &r, err));
    a->index = l->index;
    a->time = r->time;
    a->decided = &r->as.decided;
    *s->actions_end = a;
    s->actions_end = &a->next;
    return WRIT_OK;
}

static enum writ_status add_completion(struct writ_story *s, const struct writ_ledger *l,
                                       struct writ_err *err)
{
    struct writ_record *r = NULL;

    for (struct writ_story_action *a = s->actions; a != NULL; a = a->next)
        if (a->index == l->record.as.completed.decided) {
            WRIT_TRY(keep(s, l, &r, err));
            a->completed = &r->as.completed;
            a->completed_index = l->index;
        }
    return WRIT_OK;
}

static enum writ_status add_request(struct writ_story *s, const struct writ_ledger *l,
                                    struct writ_err *err)
{
    struct writ_record *r = NULL;
    struct writ_story_approval *a = new_part(s, sizeof(*a), err);

    if (a == NULL)
        return WRIT_LIMIT;
    WRIT_TRY(keep(s, l, &r, err));
    a->index = l->index;
    a->time = r->time;
    a->held = &r->as.held;
    a->given_end = &a->given;
    *s->approvals_end = a;
    s->approvals_end = &a->next;
    return WRIT_OK;
}

static struct writ_story_approval *approval(struct writ_story *s, struct writ_slice id)
{
    for (struct writ_story_approval *a = s->approvals; a != NULL; a = a->next)
        if (writ_slice_eq(a->held->id, id))
            return a;
    return NULL;
}

static enum writ_status add_given(struct writ_story *s, const struct writ_ledger *l,
                                  struct writ_err *err)
{
    const struct writ_rec_signed_text *t = &l->record.as.signed_text;
    WRIT_AUTO_JSON *text = NULL;

    if (s->approvals == NULL)
        return WRIT_OK;
    WRIT_TRY(writ_json_parse_object(t->text, WRIT_RECORD_MAX, &text, err));
    struct writ_story_approval *a = approval(s, writ_cstr(writ_field_text(text, "approval")));
    if (a == NULL)
        return WRIT_OK;
    struct writ_story_given *g = new_part(s, sizeof(*g), err);
    if (g == NULL || !writ_arena_copy(&s->arena, t->by, &g->by))
        return WRIT_LIMIT;
    g->index = l->index;
    g->time = l->record.time;
    *a->given_end = g;
    a->given_end = &g->next;
    return WRIT_OK;
}

static enum writ_status add_end(struct writ_story *s, const struct writ_ledger *l,
                                struct writ_err *err)
{
    const struct writ_rec_narrowed *n = &l->record.as.narrowed;
    struct writ_story_approval *a = approval(s, n->subject);

    if (a == NULL)
        return WRIT_OK;
    if (l->record.type == WRIT_RECORD_APPROVAL_EXPIRED) {
        a->expired = true;
        return WRIT_OK;
    }
    if (!writ_arena_copy(&s->arena, n->by, &a->refused_by) ||
        !writ_arena_copy(&s->arena, n->reason, &a->refused_reason))
        return writ_fail_nomem(err);
    return WRIT_OK;
}

static enum writ_status add_record(struct writ_story *s, const struct writ_ledger *l,
                                   struct writ_err *err)
{
    const struct writ_record *r = &l->record;

    if (r->type == WRIT_RECORD_ACTION_DECIDED)
        return writ_slice_eq(r->as.decided.txn, s->txn) ? add_action(s, l, err) : WRIT_OK;
    if (r->type == WRIT_RECORD_APPROVAL_REQUESTED)
        return writ_slice_eq(r->as.held.txn, s->txn) ? add_request(s, l, err) : WRIT_OK;
    if (r->type == WRIT_RECORD_ACTION_COMPLETED)
        return add_completion(s, l, err);
    if (r->type == WRIT_RECORD_APPROVAL_GIVEN)
        return add_given(s, l, err);
    if (r->type == WRIT_RECORD_APPROVAL_REFUSED || r->type == WRIT_RECORD_APPROVAL_EXPIRED)
        return add_end(s, l, err);
    return WRIT_OK;
}

static enum writ_status add_grant(struct writ_story *s, struct writ_ledger *l, uint64_t index,
                                  struct writ_err *err)
{
    struct writ_record *r = NULL;
    struct writ_story_grant **at = &s->grants;

    while (*at != NULL && (*at)->index < index)
        at = &(*at)->next;
    if (*at != NULL && (*at)->index == index)
        return WRIT_OK;
    WRIT_TRY(writ_ledger_at(l, index, err));
    if (l->record.type != WRIT_RECORD_GRANT_SIGNED && l->record.type != WRIT_RECORD_GRANT_DERIVED)
        return writ_fail(err, WRIT_CORRUPT, "ledger index %llu should be a grant and is not",
                         (unsigned long long)index);
    struct writ_story_grant *g = new_part(s, sizeof(*g), err);
    if (g == NULL)
        return WRIT_LIMIT;
    WRIT_TRY(keep(s, l, &r, err));
    g->index = index;
    g->derived = r->type == WRIT_RECORD_GRANT_DERIVED;
    g->by = r->as.signed_text.by;
    g->text = r->as.signed_text.text;
    g->next = *at;
    *at = g;
    return WRIT_OK;
}

static enum writ_status read_all(struct writ_story *s, struct writ_ledger *l, struct writ_err *err)
{
    enum writ_status st;

    while ((st = writ_ledger_next(l, err)) == WRIT_OK)
        WRIT_TRY(add_record(s, l, err));
    if (st != WRIT_NOT_FOUND)
        return st;
    if (s->actions == NULL)
        return writ_fail(err, WRIT_NOT_FOUND, "no record names the transaction %.*s",
                         WRIT_FMT(s->txn));
    for (const struct writ_story_action *a = s->actions; a != NULL; a = a->next)
        for (size_t i = 0; i < a->decided->chain.len; i++)
            WRIT_TRY(add_grant(s, l, a->decided->chain.at[i], err));
    return WRIT_OK;
}

enum writ_status writ_story_read(struct writ_cli *cli, struct writ_slice txn,
                                 struct writ_story *out, struct writ_err *err)
{
    WRIT_AUTO_LEDGER ledger = { 0 };

    *out = (struct writ_story){ .txn = txn };
    out->actions_end = &out->actions;
    out->approvals_end = &out->approvals;
    writ_arena_init(&out->arena, STORY_ARENA);
    WRIT_TRY(writ_ledger_open(cli, &ledger, err));
    return read_all(out, &ledger, err);
}

void writ_story_release(struct writ_story *s)
{
    writ_arena_release(&s->arena);
}
