#include "commands.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "amount.h"
#include "base/text.h"
#include "home.h"
#include "ledger/log.h"
#include "ledger/proof_file.h"
#include "ledger_read.h"
#include "proof.h"
#include "quorum.h"
#include "replay/package.h"
#include "replay/replay.h"
#include "words.h"

#include "base/banned.h"

/* clang-format off */
const struct writ_option WRIT_OPTIONS_REPLAY[] = {
    { WRIT_OPTION_ONE, "signatures", NULL, "yes|no", "check every signature again (default yes)", false },
    WRIT_OPTIONS_DONE,
};

const struct writ_option WRIT_OPTIONS_VERIFY[] = {
    { WRIT_OPTION_ONE, "key", NULL, "VKEY", "the ledger key to demand, or a file that holds it", false },
    { WRIT_OPTION_ONE, "record", NULL, "FILE", "the record that a proof is about, byte by byte", false },
    { WRIT_OPTION_ONE, "policy", NULL, "FILE", "a tlog-policy: the log and the witnesses to demand", false },
    { WRIT_OPTION_ONE, "checkpoint", NULL, "FILE", "the checkpoint to hold against it; the ledger's if not given", false },
    WRIT_OPTIONS_DONE,
};

const struct writ_option WRIT_OPTIONS_EXPORT[] = {
    { WRIT_OPTION_ONE, "output", "o", "FILE", "where to write it; TXN.writ if not given", false },
    WRIT_OPTIONS_DONE,
};
/* clang-format on */

static void number(struct writ_out *out, const char *label, uint64_t n, const char *words)
{
    writ_words_label(out, label);
    writ_say(out, "%llu%s", (unsigned long long)n, words);
}

static void indices(struct writ_out *out, const char *label, const uint64_t *at, size_t len)
{
    if (len == 0)
        return;
    writ_words_label(out, label);
    for (size_t i = 0; i < len; i++)
        writ_put(out, "%s%llu", i == 0 ? "index " : ", ", (unsigned long long)at[i]);
    writ_newline(out);
}

/* --- replay --- */

static json_t *replay_json(const struct writ_replay_report *r)
{
    json_t *exceptions = json_array(), *doubtful = json_array();

    for (size_t i = 0; i < r->exceptions_len && i < WRIT_REPLAY_LIST; i++)
        (void)json_array_append_new(exceptions, json_integer((json_int_t)r->exceptions[i]));
    for (size_t i = 0; i < r->in_doubt_len && i < WRIT_REPLAY_LIST; i++)
        (void)json_array_append_new(doubtful, json_integer((json_int_t)r->in_doubt_list[i]));
    json_t *all = json_pack(
        "{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:o}", "records", (json_int_t)r->records,
        "decided", (json_int_t)r->decided, "allowed", (json_int_t)r->allowed, "denied",
        (json_int_t)r->denied, "held", (json_int_t)r->held, "agreed", (json_int_t)r->agreed,
        "diverged", (json_int_t)r->diverged, "undecidable", (json_int_t)r->undecidable, "in_doubt",
        (json_int_t)r->in_doubt, "traceable", (json_int_t)r->traceable, "exceptions", exceptions,
        "in_doubt_at", doubtful);
    json_t *signatures = json_pack(
        "{s:I,s:I,s:I,s:I,s:I}", "human", (json_int_t)r->signatures_human, "agent",
        (json_int_t)r->signatures_agent, "action", (json_int_t)r->signatures_action, "session",
        (json_int_t)r->signatures_session, "bad", (json_int_t)r->signatures_bad);
    (void)json_object_set_new(all, "signatures", signatures);
    if (r->diverged != 0)
        (void)json_object_set_new(
            all, "first_divergence",
            json_pack("{s:I,s:s}", "index", (json_int_t)r->diverged_index, "why", r->diverged_why));
    return all;
}

static void print_signatures(struct writ_out *out, const struct writ_replay_report *r)
{
    uint64_t all =
        r->signatures_human + r->signatures_agent + r->signatures_action + r->signatures_session;

    writ_words_label(out, "signatures");
    writ_say(out, "%llu checked: %llu by humans, %llu by agents, %llu of actions, %llu of sessions",
             (unsigned long long)all, (unsigned long long)r->signatures_human,
             (unsigned long long)r->signatures_agent, (unsigned long long)r->signatures_action,
             (unsigned long long)r->signatures_session);
    if (r->signatures_bad != 0)
        number(out, "", r->signatures_bad, " of them are not good");
}

