#include "words.h"

#include <stdlib.h>

#include "amount.h"
#include "base/text.h"
#include "connect.h"

#include "base/banned.h"

#define LABEL_WIDTH 12

void writ_words_label(struct writ_out *out, const char *label)
{
    writ_put(out, "  ");
    writ_put_style(out, WRIT_STYLE_DIM, "%-*s", LABEL_WIDTH, label);
}

static void labelled(struct writ_out *out, const char *label, const char *text)
{
    writ_words_label(out, label);
    writ_say(out, "%s", text);
}

/* One a line, the label before the first. */
static void list(struct writ_out *out, const char *label, const json_t *items)
{
    for (size_t i = 0; i < json_array_size(items); i++) {
        const char *text = json_string_value(json_array_get(items, i));
        labelled(out, i == 0 ? label : "", text != NULL ? text : "?");
    }
}

static void add_json(struct writ_buf *out, const json_t *value)
{
    char *text = value == NULL ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

    if (text != NULL && writ_buf_add_cstr(out, text) != WRIT_OK)
        out->len = 0;
    free(text);
}

static void add(struct writ_buf *out, const char *text)
{
    /* A full buffer shows as a text that ends early; the canonical JSON stands below it. */
    if (writ_buf_add_cstr(out, text) != WRIT_OK)
        return;
}

static void add_range(struct writ_buf *out, const json_t *range)
{
    const json_t *min = json_object_get(range, "min"), *max = json_object_get(range, "max");

    add(out, min != NULL ? "is at least " : "is at most ");
    add_json(out, min != NULL ? min : max);
    if (min != NULL && max != NULL) {
        add(out, " and at most ");
        add_json(out, max);
    }
}

void writ_words_constraint(const json_t *c, struct writ_buf *out)
{
    static const struct {
        const char *key, *words;
    } FORMS[] = {
        { "exact", "is exactly " },
        { "one_of", "is one of " },
        { "prefix", "begins with " },
        { "subset", "has only elements of " },
    };
    const char *kind = writ_field_text(c, "kind");

    if (json_is_true(json_object_get(c, "any"))) {
        add(out, "may be anything");
        return;
    }
    if (json_is_true(json_object_get(c, "absent"))) {
        add(out, "must not be there");
        return;
    }
    if (json_object_get(c, "range") != NULL)
        add_range(out, json_object_get(c, "range"));
    for (size_t i = 0; i < sizeof(FORMS) / sizeof(FORMS[0]); i++)
        if (json_object_get(c, FORMS[i].key) != NULL) {
            add(out, FORMS[i].words);
            add_json(out, json_object_get(c, FORMS[i].key));
        }
    if (*kind != '\0') {
        add(out, ", as a ");
        add(out, kind);
    }
    if (json_is_true(json_object_get(c, "optional")))
        add(out, ", or is left out");
}

static void arguments(struct writ_out *out, const json_t *rules)
{
    const char *action, *name;
    json_t *spec, *constraint;
    bool first = true;

    json_object_foreach((json_t *)(uintptr_t)rules, action, spec)
    {
        labelled(out, first ? "where" : "", action);
        first = false;
        if (json_object_size(spec) == 0)
            labelled(out, "", "  has no arguments");
        json_object_foreach(spec, name, constraint)
        {
            WRIT_AUTO_BUF words;
            writ_buf_init(&words, 32768);
            writ_words_constraint(constraint, &words);
            writ_words_label(out, "");
            writ_say(out, "  %s %.*s", name, WRIT_FMT(writ_buf_slice(&words)));
        }
        labelled(out, "", "  and no other arguments");
    }
}

static void limits(struct writ_out *out, const json_t *l)
{
    const json_t *spend = json_object_get(l, "spend");
    const char *between = "";

    writ_words_label(out, "at most");
    if (json_object_size(l) == 0)
        writ_put(out, "no limit of calls, rate, spending or concurrency");
    if (json_object_get(l, "calls") != NULL) {
        writ_put(out, "%llu calls", (unsigned long long)writ_field_number(l, "calls"));
        between = ", ";
    }
    if (json_object_get(l, "per_minute") != NULL) {
        writ_put(out, "%s%llu a minute", between,
                 (unsigned long long)writ_field_number(l, "per_minute"));
        between = ", ";
    }
    if (json_object_get(l, "concurrency") != NULL) {
        writ_put(out, "%s%llu at a time", between,
                 (unsigned long long)writ_field_number(l, "concurrency"));
        between = ", ";
    }
    if (spend != NULL) {
        WRIT_AUTO_BUF max;
        writ_buf_init(&max, 256);
        add_json(&max, json_object_get(spend, "max"));
        writ_put(out, "%s%.*s %s in all", between, WRIT_FMT(writ_buf_slice(&max)),
                 writ_field_text(spend, "unit"));
    }
    writ_newline(out);
}

static void approvals(struct writ_out *out, const json_t *rules)
{
    for (size_t i = 0; i < json_array_size(rules); i++) {
        const json_t *rule = json_array_get(rules, i);
        uint64_t quorum = writ_field_number(rule, "quorum");
        char within[WRIT_DURATION_TEXT];

        list(out, "needs a yes", json_object_get(rule, "actions"));
        writ_duration_format(writ_field_number(rule, "within_s") * WRIT_SECOND, within);
        writ_words_label(out, "");
        writ_say(out, "  from %llu %s%s, within %s", (unsigned long long)quorum,
                 quorum == 1 ? "approver" : "approvers",
                 writ_field_true(rule, "four_eyes") ? " other than the grant's own human" : "",
                 within);
    }
}

