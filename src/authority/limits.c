#include "state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/banned.h"

#define MINUTE_US (60ull * 1000000)

static uint32_t flying_now(const struct grant *link, uint64_t now)
{
    const struct usage *u = link->usage;
    uint32_t n = 0;

    if (u == NULL || u->flying == NULL)
        return 0;
    for (uint32_t i = 0; i < link->g.concurrency; i++)
        n += u->flying[i] != 0 && now - u->flying[i] < IN_FLIGHT_US;
    return n;
}

static void refuse(struct limit_result *out, const char *reason, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void refuse(struct limit_result *out, const char *reason, const char *fmt, ...)
{
    va_list ap;

    out->reason = reason;
    va_start(ap, fmt);
    (void)vsnprintf(out->detail, sizeof(out->detail), fmt, ap);
    va_end(ap);
}

static bool spend_fits(const struct grant *link, uint64_t used, uint64_t spend, bool known,
                       struct writ_slice unit)
{
    const struct spend_limit *limit = link->g.spend;
    uint64_t total;

    if (limit == NULL || unit.len == 0) /* no limit, or an action that costs nothing */
        return true;
    return known && writ_slice_eq(unit, limit->unit) &&
           !__builtin_add_overflow(used, spend, &total) && total <= limit->max;
}

void limits_check(const struct grant *link, uint64_t spend, bool spend_known,
                  struct writ_slice unit, uint64_t now, struct limit_result *out)
{
    static const struct usage NONE = { 0 };
    const struct usage *u = link->usage != NULL ? link->usage : &NONE;
    const struct writ_grant *g = &link->g;

    out->reason = NULL;
    if (g->calls != 0 && u->calls >= g->calls) {
        refuse(out, "limit_calls", "all %u calls of grant %.*s are used", g->calls,
               WRIT_FMT(g->id));
        return;
    }
    if (g->per_minute != 0 && u->recent != NULL) {
        uint64_t oldest = u->recent[u->recent_at];
        if (oldest != 0 && now - oldest < MINUTE_US) {
            refuse(out, "limit_rate", "%u calls of grant %.*s in the last minute", g->per_minute,
                   WRIT_FMT(g->id));
            return;
        }
    }
    if (!spend_fits(link, u->spend, spend, spend_known, unit)) {
        refuse(out, "limit_spend", "grant %.*s has %llu of %llu millionths %.*s left%s",
               WRIT_FMT(g->id), (unsigned long long)(g->spend->max - u->spend),
               (unsigned long long)g->spend->max, WRIT_FMT(g->spend->unit),
               spend_known ? "" : ", and the amount cannot be read");
        return;
    }
    if (g->concurrency != 0 && flying_now(link, now) >= g->concurrency)
        refuse(out, "limit_concurrency", "%u actions of grant %.*s are in flight", g->concurrency,
               WRIT_FMT(g->id));
}

static struct usage *usage_of(struct grant *link)
{
    struct usage *u = link->usage;

    if (u == NULL)
        u = link->usage = calloc(1, sizeof(*u));
    if (u == NULL)
        return NULL;
    if (link->g.per_minute != 0 && u->recent == NULL)
        u->recent = calloc(link->g.per_minute, sizeof(*u->recent));
    if (link->g.concurrency != 0 && u->flying == NULL)
        u->flying = calloc(link->g.concurrency, sizeof(*u->flying));
    if ((link->g.per_minute != 0 && u->recent == NULL) ||
        (link->g.concurrency != 0 && u->flying == NULL))
        return NULL;
    return u;
}

enum writ_status limits_apply(struct grant *link, uint64_t calls, uint64_t spend, uint64_t now,
                              struct writ_err *err)
{
    struct usage *u = usage_of(link);

    if (u == NULL)
        return writ_fail_nomem(err);
    u->calls = calls;
    u->spend = spend;
    u->in_flight++;
    if (u->recent != NULL) {
        u->recent[u->recent_at] = now;
        u->recent_at = (u->recent_at + 1) % link->g.per_minute;
    }
    for (uint32_t i = 0; u->flying != NULL && i < link->g.concurrency; i++)
        if (u->flying[i] == 0 || now - u->flying[i] >= IN_FLIGHT_US) {
            u->flying[i] = now;
            break;
        }
    return WRIT_OK;
}

void limits_complete(struct grant *link, uint64_t decided_at)
{
    struct usage *u = link->usage;

    if (u == NULL)
        return;
    if (u->in_flight != 0)
        u->in_flight--;
    for (uint32_t i = 0; u->flying != NULL && i < link->g.concurrency; i++)
        if (u->flying[i] == decided_at) {
            u->flying[i] = 0;
            return;
        }
}

void usage_free(struct usage *u)
{
    if (u == NULL)
        return;
    free(u->recent);
    free(u->flying);
    free(u);
}
