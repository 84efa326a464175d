#include "daemon.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

#include "base/banned.h"

#define SESSION_ARENA (64u << 10)

void request_hello(struct job *job)
{
    struct writ_frame_out o;

    writ_frame_begin(&o, &job->reply, WRIT_FRAME_HELLO_REPLY, job->frame.id);
    writ_frame_add_number(&o, WRIT_TAG_VERSION, WRIT_WIRE_VERSION);
    writ_frame_add(&o, WRIT_TAG_CELL, writ_cstr(job->daemon->home.cell));
    writ_frame_add(&o, WRIT_TAG_CHALLENGE,
                   writ_slice(job->conn->challenge, sizeof(job->conn->challenge)));
    job->status = writ_frame_end(&o, &job->err);
    if (job->status == WRIT_OK)
        job_finish(job);
    else
        job_fail_err(job, job->status);
}

static void verify(struct job *job)
{
    writ_session_verify(&job->as.session, writ_cstr(job->daemon->home.cell), job->key);
}

/* Room for the session in the connection; its index is filled in when the record has one. */
static struct session *add_session(struct conn *c, const struct writ_session_request *r)
{
    struct session *s = calloc(1, sizeof(*s) + r->agent.len + r->instance.len);

    if (s == NULL)
        return NULL;
    memcpy(s->bytes, r->agent.ptr, r->agent.len);
    if (r->instance.len > 0)
        memcpy(s->bytes + r->agent.len, r->instance.ptr, r->instance.len);
    s->agent = writ_slice(s->bytes, r->agent.len);
    s->instance = writ_slice(s->bytes + r->agent.len, r->instance.len);
    s->next = c->sessions;
    return s;
}

static void build_reply(struct job *job, uint64_t index)
{
    struct writ_frame_out o;

    writ_frame_begin(&o, &job->reply, WRIT_FRAME_SESSION_REPLY, job->frame.id);
    writ_frame_add_number(&o, WRIT_TAG_INDEX, index);
    job->status = writ_frame_end(&o, &job->err);
}

static void open_session(struct job *job)
{
    struct daemon *d = job->daemon;
    struct conn *c = job->conn;
    struct writ_record record;
    uint64_t now = 0, index = 0;

    if (c->closing) {
        job_finish(job);
        return;
    }
    if (c->session_count >= CONN_SESSIONS_MAX) {
        job_fail(job, WRIT_LIMIT, "this connection has as many sessions as one may have");
        return;
    }
    if (!job_now(job, &now))
        return;
    /* While a worker checked the signature, the agent may have got another key. */
    if (job->key != writ_authority_agent_key(d->authority, job->as.session.agent))
        job->as.session.verified = WRIT_CHECK_FAILED;
    WRIT_AUTO_ARENA arena;
    writ_arena_init(&arena, SESSION_ARENA);
    enum writ_status st = writ_authority_open_session(d->authority, &job->as.session, now, &arena,
                                                      &record, &job->err);
    struct session *s = st == WRIT_OK ? add_session(c, &job->as.session) : NULL;
    if (st == WRIT_OK && s == NULL)
        st = writ_fail_nomem(&job->err);
    if (st == WRIT_OK) {
        build_reply(job, writ_authority_next_index(d->authority));
        st = job->status;
    }
    if (st != WRIT_OK) {
        free(s);
        job_fail_err(job, st);
        return;
    }
    if (!job_sequence(job, &record, WRIT_ROOM_COMMON, job, &index)) {
        free(s);
        return;
    }
    s->index = index;
    c->sessions = s;
    c->session_count++;
}

void request_session(struct job *job)
{
    const struct writ_frame *f = &job->frame;

    job->as.session = (struct writ_session_request){
        .agent = writ_frame_bytes(f, WRIT_TAG_AGENT),
        .instance = writ_frame_bytes(f, WRIT_TAG_INSTANCE),
        .gateway = writ_frame_bytes(f, WRIT_TAG_GATEWAY),
        .transport = writ_frame_bytes(f, WRIT_TAG_TRANSPORT),
        .client = writ_frame_bytes(f, WRIT_TAG_CLIENT),
        .challenge = writ_slice(job->conn->challenge, sizeof(job->conn->challenge)),
        .issued = writ_frame_number(f, WRIT_TAG_ISSUED, 0),
        .signature = writ_frame_bytes(f, WRIT_TAG_SIGNATURE),
        .verified = WRIT_CHECK_FAILED,
    };
    job->key = writ_authority_agent_key(job->daemon->authority, job->as.session.agent);
    job_to_worker(job, verify, open_session);
}

void request_close_session(struct daemon *d, const struct session *s)
{
    char subject[24];
    struct writ_record record;
    struct writ_err err = { 0 };
    uint64_t now = 0, index;

    int n = snprintf(subject, sizeof(subject), "%llu", (unsigned long long)s->index);
    enum writ_status st = writ_sequence_now(&d->seq, &now, &err);
    WRIT_AUTO_ARENA arena;
    writ_arena_init(&arena, SESSION_ARENA);
    struct writ_rec_narrowed what = {
        .by = WRIT_LIT("writd"),
        .subject = writ_slice(subject, n > 0 ? (size_t)n : 0),
        .reason = WRIT_LIT("the connection was closed"),
        .requested = now,
    };
    if (st == WRIT_OK)
        st = writ_authority_narrow(d->authority, WRIT_RECORD_SESSION_CLOSED, &what, now, &arena,
                                   &record, &err);
    if (st == WRIT_OK)
        st = writ_sequence(&d->seq, &record, WRIT_ROOM_COMMON, NULL, &index, &err);
    if (d->seq.broken)
        daemon_fatal(d, &d->seq.why);
    else if (st != WRIT_OK)
        daemon_log(d, "the end of session %s is not on record: %s", subject, err.text);
}
