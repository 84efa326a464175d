#include "replay/replay.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "redo.h"

#include "base/banned.h"

/* How often the caller hears of the progress. */
#define PROGRESS_EVERY 4096

static void note_divergence(struct replay *p, struct writ_slice stored, struct writ_slice remade,
                            const char *why)
{
    struct writ_replay_report *out = p->out;

    out->diverged++;
    if (out->diverged != 1)
        return;
    out->diverged_index = p->index;
    (void)snprintf(out->diverged_why, sizeof(out->diverged_why), "%s", why);
    writ_buf_clear(&out->stored);
    writ_buf_clear(&out->remade);
    /* For the eyes of a person; when memory is out the counts still say it. */
    if (writ_buf_add(&out->stored, stored) != WRIT_OK ||
        writ_buf_add(&out->remade, remade) != WRIT_OK)
        (void)snprintf(out->diverged_why, sizeof(out->diverged_why), "out of memory");
}

static void note(uint64_t index, uint64_t *list, size_t *len)
{
    if (*len < WRIT_REPLAY_LIST)
        list[(*len)++] = index;
}

static bool counted(const struct replay *p, struct writ_slice txn)
{
    return p->o->txn.len == 0 || writ_slice_eq(p->o->txn, txn);
}

static void count_decided(struct replay *p, const struct writ_record *rec)
{
    const struct writ_rec_decided *r = &rec->as.decided;
    struct writ_replay_report *out = p->out;

    if (!counted(p, r->txn))
        return;
    out->decided++;
    if (writ_slice_is(r->verdict, "deny"))
        out->denied++;
    else if (writ_slice_is(r->verdict, "hold"))
        out->held++;
    if (!writ_slice_is(r->verdict, "allow"))
        return;
    out->allowed++;
    if (redo_traceable(p, r))
        out->traceable++;
    else
        note(p->index, out->exceptions, &out->exceptions_len);
}

/* Makes the record anew and compares; then goes on with what is stored. */
static enum writ_status replay_one(struct replay *p, struct writ_slice stored, struct writ_err *err)
{
    struct writ_record rec, remade;
    struct writ_err why = { 0 };
    bool undecidable = false;

    writ_arena_reset(&p->arena, REPLAY_ARENA);
    WRIT_TRY(writ_record_decode(stored, &p->arena, &rec, err));
    writ_buf_clear(&p->remade);
    enum writ_status st = redo(p, &rec, &remade, &undecidable, &why);
    if (st == WRIT_OK)
        st = writ_record_encode(&remade, &p->remade, &why);
    if (st == WRIT_NOMEM)
        return writ_fail_nomem(err);
    bool same = st == WRIT_OK && writ_slice_eq(writ_buf_slice(&p->remade), stored);
    if (rec.type == WRIT_RECORD_ACTION_DECIDED)
        count_decided(p, &rec);
    if (undecidable) /* whatever came out, it came out of half the facts */
        p->out->undecidable++;
    else if (same)
        p->out->agreed++;
    else
        note_divergence(p, stored, writ_buf_slice(&p->remade),
                        st == WRIT_OK ? "the record comes out different" : why.text);
    return writ_authority_apply_record(p->a, p->index, &rec, err);
}

static enum writ_status fold(struct replay *p, struct writ_err *err)
{
    struct writ_slice entry;
    uint64_t index;

    for (;;) {
        enum writ_status st = writ_log_reader_next(p->reader, &entry, &index, err);
        if (st == WRIT_NOT_FOUND)
            return WRIT_OK;
        if (st != WRIT_OK)
            return st;
        p->index = index;
        st = replay_one(p, entry, err);
        if (st != WRIT_OK && err != NULL) {
            struct writ_err cause = *err;
            return writ_fail(err, st, "record %llu: %s", (unsigned long long)index, cause.text);
        }
        if (st != WRIT_OK)
            return st;
        if (index == 0)
            p->out->first_time = writ_authority_last_time(p->a);
        p->out->records = index + 1;
        if (p->o->progress != NULL && index % PROGRESS_EVERY == 0)
            p->o->progress(p->o->ctx, index);
    }
}

/* What never got a completion, oldest first. */
static enum writ_status count_in_doubt(struct replay *p, struct writ_err *err)
{
    struct writ_slice entry, txn;
    uint64_t index;

    WRIT_TRY(writ_log_reader_seek(p->reader, 0, err));
    uint64_t left = writ_authority_in_flight(p->a);
    while (left != 0) {
        enum writ_status st = writ_log_reader_next(p->reader, &entry, &index, err);
        if (st == WRIT_NOT_FOUND)
            break;
        if (st != WRIT_OK)
            return st;
        if (!writ_authority_in_flight_txn(p->a, index, &txn))
            continue;
        left--;
        if (!counted(p, txn))
            continue;
        p->out->in_doubt++;
        note(index, p->out->in_doubt_list, &p->out->in_doubt_len);
    }
    return WRIT_OK;
}

static enum writ_status run(struct replay *p, struct writ_err *err)
{
    WRIT_TRY(writ_authority_new(&p->a, err));
    WRIT_TRY(writ_log_reader_open(p->o->ledger, &p->reader, err));
    if (p->o->payloads != NULL)
        WRIT_TRY(writ_payload_reader_open(p->o->payloads, &p->payloads, err));
    WRIT_TRY(fold(p, err));
    p->out->last_time = writ_authority_last_time(p->a);
    return count_in_doubt(p, err);
}

enum writ_status writ_replay_run(const struct writ_replay_options *o,
                                 struct writ_replay_report *out, struct writ_err *err)
{
    struct replay p = { .o = o, .out = out };

    *out = (struct writ_replay_report){ 0 };
    writ_buf_init(&out->stored, 65536);
    writ_buf_init(&out->remade, 65536);
    writ_buf_init(&p.remade, WRIT_RECORD_MAX + 1024);
    writ_buf_init(&p.expected, WRIT_RECORD_MAX + 1024);
    writ_buf_init(&p.payload, WRIT_PAYLOAD_MAX);
    writ_arena_init(&p.arena, REPLAY_ARENA);
    enum writ_status st = run(&p, err);
    writ_payload_reader_close(p.payloads);
    writ_log_reader_close(p.reader);
    writ_authority_free(p.a);
    free(p.roots);
    writ_arena_release(&p.arena);
    writ_buf_release(&p.remade);
    writ_buf_release(&p.expected);
    writ_buf_release(&p.payload);
    if (st != WRIT_OK)
        writ_replay_release(out);
    return st;
}

void writ_replay_release(struct writ_replay_report *r)
{
    writ_buf_release(&r->stored);
    writ_buf_release(&r->remade);
}
