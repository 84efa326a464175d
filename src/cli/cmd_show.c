#include "commands.h"

#include "amount.h"
#include "connect.h"
#include "record_line.h"
#include "story.h"
#include "words.h"

#include "base/banned.h"

#define PAYLOAD_LINES 40

/* clang-format off */
const struct writ_option WRIT_OPTIONS_SHOW[] = {
    { WRIT_OPTION_FLAG, "payloads", NULL, NULL, "arguments and results too; this is recorded", false },
    WRIT_OPTIONS_DONE,
};
/* clang-format on */

struct counts {
    unsigned allowed, denied, held, doubtful;
};

static struct counts count(const struct writ_story *s)
{
    struct counts c = { 0 };

    for (const struct writ_story_action *a = s->actions; a != NULL; a = a->next) {
        bool allowed = writ_slice_is(a->decided->verdict, "allow");
        c.allowed += allowed;
        c.denied += writ_slice_is(a->decided->verdict, "deny");
        c.held += writ_slice_is(a->decided->verdict, "hold");
        c.doubtful += allowed && a->completed == NULL;
    }
    return c;
}

/* "alice -> planner -> worker": each link with the text that made it. */
static void print_chain(struct writ_out *out, const struct writ_story *s)
{
    for (const struct writ_story_grant *g = s->grants; g != NULL; g = g->next) {
        WRIT_AUTO_JSON *text = NULL;

        if (writ_json_parse_object(g->text, WRIT_RECORD_MAX, &text, NULL) != WRIT_OK)
            continue;
        writ_words_label(out, g->derived ? "passed on" : "granted");
        writ_put_style(out, WRIT_STYLE_BOLD, "%.*s → %s", WRIT_FMT(g->by),
                       writ_field_text(text, "holder"));
        writ_say(out, "  %s, until %s (index %llu)", writ_field_text(text, "id"),
                 writ_field_text(text, "expires"), (unsigned long long)g->index);
        writ_words_label(out, "");
        writ_say(out, "“%s”", writ_field_text(text, "purpose"));
    }
    if (s->grants == NULL) {
        writ_words_label(out, "granted");
        writ_say(out, "nothing: no grant was found for what was tried");
    }
}

static void print_agents(struct writ_out *out, const struct writ_story *s)
{
    bool first = true;

    for (const struct writ_story_action *a = s->actions; a != NULL; a = a->next) {
        const struct writ_story_action *b = s->actions;

        while (b != a && !writ_slice_eq(b->decided->agent, a->decided->agent))
            b = b->next;
        if (b != a)
            continue;
        writ_words_label(out, first ? "agents" : "");
        first = false;
        writ_say(out, "%.*s  (%.*s, %.*s)", WRIT_FMT(a->decided->agent),
                 WRIT_FMT(a->decided->instance), WRIT_FMT(a->decided->gateway));
    }
}

/* The first named human: every chain of one transaction may have its own, and lists its own. */
static struct writ_slice first_human(const struct writ_story *s)
{
    for (const struct writ_story_action *a = s->actions; a != NULL; a = a->next)
        if (a->decided->human.len != 0)
            return a->decided->human;
    return WRIT_LIT("nobody");
}

static void print_head(struct writ_out *out, const struct writ_story *s)
{
    struct counts c = count(s);

    writ_put_style(out, WRIT_STYLE_BOLD, "Transaction %.*s", WRIT_FMT(s->txn));
    writ_newline(out);
    writ_words_label(out, "human");
    writ_say(out, "%.*s", WRIT_FMT(first_human(s)));
    print_agents(out, s);
    print_chain(out, s);
    writ_words_label(out, "actions");
    writ_put(out, "%u allowed, %u denied, %u held", c.allowed, c.denied, c.held);
    if (c.doubtful != 0)
        writ_put_style(out, WRIT_STYLE_BAD, ", %u in doubt", c.doubtful);
    writ_newline(out);
}

