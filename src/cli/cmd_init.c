#include "commands.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "authority/authority.h"
#include "base/text.h"
#include "home.h"
#include "ledger/log.h"
#include "sign.h"
#include "text.h"

#include "base/banned.h"

#define DEFAULT_ROLES "operator,approver"
#define CHANGE_ARENA  (1u << 20)

/* clang-format off */
const struct writ_option WRIT_OPTIONS_INIT[] = {
    { WRIT_OPTION_ONE, "cell", NULL, "NAME", "the name of this authority: writ.example/alpha", true },
    { WRIT_OPTION_ONE, "human", NULL, "NAME", "the first operator (WRIT_HUMAN)", false },
    { WRIT_OPTION_ONE, "key", NULL, "PATH", "the operator's SSH key (WRIT_SIGN_KEY)", false },
    { WRIT_OPTION_ONE, "roles", NULL, "LIST", "of operator,approver,policy,auditor; default " DEFAULT_ROLES, false },
    { WRIT_OPTION_ONE, "segment-bytes", NULL, "N", "size of the ledger's commit files (default 33554432)", false },
    WRIT_OPTIONS_DONE,
};
/* clang-format on */

/* All that init makes in memory before it makes anything durable. */
struct plan {
    const char *cell, *human, *key;
    uint64_t segment_bytes;
    struct writ_key *ledger_key;
    struct writ_ssh_key operator_key;
    struct writ_buf vkey, text, armored, record;
};

static void plan_release(struct plan *p)
{
    writ_key_free(p->ledger_key);
    writ_buf_release(&p->vkey);
    writ_buf_release(&p->text);
    writ_buf_release(&p->armored);
    writ_buf_release(&p->record);
}

static enum writ_status plan_read(struct writ_cli *cli, struct plan *p, struct writ_err *err)
{
    const char *bytes = writ_args_value(&cli->args, "segment-bytes");

    p->cell = writ_args_value(&cli->args, "cell");
    WRIT_TRY(writ_cli_need(cli, "human", "WRIT_HUMAN", &p->human, err));
    WRIT_TRY(writ_cli_need(cli, "key", "WRIT_SIGN_KEY", &p->key, err));
    if (!writ_origin_valid(writ_cstr(p->cell)))
        return writ_fail(err, WRIT_ARG,
                         "--cell %s: 1-255 printable ASCII bytes without space and +, like "
                         "writ.example/alpha",
                         p->cell);
    if (!writ_name_valid(writ_cstr(p->human)))
        return writ_fail(err, WRIT_ARG,
                         "--human %s: 1-64 of a-z 0-9 . _ -, first a letter or digit", p->human);
    if (bytes != NULL && writ_u64_parse(writ_cstr(bytes), &p->segment_bytes) != WRIT_OK)
        return writ_fail(err, WRIT_ARG, "--segment-bytes %s: not a number", bytes);
    return writ_sign_public(p->key, &p->operator_key, err);
}

static enum writ_status plan_text(struct writ_cli *cli, struct plan *p, struct writ_err *err)
{
    const char *roles = writ_args_value(&cli->args, "roles");
    struct writ_slice cell = writ_cstr(p->cell);
    struct writ_note_key name;
    WRIT_AUTO_BUF line;
    WRIT_AUTO_JSON *text = json_object();

    writ_buf_init(&line, WRIT_SSH_LINE_MAX + 1);
    if (text == NULL)
        return writ_fail_nomem(err);
    WRIT_TRY(writ_key_generate(WRIT_KEY_ED25519, &p->ledger_key, err));
    WRIT_TRY(writ_note_key_make(cell, 0x01, p->ledger_key, &name, err));
    WRIT_TRY(writ_note_key_text(&name, &p->vkey));
    WRIT_TRY(writ_ssh_key_line(&p->operator_key, &line));
    WRIT_TRY(writ_text_put(text, "ledger_key", json_stringn((const char *)p->vkey.ptr, p->vkey.len),
                           err));
    WRIT_TRY(writ_text_put(text, "key", json_stringn((const char *)line.ptr, line.len), err));
    WRIT_TRY(writ_text_set(text, "human", p->human, err));
    WRIT_TRY(writ_text_commas(text, "roles", roles != NULL ? roles : DEFAULT_ROLES, err));
    WRIT_TRY(writ_text_head(cli->env, "writ.authority", cell, 'c', text, err));
    return writ_text_canonical(text, &p->text, err);
}

/* Record 0, by the same rules as every later record. */
static enum writ_status plan_record(struct writ_cli *cli, struct plan *p, struct writ_err *err)
{
    struct writ_change_request r = { .text = writ_buf_slice(&p->text),
                                     .signature = writ_buf_slice(&p->armored) };
    struct writ_authority *authority = NULL;
    struct writ_record record;
    WRIT_AUTO_ARENA arena;

    writ_arena_init(&arena, CHANGE_ARENA);
    WRIT_TRY(writ_authority_new(&authority, err));
    enum writ_status st = writ_authority_find_signer(authority, &r, err);
    if (st == WRIT_OK) {
        writ_change_verify(&r);
        st = r.verified == WRIT_CHECK_GOOD
                 ? writ_authority_change(authority, &r, cli->env.now_us(cli->env.ctx), &arena,
                                         &record, err)
                 : writ_fail(err, WRIT_SIGNATURE, "the signature is not good: %s", r.why.text);
    }
    if (st == WRIT_OK)
        st = writ_record_encode(&record, &p->record, err);
    writ_authority_free(authority);
    return st;
}

/* An empty directory of ours will do, so that `mktemp -d` does; anything else is left alone. */
static enum writ_status make_home(struct writ_cli *cli, struct writ_err *err)
{
    struct stat st;