static void print_replay(struct writ_out *out, const struct writ_replay_report *r, bool signatures)
{
    char from[WRIT_TIME_TEXT], until[WRIT_TIME_TEXT];

    writ_time_format(r->first_time, from);
    writ_time_format(r->last_time, until);
    writ_put_style(out, r->diverged == 0 ? WRIT_STYLE_GOOD : WRIT_STYLE_BAD,
                   r->diverged == 0 ? "Every record came out the same"
                                    : "Records came out differently");
    writ_newline(out);
    writ_words_label(out, "records");
    writ_say(out, "%llu, from %s until %s", (unsigned long long)r->records, from, until);
    number(out, "agreed", r->agreed, "");
    number(out, "diverged", r->diverged, "");
    number(out, "undecidable", r->undecidable, " (the arguments are erased)");
    writ_words_label(out, "decisions");
    writ_say(out, "%llu: %llu allowed, %llu denied, %llu held", (unsigned long long)r->decided,
             (unsigned long long)r->allowed, (unsigned long long)r->denied,
             (unsigned long long)r->held);
    writ_words_label(out, "traceable");
    writ_say(out, "%llu of %llu allowed actions lead to a text that a human signed",
             (unsigned long long)r->traceable, (unsigned long long)r->allowed);
    indices(out, "exceptions", r->exceptions, r->exceptions_len);
    number(out, "in doubt", r->in_doubt, " allowed actions without an outcome");
    indices(out, "", r->in_doubt_list, r->in_doubt_len);
    if (signatures)
        print_signatures(out, r);
    if (r->diverged != 0) {
        number(out, "first at", r->diverged_index, "");
        writ_words_label(out, "because");
        writ_say(out, "%s", r->diverged_why);
        writ_words_label(out, "stored");
        writ_say(out, "%.*s", WRIT_FMT(writ_buf_slice(&r->stored)));
        writ_words_label(out, "made anew");
        writ_say(out, "%.*s", WRIT_FMT(writ_buf_slice(&r->remade)));
    }
}

static void show_progress(void *ctx, uint64_t records)
{
    struct writ_out *note = ctx;

    (void)fprintf(note->file, "\r%llu records", (unsigned long long)records);
    (void)fflush(note->file);
}

static enum writ_status replay_verdict(const struct writ_replay_report *r, struct writ_err *err)
{
    if (r->diverged != 0)
        return writ_fail(err, WRIT_CORRUPT, "%llu records came out differently",
                         (unsigned long long)r->diverged);
    if (r->signatures_bad != 0)
        return writ_fail(err, WRIT_SIGNATURE, "%llu signatures are not good",
                         (unsigned long long)r->signatures_bad);
    if (r->exceptions_len != 0)
        return writ_fail(err, WRIT_CORRUPT,
                         "%zu allowed actions do not lead to a text that a human signed",
                         r->exceptions_len);
    return WRIT_OK;
}

enum writ_status writ_cmd_replay(struct writ_cli *cli, struct writ_err *err)
{
    const char *signatures = writ_args_value(&cli->args, "signatures");
    char ledger[WRIT_PATH_MAX], payloads[WRIT_PATH_MAX];
    struct writ_replay_report *r;

    if (signatures != NULL && strcmp(signatures, "yes") != 0 && strcmp(signatures, "no") != 0)
        return writ_fail(err, WRIT_ARG, "--signatures %s: yes or no", signatures);
    WRIT_TRY(writ_home_find(cli, err));
    WRIT_TRY(writ_home_path(cli, "ledger", ledger, err));
    WRIT_TRY(writ_home_path(cli, "payloads", payloads, err));
    struct writ_replay_options o = {
        .ledger = ledger,
        .payloads = access(payloads, F_OK) == 0 ? payloads : NULL,
        .txn = writ_cstr(cli->args.words_len != 0 ? cli->args.words[0] : NULL),
        .signatures = signatures == NULL || strcmp(signatures, "yes") == 0,
        .progress = cli->note.tty ? show_progress : NULL,
        .ctx = &cli->note,
    };
    r = calloc(1, sizeof(*r));
    if (r == NULL)
        return writ_fail_nomem(err);
    enum writ_status st = writ_replay_run(&o, r, err);
    if (o.progress != NULL)
        (void)fputs("\r                          \r", cli->note.file);
    if (st == WRIT_OK && o.txn.len != 0 && r->decided == 0)
        st =
            writ_fail(err, WRIT_NOT_FOUND, "no record names the transaction %.*s", WRIT_FMT(o.txn));
    if (st == WRIT_OK) {
        if (cli->json) {
            WRIT_AUTO_JSON *report = replay_json(r);
            writ_put_json(&cli->out, report);
        } else {
            print_replay(&cli->out, r, o.signatures);
        }
        st = replay_verdict(r, err);
        cli->printed = cli->json;
    }
    writ_replay_release(r);
    free(r);
    return st;
}

/* --- verify --- */

/* --record is for proofs: what it says would otherwise go unchecked without a word. */
static enum writ_status no_record(const struct writ_cli *cli, struct writ_err *err)
{
    if (writ_args_has(&cli->args, "record"))
        return writ_fail(err, WRIT_ARG, "--record goes with a proof made by `writ prove`");
    return WRIT_OK;
}