static void print_approval(struct writ_out *out, const struct writ_story *s, struct writ_slice id)
{
    const struct writ_story_approval *a = s->approvals;

    while (a != NULL && !writ_slice_eq(a->held->id, id))
        a = a->next;
    if (a == NULL)
        return;
    writ_words_label(out, "  approval");
    writ_put(out, "%.*s asked (index %llu)", WRIT_FMT(id), (unsigned long long)a->index);
    for (const struct writ_story_given *g = a->given; g != NULL; g = g->next) {
        writ_put(out, ", given by ");
        writ_put_style(out, WRIT_STYLE_GOOD, "%.*s", WRIT_FMT(g->by));
        writ_put(out, " at ");
        writ_put_clock(out, g->time, false);
        writ_put(out, " (index %llu)", (unsigned long long)g->index);
    }
    if (a->refused_by.len != 0)
        writ_put_style(out, WRIT_STYLE_BAD, ", refused by %.*s: %.*s", WRIT_FMT(a->refused_by),
                       WRIT_FMT(a->refused_reason));
    if (a->expired)
        writ_put_style(out, WRIT_STYLE_BAD, ", ran out undecided");
    writ_newline(out);
}

static void print_outcome(struct writ_out *out, const struct writ_story_action *a)
{
    char took[WRIT_DURATION_TEXT];

    if (!writ_slice_is(a->decided->verdict, "allow"))
        return;
    writ_words_label(out, "  outcome");
    if (a->completed == NULL) {
        writ_put_style(out, WRIT_STYLE_BAD, "IN DOUBT: allowed, and nobody said how it ended");
        writ_newline(out);
        return;
    }
    writ_duration_format(a->completed->duration, took);
    writ_put(out, "%.*s after %s", WRIT_FMT(a->completed->status), took);
    if (a->completed->result.len != 0)
        writ_put(out, ", result %.12s…", (const char *)a->completed->result.ptr);
    writ_say(out, " (index %llu)", (unsigned long long)a->completed_index);
}

/* Reading a payload is itself on record, before the payload is given out. */
static void print_payload(struct writ_cli *cli, const struct writ_story *s, const char *label,
                          struct writ_slice digest, json_t *into)
{
    WRIT_AUTO_JSON *reply = NULL;
    struct writ_err why = { 0 };

    if (digest.len == 0)
        return;
    enum writ_status st = writ_call(
        cli, "payload",
        json_pack("{s:s%, s:s%}", "digest", digest.ptr, digest.len, "txn", s->txn.ptr, s->txn.len),
        &reply, &why);
    json_t *json = json_object_get(reply, "json");
    if (into != NULL) {
        (void)json_object_set(into, label, st == WRIT_OK && json != NULL ? json : json_null());
        return;
    }
    writ_put(&cli->out, "  ");
    writ_words_label(&cli->out, label);
    writ_say(&cli->out, "%s", st == WRIT_OK ? "" : why.text);
    if (st == WRIT_OK && json != NULL)
        writ_words_json(&cli->out, json, PAYLOAD_LINES);
}

static void print_action(struct writ_cli *cli, const struct writ_story *s,
                         const struct writ_story_action *a)
{
    struct writ_out *out = &cli->out;
    const struct writ_rec_decided *d = a->decided;

    writ_newline(out);
    writ_put_clock(out, a->time, false);
    writ_put(out, "  ");
    writ_put_style(out, writ_verdict_style(d->verdict), "%-5.*s", WRIT_FMT(d->verdict));
    writ_put(out, "  ");
    writ_put_style(out, WRIT_STYLE_BOLD, "%.*s", WRIT_FMT(d->action));
    writ_say(out, "%s", d->sensitive ? "  (sensitive)" : "");
    writ_words_label(out, "  on");
    writ_put_texts(out, &d->resources);
    writ_newline(out);
    writ_words_label(out, "  by");
    writ_say(out, "%.*s under %.*s, %s (index %llu)", WRIT_FMT(d->agent),
             WRIT_FMT(d->grant.len != 0 ? d->grant : WRIT_LIT("no grant")),
             writ_slice_is(d->proof.kind, "key") ? "signed" : "by its session",
             (unsigned long long)a->index);
    if (d->reason.len != 0) {
        writ_words_label(out, "  because");
        writ_say(out, "%.*s: %.*s", WRIT_FMT(d->reason), WRIT_FMT(d->detail));
    }
    if (d->approval.len != 0)
        print_approval(out, s, d->approval);
    print_outcome(out, a);
    if (writ_args_has(&cli->args, "payloads")) {
        print_payload(cli, s, "arguments", d->arguments, NULL);
        if (a->completed != NULL)
            print_payload(cli, s, "result", a->completed->result, NULL);
    }
}

