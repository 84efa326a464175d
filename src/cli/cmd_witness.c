#include "commands.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "home.h"
#include "ledger/cosign.h"
#include "ledger/log.h"
#include "witness_state.h"
#include "words.h"

#include "base/banned.h"

#define POLL_MS        500
#define COSIGN_KEYTYPE 0x04
#define LOG_KEYTYPE    0x01

/* clang-format off */
const struct writ_option WRIT_OPTIONS_WITNESS[] = {
    { WRIT_OPTION_ONE, "key", NULL, "FILE", "the witness's private key", true },
    { WRIT_OPTION_ONE, "name", NULL, "NAME", "the witness's name: witness.example/w1", true },
    { WRIT_OPTION_FLAG, "new", NULL, NULL, "make the key and print its public text, no more", false },
    { WRIT_OPTION_ONE, "log", NULL, "VKEY", "the ledger key to demand, or a file that holds it", false },
    { WRIT_OPTION_ONE, "state", NULL, "FILE", "where it remembers what it cosigned last", false },
    { WRIT_OPTION_ONE, "output", "o", "FILE", "where to write the checkpoint; stdout if not given", false },
    { WRIT_OPTION_FLAG, "once", NULL, NULL, "cosign the checkpoint of now (the default)", false },
    { WRIT_OPTION_FLAG, "follow", "f", NULL, "go on with each new checkpoint", false },
    WRIT_OPTIONS_DONE,
};
/* clang-format on */

struct witness {
    struct writ_cli *cli;
    const char *dir, *output; /* output NULL: stdout */
    const struct writ_key *key;
    struct writ_note_key name, log;
    struct writ_witness_state state;
    bool given; /* this process has given out a cosignature for what the state holds */
};

static void witness_drop(struct witness *w)
{
    writ_witness_state_close(&w->state);
}
#define AUTO_WITNESS __attribute__((cleanup(witness_drop))) struct witness

/* --- a new key --- */

static enum writ_status make_key(struct writ_cli *cli, const char *file, struct writ_slice name,
                                 struct writ_err *err)
{
    WRIT_AUTO_KEY *key = NULL;
    WRIT_AUTO_BUF vkey;
    struct writ_note_key public;

    writ_buf_init(&vkey, WRIT_HOME_LINE_MAX);
    WRIT_TRY(writ_key_generate(WRIT_KEY_ED25519, &key, err));
    WRIT_TRY(writ_note_key_make(name, COSIGN_KEYTYPE, key, &public, err));
    if (writ_note_key_text(&public, &vkey) != WRIT_OK)
        return writ_fail_nomem(err);
    WRIT_TRY(writ_key_store(key, file, err));
    if (cli->json) {
        WRIT_AUTO_JSON *made = json_pack("{s:s,s:s%}", "file", file, "vkey", vkey.ptr, vkey.len);
        writ_put_json(&cli->out, made);
    } else {
        writ_say(&cli->out, "%.*s", WRIT_FMT(writ_buf_slice(&vkey)));
    }
    return WRIT_OK;
}

/* --- what a witness is for --- */

/* WRIT_OK only when the checkpoint goes on from the one that was cosigned last. */
static enum writ_status check_growth(const struct witness *w, const struct writ_checkpoint *c,
                                     struct writ_err *err)
{
    const struct writ_witness_state *s = &w->state;
    struct writ_proof proof = { 0 };

    if (!s->known)
        return WRIT_OK;
    if (c->size < s->size)
        return writ_fail(err, WRIT_CORRUPT,
                         "REFUSED, rolled back: the ledger of %s shows %llu records, and this "
                         "witness has cosigned %llu",
                         w->log.name, (unsigned long long)c->size, (unsigned long long)s->size);
    if (c->size > s->size)
        WRIT_TRY(writ_log_prove_consistency(w->dir, s->size, c->size, &proof, err));
    if (writ_tree_check_consistency(s->size, c->size, &s->root, &c->root, &proof) != WRIT_OK)
        return writ_fail(err, WRIT_CORRUPT,
                         "REFUSED, forked: the %llu records of %s are not shown to go on from the "
                         "%llu that this witness has cosigned; keep both checkpoints as evidence",
                         (unsigned long long)c->size, w->log.name, (unsigned long long)s->size);
    return WRIT_OK;
}

