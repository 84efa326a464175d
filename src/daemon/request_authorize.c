#include "daemon.h"

#include "base/arena.h"

#include "base/banned.h"

#define SECOND_US UINT64_C(1000000)

/* UINT64_MAX when this connection proved nothing for that agent and instance. */
static uint64_t session_of(const struct conn *c, const struct writ_action_request *r)
{
    for (const struct session *s = c->sessions; s != NULL; s = s->next)
        if (writ_slice_eq(s->agent, r->agent) && writ_slice_eq(s->instance, r->instance))
            return s->index;
    return UINT64_MAX;
}

static void read_request(struct job *job)
{
    const struct writ_frame *f = &job->frame;

    job->as.action = (struct writ_action_request){
        .agent = writ_frame_bytes(f, WRIT_TAG_AGENT),
        .instance = writ_frame_bytes(f, WRIT_TAG_INSTANCE),
        .txn = writ_frame_bytes(f, WRIT_TAG_TXN),
        .grant = writ_frame_bytes(f, WRIT_TAG_GRANT),
        .transport = writ_frame_bytes(f, WRIT_TAG_TRANSPORT),
        .gateway = writ_frame_bytes(f, WRIT_TAG_GATEWAY),
        .action = writ_frame_bytes(f, WRIT_TAG_ACTION),
        .salt = writ_frame_bytes(f, WRIT_TAG_SALT),
        .tool = writ_frame_bytes(f, WRIT_TAG_TOOL),
        .trace = writ_frame_bytes(f, WRIT_TAG_TRACE),
        .nonce = writ_frame_bytes(f, WRIT_TAG_NONCE),
        .issued = writ_frame_number(f, WRIT_TAG_ISSUED, 0),
        .signature = writ_frame_bytes(f, WRIT_TAG_SIGNATURE),
        .session = UINT64_MAX,
        .verified = WRIT_CHECK_FAILED,
    };
}

/*
 * The canonical form is decided over and stored, so that a replay reads the same bytes. The
 * signature covers their digest.
 */
static void prepare(struct job *job)
{
    struct writ_action_request *r = &job->as.action;

    job_canonical(job, writ_frame_bytes(&job->frame, WRIT_TAG_ARGUMENTS), r->salt);
    if (job->status != WRIT_OK)
        return;
    r->arguments = writ_buf_slice(&job->canonical);
    r->digest = job->digest;
    if (r->signature.len > 0)
        writ_action_verify(r, writ_cstr(job->daemon->home.cell), job->key);
}

static void build_reply(struct job *job, const struct writ_decision *x, bool recorded,
                        uint64_t index)
{
    struct writ_frame_out o;
    const struct writ_rec_decided *r = &x->record.as.decided;

    writ_frame_begin(&o, &job->reply, WRIT_FRAME_AUTHORIZE_REPLY, job->frame.id);
    writ_frame_add_number(&o, WRIT_TAG_VERDICT, (uint64_t)x->verdict);
    writ_frame_add_some(&o, WRIT_TAG_REASON, r->reason);
    writ_frame_add_some(&o, WRIT_TAG_DETAIL, r->detail);
    writ_frame_add_some(&o, WRIT_TAG_ALLOWED, x->allowed);
    if (recorded)
        writ_frame_add_number(&o, WRIT_TAG_INDEX, index);
    writ_frame_add_some(&o, WRIT_TAG_APPROVAL, r->approval);
    writ_frame_add_number(&o, WRIT_TAG_TIME, x->record.time);
    writ_frame_add_some(&o, WRIT_TAG_GRANT, r->grant);
    job->status = writ_frame_end(&o, &job->err);
}

/* Whether the attempt of a caller without a name is one of the few that are recorded. */
static bool sample_unnamed(struct daemon *d, const struct writ_decision *x, uint64_t now)
{
    struct unnamed *u = &d->unnamed;

    u->total++;
    if (u->last_sample == 0 || now - u->last_sample >= SECOND_US) {
        u->last_sample = now;
        return true;
    }
    if (u->count++ == 0)
        u->since = now;
    struct writ_slice reason = x->record.as.decided.reason;
    size_t len = reason.len < sizeof(u->reason) ? reason.len : sizeof(u->reason) - 1;
    if (len > 0)
        memcpy(u->reason, reason.ptr, len);
    u->reason[len] = '\0';
    return false;
}

/* Payload, record, and (for the first one held) the question to the approvers. */
static void commit_decision(struct job *job, const struct writ_decision *x)
{
    struct daemon *d = job->daemon;
    uint64_t index = 0;

    enum writ_status st =
        writ_payloads_put(d->payloads, &job->digest, writ_slice(job->salt, sizeof(job->salt)),
                          writ_buf_slice(&job->canonical), &job->err);
    if (st != WRIT_OK) {
        daemon_log(d, "refused an action: %s", job->err.text);
        job_fail_err(job, st);
        return;
    }
    build_reply(job, x, true, writ_authority_next_index(d->authority));
    if (job->status != WRIT_OK) {
        job_fail_err(job, job->status);
        return;
    }
    if (x->asks_approval)
        (void)job_sequence_both(job, &x->record, &x->request, &index);
    else
        (void)job_sequence(job, &x->record, WRIT_ROOM_COMMON, job, &index);
}

static void decide(struct job *job)
{
    struct daemon *d = job->daemon;
    struct writ_decision x = { 0 };
    uint64_t now = 0;

    if (job->conn->closing) { /* nobody would forward it: do not put it in doubt */
        job_finish(job);
        return;
    }
    if (job->status != WRIT_OK) {
        job_fail_err(job, job->status);
        return;
    }
    if (!job_now(job, &now))
        return;
    /* While a worker checked the signature, the agent may have got another key. */
    if (job->as.action.verified == WRIT_CHECK_GOOD &&
        job->key != writ_authority_agent_key(d->authority, job->as.action.agent))
        job->as.action.verified = WRIT_CHECK_FAILED;
    WRIT_AUTO_ARENA arena;
    writ_arena_init(&arena, DECIDE_ARENA);
    job->as.action.session = session_of(job->conn, &job->as.action);
    enum writ_status st =
        writ_authority_decide(d->authority, &job->as.action, now, &arena, &x, &job->err);
    if (st != WRIT_OK) {
        job_fail_err(job, st);
        return;
    }
    if (x.unnamed && !sample_unnamed(d, &x, now)) {
        build_reply(job, &x, false, 0);
        if (job->status == WRIT_OK)
            job_finish(job);
        else
            job_fail_err(job, job->status);
        return;
    }
    commit_decision(job, &x);
}

void request_authorize(struct job *job)
{
    read_request(job);
    const struct writ_action_request *r = &job->as.action;
    size_t json = writ_frame_bytes(&job->frame, WRIT_TAG_ARGUMENTS).len;
    if (r->signature.len > 0 || json > INLINE_JSON_MAX) {
        job->key = writ_authority_agent_key(job->daemon->authority, r->agent);
        job_to_worker(job, prepare, decide);
        return;
    }
    prepare(job);
    decide(job);
}
