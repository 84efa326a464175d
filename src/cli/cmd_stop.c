#include "commands.h"

#include "base/text.h"
#include "submit.h"
#include "text.h"

#include "base/banned.h"

/* clang-format off */
const struct writ_option WRIT_OPTIONS_LIFT[] = {
    WRIT_OPTION_HUMAN,
    WRIT_OPTION_SIGN_KEY,
    WRIT_OPTIONS_DONE,
};
/* clang-format on */

enum writ_status writ_cmd_stop(struct writ_cli *cli, struct writ_err *err)
{
    WRIT_AUTO_JSON *reply = NULL;
    const char *scope = cli->args.words_len != 0 ? cli->args.words[0] : "*";
    char what[128];

    WRIT_TRY(writ_submit_narrow(cli, "stop.set", scope, &reply, err));
    (void)snprintf(what, sizeof(what), "%s is stopped",
                   strcmp(scope, "*") == 0 ? "Everything" : scope);
    writ_submit_print(cli, what, reply);
    return WRIT_OK;
}

enum writ_status writ_cmd_lift(struct writ_cli *cli, struct writ_err *err)
{
    WRIT_AUTO_JSON *text = json_object();
    WRIT_AUTO_JSON *reply = NULL;
    const char *word = cli->args.words[0];
    char what[128];
    uint64_t index;

    if (text == NULL)
        return writ_fail_nomem(err);
    if (writ_u64_parse(writ_cstr(word), &index) != WRIT_OK || index > INT64_MAX)
        return writ_fail(err, WRIT_ARG,
                         "%s is not a ledger index; `writ status` lists stops with theirs", word);
    WRIT_TRY(writ_text_put(text, "stop", json_integer((json_int_t)index), err));
    WRIT_TRY(writ_submit_change(cli, "writ.lift", text, &reply, err));
    (void)snprintf(what, sizeof(what), "The stop of index %s is lifted", word);
    writ_submit_print(cli, what, reply);
    return WRIT_OK;
}
