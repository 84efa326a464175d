#include "proof.h"

#include <unistd.h>

#include "base/text.h"
#include "commands.h"
#include "home.h"
#include "ledger/log.h"
#include "ledger/proof_file.h"
#include "ledger_read.h"
#include "words.h"

#include "base/banned.h"

#define HEX (2 * WRIT_HASH_LEN + 1)

/* clang-format off */
const struct writ_option WRIT_OPTIONS_PROVE[] = {
    { WRIT_OPTION_ONE, "output", "o", "FILE", "where to write it, - for stdout; record-INDEX.tlog-proof if not given", false },
    { WRIT_OPTION_ONE, "record", NULL, "FILE", "also write the record, byte by byte, to this file", false },
    { WRIT_OPTION_ONE, "ledger", NULL, "DIR", "a copy of a ledger; that of the home if not given", false },
    WRIT_OPTIONS_DONE,
};

const struct writ_option WRIT_OPTIONS_CONSISTENT[] = {
    { WRIT_OPTION_ONE, "ledger", NULL, "DIR", "a copy of a ledger, with --key; that of the home if not given", false },
    { WRIT_OPTION_ONE, "key", NULL, "VKEY", "the ledger key to demand, or a file that holds it", false },
    WRIT_OPTIONS_DONE,
};
/* clang-format on */

/* --ledger, or the ledger of the home. */
static enum writ_status ledger_dir(struct writ_cli *cli, char out[WRIT_PATH_MAX],
                                   struct writ_err *err)
{
    const char *named = writ_args_value(&cli->args, "ledger");

    if (named == NULL) {
        WRIT_TRY(writ_home_find(cli, err));
        return writ_home_path(cli, "ledger", out, err);
    }
    int n = snprintf(out, WRIT_PATH_MAX, "%s", named);
    if (n < 0 || n >= WRIT_PATH_MAX)
        return writ_fail(err, WRIT_LIMIT, "the path of the ledger is too long");
    return WRIT_OK;
}

static void say_key(struct writ_out *out, struct writ_slice key, bool trusted)
{
    writ_words_label(out, "ledger key");
    writ_say(out, "%.*s%s", WRIT_FMT(key), trusted ? ", as you named it" : "");
    if (!trusted) {
        writ_put_style(out, WRIT_STYLE_WAIT, "  The key is the home's own word. ");
        writ_say(out, "Give --key with the one you were told.");
    }
}

static void say_root(struct writ_out *out, const char *label, uint64_t size, const char *root)
{
    writ_words_label(out, label);
    writ_say(out, "%llu records, root %s", (unsigned long long)size, root);
}

/* --- prove --- */

static enum writ_status prove(struct writ_cli *cli, uint64_t index, struct writ_buf *record,
                              struct writ_buf *proof, struct writ_err *err)
{
    char dir[WRIT_PATH_MAX];

    WRIT_TRY(ledger_dir(cli, dir, err));
    enum writ_status st = writ_log_prove_entry(dir, index, record, proof, err);
    if (st != WRIT_NOT_FOUND || writ_args_has(&cli->args, "ledger"))
        return st;
    writ_ledger_publish(cli);
    return writ_log_prove_entry(dir, index, record, proof, err);
}

/* Both files or none: a record without its proof would be taken for one that has it. */
static enum writ_status keep(const char *proof_path, struct writ_slice proof,
                             const char *record_path, struct writ_slice record,
                             struct writ_err *err)
{
    if (record_path != NULL)
        WRIT_TRY(writ_home_create_file(record_path, record, err));
    if (proof_path == NULL)
        return WRIT_OK;
    enum writ_status st = writ_home_create_file(proof_path, proof, err);
    if (st != WRIT_OK && record_path != NULL)
        (void)unlink(record_path);
    return st;
}

enum writ_status writ_cmd_prove(struct writ_cli *cli, struct writ_err *err)
{
    const char *output = writ_args_value(&cli->args, "output");
    const char *record_path = writ_args_value(&cli->args, "record");
    WRIT_AUTO_BUF record, proof;
    char own[64];
    uint64_t index;

