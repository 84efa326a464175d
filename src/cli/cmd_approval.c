#include "commands.h"

#include "authority/authority.h"
#include "base/text.h"
#include "connect.h"
#include "home.h"
#include "list.h"
#include "submit.h"
#include "text.h"
#include "words.h"

#include "base/banned.h"

/* clang-format off */
const struct writ_option WRIT_OPTIONS_APPROVE[] = {
    { WRIT_OPTION_FLAG, "yes", "y", NULL, "do not ask before signing", false },
    WRIT_OPTION_HUMAN,
    WRIT_OPTION_SIGN_KEY,
    WRIT_OPTIONS_DONE,
};
/* clang-format on */

static enum writ_style approval_style(const char *state)
{
    if (strcmp(state, "given") == 0 || strcmp(state, "used") == 0)
        return WRIT_STYLE_GOOD;
    return strcmp(state, "pending") == 0 ? WRIT_STYLE_WAIT : WRIT_STYLE_BAD;
}

enum writ_status writ_cmd_approvals(struct writ_cli *cli, struct writ_err *err)
{
    static const char *const HEAD[] = { "APPROVAL", "STATE",  "GIVEN", "UNTIL",
                                        "AGENT",    "ACTION", "ON",    NULL };
    WRIT_AUTO_JSON *items = NULL;
    WRIT_AUTO_TABLE t;

    writ_table_init(&t, HEAD);
    WRIT_TRY(writ_call_view(cli, "approvals", NULL, writ_args_has(&cli->args, "all"), &items, err));
    if (cli->json) {
        writ_put_json(&cli->out, items);
        return WRIT_OK;
    }
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *a = json_array_get(items, i);
        const char *state = writ_field_text(a, "state");

        writ_table_addf(&t, WRIT_STYLE_BOLD, "%s", writ_field_text(a, "id"));
        writ_table_addf(&t, approval_style(state), "%s", state);
        writ_table_addf(&t, WRIT_STYLE_PLAIN, "%zu/%llu",
                        json_array_size(json_object_get(a, "given")),
                        (unsigned long long)writ_field_number(a, "quorum"));
        writ_table_addf(&t, WRIT_STYLE_PLAIN, "%.19sZ", writ_field_text(a, "expires"));
        writ_table_addf(&t, WRIT_STYLE_PLAIN, "%s", writ_field_text(a, "agent"));
        writ_table_addf(&t, WRIT_STYLE_PLAIN, "%s", writ_field_text(a, "action"));
        writ_list_join(&t, json_object_get(a, "resources"));
    }
    return writ_list_print(cli, &t, "nothing waits for an approval", err);
}

static enum writ_status approval_text(struct writ_cli *cli, const json_t *item, json_t *text,
                                      struct writ_buf *canonical, struct writ_err *err)
{
    static const char *const COPIED[] = { "digest", "action", "arguments" };
    WRIT_AUTO_BUF cell;
    const char *human;

    writ_buf_init(&cell, WRIT_HOME_LINE_MAX);
    WRIT_TRY(writ_cli_need(cli, "human", "WRIT_HUMAN", &human, err));
    WRIT_TRY(writ_submit_cell(cli, &cell, err));
    WRIT_TRY(writ_text_set(text, "approval", writ_field_text(item, "id"), err));
    WRIT_TRY(writ_text_set(text, "approver", human, err));
    for (size_t i = 0; i < sizeof(COPIED) / sizeof(COPIED[0]); i++)
        WRIT_TRY(writ_text_set(text, COPIED[i], writ_field_text(item, COPIED[i]), err));
    WRIT_TRY(
        writ_text_put(text, "resources", json_deep_copy(json_object_get(item, "resources")), err));
    WRIT_TRY(writ_text_head(cli->env, "writ.approval", writ_buf_slice(&cell), 'y', text, err));
    return writ_text_canonical(text, canonical, err);
}

/* The digest to be signed is computed here, from what is shown: writd's word is not enough. */
static enum writ_status check_digest(const json_t *item, struct writ_err *err)
{
    const json_t *list = json_object_get(item, "resources");
    struct writ_slice resources[WRIT_RECORD_LIST_MAX];
    struct writ_texts shown = { json_array_size(list), resources };
    char digest[65];

