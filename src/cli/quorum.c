#include "quorum.h"

#include <stdlib.h>

#include "base/text.h"
#include "home.h"
#include "ledger/cosign.h"
#include "ledger/log.h"
#include "ledger/proof_file.h"
#include "replay/package.h"
#include "words.h"

#include "base/banned.h"

void writ_quorum_close(struct writ_quorum *q)
{
    if (q == NULL)
        return;
    writ_buf_release(&q->text);
    writ_buf_release(&q->note);
    free(q);
}

static enum writ_status read_policy(const char *path, struct writ_quorum *q, struct writ_err *err)
{
    struct writ_err why = { WRIT_OK, 0, 0, "" };

    WRIT_TRY(writ_home_read_file(path, &q->text, err));
    enum writ_status st = writ_policy_parse(writ_buf_slice(&q->text), &q->policy, &why);
    if (st != WRIT_OK)
        return writ_fail_at(err, st, why.offset, "%s: %s", path, why.text);
    if (q->policy.logs == 0)
        return writ_fail(err, WRIT_FORMAT, "%s names no log", path);
    return WRIT_OK;
}

static enum writ_status package_note(const char *path, struct writ_buf *out, struct writ_err *err)
{
    WRIT_AUTO_BUF bytes;
    WRIT_AUTO_JSON *package = NULL;
    struct writ_slice note;

    writ_buf_init(&bytes, WRIT_PACKAGE_MAX);
    WRIT_TRY(writ_home_read_file(path, &bytes, err));
    if (writ_proof_file_is(writ_buf_slice(&bytes)))
        return writ_fail(err, WRIT_ARG, "--policy is for ledgers and packages, not for a proof");
    WRIT_TRY(writ_json_parse_object(writ_buf_slice(&bytes), WRIT_PACKAGE_MAX, &package, err));
    WRIT_TRY(writ_json_str(package, "package", "checkpoint", &note, err));
    enum writ_status st = writ_buf_add(out, note);
    return st == WRIT_OK ? st : writ_fail(err, st, "a note is at most %d bytes", WRIT_NOTE_MAX);
}

/* Which log of the policy signed, and who of its witnesses cosigned. */
static enum writ_status judge(struct writ_quorum *q, struct writ_err *err)
{
    const struct writ_slice note = writ_buf_slice(&q->note);
    struct writ_policy *p = &q->policy;
    enum writ_status st = WRIT_SIGNATURE;
    uint64_t cosigned = 0;

    for (q->log = 0; q->log < p->logs; q->log++) {
        st = writ_checkpoint_open(note, &p->log[q->log], &q->checkpoint, err);
        if (st != WRIT_SIGNATURE)
            break;
    }
    if (st == WRIT_SIGNATURE && p->logs > 1)
        return writ_fail(err, st, "no log of the policy signed the checkpoint");
    if (st != WRIT_OK)
        return st;
    WRIT_TRY(writ_cosign_collect(note, p->witness_key, p->witnesses, q->times, err));
    for (size_t i = 0; i < p->witnesses; i++)
        if (q->times[i] != 0)
            cosigned |= (uint64_t)1 << i;
    q->met = writ_policy_met(p, cosigned);
    return WRIT_OK;
}

/* The caller's own word on the key and that of the policy must not differ. */
static enum writ_status settle_key(const struct writ_quorum *q, struct writ_buf *vkey,
                                   struct writ_err *err)
{
    WRIT_AUTO_BUF text;

    writ_buf_init(&text, WRIT_HOME_LINE_MAX);
    if (writ_note_key_text(&q->policy.log[q->log], &text) != WRIT_OK)
        return writ_fail_nomem(err);
    if (vkey->len != 0 && !writ_slice_eq(writ_buf_slice(vkey), writ_buf_slice(&text)))
        return writ_fail(err, WRIT_SIGNATURE, "the policy demands the log key %.*s, not %.*s",
                         WRIT_FMT(writ_buf_slice(&text)), WRIT_FMT(writ_buf_slice(vkey)));
    writ_buf_clear(vkey);
    enum writ_status st = writ_buf_add(vkey, writ_buf_slice(&text));
    return st == WRIT_OK ? st : writ_fail(err, st, "no room for the log key");
}

enum writ_status writ_quorum_open(struct writ_cli *cli, const char *path, bool file,
                                  struct writ_buf *vkey, struct writ_quorum **out,
                                  struct writ_err *err)
{
    const char *policy = writ_args_value(&cli->args, "policy");
    const char *checkpoint = writ_args_value(&cli->args, "checkpoint");