    writ_buf_init(&record, WRIT_ENTRY_MAX);
    writ_buf_init(&proof, WRIT_PROOF_FILE_MAX);
    if (writ_u64_parse(writ_cstr(cli->args.words[0]), &index) != WRIT_OK || index > INT64_MAX)
        return writ_fail(err, WRIT_ARG, "\"%s\" is not a ledger index", cli->args.words[0]);
    if (record_path != NULL && strcmp(record_path, "-") == 0)
        return writ_fail(err, WRIT_ARG, "--record needs the name of a file");
    (void)snprintf(own, sizeof(own), "record-%llu.tlog-proof", (unsigned long long)index);
    if (output == NULL)
        output = own;
    bool standard = strcmp(output, "-") == 0;
    WRIT_TRY(prove(cli, index, &record, &proof, err));
    WRIT_TRY(keep(standard ? NULL : output, writ_buf_slice(&proof), record_path,
                  writ_buf_slice(&record), err));
    if (standard) {
        (void)fwrite(proof.ptr, 1, proof.len, cli->out.file);
    } else if (cli->json) {
        WRIT_AUTO_JSON *made =
            json_pack("{s:s, s:I, s:I, s:s*}", "file", output, "bytes", (json_int_t)proof.len,
                      "index", (json_int_t)index, "record", record_path);
        writ_put_json(&cli->out, made);
    } else {
        writ_say(&cli->out, "%s, %zu bytes; anybody can check it with: writ verify %s --record %s",
                 output, proof.len, output, record_path != NULL ? record_path : "FILE");
    }
    return WRIT_OK;
}

/* --- verify --- */

static enum writ_status home_key(struct writ_cli *cli, struct writ_buf *out, struct writ_err *err)
{
    if (writ_home_find(cli, err) != WRIT_OK)
        return writ_fail(err, WRIT_ARG, "a proof by itself has no key: give --key VKEY");
    return writ_home_line(cli, "ledger.vkey", out, err);
}

static enum writ_status check(const struct writ_proof_file *p, struct writ_slice record,
                              const struct writ_note_key *key, struct writ_err *err)
{
    enum writ_status st = writ_proof_file_check(p, record, key, err);
    struct writ_err ignored;

    /* What `writ log --json` prints, kept in a file, is a record and one byte. */
    if (st == WRIT_CORRUPT && record.len != 0 && record.ptr[record.len - 1] == '\n' &&
        writ_proof_file_check(p, writ_slice(record.ptr, record.len - 1), key, &ignored) == WRIT_OK)
        return writ_fail(err, st, "the record has a newline behind it that is not in the ledger");
    return st;
}

static void print_proof(struct writ_cli *cli, uint64_t index, const struct writ_checkpoint *c,
                        struct writ_slice key, bool trusted)
{
    char root[HEX];

    writ_hex(root, c->root.b, sizeof(c->root.b));
    if (cli->json) {
        WRIT_AUTO_JSON *report = json_pack(
            "{s:I,s:s%,s:I,s:s,s:s%,s:b}", "index", (json_int_t)index, "cell",
            (const char *)c->origin.ptr, c->origin.len, "tree_size", (json_int_t)c->size, "root",
            root, "ledger_key", (const char *)key.ptr, key.len, "key_trusted", trusted ? 1 : 0);
        writ_put_json(&cli->out, report);
        return;
    }
    writ_put_style(&cli->out, WRIT_STYLE_GOOD, "The record is in the ledger");
    writ_newline(&cli->out);
    writ_words_label(&cli->out, "cell");
    writ_say(&cli->out, "%.*s", WRIT_FMT(c->origin));
    writ_words_label(&cli->out, "index");
    writ_say(&cli->out, "%llu", (unsigned long long)index);
    say_root(&cli->out, "tree", c->size, root);
    say_key(&cli->out, key, trusted);
}

enum writ_status writ_proof_verify(struct writ_cli *cli, struct writ_slice proof,
                                   struct writ_slice key, struct writ_err *err)
{
    const char *path = writ_args_value(&cli->args, "record");
    bool trusted = key.len != 0;
    WRIT_AUTO_BUF record, own;
    struct writ_proof_file p;
    struct writ_note_key vkey;
    struct writ_checkpoint c;