    if (shown.len > WRIT_RECORD_LIST_MAX)
        return writ_fail(err, WRIT_FORMAT, "writd shows more resources than an action can have");
    for (size_t i = 0; i < shown.len; i++)
        resources[i] = writ_json_text(json_array_get(list, i));
    writ_approval_digest(writ_cstr(writ_field_text(item, "grant")),
                         writ_cstr(writ_field_text(item, "action")), &shown,
                         writ_cstr(writ_field_text(item, "arguments")), digest);
    if (strcmp(digest, writ_field_text(item, "digest")) != 0)
        return writ_fail(err, WRIT_CORRUPT,
                         "the digest that writd asks to sign is not that of the action it shows: "
                         "nothing was signed");
    return WRIT_OK;
}

/* The same for the arguments, where they are still there. */
static enum writ_status check_arguments(const json_t *item, const json_t *found,
                                        struct writ_err *err)
{
    const json_t *arguments = json_object_get(found, "arguments");
    WRIT_AUTO_BUF canonical;
    uint8_t salt[WRIT_SALT_LEN];
    struct writ_hash digest;
    char hex[65];

    writ_buf_init(&canonical, 2 * WRIT_ARGUMENTS_MAX);
    if (json_is_null(arguments))
        return WRIT_OK;
    WRIT_TRY(writ_hex_decode(writ_cstr(writ_field_text(found, "salt")), salt, sizeof(salt)));
    WRIT_TRY(writ_json_canonical(arguments, &canonical, err));
    WRIT_TRY(writ_payload_digest(writ_slice(salt, sizeof(salt)), writ_buf_slice(&canonical),
                                 &digest, err));
    writ_hex(hex, digest.b, sizeof(digest.b));
    if (strcmp(hex, writ_field_text(item, "arguments")) != 0)
        return writ_fail(err, WRIT_CORRUPT,
                         "the arguments that writd shows are not those of the digest it asks to "
                         "sign: nothing was signed");
    return WRIT_OK;
}

enum writ_status writ_cmd_approve(struct writ_cli *cli, struct writ_err *err)
{
    WRIT_AUTO_JSON *found = NULL;
    WRIT_AUTO_JSON *text = json_object();
    WRIT_AUTO_JSON *reply = NULL;
    WRIT_AUTO_BUF canonical;
    char what[128];
    const char *id = cli->args.words[0];

    writ_buf_init(&canonical, 2 * WRIT_TEXT_MAX);
    if (text == NULL)
        return writ_fail_nomem(err);
    WRIT_TRY(writ_call(cli, "approval", json_pack("{s:s}", "id", id), &found, err));
    const json_t *item = json_object_get(found, "approval");
    const char *state = writ_field_text(item, "state");
    if (strcmp(state, "pending") != 0)
        return writ_fail(err, WRIT_CONFLICT, "approval %s is not open any more: it is %s", id,
                         state);
    WRIT_TRY(check_digest(item, err));
    WRIT_TRY(check_arguments(item, found, err));
    WRIT_TRY(approval_text(cli, item, text, &canonical, err));
    writ_words_approval(&cli->note, item, json_object_get(found, "arguments"));
    writ_newline(&cli->note);
    writ_put_style(&cli->note, WRIT_STYLE_DIM, "The text to sign, %zu bytes:", canonical.len);
    writ_newline(&cli->note);
    writ_say(&cli->note, "%.*s", (int)canonical.len, (const char *)canonical.ptr);
    writ_newline(&cli->note);
    WRIT_TRY(writ_submit_ask(cli, "Approve exactly this action, once?", err));
    WRIT_TRY(writ_submit_signed(cli, "writ.approval", writ_buf_slice(&canonical), &reply, err));
    (void)snprintf(what, sizeof(what), "Approval %s is given", id);
    writ_submit_print(cli, what, reply);
    return WRIT_OK;
}

enum writ_status writ_cmd_refuse(struct writ_cli *cli, struct writ_err *err)
{
    return writ_submit_narrow_word(cli, "approval.refused", "Approval", "is refused", err);
}
