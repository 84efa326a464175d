#include "daemon/sequence.h"

#include <stdlib.h>

#include "base/banned.h"

/* What most records fit in; more is found when it is needed. */
#define RECORD_USUAL 1024
/* A clock that is being adjusted may tremble by as much. */
#define STEP_TOLERANCE_US 1000

static struct writ_commit_item *new_item(void *owner)
{
    struct writ_commit_item *item = calloc(1, sizeof(*item));

    if (item != NULL) {
        item->owner = owner;
        writ_buf_init(&item->record, WRIT_RECORD_MAX);
    }
    return item;
}

/*
 * Outcomes of the actions in flight must still find room after this record, and after this
 * action's own outcome.
 */
static enum writ_status check_room(const struct writ_sequencer *s, size_t len, enum writ_room room,
                                   struct writ_err *err)
{
    uint64_t in_flight = writ_authority_in_flight(s->authority);
    uint64_t kept = (in_flight + 1) * WRIT_OUTCOME_RESERVE;
    if (kept > WRIT_OUTCOME_RESERVE_MAX)
        kept = WRIT_OUTCOME_RESERVE_MAX;
    if (room == WRIT_ROOM_RESERVED)
        kept = 0;
    /* Twice: a batch that does not fit the rest of a segment leaves as much of it unused. */
    uint64_t need = 2 * (s->queued_bytes + len) + kept;
    uint64_t have = s->room(s->ctx);

    if (have < need)
        return writ_fail(err, WRIT_LIMIT,
                         "the disk of the ledger is full: %llu bytes left, %llu needed with what "
                         "is kept for %llu actions in flight; free some space",
                         (unsigned long long)have, (unsigned long long)need,
                         (unsigned long long)in_flight);
    return WRIT_OK;
}

static void enqueue(struct writ_sequencer *s, struct writ_commit_item *first)
{
    for (const struct writ_commit_item *i = first; i != NULL; i = i->next) {
        s->queued++;
        s->queued_bytes += i->record.len;
    }
    s->submit(s->ctx, first);
}

/* From here on state has moved: whatever fails leaves memory ahead of the ledger. */
static enum writ_status apply(struct writ_sequencer *s, const struct writ_commit_item *item,
                              struct writ_err *err)
{
    enum writ_status st =
        writ_authority_apply(s->authority, item->index, writ_buf_slice(&item->record), &s->why);
    if (st != WRIT_OK) {
        s->broken = true;
        return writ_fail(err, st, "record %llu could not be applied: %s",
                         (unsigned long long)item->index, s->why.text);
    }
    return WRIT_OK;
}

static bool decides_approval(enum writ_record_type type)
{
    return type == WRIT_RECORD_APPROVAL_GIVEN || type == WRIT_RECORD_APPROVAL_REFUSED ||
           type == WRIT_RECORD_APPROVAL_EXPIRED;
}

/* The record as an item, `ahead` records behind the next; nothing else changes. */
static enum writ_status make_item(const struct writ_sequencer *s, const struct writ_record *r,
                                  uint64_t ahead, struct writ_commit_item **out,
                                  struct writ_err *err)
{
    struct writ_commit_item *item = new_item(NULL);
    uint8_t *usual;

    if (item == NULL)
        return writ_fail_nomem(err);
    item->index = writ_authority_next_index(s->authority) + ahead;
    item->approval = decides_approval(r->type);
    enum writ_status st = writ_buf_reserve(&item->record, RECORD_USUAL, &usual);
    if (st != WRIT_OK)
        (void)writ_fail_nomem(err);
    if (st == WRIT_OK)
        st = writ_record_encode(r, &item->record, err);
    if (st == WRIT_OK)
        *out = item;
    else
        writ_commit_item_free(item);
    return st;
}

/* Applies the item and the one behind it, if any, and queues them. Frees them on failure. */
static enum writ_status sequence_items(struct writ_sequencer *s, struct writ_commit_item *first,
                                       enum writ_room room, uint64_t *index, struct writ_err *err)
{
    struct writ_commit_item *second = first->next;
    size_t len = first->record.len + (second != NULL ? second->record.len : 0);
    enum writ_status st = check_room(s, len, room, err);

    if (st == WRIT_OK)
        st = apply(s, first, err);
    if (st == WRIT_OK && second != NULL)
        st = apply(s, second, err);
    if (st != WRIT_OK) {
        writ_commit_item_free(second);
        writ_commit_item_free(first);
        return st;
    }
    *index = first->index;
    enqueue(s, first);
    return WRIT_OK;
}

enum writ_status writ_sequence(struct writ_sequencer *s, const struct writ_record *r,
                               enum writ_room room, void *owner, uint64_t *index,
                               struct writ_err *err)
{
    struct writ_commit_item *item;

    if (s->broken)
        return writ_fail(err, WRIT_CLOSED, "the authority has stopped: %s", s->why.text);
    WRIT_TRY(make_item(s, r, 0, &item, err));
    item->owner = owner;
    return sequence_items(s, item, room, index, err);
}

enum writ_status writ_sequence_both(struct writ_sequencer *s, const struct writ_record *first,
                                    const struct writ_record *second, enum writ_room room,
                                    void *owner, uint64_t *index, struct writ_err *err)
{
    struct writ_commit_item *one, *two;

    if (s->broken)
        return writ_fail(err, WRIT_CLOSED, "the authority has stopped: %s", s->why.text);
    WRIT_TRY(make_item(s, first, 0, &one, err));
    enum writ_status st = make_item(s, second, 1, &two, err);
    if (st != WRIT_OK) {
        writ_commit_item_free(one);
        return st;
    }
    one->next = two;
    one->joined = true;
    two->owner = owner;
    return sequence_items(s, one, room, index, err);
}

enum writ_status writ_sequence_now(struct writ_sequencer *s, uint64_t *now, struct writ_err *err)
{
    bool stepped = false;
    uint64_t clock = s->env.now_us(s->env.ctx);
    uint64_t t = writ_authority_time(s->authority, clock, &stepped);

    /* Said once, and again only when it goes back further: not until it has caught up. */
    bool news = stepped && (!s->behind || clock + STEP_TOLERANCE_US < s->last_clock);
    if (news) {
        uint64_t index;
        struct writ_record r = writ_authority_clock_stepped(t, clock);
        WRIT_TRY(writ_sequence(s, &r, WRIT_ROOM_COMMON, NULL, &index, err));
        s->clock_steps++;
        t = writ_authority_time(s->authority, clock, &stepped);
    }
    s->behind = stepped;
    s->last_clock = clock;
    *now = t;
    return WRIT_OK;
}

enum writ_status writ_sequence_barrier(struct writ_sequencer *s, void *owner, struct writ_err *err)
{
    struct writ_commit_item *item = new_item(owner);

    if (item == NULL)
        return writ_fail_nomem(err);
    enqueue(s, item);
    return WRIT_OK;
}

void writ_sequence_done(struct writ_sequencer *s, const struct writ_commit_item *item)
{
    s->queued--;
    s->queued_bytes -= item->record.len;
}
