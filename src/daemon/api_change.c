#include "daemon.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/json.h"

#include "base/banned.h"

#define CHANGE_ARENA (4u << 20)

/* --- submit: a signed text --- */

static void verify(struct job *job)
{
    writ_change_verify(&job->as.change);
}

/* {index, time, id}; the id is the text's own. */
static bool change_reply(struct job *job, uint64_t index, uint64_t time)
{
    json_t *out = json_pack("{s:I,s:I}", "index", (json_int_t)index, "time", (json_int_t)time);
    WRIT_AUTO_JSON *text = NULL;

    if (out != NULL && job->as.change.text.len > 0 &&
        writ_json_parse_object(job->as.change.text, WRIT_WIRE_JSON_MAX, &text, &job->err) ==
            WRIT_OK) {
        json_t *id = json_object_get(text, "id");
        if (json_is_string(id) && json_object_set(out, "id", id) != 0) {
            json_decref(out);
            out = NULL;
        }
    }
    return api_reply(job, out);
}

/*
 * Who signed is looked up again: while a worker checked the signature, another change may have
 * replaced the signer's key, and then this one counts for nothing.
 */
static enum writ_status still_signer(struct job *job)
{
    struct writ_change_request *r = &job->as.change;
    struct writ_change_request now = { .text = r->text, .signature = r->signature };

    WRIT_TRY(writ_authority_find_signer(job->daemon->authority, &now, &job->err));
    bool same = now.by_agent == r->by_agent &&
                (now.by_agent ? now.key == r->key : writ_ssh_key_eq(&now.ssh, &r->ssh));
    if (!same)
        return writ_fail(&job->err, WRIT_CONFLICT, "the signer's key was replaced meanwhile");
    now.verified = r->verified;
    *r = now;
    return WRIT_OK;
}

static void change(struct job *job)
{
    struct daemon *d = job->daemon;
    struct writ_change_request *r = &job->as.change;
    struct writ_record record;
    uint64_t now = 0, index = 0;

    if (r->verified != WRIT_CHECK_GOOD) {
        job->err = r->why;
        job_fail_err(job, WRIT_SIGNATURE);
        return;
    }
    enum writ_status st = still_signer(job);
    if (st != WRIT_OK) {
        job_fail_err(job, st);
        return;
    }
    if (!job_now(job, &now))
        return;
    WRIT_AUTO_ARENA arena;
    writ_arena_init(&arena, CHANGE_ARENA);
    st = writ_authority_change(d->authority, r, now, &arena, &record, &job->err);
    if (st != WRIT_OK) {
        job_fail_err(job, st);
        return;
    }
    if (change_reply(job, writ_authority_next_index(d->authority), record.time))
        (void)job_sequence(job, &record, WRIT_ROOM_COMMON, job, &index);
}

void api_submit(struct job *job)
{
    static const char *const fields[] = { "text", "signature", NULL };
    struct writ_change_request *r = &job->as.change;

    *r = (struct writ_change_request){ .verified = WRIT_CHECK_FAILED };
    if (!api_text(job, "text", &r->text) || !api_text(job, "signature", &r->signature))
        return;
    enum writ_status st = writ_json_only(job->body, "body", fields, &job->err);
    if (st == WRIT_OK)
        st = writ_authority_find_signer(job->daemon->authority, r, &job->err);
    if (st != WRIT_OK)
        job_fail_err(job, st);
    else
        job_to_worker(job, verify, change);
}

/* --- narrow: what needs no signature, because it only takes away --- */

static bool may_narrow(enum writ_record_type type)
{
    return type == WRIT_RECORD_HUMAN_SUSPENDED || type == WRIT_RECORD_HUMAN_REMOVED ||
           type == WRIT_RECORD_AGENT_SUSPENDED || type == WRIT_RECORD_AGENT_RETIRED ||
           type == WRIT_RECORD_GRANT_REVOKED || type == WRIT_RECORD_STOP_SET ||
           type == WRIT_RECORD_APPROVAL_REFUSED;
}

void api_narrow(struct job *job)
{
    static const char *const fields[] = { "type", "subject", "reason", NULL };
    struct daemon *d = job->daemon;
    char by[24];
    struct writ_slice type_text, subject, reason;
    struct writ_record record;
    uint64_t now = 0, index = 0;

    if (!api_text(job, "type", &type_text) || !api_text(job, "subject", &subject))
        return;
    enum writ_status st = writ_json_only(job->body, "body", fields, &job->err);
    if (st == WRIT_OK)
        st = writ_json_opt_str(job->body, "body", "reason", &reason, &job->err);
    enum writ_record_type type = writ_record_type_parse(type_text);
    if (st == WRIT_OK && !may_narrow(type))
        st = writ_fail(&job->err, WRIT_REFUSED, "%.64s is not something that only narrows",
                       writ_record_type_text(type));
    if (st != WRIT_OK) {
        job_fail_err(job, st);
        return;
    }
    if (!job_now(job, &now))
        return;
    int n = snprintf(by, sizeof(by), "uid:%u", (unsigned)job->conn->uid);
    struct writ_rec_narrowed what = { writ_slice(by, n > 0 ? (size_t)n : 0), subject, reason, now };
    WRIT_AUTO_ARENA arena;
    writ_arena_init(&arena, CHANGE_ARENA);
    st = writ_authority_narrow(d->authority, type, &what, now, &arena, &record, &job->err);
    if (st != WRIT_OK)
        job_fail_err(job, st);
    else if (change_reply(job, writ_authority_next_index(d->authority), record.time))
        (void)job_sequence(job, &record, WRIT_ROOM_RESERVED, job, &index);
}