static void validity(struct writ_out *out, const json_t *g)
{
    const char *from = writ_field_text(g, "not_before"), *until = writ_field_text(g, "expires");
    uint64_t a, b;
    char span[WRIT_DURATION_TEXT] = "?";

    if (writ_time_parse(writ_cstr(from), &a) == WRIT_OK &&
        writ_time_parse(writ_cstr(until), &b) == WRIT_OK && b > a)
        writ_duration_format(b - a, span);
    labelled(out, "from", from);
    writ_words_label(out, "until");
    writ_say(out, "%s (%s)", until, span);
}

void writ_words_grant(struct writ_out *out, const json_t *g)
{
    const json_t *parent = json_object_get(g, "parent");
    uint64_t depth = writ_field_number(g, "max_depth");

    writ_put_style(out, WRIT_STYLE_BOLD, "%s lets the agent %s act", writ_field_text(g, "human"),
                   writ_field_text(g, "holder"));
    writ_newline(out);
    if (json_is_string(parent))
        labelled(out, "within", json_string_value(parent));
    labelled(out, "to", writ_field_text(g, "purpose"));
    list(out, "by", json_object_get(g, "actions"));
    list(out, "on", json_object_get(g, "resources"));
    arguments(out, json_object_get(g, "arguments"));
    limits(out, json_object_get(g, "limits"));
    approvals(out, json_object_get(g, "approval"));
    validity(out, g);
    writ_words_label(out, "passing on");
    if (depth == 0)
        writ_say(out, "not allowed");
    else
        writ_say(out, "allowed, %llu %s deep", (unsigned long long)depth,
                 depth == 1 ? "level" : "levels");
    labelled(out, "proof",
             strcmp(writ_field_text(g, "proof"), "key") == 0
                 ? "the agent signs each action"
                 : "an authenticated session is enough");
}

void writ_words_json(struct writ_out *out, const json_t *value, size_t limit)
{
    char *text = json_dumps(value, JSON_INDENT(2) | JSON_ENCODE_ANY);
    const char *line = text;
    size_t lines = 0;

    while (line != NULL && *line != '\0') {
        size_t len = strcspn(line, "\n");

        if (limit != 0 && lines++ == limit) {
            writ_say(out, "    …");
            break;
        }
        writ_say(out, "    %.*s", (int)(len < WRIT_LINE_MAX ? len : WRIT_LINE_MAX), line);
        line += len + (line[len] == '\n' ? 1 : 0);
    }
    free(text);
}

void writ_words_approval(struct writ_out *out, const json_t *item, const json_t *args)
{
    writ_put_style(out, WRIT_STYLE_BOLD, "%s asks to act, and needs a yes",
                   writ_field_text(item, "agent"));
    writ_newline(out);
    labelled(out, "approval", writ_field_text(item, "id"));
    labelled(out, "action", writ_field_text(item, "action"));
    list(out, "on", json_object_get(item, "resources"));
    labelled(out, "grant", writ_field_text(item, "grant"));
    labelled(out, "for", writ_field_text(item, "human"));
    labelled(out, "transaction", writ_field_text(item, "txn"));
    labelled(out, "asked", writ_field_text(item, "requested"));
    labelled(out, "until", writ_field_text(item, "expires"));
    writ_words_label(out, "needs");
    writ_say(out, "%llu, given %zu%s", (unsigned long long)writ_field_number(item, "quorum"),
             json_array_size(json_object_get(item, "given")),
             writ_field_true(item, "four_eyes") ? ", not by the grant's own human" : "");
    labelled(out, "arguments", args == NULL || json_is_null(args) ? "(not there any more)" : "");
    if (args != NULL && !json_is_null(args))
        writ_words_json(out, args, 0);
}

static void mapping(struct writ_out *out, const char *label, const json_t *object)
{
    const char *name;
    json_t *value;
    bool first = true;

    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        WRIT_AUTO_BUF text;
        writ_buf_init(&text, 32768);
        add_json(&text, value);
        writ_words_label(out, first ? label : "");
        writ_say(out, "%s  %.*s", name, WRIT_FMT(writ_buf_slice(&text)));
        first = false;
    }
}

void writ_words_target(struct writ_out *out, const json_t *t)
{
    bool pin = strcmp(writ_field_text(t, "on_new_tool"), "pin") == 0;

    writ_put_style(out, WRIT_STYLE_BOLD, "Target %s (%s%s)", writ_field_text(t, "target"),
                   writ_field_text(t, "environment"),
                   writ_field_true(t, "third_party") ? ", third party" : "");
    writ_newline(out);
    mapping(out, "acts on", json_object_get(t, "resources"));
    list(out, "sensitive", json_object_get(t, "sensitive"));
    mapping(out, "spends", json_object_get(t, "spend"));
    mapping(out, "tools", json_object_get(t, "tools"));
    labelled(out, "new tools",
             pin ? "are accepted as first seen, and held when they change"
                 : "are held until somebody accepts them");
}
