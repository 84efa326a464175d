#include "daemon.h"

#include "base/banned.h"

/*
 * The state now; one that time alone has ended counts as pending until approval.expired is on
 * record, which the tick sees to.
 */
static enum writ_approval_state state_of(struct job *job)
{
    const struct daemon *d = job->daemon;
    return writ_authority_approval_state(d->authority,
                                         writ_frame_bytes(&job->frame, WRIT_TAG_APPROVAL),
                                         writ_authority_last_time(d->authority));
}

static void answer(struct job *job, enum writ_approval_state state)
{
    struct writ_frame_out o;

    job_set_waiting(job, false);
    writ_frame_begin(&o, &job->reply, WRIT_FRAME_AWAIT_REPLY, job->frame.id);
    writ_frame_add_number(&o, WRIT_TAG_STATE, (uint64_t)state);
    job->status = writ_frame_end(&o, &job->err);
    if (job->status == WRIT_OK)
        job_when_durable(job);
    else
        job_fail_err(job, job->status);
}

void request_await(struct job *job)
{
    enum writ_approval_state state = state_of(job);

    if (state != WRIT_APPROVAL_PENDING) {
        answer(job, state);
        return;
    }
    if (job->conn->waiters >= CONN_WAITERS_MAX) {
        job_fail(job, WRIT_LIMIT, "too many requests wait for approvals on this connection");
        return;
    }
    job_set_waiting(job, true);
}

void daemon_wake_waiters(struct daemon *d)
{
    struct job *next;

    /* Answering one frees it and no other. */
    for (struct job *j = d->jobs; j != NULL && d->waiter_count > 0; j = next) {
        next = j->next;
        if (!j->waiting)
            continue;
        enum writ_approval_state state = state_of(j);
        if (state != WRIT_APPROVAL_PENDING)
            answer(j, state);
    }
}
