#include "daemon.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "replay/payload.h"

#include "base/banned.h"

#define READ_ARENA (1u << 20)

/* On a worker: the payload by job->digest, into job->canonical. */
static void look_up(struct job *job)
{
    job->status =
        writ_payload_find(job->payload_dir, &job->digest, job->salt, &job->canonical, &job->err);
}

/* Sequences an event about `subject` by the peer; false when the job was failed. */
static bool record_event(struct job *job, enum writ_record_type type, struct writ_slice subject,
                         struct writ_slice reason, bool may_be_known)
{
    struct daemon *d = job->daemon;
    char by[24];
    struct writ_record record;
    uint64_t now = 0, index;

    if (!job_now(job, &now))
        return false;
    int n = snprintf(by, sizeof(by), "uid:%u", (unsigned)job->conn->uid);
    struct writ_rec_narrowed what = { writ_slice(by, n > 0 ? (size_t)n : 0), subject, reason, now };
    WRIT_AUTO_ARENA arena;
    writ_arena_init(&arena, READ_ARENA);
    enum writ_status st =
        writ_authority_narrow(d->authority, type, &what, now, &arena, &record, &job->err);
    if (st == WRIT_CONFLICT && may_be_known)
        return true;
    if (st != WRIT_OK) {
        job_fail_err(job, st);
        return false;
    }
    return job_sequence(job, &record, WRIT_ROOM_COMMON, NULL, &index);
}

static json_t *payload_json(struct job *job)
{
    json_t *value = NULL;
    struct writ_err err;

    if (writ_json_parse(writ_buf_slice(&job->canonical), WRIT_PAYLOAD_MAX, &value, &err) != WRIT_OK)
        return NULL;
    return value;
}

/* --- payload --- */

static void payload_found(struct job *job)
{
    char hex[2 * WRIT_HASH_LEN + 1], salt[2 * WRIT_PAYLOAD_SALT + 1];

    if (job->status != WRIT_OK) {
        job_fail_err(job, job->status);
        return;
    }
    struct writ_slice txn = writ_json_text(json_object_get(job->body, "txn"));
    writ_hex(hex, job->digest.b, sizeof(job->digest.b));
    writ_hex(salt, job->salt, sizeof(job->salt));
    /* Who reads is on record before it is read. */
    if (!record_event(job, WRIT_RECORD_PAYLOAD_READ, writ_cstr(hex), txn, false))
        return;
    if (api_reply(job, json_pack("{s:o,s:s}", "json", payload_json(job), "salt", salt)))
        job_when_durable(job);
}

void api_payload(struct job *job)
{
    static const char *const fields[] = { "digest", "txn", NULL };
    struct writ_slice digest, txn;

    if (!api_text(job, "digest", &digest))
        return;
    enum writ_status st = writ_json_only(job->body, "body", fields, &job->err);
    if (st == WRIT_OK)
        st = writ_json_opt_str(job->body, "body", "txn", &txn, &job->err);
    if (st == WRIT_OK) {
        st = writ_hex_decode(digest, job->digest.b, sizeof(job->digest.b));
        if (st != WRIT_OK)
            (void)writ_fail(&job->err, st, "digest is not 64 lower-case hex digits");
    }
    if (st != WRIT_OK)
        job_fail_err(job, st);
    else
        job_to_worker(job, look_up, payload_found);
}

/* --- approval: what an approver must see before signing --- */

static void approval_found(struct job *job)
{
    char salt[2 * WRIT_PAYLOAD_SALT + 1] = "";
    json_t *arguments = job->status == WRIT_OK ? payload_json(job) : NULL;
    struct writ_slice id = writ_json_text(json_object_get(job->body, "id"));

    /* With the salt the approver can tell that these are the arguments that the digest names. */
    if (arguments == NULL)
        arguments = json_null();
    else
        writ_hex(salt, job->salt, sizeof(job->salt));
    if (json_object_set_new(job->out, "arguments", arguments) != 0 ||
        json_object_set_new(job->out, "salt", json_string(salt)) != 0) {
        job_fail(job, WRIT_NOMEM, "out of memory");
        return;
    }
    struct writ_slice state =
        writ_json_text(json_object_get(json_object_get(job->out, "approval"), "state"));
    if (writ_slice_is(state, "pending") &&
        !record_event(job, WRIT_RECORD_APPROVAL_OPENED, id, writ_slice(NULL, 0), true))
        return;
    json_t *out = job->out;
    job->out = NULL;
    if (api_reply(job, out))
        job_when_durable(job);
}

/* The view item of the approval `id`, into job->out; false when the job was failed. */
static bool find_approval(struct job *job, struct writ_slice id)
{
    struct daemon *d = job->daemon;
    WRIT_AUTO_BUF text;
    WRIT_AUTO_JSON *view = NULL;
    bool stepped;

    writ_buf_init(&text, 8u << 20);
    uint64_t now = writ_authority_time(d->authority, d->seq.env.now_us(d->seq.env.ctx), &stepped);
    enum writ_status st =
        writ_authority_view(d->authority, WRIT_LIT("approvals"), id, true, now, &text, &job->err);
    if (st == WRIT_OK)
        st = writ_json_parse(writ_buf_slice(&text), text.len, &view, &job->err);
    if (st == WRIT_OK) {
        json_t *item = json_array_get(json_object_get(view, "items"), 0);
        job->out = item != NULL ? json_pack("{s:O}", "approval", item) : NULL;
        if (job->out == NULL)
            st = writ_fail(&job->err, WRIT_NOT_FOUND, "there is no approval %.*s", WRIT_FMT(id));
    }
    if (st != WRIT_OK)
        job_fail_err(job, st);
    return st == WRIT_OK;
}

void api_approval(struct job *job)
{
    static const char *const fields[] = { "id", NULL };
    struct writ_slice id;

    if (!api_text(job, "id", &id))
        return;
    enum writ_status st = writ_json_only(job->body, "body", fields, &job->err);
    if (st != WRIT_OK) {
        job_fail_err(job, st);
        return;
    }
    if (id.len == 0) {
        job_fail(job, WRIT_FORMAT, "id is empty");
        return;
    }
    if (!find_approval(job, id))
        return;
    struct writ_slice digest =
        writ_json_text(json_object_get(json_object_get(job->out, "approval"), "arguments"));
    if (writ_hex_decode(digest, job->digest.b, sizeof(job->digest.b)) == WRIT_OK) {
        job_to_worker(job, look_up, approval_found);
        return;
    }
    job->status = WRIT_NOT_FOUND;
    approval_found(job);
}
