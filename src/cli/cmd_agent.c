#include "commands.h"

#include <unistd.h>

#include "connect.h"
#include "home.h"
#include "list.h"
#include "submit.h"
#include "text.h"

#include "base/banned.h"

/* clang-format off */
const struct writ_option WRIT_OPTIONS_AGENT_ADD[] = {
    { WRIT_OPTION_ONE, "owner", NULL, "HUMAN", "who answers for the agent", true },
    { WRIT_OPTION_ONE, "environment", NULL, "ENV", "where it runs: production, test", true },
    { WRIT_OPTION_ONE, "purpose", NULL, "TEXT", "what it is for, in a sentence", true },
    { WRIT_OPTION_FLAG, "third-party", NULL, NULL, "somebody else runs it", false },
    { WRIT_OPTION_ONE, "kind", NULL, "KIND", "of key to make: ed25519 or p256 (default ed25519)", false },
    { WRIT_OPTION_ONE, "public-key", NULL, "TEXT", "use this key (ed25519:… or p256:…) and make none", false },
    WRIT_OPTION_HUMAN,
    WRIT_OPTION_SIGN_KEY,
    WRIT_OPTIONS_DONE,
};
/* clang-format on */

static enum writ_status make_key(const struct writ_cli *cli, struct writ_key **out,
                                 struct writ_err *err)
{
    const char *kind = writ_args_value(&cli->args, "kind");

    if (kind == NULL || strcmp(kind, "ed25519") == 0)
        return writ_key_generate(WRIT_KEY_ED25519, out, err);
    if (strcmp(kind, "p256") == 0)
        return writ_key_generate(WRIT_KEY_P256, out, err);
    return writ_fail(err, WRIT_ARG, "--kind %s: ed25519 or p256", kind);
}

/*
 * The key of a public text, or of the home; else a new one, stored before it is registered: a
 * registered key that nobody has would be an agent that cannot act. *path is empty when the key
 * is somebody else's.
 */
static enum writ_status find_key(struct writ_cli *cli, const char *name, struct writ_key **out,
                                 char path[WRIT_PATH_MAX], struct writ_err *err)
{
    const char *given = writ_args_value(&cli->args, "public-key");
    char file[128];

    path[0] = '\0';
    if (given != NULL)
        return writ_key_parse(writ_cstr(given), out, err);
    (void)snprintf(file, sizeof(file), "agents/%s.key", name);
    WRIT_TRY(writ_home_path(cli, file, path, err));
    if (access(path, F_OK) == 0)
        return writ_key_load(path, out, err);
    WRIT_AUTO_KEY *made = NULL;
    WRIT_TRY(make_key(cli, &made, err));
    WRIT_TRY(writ_key_store(made, path, err));
    *out = made;
    made = NULL; /* transferred */
    return WRIT_OK;
}

enum writ_status writ_cmd_agent_add(struct writ_cli *cli, struct writ_err *err)
{
    WRIT_AUTO_JSON *text = json_object();
    WRIT_AUTO_JSON *reply = NULL;
    WRIT_AUTO_KEY *key = NULL;
    const char *name = cli->args.words[0], *unused;
    char path[WRIT_PATH_MAX], key_text[WRIT_KEY_TEXT], what[WRIT_PATH_MAX + 128];

    if (text == NULL)
        return writ_fail_nomem(err);
    if (!writ_name_valid(writ_cstr(name)))
        return writ_fail(err, WRIT_ARG, "%s: 1-64 of a-z 0-9 . _ -, first a letter or digit", name);
    WRIT_TRY(writ_cli_need(cli, "sign-key", "WRIT_SIGN_KEY", &unused, err));
    WRIT_TRY(writ_home_find(cli, err));
    WRIT_TRY(find_key(cli, name, &key, path, err));
    writ_key_text(key, key_text);
    WRIT_TRY(writ_text_set(text, "agent", name, err));
    WRIT_TRY(writ_text_set(text, "key", key_text, err));
    WRIT_TRY(writ_text_set(text, "owner", writ_args_value(&cli->args, "owner"), err));
    WRIT_TRY(writ_text_set(text, "environment", writ_args_value(&cli->args, "environment"), err));
    WRIT_TRY(writ_text_set(text, "purpose", writ_args_value(&cli->args, "purpose"), err));
    WRIT_TRY(writ_text_put(text, "third_party",
                           json_boolean(writ_args_has(&cli->args, "third-party")), err));
    WRIT_TRY(writ_submit_change(cli, "writ.agent", text, &reply, err));
    (void)snprintf(what, sizeof(what), "Agent %s is registered", name);
    writ_submit_print(cli, what, reply);
    if (!cli->json && path[0] != '\0')
        writ_say(&cli->out, "its private key is %s", path);
    return WRIT_OK;
}

enum writ_status writ_cmd_agent_suspend(struct writ_cli *cli, struct writ_err *err)
{
    return writ_submit_narrow_word(cli, "agent.suspended", "Agent", "is suspended", err);
}

enum writ_status writ_cmd_agent_retire(struct writ_cli *cli, struct writ_err *err)
{
    return writ_submit_narrow_word(cli, "agent.retired", "Agent", "is retired, for good", err);
}

enum writ_status writ_cmd_agents(struct writ_cli *cli, struct writ_err *err)
{
    static const char *const HEAD[] = { "AGENT", "STATE", "OWNER", "ENVIRONMENT", "PURPOSE", NULL };
    WRIT_AUTO_JSON *items = NULL;
    WRIT_AUTO_TABLE t;

    writ_table_init(&t, HEAD);
    WRIT_TRY(writ_call_view(cli, "agents", NULL, true, &items, err));
    if (cli->json) {
        writ_put_json(&cli->out, items);
        return WRIT_OK;
    }
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *a = json_array_get(items, i);
        const char *state = writ_field_text(a, "state");

        writ_table_addf(&t, WRIT_STYLE_BOLD, "%s", writ_field_text(a, "agent"));
        writ_table_addf(&t, writ_list_state(state), "%s", state);
        writ_table_addf(&t, WRIT_STYLE_PLAIN, "%s", writ_field_text(a, "owner"));
        writ_table_addf(&t, WRIT_STYLE_PLAIN, "%s%s", writ_field_text(a, "environment"),
                        writ_field_true(a, "third_party") ? " (third party)" : "");
        writ_table_addf(&t, WRIT_STYLE_PLAIN, "%s", writ_field_text(a, "purpose"));
    }
    return writ_list_print(cli, &t, "there are no agents", err);
}