/*
 * What to cosign: the note in the output file where that is the same checkpoint, so that several
 * witnesses can write to one file; else the ledger's. Without earlier lines of our own.
 */
static enum writ_status base_note(const struct witness *w, struct writ_slice note,
                                  struct writ_buf *out, struct writ_err *err)
{
    WRIT_AUTO_BUF there;
    struct writ_slice ours, theirs;

    writ_buf_init(&there, WRIT_NOTE_MAX);
    WRIT_TRY(writ_note_open(note, &w->log, &ours, err));
    if (w->output != NULL && access(w->output, F_OK) == 0) {
        WRIT_TRY(writ_home_read_file(w->output, &there, err));
        if (writ_note_open(writ_buf_slice(&there), &w->log, &theirs, NULL) == WRIT_OK &&
            writ_slice_eq(ours, theirs))
            note = writ_buf_slice(&there);
    }
    return writ_cosign_without(note, &w->name, out, err);
}

static void print_lines(struct writ_out *out, struct writ_slice text)
{
    while (text.len != 0) {
        const uint8_t *lf = memchr(text.ptr, '\n', text.len);
        size_t n = lf != NULL ? (size_t)(lf - text.ptr) : text.len;

        writ_put_line_exactly(out, writ_slice(text.ptr, n));
        text = writ_slice_from(text, n + 1);
    }
}

static enum writ_status give(const struct witness *w, const struct writ_checkpoint *c,
                             uint64_t time, struct writ_slice note, struct writ_err *err)
{
    struct writ_cli *cli = w->cli;
    char root[2 * WRIT_HASH_LEN + 1], when[WRIT_TIME_TEXT];

    if (w->output != NULL)
        WRIT_TRY(writ_home_replace_file(w->output, note, 0644, err));
    writ_hex(root, c->root.b, sizeof(c->root.b));
    writ_time_format(time * 1000000, when);
    if (cli->json) {
        WRIT_AUTO_JSON *report = json_pack(
            "{s:s,s:s,s:I,s:s,s:s,s:s%}", "witness", w->name.name, "cell", w->log.name, "entries",
            (json_int_t)c->size, "root", root, "time", when, "checkpoint", note.ptr, note.len);
        writ_put_json(&cli->out, report);
    } else if (w->output != NULL) {
        writ_say(&cli->out, "%s  cosigned %llu records of %s, root %s", when,
                 (unsigned long long)c->size, w->log.name, root);
    } else {
        print_lines(&cli->out, note);
    }
    return writ_out_close(&cli->out, err);
}

static enum writ_status cosign(struct witness *w, const struct writ_checkpoint *c,
                               struct writ_slice note, struct writ_err *err)
{
    WRIT_AUTO_BUF base, line, cosigned;
    uint64_t time = w->cli->env.now_us(w->cli->env.ctx) / 1000000;

    writ_buf_init(&base, WRIT_NOTE_MAX);
    writ_buf_init(&line, 1024);
    writ_buf_init(&cosigned, WRIT_NOTE_MAX);
    WRIT_TRY(base_note(w, note, &base, err));
    /* First it is remembered for good, then it is said: never the other way round. */
    if (!w->state.known || w->state.size != c->size)
        WRIT_TRY(writ_witness_state_store(&w->state, &w->log, c, err));
    WRIT_TRY(writ_cosign_line(writ_buf_slice(&base), &w->name, w->key, time, &line, err));
    WRIT_TRY(writ_cosign_append(writ_buf_slice(&base), writ_buf_slice(&line), &cosigned, err));
    return give(w, c, time, writ_buf_slice(&cosigned), err);
}

