#include "record_line.h"

#include "amount.h"
#include "base/text.h"
#include "connect.h"

#include "base/banned.h"

enum writ_style writ_verdict_style(struct writ_slice verdict)
{
    if (writ_slice_is(verdict, "allow"))
        return WRIT_STYLE_GOOD;
    return writ_slice_is(verdict, "hold") ? WRIT_STYLE_WAIT : WRIT_STYLE_BAD;
}

void writ_put_texts(struct writ_out *out, const struct writ_texts *texts)
{
    for (size_t i = 0; i < texts->len; i++)
        writ_put(out, "%s%.*s", i == 0 ? "" : ", ", WRIT_FMT(texts->at[i]));
}

void writ_put_clock(struct writ_out *out, uint64_t us, bool date)
{
    char whole[WRIT_TIME_TEXT];

    writ_time_format(us - us % 1000000u, whole); /* always "YYYY-MM-DDThh:mm:ssZ" */
    if (date)
        writ_put(out, "%.10s ", whole);
    writ_put(out, "%.8s.%03u", whole + 11, (unsigned)(us % 1000000u / 1000u));
}

/* The texts that people sign, by what they say rather than by who can read them. */
static void signed_summary(struct writ_out *out, const struct writ_record *r)
{
    static const char *const NAMES[] = { "human",  "agent",    "target", "tool",
                                         "holder", "approval", "purpose" };
    const struct writ_rec_signed_text *s = &r->as.signed_text;
    WRIT_AUTO_JSON *text = NULL;

    if (writ_json_parse_object(s->text, WRIT_RECORD_MAX, &text, NULL) != WRIT_OK)
        writ_put(out, "%.*s", WRIT_FMT(s->text));
    if (json_object_get(text, "holder") != NULL || json_object_get(text, "stop") != NULL)
        writ_put(out, "%s ", writ_field_text(text, "id"));
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
        if (json_is_string(json_object_get(text, NAMES[i])))
            writ_put(out, "%s=%s ", NAMES[i], writ_field_text(text, NAMES[i]));
    if (json_object_get(text, "stop") != NULL)
        writ_put(out, "stop=%llu ", (unsigned long long)writ_field_number(text, "stop"));
    writ_put(out, "signed by %.*s", WRIT_FMT(s->by));
}

static void narrowed_summary(struct writ_out *out, const struct writ_rec_narrowed *n)
{
    writ_put(out, "%.*s by %.*s", WRIT_FMT(n->subject), WRIT_FMT(n->by));
    if (n->reason.len != 0)
        writ_put(out, ": %.*s", WRIT_FMT(n->reason));
}

static void decided_summary(struct writ_out *out, const struct writ_rec_decided *d)
{
    writ_put_style(out, writ_verdict_style(d->verdict), "%.*s", WRIT_FMT(d->verdict));
    writ_put(out, " %.*s %.*s on ", WRIT_FMT(d->agent), WRIT_FMT(d->action));
    writ_put_texts(out, &d->resources);
    if (d->reason.len != 0)
        writ_put(out, " (%.*s)", WRIT_FMT(d->reason));
    writ_put(out, " txn=%.*s", WRIT_FMT(d->txn));
}

static void completed_summary(struct writ_out *out, const struct writ_rec_completed *c)
{
    char took[WRIT_DURATION_TEXT];

    writ_duration_format(c->duration, took);
    writ_put(out, "%.*s, completes %llu after %s", WRIT_FMT(c->status),
             (unsigned long long)c->decided, took);
}

static void held_summary(struct writ_out *out, const struct writ_rec_held *h)
{
    writ_put(out, "%.*s: %.*s %.*s on ", WRIT_FMT(h->id), WRIT_FMT(h->agent), WRIT_FMT(h->action));
    writ_put_texts(out, &h->resources);
    writ_put(out, " txn=%.*s", WRIT_FMT(h->txn));
}

static void summary(struct writ_out *out, const struct writ_record *r)
{
    switch (r->type) {
    case WRIT_RECORD_NONE:
        break;
    case WRIT_RECORD_AUTHORITY_CREATED:
    case WRIT_RECORD_HUMAN_ADDED:
    case WRIT_RECORD_AGENT_REGISTERED:
    case WRIT_RECORD_TARGET_ADDED:
    case WRIT_RECORD_TOOL_ACCEPTED:
    case WRIT_RECORD_GRANT_SIGNED:
    case WRIT_RECORD_GRANT_DERIVED:
    case WRIT_RECORD_APPROVAL_GIVEN:
    case WRIT_RECORD_STOP_LIFTED:
        signed_summary(out, r);
        break;
    case WRIT_RECORD_HUMAN_SUSPENDED:
    case WRIT_RECORD_HUMAN_REMOVED:
    case WRIT_RECORD_AGENT_SUSPENDED:
    case WRIT_RECORD_AGENT_RETIRED:
    case WRIT_RECORD_GRANT_REVOKED:
    case WRIT_RECORD_STOP_SET:
    case WRIT_RECORD_APPROVAL_REFUSED:
    case WRIT_RECORD_APPROVAL_OPENED:
    case WRIT_RECORD_APPROVAL_EXPIRED:
    case WRIT_RECORD_SESSION_CLOSED:
    case WRIT_RECORD_PAYLOAD_READ:
        narrowed_summary(out, &r->as.narrowed);
        break;
    case WRIT_RECORD_ACTION_DECIDED:
        decided_summary(out, &r->as.decided);
        break;
    case WRIT_RECORD_ACTION_COMPLETED:
        completed_summary(out, &r->as.completed);
        break;
    case WRIT_RECORD_APPROVAL_REQUESTED:
        held_summary(out, &r->as.held);
        break;
    case WRIT_RECORD_TOOL_PINNED:
    case WRIT_RECORD_TOOL_CHANGED:
        writ_put(out, "%.*s/%.*s %.12s… seen by %.*s", WRIT_FMT(r->as.tool_seen.target),
                 WRIT_FMT(r->as.tool_seen.tool), (const char *)r->as.tool_seen.digest.ptr,
                 WRIT_FMT(r->as.tool_seen.by));
        break;
    case WRIT_RECORD_SESSION_OPENED:
        writ_put(out, "%.*s on %.*s by %.*s", WRIT_FMT(r->as.session.agent),
                 WRIT_FMT(r->as.session.instance), WRIT_FMT(r->as.session.gateway));
        if (r->as.session.client.len != 0)
            writ_put(out, " for %.*s", WRIT_FMT(r->as.session.client));
        break;
    case WRIT_RECORD_CLOCK_STEPPED:
        writ_put(out, "back to ");
        writ_put_clock(out, r->as.clock_stepped.clock, true);
        break;
    case WRIT_RECORD_CALLERS_REFUSED:
        writ_put(out, "%llu, last for %.*s", (unsigned long long)r->as.callers_refused.count,
                 WRIT_FMT(r->as.callers_refused.last_reason));
        break;
    }
}

void writ_record_line(struct writ_out *out, uint64_t index, const struct writ_record *r)
{
    writ_put_style(out, WRIT_STYLE_DIM, "%6llu  ", (unsigned long long)index);
    writ_put_clock(out, r->time, true);
    writ_put(out, "  %-18s  ", writ_record_type_text(r->type));
    summary(out, r);
    writ_newline(out);
}
