#include "state.h"

#include <stdlib.h>

#include "base/banned.h"

const char *standing_text(enum standing s)
{
    switch (s) {
    case STANDING_GONE:
        return "removed";
    case STANDING_SUSPENDED:
        return "suspended";
    case STANDING_ACTIVE:
        return "active";
    }
    return "?";
}

enum writ_status writ_authority_new(struct writ_authority **out, struct writ_err *err)
{
    struct writ_authority *a = calloc(1, sizeof(*a));

    if (a == NULL)
        return writ_fail_nomem(err);
    writ_arena_init(&a->keep, SIZE_MAX);
    *out = a;
    return WRIT_OK;
}

static void free_targets(struct writ_authority *a)
{
    struct target *t;

    for (size_t at = 0; (t = map_each(&a->targets, &at)) != NULL;) {
        while (t->tools != NULL) {
            struct tool *next = t->tools->next;
            free(t->tools);
            t->tools = next;
        }
        writ_arena_release(&t->text.arena);
        free(t);
    }
}

static void free_people(struct writ_authority *a)
{
    struct human *h;
    struct agent *g;

    for (size_t at = 0; (h = map_each(&a->humans, &at)) != NULL;) {
        writ_arena_release(&h->text.arena);
        free(h);
    }
    for (size_t at = 0; (g = map_each(&a->agents, &at)) != NULL;) {
        writ_arena_release(&g->text.arena);
        writ_key_free(g->key);
        free(g);
    }
    for (size_t i = 0; i < a->old_keys_len; i++)
        writ_key_free(a->old_keys[i]);
    free(a->old_keys);
}

void writ_authority_free(struct writ_authority *a)
{
    struct grant *g;
    struct approval *ap;
    void *p;

    if (a == NULL)
        return;
    for (size_t at = 0; (g = map_each(&a->grants, &at)) != NULL;) {
        usage_free(g->usage);
        grant_release(&g->g);
        free(g);
    }
    for (size_t at = 0; (ap = map_each(&a->approvals, &at)) != NULL;) {
        writ_arena_release(&ap->arena);
        free(ap);
    }
    for (size_t at = 0; (p = map_each(&a->flying, &at)) != NULL;)
        free(p);
    for (size_t at = 0; (p = map_each(&a->sessions, &at)) != NULL;)
        free(p);
    while (a->stops != NULL) {
        struct stop *next = a->stops->next;
        writ_arena_release(&a->stops->arena);
        free(a->stops);
        a->stops = next;
    }
    free_targets(a);
    free_people(a);
    struct map *maps[] = { &a->humans, &a->agents,   &a->targets, &a->grants, &a->approvals,
                           &a->flying, &a->sessions, &a->ids,     &a->digests };
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
        map_release(maps[i]);
    seen_release(&a->seen);
    writ_arena_release(&a->keep);
    free(a);
}

uint64_t writ_authority_next_index(const struct writ_authority *a)
{
    return a->next_index;
}

uint64_t writ_authority_last_time(const struct writ_authority *a)
{
    return a->last_time;
}

struct writ_slice writ_authority_cell(const struct writ_authority *a)
{
    return writ_cstr(a->cell);
}

struct writ_slice writ_authority_ledger_key(const struct writ_authority *a)
{
    return a->ledger_key;
}

uint64_t writ_authority_time(const struct writ_authority *a, uint64_t clock, bool *stepped)
{
    /* Clocks that are disciplined wobble; a millisecond back is not a step. */
    *stepped = a->last_time > clock && a->last_time - clock > 1000;
    if (*stepped)
        return a->last_time + 1;
    return clock > a->last_time ? clock : a->last_time;
}

struct writ_record writ_authority_clock_stepped(uint64_t now, uint64_t clock)
{
    struct writ_record r = { WRIT_RECORD_CLOCK_STEPPED, now, { .clock_stepped = { clock } } };
    return r;
}

struct human *state_human(const struct writ_authority *a, struct writ_slice name)
{
    return map_get(&a->humans, name);
}

struct agent *state_agent(const struct writ_authority *a, struct writ_slice name)
{
    return map_get(&a->agents, name);
}

struct target *state_target(const struct writ_authority *a, struct writ_slice name)
{
    return map_get(&a->targets, name);
}

struct grant *state_grant(const struct writ_authority *a, struct writ_slice id)
{
    return map_get(&a->grants, id);
}

struct approval *state_approval(const struct writ_authority *a, struct writ_slice id)
{
    return map_get(&a->approvals, id);
}

struct tool *target_tool(const struct target *t, struct writ_slice name)
{
    struct tool *tool = t->tools;

    while (tool != NULL && !writ_slice_eq(tool->name, name))
        tool = tool->next;
    return tool;
}

const struct stop *state_stop(const struct writ_authority *a, struct writ_slice target)
{
    for (const struct stop *s = a->stops; s != NULL; s = s->next)
        if (writ_slice_is(s->scope, "*") || writ_slice_eq(s->scope, target))
            return s;
    return NULL;
}

bool state_last_operator(const struct writ_authority *a, const struct human *h)
{
    const struct human *other;
    size_t others = 0;

    for (size_t at = 0; (other = map_each(&a->humans, &at)) != NULL;)
        others += other != h && other->standing == STANDING_ACTIVE &&
                  (other->text.roles & ROLE_OPERATOR) != 0;
    return others == 0 && (h->text.roles & ROLE_OPERATOR) != 0;
}

struct human *state_human_of_key(const struct writ_authority *a, const struct writ_ssh_key *key)
{
    struct human *h;

    for (size_t at = 0; (h = map_each(&a->humans, &at)) != NULL;)
        for (size_t i = 0; i < h->text.keys_len; i++)
            if (h->standing != STANDING_GONE && writ_ssh_key_eq(&h->text.keys[i], key))
                return h;
    return NULL;
}

size_t grant_chain(struct grant *leaf, struct grant *links[WRIT_CHAIN_MAX])
{
    size_t n = 0;

    for (struct grant *g = leaf; g != NULL && n < WRIT_CHAIN_MAX; g = g->parent)
        n++;
    size_t i = n;
    for (struct grant *g = leaf; g != NULL && i > 0; g = g->parent)
        links[--i] = g;
    return n;
}

enum writ_approval_state approval_state(const struct approval *ap, uint64_t now)
{
    bool open = ap->state == WRIT_APPROVAL_PENDING || ap->state == WRIT_APPROVAL_GIVEN;

    return open && now >= ap->expires ? WRIT_APPROVAL_EXPIRED : ap->state;
}

enum writ_approval_state writ_authority_approval_state(const struct writ_authority *a,
                                                       struct writ_slice id, uint64_t now)
{
    const struct approval *ap = state_approval(a, id);

    return ap == NULL ? WRIT_APPROVAL_UNKNOWN : approval_state(ap, now);
}

const struct writ_key *writ_authority_agent_key(const struct writ_authority *a,
                                                struct writ_slice agent)
{
    const struct agent *g = state_agent(a, agent);

    return g == NULL ? NULL : g->key;
}

uint64_t writ_authority_in_flight(const struct writ_authority *a)
{
    return a->flying.live;
}

bool writ_authority_in_flight_txn(const struct writ_authority *a, uint64_t decided,
                                  struct writ_slice *txn)
{
    struct index_key key = index_key(decided);
    const struct in_flight *f = map_get(&a->flying, index_slice(&key));

    if (f != NULL)
        *txn = writ_slice(f->txn, f->txn_len);
    return f != NULL;
}
