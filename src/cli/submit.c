#include "submit.h"

#include <unistd.h>

#include "base/text.h"
#include "connect.h"
#include "home.h"
#include "sign.h"
#include "text.h"

#include "base/banned.h"

#define DERIVED_PREFIX "writ.grant/v1\n"

enum writ_status writ_submit_cell(struct writ_cli *cli, struct writ_buf *out, struct writ_err *err)
{
    WRIT_TRY(writ_home_find(cli, err));
    return writ_home_line(cli, "cell", out, err);
}

static enum writ_status submit(struct writ_cli *cli, struct writ_slice text,
                               struct writ_slice signature, json_t **reply, struct writ_err *err)
{
    json_t *body = json_pack("{s:s%, s:s%}", "text", text.ptr, text.len, "signature", signature.ptr,
                             signature.len);

    if (body == NULL)
        return writ_fail_nomem(err);
    return writ_call(cli, "submit", body, reply, err);
}

enum writ_status writ_submit_signed(struct writ_cli *cli, const char *name_space,
                                    struct writ_slice canonical, json_t **reply,
                                    struct writ_err *err)
{
    WRIT_AUTO_JSON *alive = NULL;
    WRIT_AUTO_BUF armored;
    const char *key;

    writ_buf_init(&armored, WRIT_SSHSIG_MAX);
    WRIT_TRY(writ_cli_need(cli, "sign-key", "WRIT_SIGN_KEY", &key, err));
    /* Nobody should touch a security key for a daemon that is not there. */
    WRIT_TRY(writ_call(cli, "status", NULL, &alive, err));
    WRIT_TRY(writ_sign_ssh(cli->home, key, name_space, canonical, &armored, err));
    return submit(cli, canonical, writ_buf_slice(&armored), reply, err);
}

enum writ_status writ_submit_change(struct writ_cli *cli, const char *type, json_t *text,
                                    json_t **reply, struct writ_err *err)
{
    WRIT_AUTO_BUF cell;
    WRIT_AUTO_BUF canonical;

    writ_buf_init(&cell, WRIT_HOME_LINE_MAX);
    writ_buf_init(&canonical, 2 * WRIT_TEXT_MAX);
    WRIT_TRY(writ_submit_cell(cli, &cell, err));
    WRIT_TRY(writ_text_head(cli->env, type, writ_buf_slice(&cell), 'c', text, err));
    WRIT_TRY(writ_text_canonical(text, &canonical, err));
    return writ_submit_signed(cli, "writ.change", writ_buf_slice(&canonical), reply, err);
}

enum writ_status writ_submit_derived(struct writ_cli *cli, const struct writ_key *key,
                                     struct writ_slice canonical, json_t **reply,
                                     struct writ_err *err)
{
    WRIT_AUTO_BUF message;
    WRIT_AUTO_BUF text;
    uint8_t raw[WRIT_SIGNATURE_LEN];

    writ_buf_init(&message, 2 * WRIT_TEXT_MAX);
    writ_buf_init(&text, 256);
    WRIT_TRY(writ_buf_add(&message, WRIT_LIT(DERIVED_PREFIX)));
    WRIT_TRY(writ_buf_add(&message, canonical));
    WRIT_TRY(writ_key_sign(key, writ_buf_slice(&message), raw, err));
    WRIT_TRY(writ_base64url_encode(&text, writ_slice(raw, sizeof(raw))));
    return submit(cli, canonical, writ_buf_slice(&text), reply, err);
}

enum writ_status writ_submit_ask(struct writ_cli *cli, const char *question, struct writ_err *err)
{
    char answer[16] = "";

    if (writ_args_has(&cli->args, "yes"))
        return WRIT_OK;
    if (isatty(STDIN_FILENO) == 0)
        return writ_fail(err, WRIT_REFUSED,
                         "nobody is there to ask; read the text above and add --yes");
    writ_put_style(&cli->note, WRIT_STYLE_BOLD, "%s [y/N] ", question);
    (void)fflush(cli->note.file);
    if (fgets(answer, sizeof(answer), stdin) != NULL &&
        (strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0))
        return WRIT_OK;
    return writ_fail(err, WRIT_REFUSED, "nothing was signed");
}

void writ_submit_print(struct writ_cli *cli, const char *what, const json_t *reply)
{
    if (cli->json) {
        writ_put_json(&cli->out, reply);
        return;
    }
    writ_say(&cli->out, "%s (ledger index %llu)", what,
             (unsigned long long)writ_field_number(reply, "index"));
}

enum writ_status writ_submit_narrow(struct writ_cli *cli, const char *type, const char *subject,
                                    json_t **reply, struct writ_err *err)
{
    const char *reason = writ_args_value(&cli->args, "reason");
    json_t *body = json_pack("{s:s, s:s, s:s}", "type", type, "subject", subject, "reason",
                             reason != NULL ? reason : "");

    if (body == NULL)
        return writ_fail(err, WRIT_ARG, "the arguments are not UTF-8 text");
    return writ_call(cli, "narrow", body, reply, err);
}

enum writ_status writ_submit_narrow_word(struct writ_cli *cli, const char *type, const char *before,
                                         const char *after, struct writ_err *err)
{
    WRIT_AUTO_JSON *reply = NULL;
    char what[256];

    WRIT_TRY(writ_submit_narrow(cli, type, cli->args.words[0], &reply, err));
    (void)snprintf(what, sizeof(what), "%s %s %s", before, cli->args.words[0], after);
    writ_submit_print(cli, what, reply);
    return WRIT_OK;
}
