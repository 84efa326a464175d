#include "daemon.h"

#include "base/json.h"

#include "base/banned.h"

struct operation {
    const char *name;
    job_fn *run;
};

static void op_view(struct job *job);
static void op_stop_daemon(struct job *job);

static const struct operation operations[] = {
    { "status", api_status },     { "view", op_view },
    { "submit", api_submit },     { "narrow", api_narrow },
    { "approval", api_approval }, { "payload", api_payload },
    { "publish", api_publish },   { "stop_daemon", op_stop_daemon },
};

bool api_text(struct job *job, const char *key, struct writ_slice *out)
{
    enum writ_status st = writ_json_str(job->body, "body", key, out, &job->err);
    if (st != WRIT_OK)
        job_fail_err(job, st);
    return st == WRIT_OK;
}

static bool reply_body(struct job *job, struct writ_slice body)
{
    struct writ_frame_out o;

    writ_frame_begin(&o, &job->reply, WRIT_FRAME_API_REPLY, job->frame.id);
    writ_frame_add(&o, WRIT_TAG_BODY, body);
    job->status = writ_frame_end(&o, &job->err);
    if (job->status != WRIT_OK)
        job_fail_err(job, job->status);
    return job->status == WRIT_OK;
}

bool api_reply(struct job *job, json_t *out)
{
    WRIT_AUTO_JSON *owned = out;
    WRIT_AUTO_BUF text;

    writ_buf_init(&text, 8u << 20);
    enum writ_status st =
        owned != NULL ? writ_json_canonical(owned, &text, &job->err) : writ_fail_nomem(&job->err);
    if (st != WRIT_OK) {
        job_fail_err(job, st);
        return false;
    }
    return reply_body(job, writ_buf_slice(&text));
}

static void op_view(struct job *job)
{
    static const char *const fields[] = { "what", "filter", "all", NULL };
    struct daemon *d = job->daemon;
    struct writ_slice what, filter;
    WRIT_AUTO_BUF text;
    bool all = false;

    writ_buf_init(&text, 8u << 20);
    if (!api_text(job, "what", &what))
        return;
    enum writ_status st = writ_json_only(job->body, "body", fields, &job->err);
    if (st == WRIT_OK)
        st = writ_json_opt_str(job->body, "body", "filter", &filter, &job->err);
    if (st == WRIT_OK)
        st = writ_json_opt_bool(job->body, "body", "all", false, &all, &job->err);
    if (st == WRIT_OK) {
        bool stepped;
        uint64_t now =
            writ_authority_time(d->authority, d->seq.env.now_us(d->seq.env.ctx), &stepped);
        st = writ_authority_view(d->authority, what, filter, all, now, &text, &job->err);
        if (st == WRIT_LIMIT)
            (void)writ_fail(&job->err, st,
                            "too much for one answer of 8 MiB: name one with `filter`");
    }
    if (st != WRIT_OK)
        job_fail_err(job, st);
    else if (reply_body(job, writ_buf_slice(&text)))
        job_when_durable(job); /* nobody is shown what a failing disk could take back */
}

static void op_stop_daemon(struct job *job)
{
    struct daemon *d = job->daemon;

    daemon_log(d, "user %u asked to stop", job->conn->uid);
    if (api_reply(job, json_object())) {
        job_when_durable(job);
        daemon_stop(d);
    }
}

void request_api(struct job *job)
{
    struct writ_slice op = writ_frame_bytes(&job->frame, WRIT_TAG_OP);
    struct writ_slice body = writ_frame_bytes(&job->frame, WRIT_TAG_BODY);

    if (body.len == 0)
        body = WRIT_LIT("{}");
    job->status = writ_json_parse_object(body, WRIT_WIRE_JSON_MAX, &job->body, &job->err);
    if (job->status != WRIT_OK) {
        job_fail_err(job, job->status);
        return;
    }
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        if (writ_slice_is(op, operations[i].name)) {
            operations[i].run(job);
            return;
        }
    }
    job_fail(job, WRIT_NOT_FOUND, "there is no such operation");
}