    if (mkdir(cli->home, 0700) == 0)
        return WRIT_OK;
    if (errno != EEXIST)
        return writ_fail_sys(err, "%s", cli->home);
    /* rmdir succeeds only on an empty directory: nothing can slip in between look and use. */
    if (stat(cli->home, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
        rmdir(cli->home) != 0)
        return writ_fail(err, WRIT_CONFLICT,
                         "%s is there already and not empty; a home is made only once", cli->home);
    if (mkdir(cli->home, 0700) != 0)
        return writ_fail_sys(err, "%s", cli->home);
    return WRIT_OK;
}

static enum writ_status home_dir(struct writ_cli *cli, const char *name, struct writ_err *err)
{
    char path[WRIT_PATH_MAX];

    WRIT_TRY(writ_home_path(cli, name, path, err));
    return writ_home_create_dir(path, err);
}

static enum writ_status home_line(struct writ_cli *cli, const char *name, struct writ_slice text,
                                  struct writ_err *err)
{
    WRIT_AUTO_BUF line;
    char path[WRIT_PATH_MAX];

    writ_buf_init(&line, WRIT_HOME_LINE_MAX);
    WRIT_TRY(writ_home_path(cli, name, path, err));
    WRIT_TRY(writ_buf_add(&line, text));
    WRIT_TRY(writ_buf_add_byte(&line, '\n'));
    return writ_home_create_file(path, writ_buf_slice(&line), err);
}

static enum writ_status write_ledger(struct writ_cli *cli, const struct plan *p,
                                     struct writ_err *err)
{
    char dir[WRIT_PATH_MAX];
    struct writ_slice entry = writ_buf_slice(&p->record);
    struct writ_log *log = NULL;
    uint64_t first;

    WRIT_TRY(writ_home_path(cli, "ledger", dir, err));
    struct writ_log_options o = { .dir = dir,
                                  .origin = writ_cstr(p->cell),
                                  .key = p->ledger_key,
                                  .segment_bytes = p->segment_bytes };
    WRIT_TRY(writ_log_create(&o, err));
    WRIT_TRY(writ_log_open(&o, &log, err));
    enum writ_status st = writ_log_append(log, &entry, 1, &first, err);
    if (st == WRIT_OK)
        st = writ_log_publish(log, err);
    writ_log_close(log);
    return st;
}

/* The cell comes last: a directory without it is not a home. */
static enum writ_status write_home(struct writ_cli *cli, const struct plan *p, struct writ_err *err)
{
    char path[WRIT_PATH_MAX];

    WRIT_TRY(home_dir(cli, "agents", err));
    WRIT_TRY(home_dir(cli, "payloads", err));
    WRIT_TRY(writ_home_path(cli, "ledger.key", path, err));
    WRIT_TRY(writ_key_store(p->ledger_key, path, err));
    WRIT_TRY(write_ledger(cli, p, err));
    WRIT_TRY(home_line(cli, "ledger.vkey", writ_buf_slice(&p->vkey), err));
    return home_line(cli, "cell", writ_cstr(p->cell), err);
}

static void print_made(struct writ_cli *cli, const struct plan *p)
{
    struct writ_out *out = &cli->out;

    if (cli->json) {
        WRIT_AUTO_JSON *made = json_pack("{s:s, s:s, s:s, s:s%, s:s}", "home", cli->home, "cell",
                                         p->cell, "human", p->human, "ledger_key", p->vkey.ptr,
                                         p->vkey.len, "operator_key", p->operator_key.fingerprint);
        writ_put_json(out, made);
        return;
    }
    writ_put_style(out, WRIT_STYLE_GOOD, "Made the authority %s", p->cell);
    writ_say(out, " in %s", cli->home);
    writ_say(out, "  operator    %s, %s", p->human, p->operator_key.fingerprint);
    writ_say(out, "  ledger key  %.*s", WRIT_FMT(writ_buf_slice(&p->vkey)));
    writ_newline(out);
    writ_put_own(out, "Keep the ledger key's line and the operator's fingerprint somewhere else:\n"
                      "with them anybody can check this ledger. Then go on with\n");
    writ_say(out, "  export WRIT_HOME=%s WRIT_HUMAN=%s WRIT_SIGN_KEY=%s", cli->home, p->human,
             p->key);
    writ_say(out, "  writ up");
    writ_say(out, "  writ agent add NAME --owner %s --environment ENV --purpose TEXT", p->human);
    writ_say(out, "  writ target add NAME --environment ENV");
}

enum writ_status writ_cmd_init(struct writ_cli *cli, struct writ_err *err)
{
    struct plan p = { 0 };

    writ_buf_init(&p.vkey, 512);
    writ_buf_init(&p.text, 2 * WRIT_TEXT_MAX);
    writ_buf_init(&p.armored, WRIT_SSHSIG_MAX);
    writ_buf_init(&p.record, WRIT_RECORD_MAX);
    enum writ_status st = plan_read(cli, &p, err);
    if (st == WRIT_OK)
        st = plan_text(cli, &p, err);
    if (st == WRIT_OK)
        st = writ_home_name(cli, err);
    if (st == WRIT_OK)
        st = make_home(cli, err);
    if (st == WRIT_OK) {
        st = writ_sign_ssh(cli->home, p.key, "writ.change", writ_buf_slice(&p.text), &p.armored,
                           err);
        if (st == WRIT_OK)
            st = plan_record(cli, &p, err);
        /* Nothing was written yet: a wrong passphrase leaves nothing behind. */
        if (st != WRIT_OK)
            (void)rmdir(cli->home);
        else
            st = write_home(cli, &p, err);
    }
    if (st == WRIT_OK)
        print_made(cli, &p);
    plan_release(&p);
    return st;
}