static json_t *package_json(const struct writ_package_report *r)
{
    return json_pack(
        "{s:s,s:s,s:s,s:b,s:s,s:s,s:I,s:I,s:I,s:{s:I,s:I,s:I,s:I},s:{s:I,s:I,s:I,s:I,s:I,s:I}}",
        "cell", r->cell, "txn", r->txn, "ledger_key", r->ledger_key, "key_trusted",
        r->key_trusted ? 1 : 0, "operator", r->operator_name, "operator_key", r->operator_key,
        "tree_size", (json_int_t)r->tree_size, "records", (json_int_t)r->records, "proofs",
        (json_int_t)r->proofs, "signatures", "human", (json_int_t)r->signatures_human, "agent",
        (json_int_t)r->signatures_agent, "action", (json_int_t)r->signatures_action, "session",
        (json_int_t)r->signatures_session, "actions", "all", (json_int_t)r->actions, "allowed",
        (json_int_t)r->allowed, "denied", (json_int_t)r->denied, "held", (json_int_t)r->held,
        "in_doubt", (json_int_t)r->in_doubt, "unsigned", (json_int_t)r->unsigned_actions);
}

static void print_package(struct writ_out *out, const struct writ_package_report *r)
{
    writ_put_style(out, WRIT_STYLE_GOOD, "Everything in it holds");
    writ_newline(out);
    writ_words_label(out, "cell");
    writ_say(out, "%s", r->cell);
    writ_words_label(out, "transaction");
    writ_say(out, "%s", r->txn);
    writ_words_label(out, "actions");
    writ_say(out, "%llu: %llu allowed, %llu denied, %llu held, %llu in doubt",
             (unsigned long long)r->actions, (unsigned long long)r->allowed,
             (unsigned long long)r->denied, (unsigned long long)r->held,
             (unsigned long long)r->in_doubt);
    if (r->unsigned_actions != 0)
        number(out, "", r->unsigned_actions, " of them by a session, not signed one by one");
    writ_words_label(out, "records");
    writ_say(out, "%llu, of which %llu are shown to be in a tree of %llu",
             (unsigned long long)r->records, (unsigned long long)r->proofs,
             (unsigned long long)r->tree_size);
    writ_words_label(out, "signatures");
    writ_say(out, "%llu by humans, %llu by agents, %llu of actions, %llu of sessions",
             (unsigned long long)r->signatures_human, (unsigned long long)r->signatures_agent,
             (unsigned long long)r->signatures_action, (unsigned long long)r->signatures_session);
    writ_words_label(out, "operator");
    writ_say(out, "%s, %s", r->operator_name, r->operator_key);
    writ_words_label(out, "ledger key");
    writ_say(out, "%s", r->ledger_key);
    if (!r->key_trusted) {
        writ_put_style(out, WRIT_STYLE_WAIT, "  The key is the package's own word. ");
        writ_say(out, "Compare it with what you were told, or give --key.");
    }
}

/* The report, the witnesses in it, and whether they are enough. */
static enum writ_status finish(struct writ_cli *cli, const struct writ_quorum *q, json_t *report,
                               struct writ_err *err)
{
    if (cli->json) {
        writ_quorum_json(q, report);
        writ_put_json(&cli->out, report);
        cli->printed = true;
    } else {
        writ_quorum_print(q, &cli->out);
    }
    return writ_quorum_verdict(q, err);
}

static enum writ_status verify_file(struct writ_cli *cli, const char *path, struct writ_slice key,
                                    const struct writ_quorum *q, struct writ_err *err)
{
    WRIT_AUTO_BUF bytes;
    struct writ_package_report r;

    writ_buf_init(&bytes, WRIT_PACKAGE_MAX);
    memset(&r, 0, sizeof(r));
    WRIT_TRY(writ_home_read_file(path, &bytes, err));
    if (writ_proof_file_is(writ_buf_slice(&bytes)))
        return writ_proof_verify(cli, writ_buf_slice(&bytes), key, err);
    WRIT_TRY(no_record(cli, err));
    WRIT_TRY(writ_package_verify(writ_buf_slice(&bytes), key, &r, err));
    WRIT_AUTO_JSON *report = package_json(&r);
    if (!cli->json)
        print_package(&cli->out, &r);
    return finish(cli, q, report, err);
}

static enum writ_status verify_ledger(struct writ_cli *cli, const char *dir, struct writ_slice key,
                                      bool trusted, const struct writ_quorum *q,
                                      struct writ_err *err)
{
    struct writ_note_key vkey;
    struct writ_log_check c;
    char root[2 * WRIT_HASH_LEN + 1];

