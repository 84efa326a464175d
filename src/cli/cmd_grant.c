#include "commands.h"

#include "authority/grant.h"
#include "connect.h"
#include "grant_options.h"
#include "home.h"
#include "ledger_read.h"
#include "submit.h"
#include "text.h"
#include "words.h"

#include "base/banned.h"

/* clang-format off */
const struct writ_option WRIT_OPTIONS_GRANT[] = {
    { WRIT_OPTION_ONE, "holder", NULL, "AGENT", "the agent that may act", false },
    WRIT_GRANT_OPTIONS,
    WRIT_OPTION_HUMAN,
    WRIT_OPTION_SIGN_KEY,
    WRIT_OPTIONS_DONE,
};

const struct writ_option WRIT_OPTIONS_DERIVE[] = {
    { WRIT_OPTION_ONE, "parent", NULL, "GRANT", "the grant to pass on a part of", true },
    { WRIT_OPTION_ONE, "agent", NULL, "AGENT", "who passes it on; the parent's holder if not given", false },
    { WRIT_OPTION_ONE, "agent-key", NULL, "FILE", "that agent's key; HOME/agents/AGENT.key if not given", false },
    { WRIT_OPTION_ONE, "holder", NULL, "AGENT", "the agent that gets it", false },
    WRIT_GRANT_OPTIONS,
    WRIT_OPTIONS_DONE,
};
/* clang-format on */

/* Words, then the exact bytes, then the question. Nothing is signed that was not shown. */
static enum writ_status show_and_ask(struct writ_cli *cli, const json_t *grant,
                                     struct writ_slice canonical, const char *question,
                                     struct writ_err *err)
{
    WRIT_AUTO_GRANT *read = NULL;

    /* The authority's own reader: what it would refuse is not worth a signature. */
    WRIT_TRY(writ_grant_parse(canonical, &read, err));
    writ_words_grant(&cli->note, grant);
    writ_newline(&cli->note);
    writ_put_style(&cli->note, WRIT_STYLE_DIM, "The text to sign, %zu bytes:", canonical.len);
    writ_newline(&cli->note);
    writ_say(&cli->note, "%.*s", (int)canonical.len, (const char *)canonical.ptr);
    writ_newline(&cli->note);
    return writ_submit_ask(cli, question, err);
}

static enum writ_status set_holder(struct writ_cli *cli, json_t *grant, struct writ_err *err)
{
    const char *holder = writ_args_value(&cli->args, "holder");

    if (holder != NULL)
        WRIT_TRY(writ_text_set(grant, "holder", holder, err));
    if (json_object_get(grant, "holder") == NULL)
        return writ_fail(err, WRIT_ARG, "--holder AGENT is missing");
    return WRIT_OK;
}

static void print_grant(struct writ_cli *cli, const json_t *grant, const json_t *reply)
{
    const char *id = writ_field_text(grant, "id");

    if (cli->json) {
        writ_put_json(&cli->out, reply);
        return;
    }
    writ_put(&cli->out, "Grant ");
    writ_put_style(&cli->out, WRIT_STYLE_BOLD, "%s", id);
    writ_say(&cli->out, " for %s until %s (ledger index %llu)", writ_field_text(grant, "holder"),
             writ_field_text(grant, "expires"),
             (unsigned long long)writ_field_number(reply, "index"));
}

enum writ_status writ_cmd_grant(struct writ_cli *cli, struct writ_err *err)
{
    WRIT_AUTO_JSON *grant = json_object();
    WRIT_AUTO_JSON *reply = NULL;
    WRIT_AUTO_BUF cell;
    WRIT_AUTO_BUF canonical;
    const char *human;

    writ_buf_init(&cell, WRIT_HOME_LINE_MAX);
    writ_buf_init(&canonical, 2 * WRIT_TEXT_MAX);
    if (grant == NULL)
        return writ_fail_nomem(err);
    WRIT_TRY(writ_grant_from_options(cli, grant, err));
    WRIT_TRY(set_holder(cli, grant, err));
    WRIT_TRY(writ_cli_need(cli, "human", "WRIT_HUMAN", &human, err));
    WRIT_TRY(writ_text_set(grant, "human", human, err));
    WRIT_TRY(writ_text_put(grant, "parent", json_null(), err));
    WRIT_TRY(writ_submit_cell(cli, &cell, err));
    WRIT_TRY(writ_text_head(cli->env, "writ.grant", writ_buf_slice(&cell), 'g', grant, err));
    WRIT_TRY(writ_text_canonical(grant, &canonical, err));
    WRIT_TRY(show_and_ask(cli, grant, writ_buf_slice(&canonical), "Sign this grant?", err));
    WRIT_TRY(writ_submit_signed(cli, "writ.grant", writ_buf_slice(&canonical), &reply, err));
    print_grant(cli, grant, reply);
    return WRIT_OK;
}