static json_t *text_of(struct writ_slice s)
{
    return json_stringn(s.len != 0 ? (const char *)s.ptr : "", s.len);
}

static json_t *action_json(struct writ_cli *cli, const struct writ_story *s,
                           const struct writ_story_action *a)
{
    const struct writ_rec_decided *d = a->decided;
    json_t *resources = json_array();

    for (size_t i = 0; i < d->resources.len; i++)
        (void)json_array_append_new(resources, text_of(d->resources.at[i]));
    json_t *one =
        json_pack("{s:I,s:I,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "index", (json_int_t)a->index,
                  "time", (json_int_t)a->time, "agent", text_of(d->agent), "human",
                  text_of(d->human), "action", text_of(d->action), "resources", resources,
                  "verdict", text_of(d->verdict), "reason", text_of(d->reason), "detail",
                  text_of(d->detail), "grant", text_of(d->grant), "approval", text_of(d->approval));
    if (a->completed != NULL)
        (void)json_object_set_new(
            one, "outcome",
            json_pack("{s:I,s:o,s:I,s:o}", "index", (json_int_t)a->completed_index, "status",
                      text_of(a->completed->status), "duration_us",
                      (json_int_t)a->completed->duration, "result", text_of(a->completed->result)));
    (void)json_object_set_new(
        one, "in_doubt", json_boolean(a->completed == NULL && writ_slice_is(d->verdict, "allow")));
    if (writ_args_has(&cli->args, "payloads")) {
        print_payload(cli, s, "arguments", d->arguments, one);
        if (a->completed != NULL)
            print_payload(cli, s, "result", a->completed->result, one);
    }
    return one;
}

static void print_json(struct writ_cli *cli, const struct writ_story *s)
{
    json_t *actions = json_array(), *grants = json_array(), *approvals = json_array();
    WRIT_AUTO_JSON *whole = NULL;

    for (const struct writ_story_grant *g = s->grants; g != NULL; g = g->next) {
        json_t *text = NULL;
        if (writ_json_parse_object(g->text, WRIT_RECORD_MAX, &text, NULL) == WRIT_OK)
            (void)json_array_append_new(grants,
                                        json_pack("{s:I,s:o,s:o}", "index", (json_int_t)g->index,
                                                  "by", text_of(g->by), "text", text));
    }
    for (const struct writ_story_approval *a = s->approvals; a != NULL; a = a->next) {
        json_t *given = json_array();
        for (const struct writ_story_given *g = a->given; g != NULL; g = g->next)
            (void)json_array_append_new(given, text_of(g->by));
        (void)json_array_append_new(
            approvals, json_pack("{s:o,s:I,s:o,s:o,s:b}", "id", text_of(a->held->id), "index",
                                 (json_int_t)a->index, "given", given, "refused_by",
                                 text_of(a->refused_by), "expired", a->expired ? 1 : 0));
    }
    for (const struct writ_story_action *a = s->actions; a != NULL; a = a->next)
        (void)json_array_append_new(actions, action_json(cli, s, a));
    whole = json_pack("{s:o,s:o,s:o,s:o}", "txn", text_of(s->txn), "grants", grants, "approvals",
                      approvals, "actions", actions);
    writ_put_json(&cli->out, whole);
}

enum writ_status writ_cmd_show(struct writ_cli *cli, struct writ_err *err)
{
    struct writ_story s;
    enum writ_status st = writ_story_read(cli, writ_cstr(cli->args.words[0]), &s, err);

    if (st == WRIT_OK && cli->json)
        print_json(cli, &s);
    if (st == WRIT_OK && !cli->json) {
        print_head(&cli->out, &s);
        for (const struct writ_story_action *a = s.actions; a != NULL; a = a->next)
            print_action(cli, &s, a);
    }
    writ_story_release(&s);
    return st;
}