    memset(&c, 0, sizeof(c));
    WRIT_TRY(writ_note_key_parse(key, &vkey, err));
    WRIT_TRY(writ_log_verify(dir, &vkey, &c, err));
    WRIT_TRY(writ_quorum_covers(q, dir, c.entries, &c.root, err));
    writ_hex(root, c.root.b, sizeof(c.root.b));
    if (cli->json) {
        WRIT_AUTO_JSON *report =
            json_pack("{s:s,s:I,s:I,s:s,s:s%,s:b}", "cell", vkey.name, "entries",
                      (json_int_t)c.entries, "tail", (json_int_t)c.tail, "root", root, "ledger_key",
                      key.ptr, key.len, "key_trusted", trusted ? 1 : 0);
        return finish(cli, q, report, err);
    }
    writ_put_style(&cli->out, WRIT_STYLE_GOOD, "The ledger is whole");
    writ_newline(&cli->out);
    writ_words_label(&cli->out, "cell");
    writ_say(&cli->out, "%s", vkey.name);
    number(&cli->out, "records", c.entries, " under the signed checkpoint");
    number(&cli->out, "beyond", c.tail, " on disk, not yet published");
    writ_words_label(&cli->out, "root");
    writ_say(&cli->out, "%s", root);
    if (!trusted) {
        writ_put_style(&cli->out, WRIT_STYLE_WAIT, "  The key is the home's own word. ");
        writ_say(&cli->out, "Give --key with the one you were told.");
    }
    return finish(cli, q, NULL, err);
}

enum writ_status writ_cmd_verify(struct writ_cli *cli, struct writ_err *err)
{
    const char *path = cli->args.words_len != 0 ? cli->args.words[0] : NULL;
    const char *given = writ_args_value(&cli->args, "key");
    char ledger[WRIT_PATH_MAX];
    WRIT_AUTO_BUF key;
    WRIT_AUTO_QUORUM *q = NULL;
    bool own = path == NULL;
    struct stat st;

    writ_buf_init(&key, WRIT_HOME_LINE_MAX);
    if (given != NULL)
        WRIT_TRY(writ_home_vkey(given, &key, err));
    if (own) {
        WRIT_TRY(writ_home_find(cli, err));
        WRIT_TRY(writ_home_path(cli, "ledger", ledger, err));
        path = ledger;
    }
    if (stat(path, &st) != 0)
        return writ_fail_sys(err, "%s", path);
    WRIT_TRY(writ_quorum_open(cli, path, !S_ISDIR(st.st_mode), &key, &q, err));
    if (!S_ISDIR(st.st_mode))
        return verify_file(cli, path, writ_buf_slice(&key), q, err);
    WRIT_TRY(no_record(cli, err));
    bool trusted = key.len != 0;
    if (!trusted && !own)
        return writ_fail(err, WRIT_ARG, "a ledger by itself has no key: give --key VKEY");
    if (!trusted)
        WRIT_TRY(writ_home_line(cli, "ledger.vkey", &key, err));
    return verify_ledger(cli, path, writ_buf_slice(&key), trusted, q, err);
}

/* --- export --- */

enum writ_status writ_cmd_export(struct writ_cli *cli, struct writ_err *err)
{
    const char *txn = cli->args.words[0], *output = writ_args_value(&cli->args, "output");
    char ledger[WRIT_PATH_MAX], path[WRIT_PATH_MAX];
    WRIT_AUTO_BUF package;

    writ_buf_init(&package, WRIT_PACKAGE_MAX);
    if (output == NULL && strchr(txn, '/') != NULL)
        return writ_fail(err, WRIT_ARG, "name the file with -o FILE");
    int n = output != NULL ? snprintf(path, sizeof(path), "%s", output)
                           : snprintf(path, sizeof(path), "%s.writ", txn);
    if (n < 0 || (size_t)n >= sizeof(path))
        return writ_fail(err, WRIT_LIMIT, "the file name is too long");
    WRIT_TRY(writ_home_find(cli, err));
    WRIT_TRY(writ_home_path(cli, "ledger", ledger, err));
    writ_ledger_publish(cli);
    WRIT_TRY(writ_package_export(ledger, writ_cstr(txn), &package, err));
    if (strcmp(path, "-") == 0) {
        (void)fwrite(package.ptr, 1, package.len, cli->out.file);
        return WRIT_OK;
    }
    WRIT_TRY(writ_home_create_file(path, writ_buf_slice(&package), err));
    if (cli->json) {
        WRIT_AUTO_JSON *made =
            json_pack("{s:s, s:I}", "file", path, "bytes", (json_int_t)package.len);
        writ_put_json(&cli->out, made);
        return WRIT_OK;
    }
    writ_say(&cli->out, "%s, %zu bytes; anybody can check it with: writ verify %s", path,
             package.len, path);
    return WRIT_OK;
}