    if (policy == NULL && checkpoint != NULL)
        return writ_fail(err, WRIT_ARG, "--checkpoint goes with --policy");
    if (policy == NULL)
        return WRIT_OK;
    if (file && checkpoint != NULL)
        return writ_fail(err, WRIT_ARG, "a package has its own checkpoint: leave out --checkpoint");
    WRIT_AUTO_QUORUM *q = calloc(1, sizeof(*q));
    if (q == NULL)
        return writ_fail_nomem(err);
    writ_buf_init(&q->text, WRIT_POLICY_MAX);
    writ_buf_init(&q->note, WRIT_NOTE_MAX);
    WRIT_TRY(read_policy(policy, q, err));
    if (checkpoint != NULL)
        WRIT_TRY(writ_home_read_file(checkpoint, &q->note, err));
    else if (file)
        WRIT_TRY(package_note(path, &q->note, err));
    else
        WRIT_TRY(writ_log_checkpoint(path, &q->note, err));
    WRIT_TRY(judge(q, err));
    WRIT_TRY(settle_key(q, vkey, err));
    *out = q;
    q = NULL;
    return WRIT_OK;
}

enum writ_status writ_quorum_covers(const struct writ_quorum *q, const char *dir, uint64_t size,
                                    const struct writ_hash *root, struct writ_err *err)
{
    struct writ_proof proof = { 0 };

    if (q == NULL)
        return WRIT_OK;
    if (q->checkpoint.size > size)
        return writ_fail(err, WRIT_CORRUPT,
                         "records are missing: the checkpoint in question covers %llu, the ledger "
                         "holds %llu",
                         (unsigned long long)q->checkpoint.size, (unsigned long long)size);
    if (q->checkpoint.size < size)
        WRIT_TRY(writ_log_prove_consistency(dir, q->checkpoint.size, size, &proof, err));
    if (writ_tree_check_consistency(q->checkpoint.size, size, &q->checkpoint.root, root, &proof) !=
        WRIT_OK)
        return writ_fail(err, WRIT_CORRUPT,
                         "another history: the first %llu records are not those of the checkpoint",
                         (unsigned long long)q->checkpoint.size);
    return WRIT_OK;
}

static void time_text(uint64_t seconds, char out[WRIT_TIME_TEXT])
{
    writ_time_format(seconds > UINT64_MAX / 1000000 ? UINT64_MAX : seconds * 1000000, out);
}

void writ_quorum_json(const struct writ_quorum *q, json_t *report)
{
    if (q == NULL)
        return;
    json_t *cosigned = json_array(), *missing = json_array();
    for (size_t i = 0; i < q->policy.witnesses; i++) {
        const char *name = q->policy.witness_key[i].name;
        char when[WRIT_TIME_TEXT];

        time_text(q->times[i], when);
        if (q->times[i] != 0)
            (void)json_array_append_new(cosigned,
                                        json_pack("{s:s,s:s}", "witness", name, "time", when));
        else
            (void)json_array_append_new(missing, json_string(name));
    }
    (void)json_object_set_new(report, "policy",
                              json_pack("{s:b,s:I,s:o,s:o}", "met", q->met ? 1 : 0, "entries",
                                        (json_int_t)q->checkpoint.size, "cosigned", cosigned,
                                        "missing", missing));
}

void writ_quorum_print(const struct writ_quorum *q, struct writ_out *out)
{
    if (q == NULL)
        return;
    writ_put_style(out, q->met ? WRIT_STYLE_GOOD : WRIT_STYLE_BAD,
                   q->met ? "The quorum of the policy is met" : "The quorum is not met");
    writ_newline(out);
    writ_words_label(out, "checkpoint");
    writ_say(out, "of %llu records", (unsigned long long)q->checkpoint.size);
    for (size_t i = 0; i < q->policy.witnesses; i++) {
        char when[WRIT_TIME_TEXT];

        time_text(q->times[i], when);
        writ_words_label(out, q->times[i] != 0 ? "cosigned" : "missing");
        writ_say(out, "%s%s%s", q->policy.witness_key[i].name, q->times[i] != 0 ? " at " : "",
                 q->times[i] != 0 ? when : "");
    }
}

enum writ_status writ_quorum_verdict(const struct writ_quorum *q, struct writ_err *err)
{
    size_t have = 0;

    if (q == NULL || q->met)
        return WRIT_OK;
    for (size_t i = 0; i < q->policy.witnesses; i++)
        if (q->times[i] != 0)
            have++;
    return writ_fail(err, WRIT_SIGNATURE,
                     "the quorum of the policy is not met: %zu of %zu witnesses cosigned", have,
                     q->policy.witnesses);
}
