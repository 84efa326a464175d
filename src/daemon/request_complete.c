#include "daemon.h"

#include "base/arena.h"

#include "base/banned.h"

#define COMPLETE_ARENA (64u << 10)

static void prepare(struct job *job)
{
    if (writ_frame_has(&job->frame, WRIT_TAG_RESULT))
        job_canonical(job, writ_frame_bytes(&job->frame, WRIT_TAG_RESULT),
                      writ_frame_bytes(&job->frame, WRIT_TAG_SALT));
}

/*
 * An outcome is recorded even when its payload finds no room: that the action happened matters
 * more than what it returned, and a digest without payload reads as erased.
 */
static void store_result(struct job *job)
{
    struct daemon *d = job->daemon;
    struct writ_err err;

    enum writ_status st =
        writ_payloads_put(d->payloads, &job->digest, writ_slice(job->salt, sizeof(job->salt)),
                          writ_buf_slice(&job->canonical), &err);
    if (st != WRIT_OK)
        daemon_log(d, "a result was not stored, its outcome is: %s", err.text);
}

static void build_reply(struct job *job, uint64_t index)
{
    struct writ_frame_out o;

    writ_frame_begin(&o, &job->reply, WRIT_FRAME_COMPLETE_REPLY, job->frame.id);
    writ_frame_add_number(&o, WRIT_TAG_INDEX, index);
    job->status = writ_frame_end(&o, &job->err);
}

static void complete(struct job *job)
{
    struct daemon *d = job->daemon;
    struct writ_record record;
    uint64_t now = 0, index = 0;

    /* Also when the connection is gone: the outcome is true all the same. */
    if (job->status != WRIT_OK) {
        job_fail_err(job, job->status);
        return;
    }
    if (!job_now(job, &now))
        return;
    struct writ_outcome o = {
        .decided = writ_frame_number(&job->frame, WRIT_TAG_INDEX, UINT64_MAX),
        .status = writ_frame_bytes(&job->frame, WRIT_TAG_OUTCOME),
        .has_result = writ_frame_has(&job->frame, WRIT_TAG_RESULT),
        .result = job->digest,
        .duration_us = writ_frame_number(&job->frame, WRIT_TAG_DURATION, 0),
    };
    WRIT_AUTO_ARENA arena;
    writ_arena_init(&arena, COMPLETE_ARENA);
    enum writ_status st =
        writ_authority_complete(d->authority, &o, now, &arena, &record, &job->err);
    if (st != WRIT_OK) {
        job_fail_err(job, st);
        return;
    }
    if (o.has_result)
        store_result(job);
    build_reply(job, writ_authority_next_index(d->authority));
    if (job->status != WRIT_OK)
        job_fail_err(job, job->status);
    else
        (void)job_sequence(job, &record, WRIT_ROOM_RESERVED, job, &index);
}

void request_complete(struct job *job)
{
    if (writ_frame_bytes(&job->frame, WRIT_TAG_RESULT).len > INLINE_JSON_MAX) {
        job_to_worker(job, prepare, complete);
        return;
    }
    prepare(job);
    complete(job);
}
