#include "daemon.h"

#include "base/arena.h"

#include "base/banned.h"

#define TICK_ARENA (64u << 10)
/* Expired approvals recorded in one tick: the rest waits a second, and requests do not. */
#define EXPIRED_PER_TICK 256

static void broken_or_log(struct daemon *d, const char *what, const struct writ_err *err)
{
    if (d->seq.broken)
        daemon_fatal(d, &d->seq.why);
    else
        daemon_log(d, "%s: %s", what, err->text);
}

static void record_expired(struct daemon *d)
{
    struct writ_err err = { 0 };
    struct writ_record r;
    uint64_t now = 0, index;

    enum writ_status st = writ_sequence_now(&d->seq, &now, &err);
    WRIT_AUTO_ARENA arena;
    writ_arena_init(&arena, TICK_ARENA);
    for (int i = 0; st == WRIT_OK && i < EXPIRED_PER_TICK; i++) {
        if (!writ_authority_next_expired(d->authority, now, &arena, &r))
            return;
        st = writ_sequence(&d->seq, &r, WRIT_ROOM_COMMON, NULL, &index, &err);
        writ_arena_reset(&arena, TICK_ARENA);
    }
    if (st != WRIT_OK)
        broken_or_log(d, "cannot record that an approval ran out", &err);
}

void daemon_flush_unnamed(struct daemon *d)
{
    struct unnamed *u = &d->unnamed;
    struct writ_err err = { 0 };
    uint64_t now = 0, index;

    if (u->count == 0)
        return;
    enum writ_status st = writ_sequence_now(&d->seq, &now, &err);
    struct writ_record r = { .type = WRIT_RECORD_CALLERS_REFUSED, .time = now };
    r.as.callers_refused = (struct writ_rec_callers_refused){ .count = u->count,
                                                              .since = u->since,
                                                              .last_reason = writ_cstr(u->reason) };
    if (st == WRIT_OK)
        st = writ_sequence(&d->seq, &r, WRIT_ROOM_COMMON, NULL, &index, &err);
    if (st == WRIT_OK)
        u->count = 0;
    else
        broken_or_log(d, "cannot record refused callers", &err);
}

void daemon_tick(struct daemon *d)
{
    if (d->stopping || d->fatal)
        return;
    record_expired(d);
    if (!d->fatal)
        daemon_flush_unnamed(d);
    if (!d->fatal)
        daemon_wake_waiters(d);
    conn_flush_all(d);
}