    writ_buf_init(&record, WRIT_ENTRY_MAX + 1);
    writ_buf_init(&own, WRIT_HOME_LINE_MAX);
    if (path == NULL)
        return writ_fail(err, WRIT_ARG, "a proof holds no record: name its file with --record");
    if (!trusted) {
        WRIT_TRY(home_key(cli, &own, err));
        key = writ_buf_slice(&own);
    }
    WRIT_TRY(writ_note_key_parse(key, &vkey, err));
    WRIT_TRY(writ_home_read_file(path, &record, err));
    WRIT_TRY(writ_proof_file_parse(proof, &p, err));
    WRIT_TRY(check(&p, writ_buf_slice(&record), &vkey, err));
    WRIT_TRY(writ_checkpoint_open(p.checkpoint, &vkey, &c, err));
    print_proof(cli, p.index, &c, key, trusted);
    return WRIT_OK;
}

/* --- consistent --- */

static void print_growth(struct writ_cli *cli, const struct writ_log_growth *g,
                         const struct writ_note_key *vkey, struct writ_slice key, bool trusted)
{
    char from[HEX], to[HEX];

    writ_hex(from, g->from_root.b, sizeof(g->from_root.b));
    writ_hex(to, g->to_root.b, sizeof(g->to_root.b));
    if (cli->json) {
        WRIT_AUTO_JSON *report =
            json_pack("{s:s,s:{s:I,s:s},s:{s:I,s:s},s:I,s:s%,s:b}", "cell", vkey->name, "old",
                      "tree_size", (json_int_t)g->from, "root", from, "new", "tree_size",
                      (json_int_t)g->to, "root", to, "published", (json_int_t)g->published,
                      "ledger_key", (const char *)key.ptr, key.len, "key_trusted", trusted ? 1 : 0);
        writ_put_json(&cli->out, report);
        return;
    }
    writ_put_style(&cli->out, WRIT_STYLE_GOOD, "The ledger only grew");
    writ_newline(&cli->out);
    writ_words_label(&cli->out, "cell");
    writ_say(&cli->out, "%s", vkey->name);
    say_root(&cli->out, "old", g->from, from);
    say_root(&cli->out, "new", g->to, to);
    writ_words_label(&cli->out, "published");
    writ_say(&cli->out, "%llu records", (unsigned long long)g->published);
    say_key(&cli->out, key, trusted);
}

enum writ_status writ_cmd_consistent(struct writ_cli *cli, struct writ_err *err)
{
    const char *given = writ_args_value(&cli->args, "key");
    WRIT_AUTO_BUF key, from, to;
    char dir[WRIT_PATH_MAX];
    struct writ_note_key vkey;
    struct writ_log_growth g;

    writ_buf_init(&key, WRIT_HOME_LINE_MAX);
    writ_buf_init(&from, WRIT_NOTE_MAX);
    writ_buf_init(&to, WRIT_NOTE_MAX);
    WRIT_TRY(ledger_dir(cli, dir, err));
    if (given != NULL)
        WRIT_TRY(writ_home_vkey(given, &key, err));
    else if (writ_args_has(&cli->args, "ledger"))
        return writ_fail(err, WRIT_ARG, "a ledger by itself has no key: give --key VKEY");
    else
        WRIT_TRY(writ_home_line(cli, "ledger.vkey", &key, err));
    WRIT_TRY(writ_note_key_parse(writ_buf_slice(&key), &vkey, err));
    WRIT_TRY(writ_home_read_file(cli->args.words[0], &from, err));
    if (cli->args.words_len > 1) {
        WRIT_TRY(writ_home_read_file(cli->args.words[1], &to, err));
        /* Without bytes the published checkpoint would take the place of what was asked for. */
        if (to.len == 0)
            return writ_fail(err, WRIT_FORMAT, "%s is empty", cli->args.words[1]);
    }
    WRIT_TRY(
        writ_log_check_growth(dir, &vkey, writ_buf_slice(&from), writ_buf_slice(&to), &g, err));
    print_growth(cli, &g, &vkey, writ_buf_slice(&key), given != NULL);
    return WRIT_OK;
}
