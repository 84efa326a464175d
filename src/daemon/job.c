#include "daemon.h"

#include <stdlib.h>

#include "base/json.h"
#include "crypto/hash.h"

#include "base/banned.h"

struct job *job_new(struct conn *c, struct writ_slice frame)
{
    struct daemon *d = c->daemon;
    struct job *job = calloc(1, sizeof(*job) + frame.len); /* a frame is at most 9 MiB */

    if (job == NULL)
        return NULL;
    job->daemon = d;
    job->conn = c;
    job->size = frame.len;
    memcpy(job->bytes, frame.ptr, frame.len);
    writ_buf_init(&job->reply, WRIT_FRAME_MAX + 4);
    writ_buf_init(&job->canonical, WRIT_PAYLOAD_MAX + 1);
    job->payload_dir = d->home.payloads;
    job->next = d->jobs;
    if (d->jobs != NULL)
        d->jobs->prev = job;
    d->jobs = job;
    d->job_count++;
    d->job_bytes += job->size;
    c->jobs++;
    c->job_bytes += job->size;
    return job;
}

void job_set_waiting(struct job *job, bool waiting)
{
    if (job->waiting == waiting)
        return;
    job->waiting = waiting;
    size_t one = waiting ? 1 : (size_t)-1; /* adds or takes away */
    job->conn->waiters += one;
    job->daemon->waiter_count += one;
    job->conn->jobs -= one;
}

static void job_free(struct job *job)
{
    struct daemon *d = job->daemon;
    struct conn *c = job->conn;

    job_set_waiting(job, false);
    if (job->prev != NULL)
        job->prev->next = job->next;
    else
        d->jobs = job->next;
    if (job->next != NULL)
        job->next->prev = job->prev;
    d->job_count--;
    d->job_bytes -= job->size;
    c->jobs--;
    c->job_bytes -= job->size;
    writ_buf_release(&job->reply);
    writ_buf_release(&job->canonical);
    json_decref(job->body);
    json_decref(job->out);
    free(job);
    conn_release(c);
    if (d->stopping)
        daemon_stop_step(d);
}

void job_finish(struct job *job)
{
    struct conn *c = job->conn;

    if (!c->closing) {
        if (c->out.len + c->writing.len > CONN_UNREAD_MAX ||
            writ_buf_add(&c->out, writ_buf_slice(&job->reply)) != WRIT_OK) {
            daemon_log(job->daemon, "a connection of user %u does not read its replies: closed",
                       c->uid);
            conn_close(c);
        } else {
            conn_dirty(c);
        }
    }
    job_free(job);
}

void job_fail(struct job *job, enum writ_status status, const char *text)
{
    enum writ_status st;

    writ_buf_clear(&job->reply);
    if (status == WRIT_OK)
        status = WRIT_REFUSED;
    st = writ_frame_error(&job->reply, writ_frame_id(writ_slice(job->bytes, job->size)), status,
                          writ_cstr(text));
    if (st != WRIT_OK) { /* no memory for thirty bytes: silence would be taken for patience */
        conn_close(job->conn);
        writ_buf_clear(&job->reply);
    }
    job_finish(job);
}

void job_fail_err(struct job *job, enum writ_status status)
{
    struct writ_err err = job->err;
    job_fail(job, status, err.text[0] != '\0' ? err.text : writ_status_text(status));
}

static void worker_run(uv_work_t *w)
{
    struct job *job = w->data;
    job->at_work(job);
}

static void worker_done(uv_work_t *w, int status)
{
    struct job *job = w->data;
    struct daemon *d = job->daemon;

    if (d->fatal)
        return;
    if (status != 0)
        job_fail(job, WRIT_CLOSED, "writd is shutting down");
    else
        job->then(job);
    conn_flush_all(d);
}

void job_to_worker(struct job *job, job_fn *at_work, job_fn *then)
{
    job->at_work = at_work;
    job->then = then;
    job->work.data = job;
    int rc = uv_queue_work(&job->daemon->loop, &job->work, worker_run, worker_done);
    if (rc != 0)
        job_fail(job, WRIT_NOMEM, uv_strerror(rc));
}

void job_is_durable(struct job *job)
{
    if (job->durable != NULL) {
        job_fn *step = job->durable;
        job->durable = NULL;
        step(job);
        return;
    }
    job_finish(job);
}

void job_when_durable(struct job *job)
{
    struct daemon *d = job->daemon;

    if (d->seq.queued == 0) {
        job_is_durable(job);
        return;
    }
    enum writ_status st = writ_sequence_barrier(&d->seq, job, &job->err);
    if (st != WRIT_OK)
        job_fail_err(job, st);
}

/* A record that could not be sequenced fails the job, and perhaps the daemon. */
static bool sequenced(struct job *job, enum writ_status st)
{
    struct daemon *d = job->daemon;

    if (st == WRIT_OK)
        return true;
    job_fail_err(job, st);
    if (d->seq.broken)
        daemon_fatal(d, &d->seq.why);
    return false;
}

bool job_sequence(struct job *job, const struct writ_record *r, enum writ_room room, void *owner,
                  uint64_t *index)
{
    return sequenced(job, writ_sequence(&job->daemon->seq, r, room, owner, index, &job->err));
}

bool job_sequence_both(struct job *job, const struct writ_record *first,
                       const struct writ_record *second, uint64_t *index)
{
    return sequenced(job, writ_sequence_both(&job->daemon->seq, first, second, WRIT_ROOM_COMMON,
                                             job, index, &job->err));
}

bool job_now(struct job *job, uint64_t *now)
{
    return sequenced(job, writ_sequence_now(&job->daemon->seq, now, &job->err));
}

/* What writ_payload_digest computes, keeping the canonical form that is to be stored. */
void job_canonical(struct job *job, struct writ_slice json, struct writ_slice salt)
{
    WRIT_AUTO_JSON *value = NULL;
    struct writ_sha256 sum;

    if (json.len == 0)
        json = WRIT_LIT("{}");
    writ_buf_clear(&job->canonical);
    job->status = writ_json_parse_object(json, WRIT_WIRE_JSON_MAX, &value, &job->err);
    if (job->status == WRIT_OK)
        job->status = writ_json_canonical(value, &job->canonical, &job->err);
    if (job->status != WRIT_OK)
        return;
    memcpy(job->salt, salt.ptr, sizeof(job->salt));
    writ_sha256_init(&sum);
    writ_sha256_add(&sum, salt);
    writ_sha256_add(&sum, writ_buf_slice(&job->canonical));
    job->digest = writ_sha256_done(&sum);
}
