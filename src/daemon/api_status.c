#include "daemon.h"

#include <unistd.h>

#include "base/json.h"
#include "base/text.h"

#include "base/banned.h"

#ifndef WRIT_VERSION
#define WRIT_VERSION "0"
#endif

#define SECOND_US UINT64_C(1000000)

/* What only the daemon knows, beside what the authority says of itself. */
static json_t *own_part(struct daemon *d, uint64_t clock)
{
    char root[2 * WRIT_HASH_LEN + 1];
    struct writ_hash h = writ_log_root(d->log);
    uint64_t up = clock > d->started_us ? (clock - d->started_us) / SECOND_US : 0;

    writ_hex(root, h.b, sizeof(h.b));
    return json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:s,s:I,s:I,s:I,s:I}", "cell", d->home.cell,
                     "version", WRIT_VERSION, "pid", (json_int_t)getpid(), "uptime_s",
                     (json_int_t)up, "records", (json_int_t)writ_log_size(d->log), "published",
                     (json_int_t)writ_log_published(d->log), "root", root, "in_flight",
                     (json_int_t)writ_authority_in_flight(d->authority), "room_bytes",
                     (json_int_t)writ_log_room(d->log), "unnamed_refused",
                     (json_int_t)d->unnamed.total, "connections", (json_int_t)d->conn_count);
}

void api_status(struct job *job)
{
    struct daemon *d = job->daemon;
    WRIT_AUTO_BUF text;
    WRIT_AUTO_JSON *view = NULL;
    bool stepped;

    writ_buf_init(&text, 8u << 20);
    uint64_t clock = d->seq.env.now_us(d->seq.env.ctx);
    uint64_t now = writ_authority_time(d->authority, clock, &stepped);
    enum writ_status st = writ_authority_view(d->authority, WRIT_LIT("status"), writ_slice(NULL, 0),
                                              false, now, &text, &job->err);
    if (st == WRIT_OK)
        st = writ_json_parse_object(writ_buf_slice(&text), text.len, &view, &job->err);
    if (st != WRIT_OK) {
        job_fail_err(job, st);
        return;
    }
    json_t *out = own_part(d, clock);
    if (out != NULL && json_object_update_missing(out, view) != 0) {
        json_decref(out);
        out = NULL;
    }
    if (api_reply(job, out))
        job_when_durable(job);
}

/* --- publish --- */

static void read_checkpoint(struct job *job)
{
    writ_buf_clear(&job->canonical);
    job->status = writ_log_checkpoint(job->daemon->home.ledger, &job->canonical, &job->err);
}

static void publish_reply(struct job *job)
{
    struct writ_checkpoint c = { 0 };
    struct writ_note_key key;
    char root[2 * WRIT_HASH_LEN + 1];

    struct writ_slice note = writ_buf_slice(&job->canonical);
    if (job->status == WRIT_OK)
        job->status = writ_note_key_parse(writ_buf_slice(&job->daemon->home.vkey), &key, &job->err);
    if (job->status == WRIT_OK)
        job->status = writ_checkpoint_open(note, &key, &c, &job->err);
    if (job->status != WRIT_OK) {
        job_fail_err(job, job->status);
        return;
    }
    writ_hex(root, c.root.b, sizeof(c.root.b));
    if (api_reply(job, json_pack("{s:I,s:s,s:s%}", "size", (json_int_t)c.size, "root", root,
                                 "checkpoint", (const char *)note.ptr, note.len)))
        job_when_durable(job);
}

void job_publish_done(struct job *job, enum writ_publish_health health, const struct writ_err *why)
{
    job->round = 0;
    if (health == WRIT_PUBLISH_WELL)
        job_to_worker(job, read_checkpoint, publish_reply);
    else
        job_fail(job, why->status, why->text);
}

static void ask(struct job *job)
{
    job->round = writ_publish_ask(job->daemon->publish);
}

void api_publish(struct job *job)
{
    job->durable = ask; /* what was asked before is in the checkpoint */
    job_when_durable(job);
}