/* The parent's text as it was signed, from the ledger. */
static enum writ_status parent_text(struct writ_cli *cli, const char *id, const json_t *item,
                                    struct writ_buf *out, struct writ_err *err)
{
    WRIT_AUTO_LEDGER ledger = { 0 };

    WRIT_TRY(writ_ledger_open(cli, &ledger, err));
    WRIT_TRY(writ_ledger_at(&ledger, writ_field_number(item, "index"), err));
    if (ledger.record.type != WRIT_RECORD_GRANT_SIGNED &&
        ledger.record.type != WRIT_RECORD_GRANT_DERIVED)
        return writ_fail(err, WRIT_CORRUPT, "the ledger here is not the one that has grant %s", id);
    return writ_buf_add(out, ledger.record.as.signed_text.text);
}

/* What is not said is as in the parent; its approval rules apply in any case. */
static enum writ_status inherit(struct writ_slice parent, json_t *grant, struct writ_err *err)
{
    static const char *const FIELDS[] = { "human",     "purpose", "actions", "resources",
                                          "arguments", "limits",  "proof",   "expires" };
    WRIT_AUTO_JSON *text = NULL;

    WRIT_TRY(writ_json_parse_object(parent, WRIT_TEXT_MAX, &text, err));
    for (size_t i = 0; i < sizeof(FIELDS) / sizeof(FIELDS[0]); i++) {
        json_t *value = json_object_get(text, FIELDS[i]);
        if (value != NULL && json_object_set_new(grant, FIELDS[i], json_deep_copy(value)) != 0)
            return writ_fail_nomem(err);
    }
    return WRIT_OK;
}

static enum writ_status derive_text(struct writ_cli *cli, const char *id, struct writ_slice parent,
                                    json_t *grant, struct writ_buf *canonical, struct writ_err *err)
{
    WRIT_AUTO_BUF cell;
    WRIT_AUTO_JSON *human = NULL;

    writ_buf_init(&cell, WRIT_HOME_LINE_MAX);
    WRIT_TRY(inherit(parent, grant, err));
    human = json_incref(json_object_get(grant, "human"));
    WRIT_TRY(writ_grant_from_options(cli, grant, err));
    WRIT_TRY(set_holder(cli, grant, err));
    WRIT_TRY(writ_text_put(grant, "human", json_incref(human), err));
    WRIT_TRY(writ_text_set(grant, "parent", id, err));
    WRIT_TRY(writ_submit_cell(cli, &cell, err));
    WRIT_TRY(writ_text_head(cli->env, "writ.grant", writ_buf_slice(&cell), 'g', grant, err));
    return writ_text_canonical(grant, canonical, err);
}

/* Named here, before signing, rather than by the authority afterwards. */
static enum writ_status check_within(struct writ_slice parent, struct writ_slice child,
                                     struct writ_err *err)
{
    WRIT_AUTO_GRANT *outer = NULL;
    WRIT_AUTO_GRANT *inner = NULL;

    WRIT_TRY(writ_grant_parse(parent, &outer, err));
    WRIT_TRY(writ_grant_parse(child, &inner, err));
    return writ_grant_within(inner, outer, err);
}

enum writ_status writ_cmd_derive(struct writ_cli *cli, struct writ_err *err)
{
    WRIT_AUTO_JSON *grant = json_object();
    WRIT_AUTO_JSON *item = NULL;
    WRIT_AUTO_JSON *reply = NULL;
    WRIT_AUTO_KEY *key = NULL;
    WRIT_AUTO_BUF parent;
    WRIT_AUTO_BUF canonical;
    const char *id = writ_args_value(&cli->args, "parent");
    const char *agent = writ_args_value(&cli->args, "agent");

    writ_buf_init(&parent, WRIT_TEXT_MAX);
    writ_buf_init(&canonical, 2 * WRIT_TEXT_MAX);
    if (grant == NULL)
        return writ_fail_nomem(err);
    WRIT_TRY(writ_home_find(cli, err));
    WRIT_TRY(writ_call_item(cli, "grants", id, &item, err));
    if (agent == NULL)
        agent = writ_field_text(item, "holder");
    WRIT_TRY(writ_home_agent_key(cli, agent, &key, err));
    WRIT_TRY(parent_text(cli, id, item, &parent, err));
    WRIT_TRY(derive_text(cli, id, writ_buf_slice(&parent), grant, &canonical, err));
    WRIT_TRY(check_within(writ_buf_slice(&parent), writ_buf_slice(&canonical), err));
    WRIT_TRY(show_and_ask(cli, grant, writ_buf_slice(&canonical), "Pass this on?", err));
    WRIT_TRY(writ_submit_derived(cli, key, writ_buf_slice(&canonical), &reply, err));
    print_grant(cli, grant, reply);
    return WRIT_OK;
}