/* One look at the ledger. */
static enum writ_status look(struct witness *w, struct writ_err *err)
{
    WRIT_AUTO_BUF note;
    struct writ_checkpoint c;

    writ_buf_init(&note, WRIT_NOTE_MAX);
    WRIT_TRY(writ_log_checkpoint(w->dir, &note, err));
    WRIT_TRY(writ_checkpoint_open(writ_buf_slice(&note), &w->log, &c, err));
    WRIT_TRY(check_growth(w, &c, err));
    if (w->given && c.size == w->state.size)
        return WRIT_OK;
    if (!w->state.known)
        writ_say(&w->cli->note, "No state in %s: this is the first checkpoint of %s here.",
                 w->state.path, w->log.name);
    WRIT_TRY(cosign(w, &c, writ_buf_slice(&note), err));
    w->given = true;
    return WRIT_OK;
}

static enum writ_status run(struct witness *w, bool follow, struct writ_err *err)
{
    const struct timespec pause = { 0, POLL_MS * 1000000L };

    for (;;) {
        WRIT_TRY(look(w, err));
        if (!follow || ferror(w->cli->out.file) != 0) /* the reader left */
            return WRIT_OK;
        (void)nanosleep(&pause, NULL);
    }
}

static enum writ_status parse_log_key(const char *given, struct writ_note_key *out,
                                      struct writ_err *err)
{
    WRIT_AUTO_BUF text;

    writ_buf_init(&text, WRIT_HOME_LINE_MAX);
    WRIT_TRY(writ_home_vkey(given, &text, err));
    WRIT_TRY(writ_note_key_parse(writ_buf_slice(&text), out, err));
    if (out->type != LOG_KEYTYPE)
        return writ_fail(err, WRIT_ARG, "--log: this is the key of a witness, not of a ledger");
    return WRIT_OK;
}

enum writ_status writ_cmd_witness(struct writ_cli *cli, struct writ_err *err)
{
    const char *file = writ_args_value(&cli->args, "key");
    const char *name = writ_args_value(&cli->args, "name");
    const char *log = writ_args_value(&cli->args, "log");
    const char *state = writ_args_value(&cli->args, "state");
    const char *output = writ_args_value(&cli->args, "output");
    bool follow = writ_args_has(&cli->args, "follow");
    WRIT_AUTO_KEY *key = NULL;
    AUTO_WITNESS w = { .cli = cli, .state = WRIT_WITNESS_STATE_NONE };

    if (writ_args_has(&cli->args, "new")) {
        if (cli->args.words_len != 0 || log != NULL || state != NULL || output != NULL || follow)
            return writ_fail(err, WRIT_ARG, "--new makes a key and nothing else");
        return make_key(cli, file, writ_cstr(name), err);
    }
    if (cli->args.words_len == 0 || log == NULL || state == NULL)
        return writ_fail(err, WRIT_ARG, "say which ledger: --log VKEY --state FILE DIR");
    if (follow && writ_args_has(&cli->args, "once"))
        return writ_fail(err, WRIT_ARG, "--once or --follow, not both");
    WRIT_TRY(parse_log_key(log, &w.log, err));
    WRIT_TRY(writ_key_load(file, &key, err));
    WRIT_TRY(writ_note_key_make(writ_cstr(name), COSIGN_KEYTYPE, key, &w.name, err));
    if (memcmp(w.name.pub, w.log.pub, sizeof(w.log.pub)) == 0)
        return writ_fail(err, WRIT_ARG, "a log cannot witness itself: make a key with --new");
    w.key = key;
    w.dir = cli->args.words[0];
    w.output = output != NULL && strcmp(output, "-") != 0 ? output : NULL;
    WRIT_TRY(writ_witness_state_open(&w.state, state, &w.log, err));
    return run(&w, follow, err);
}
