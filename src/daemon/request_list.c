#include "daemon.h"

#include <stdlib.h>

#include "base/banned.h"

struct listing {
    size_t len;
    uint8_t verdicts[WRIT_WIRE_LIST_MAX];
};

/* One name: its verdict, and the record of having seen it for the first time or changed. */
static bool list_one(struct job *job, struct writ_slice name, struct writ_slice digest,
                     uint64_t now, struct listing *l)
{
    const struct writ_frame *f = &job->frame;
    enum writ_listing verdict = WRIT_HIDE;
    bool has_record = false;
    struct writ_record record;
    uint64_t index;

    struct writ_list_request request = {
        .agent = writ_frame_bytes(f, WRIT_TAG_AGENT),
        .target = writ_frame_bytes(f, WRIT_TAG_TARGET),
        .grant = writ_frame_bytes(f, WRIT_TAG_GRANT),
        .kind = writ_frame_bytes(f, WRIT_TAG_KIND),
        .name = name,
        .digest = digest,
    };
    enum writ_status st = writ_authority_list(job->daemon->authority, &request, now, &verdict,
                                              &has_record, &record, &job->err);
    if (st != WRIT_OK) {
        job_fail_err(job, st);
        return false;
    }
    if (has_record && !job_sequence(job, &record, WRIT_ROOM_COMMON, NULL, &index))
        return false;
    l->verdicts[l->len++] = (uint8_t)verdict;
    return true;
}

/* Name by name with its digest; false when the job was failed. */
static bool list_all(struct job *job, struct listing *l)
{
    struct writ_slice name, digest;
    size_t at_name = 0, at_digest = 0;
    enum writ_tag tag;
    uint64_t now = 0;

    if (!job_now(job, &now))
        return false;
    while (writ_frame_next(&job->frame, &at_name, WRIT_TAG_NAME, &tag, &name)) {
        if (!writ_frame_next(&job->frame, &at_digest, WRIT_TAG_DIGEST, &tag, &digest)) {
            job_fail(job, WRIT_FORMAT, "a NAME has no DIGEST");
            return false;
        }
        if (l->len == WRIT_WIRE_LIST_MAX) {
            job_fail(job, WRIT_LIMIT, "more names than one list may have");
            return false;
        }
        if (!list_one(job, name, digest, now, l))
            return false;
    }
    if (writ_frame_next(&job->frame, &at_digest, WRIT_TAG_DIGEST, &tag, &digest)) {
        job_fail(job, WRIT_FORMAT, "a DIGEST has no NAME");
        return false;
    }
    return true;
}

void request_list(struct job *job)
{
    struct writ_frame_out o;
    struct listing *l = calloc(1, sizeof(*l));

    if (l == NULL) {
        job_fail(job, WRIT_NOMEM, "out of memory");
        return;
    }
    if (list_all(job, l)) {
        writ_frame_begin(&o, &job->reply, WRIT_FRAME_LIST_REPLY, job->frame.id);
        writ_frame_add(&o, WRIT_TAG_VERDICTS, writ_slice(l->verdicts, l->len));
        job->status = writ_frame_end(&o, &job->err);
        if (job->status == WRIT_OK)
            job_when_durable(job);
        else
            job_fail_err(job, job->status);
    }
    free(l);
}
