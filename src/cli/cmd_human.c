#include "commands.h"

#include "connect.h"
#include "list.h"
#include "sign.h"
#include "submit.h"
#include "text.h"

#include "base/banned.h"

/* clang-format off */
const struct writ_option WRIT_OPTIONS_HUMAN_ADD[] = {
    { WRIT_OPTION_MANY, "key", NULL, "FILE", "an SSH public key; up to eight times", true },
    { WRIT_OPTION_ONE, "roles", NULL, "LIST", "of operator,approver,policy,auditor", true },
    WRIT_OPTION_HUMAN,
    WRIT_OPTION_SIGN_KEY,
    WRIT_OPTIONS_DONE,
};
/* clang-format on */

static enum writ_status add_key(json_t *text, const char *path, struct writ_err *err)
{
    struct writ_ssh_key key;
    WRIT_AUTO_BUF line;
    struct writ_err why = { 0 };

    writ_buf_init(&line, WRIT_SSH_LINE_MAX + 1);
    enum writ_status st = writ_sign_public(path, &key, &why);
    if (st != WRIT_OK)
        return writ_fail(err, st, "%s: %s", path, why.text);
    WRIT_TRY(writ_ssh_key_line(&key, &line));
    WRIT_TRY(writ_buf_add_byte(&line, '\0'));
    return writ_text_append(text, "keys", (const char *)line.ptr, err);
}

enum writ_status writ_cmd_human_add(struct writ_cli *cli, struct writ_err *err)
{
    WRIT_AUTO_JSON *text = json_object();
    WRIT_AUTO_JSON *reply = NULL;
    const char *name = cli->args.words[0], *path;
    char what[128];
    size_t cursor = 0;

    if (text == NULL)
        return writ_fail_nomem(err);
    WRIT_TRY(writ_text_set(text, "human", name, err));
    while ((path = writ_args_next(&cli->args, "key", &cursor)) != NULL)
        WRIT_TRY(add_key(text, path, err));
    WRIT_TRY(writ_text_commas(text, "roles", writ_args_value(&cli->args, "roles"), err));
    WRIT_TRY(writ_submit_change(cli, "writ.human", text, &reply, err));
    (void)snprintf(what, sizeof(what), "Human %s is added", name);
    writ_submit_print(cli, what, reply);
    return WRIT_OK;
}

enum writ_status writ_cmd_human_suspend(struct writ_cli *cli, struct writ_err *err)
{
    return writ_submit_narrow_word(cli, "human.suspended", "Human", "is suspended", err);
}

enum writ_status writ_cmd_human_remove(struct writ_cli *cli, struct writ_err *err)
{
    return writ_submit_narrow_word(cli, "human.removed", "Human", "is removed", err);
}

enum writ_status writ_cmd_humans(struct writ_cli *cli, struct writ_err *err)
{
    static const char *const HEAD[] = { "HUMAN", "STATE", "ROLES", "KEYS", NULL };
    WRIT_AUTO_JSON *items = NULL;
    WRIT_AUTO_TABLE t;

    writ_table_init(&t, HEAD);
    WRIT_TRY(writ_call_view(cli, "humans", NULL, true, &items, err));
    if (cli->json) {
        writ_put_json(&cli->out, items);
        return WRIT_OK;
    }
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *h = json_array_get(items, i);
        const char *state = writ_field_text(h, "state");

        writ_table_addf(&t, WRIT_STYLE_BOLD, "%s", writ_field_text(h, "human"));
        writ_table_addf(&t, writ_list_state(state), "%s", state);
        writ_list_join(&t, json_object_get(h, "roles"));
        writ_list_join(&t, json_object_get(h, "keys"));
    }
    return writ_list_print(cli, &t, "there are no humans", err);
}
