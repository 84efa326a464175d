#include "commands.h"

#include "connect.h"
#include "ledger_read.h"
#include "list.h"
#include "submit.h"
#include "text.h"
#include "words.h"

#include "base/banned.h"

/* clang-format off */
const struct writ_option WRIT_OPTIONS_REVOKE[] = {
    { WRIT_OPTION_ONE, "agent", NULL, "AGENT", "all grants that this agent holds", false },
    { WRIT_OPTION_ONE, "human", NULL, "NAME", "all grants that this human answers for", false },
    { WRIT_OPTION_ONE, "reason", NULL, "TEXT", "why; kept in the ledger", false },
    WRIT_OPTIONS_DONE,
};
/* clang-format on */

static enum writ_style state_style(const char *state)
{
    if (strcmp(state, "active") == 0)
        return WRIT_STYLE_GOOD;
    return strcmp(state, "not_yet") == 0 ? WRIT_STYLE_WAIT : WRIT_STYLE_BAD;
}

static enum writ_status show_one(struct writ_cli *cli, const json_t *g, struct writ_err *err)
{
    WRIT_AUTO_LEDGER ledger = { 0 };
    WRIT_AUTO_JSON *text = NULL;
    const json_t *used = json_object_get(g, "used");
    const char *state = writ_field_text(g, "state");
    struct writ_out *out = &cli->out;

    if (g == NULL)
        return writ_fail(err, WRIT_NOT_FOUND, "there is no grant \"%s\"", cli->args.words[0]);
    WRIT_TRY(writ_ledger_open(cli, &ledger, err));
    WRIT_TRY(writ_ledger_at(&ledger, writ_field_number(g, "index"), err));
    if (ledger.record.type != WRIT_RECORD_GRANT_SIGNED &&
        ledger.record.type != WRIT_RECORD_GRANT_DERIVED)
        return writ_fail(err, WRIT_CORRUPT, "the ledger here is not the authority's");
    WRIT_TRY(
        writ_json_parse_object(ledger.record.as.signed_text.text, WRIT_RECORD_MAX, &text, err));
    writ_put_style(out, WRIT_STYLE_BOLD, "%s ", writ_field_text(g, "id"));
    writ_put_style(out, state_style(state), "%s", state);
    writ_say(out, ", signed by %.*s (index %llu)", WRIT_FMT(ledger.record.as.signed_text.by),
             (unsigned long long)ledger.index);
    writ_words_grant(out, text);
    writ_words_label(out, "used");
    writ_say(out, "%llu calls, %llu in flight, %g spent",
             (unsigned long long)writ_field_number(used, "calls"),
             (unsigned long long)writ_field_number(used, "in_flight"),
             (double)writ_field_number(used, "spend_millionths") / 1e6);
    return WRIT_OK;
}

enum writ_status writ_cmd_grants(struct writ_cli *cli, struct writ_err *err)
{
    static const char *const HEAD[] = { "GRANT", "STATE",   "HOLDER",  "HUMAN",
                                        "CALLS", "EXPIRES", "ACTIONS", NULL };
    WRIT_AUTO_JSON *items = NULL;
    WRIT_AUTO_TABLE t;

    writ_table_init(&t, HEAD);
    WRIT_TRY(writ_call_view(cli, "grants", cli->args.words_len != 0 ? cli->args.words[0] : NULL,
                            writ_args_has(&cli->args, "all") || cli->args.words_len != 0, &items,
                            err));
    if (cli->json) {
        writ_put_json(&cli->out, items);
        return WRIT_OK;
    }
    if (cli->args.words_len != 0)
        return show_one(cli, json_array_get(items, 0), err);
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *g = json_array_get(items, i);
        const json_t *limit = json_object_get(json_object_get(g, "limits"), "calls");
        const char *state = writ_field_text(g, "state");
        unsigned long long used = writ_field_number(json_object_get(g, "used"), "calls");

        writ_table_addf(&t, WRIT_STYLE_BOLD, "%s", writ_field_text(g, "id"));
        writ_table_addf(&t, state_style(state), "%s", state);
        writ_table_addf(&t, WRIT_STYLE_PLAIN, "%s", writ_field_text(g, "holder"));
        writ_table_addf(&t, WRIT_STYLE_PLAIN, "%s", writ_field_text(g, "human"));
        if (limit != NULL)
            writ_table_addf(&t, WRIT_STYLE_PLAIN, "%llu/%lld", used,
                            (long long)json_integer_value(limit));
        else
            writ_table_addf(&t, WRIT_STYLE_PLAIN, "%llu", used);
        writ_table_addf(&t, WRIT_STYLE_PLAIN, "%s", writ_field_text(g, "expires"));
        writ_list_join(&t, json_object_get(g, "actions"));
    }
    return writ_list_print(cli, &t, "no grants are alive", err);
}

static enum writ_status revoke_one(struct writ_cli *cli, const char *id, struct writ_err *err)
{
    WRIT_AUTO_JSON *reply = NULL;

    WRIT_TRY(writ_submit_narrow(cli, "grant.revoked", id, &reply, err));
    if (!cli->json)
        writ_say(&cli->out, "Grant %s is revoked from ledger index %llu on", id,
                 (unsigned long long)writ_field_number(reply, "index"));
    return WRIT_OK;
}

static enum writ_status revoke_all(struct writ_cli *cli, const char *field, const char *name,
                                   json_t *revoked, struct writ_err *err)
{
    WRIT_AUTO_JSON *items = NULL;

    WRIT_TRY(writ_call_view(cli, "grants", NULL, false, &items, err));
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *g = json_array_get(items, i);
        const char *id = writ_field_text(g, "id");

        if (strcmp(writ_field_text(g, field), name) != 0)
            continue;
        enum writ_status st = revoke_one(cli, id, err);
        /* Revoked by somebody else in this moment: that is what was wanted. */
        if (st != WRIT_OK && st != WRIT_CONFLICT)
            return st;
        WRIT_TRY(writ_text_append(revoked, "revoked", id, err));
    }
    if (json_array_size(json_object_get(revoked, "revoked")) == 0)
        return writ_fail(err, WRIT_NOT_FOUND, "no grant that is alive has the %s %s", field, name);
    return WRIT_OK;
}

enum writ_status writ_cmd_revoke(struct writ_cli *cli, struct writ_err *err)
{
    WRIT_AUTO_JSON *revoked = json_object();
    const char *agent = writ_args_value(&cli->args, "agent");
    const char *human = writ_args_value(&cli->args, "human");
    size_t ways = cli->args.words_len + (agent != NULL ? 1u : 0u) + (human != NULL ? 1u : 0u);

    if (ways != 1)
        return writ_fail(err, WRIT_ARG, "name one grant, or --agent AGENT, or --human NAME");
    if (agent != NULL) {
        WRIT_TRY(revoke_all(cli, "holder", agent, revoked, err));
    } else if (human != NULL) {
        WRIT_TRY(revoke_all(cli, "human", human, revoked, err));
    } else {
        WRIT_TRY(revoke_one(cli, cli->args.words[0], err));
        WRIT_TRY(writ_text_append(revoked, "revoked", cli->args.words[0], err));
    }
    if (cli->json)
        writ_put_json(&cli->out, revoked);
    return WRIT_OK;
}
