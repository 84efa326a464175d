/*
 * daemon: what the parts of writd share: the daemon itself, its connections, and its jobs.
 *
 * Source:    docs/PROTOCOL.md, docs/ARCHITECTURE.md.
 * Units:     bytes; times are microseconds since 1970 UTC.
 * Limits:    the constants below, each with its reason.
 * Errors:    a handler answers its job: with a reply, or with an error in words.
 * Ownership: the daemon owns connections; a connection lives until it is closed and its last job
 *            is answered. A job owns its bytes.
 * Threads:   all of it belongs to the loop, but for job_work functions, which run on a worker and
 *            touch only their job.
 */
#ifndef WRIT_DAEMON_DAEMON_H
#define WRIT_DAEMON_DAEMON_H

#include <uv.h>

#include "base/json.h"
#include "daemon/commit.h"
#include "daemon/home.h"
#include "daemon/publish.h"
#include "daemon/sequence.h"
#include "wire/frame.h"

/* Gateways and people of one machine; each costs a descriptor and two buffers. */
#define CONN_MAX 256
/* Requests of one connection at work; beyond it the connection is not read until some finish. */
#define CONN_JOBS_MAX 1024
/* Of them, those that may wait for an approval: they take memory, but hold nothing up. */
#define CONN_WAITERS_MAX 1024
/* Bytes of requests of one connection at work: four of the largest frames. */
#define CONN_BYTES_MAX (4 * WRIT_FRAME_MAX)
/* The same for all: a quarter of a small machine's memory. Beyond it requests are refused. */
#define DAEMON_BYTES_MAX (256u << 20)
/* Replies that a connection has not read: one of the largest, and all its small ones. */
#define CONN_UNREAD_MAX (2 * WRIT_FRAME_MAX)
/* Agents that one gateway connection speaks for. */
#define CONN_SESSIONS_MAX 64
/* One read from a socket. */
#define READ_STEP 65536
/* A buffer that held a large frame is given back when it is empty again. */
#define KEEP_BUFFER (256u << 10)
/* Above it the canonical form is made by a worker, so that the loop does not stall. */
#define INLINE_JSON_MAX (16u << 10)
/* What deciding may take of memory: the largest arguments parsed, and their resources. */
#define DECIDE_ARENA (64u << 20)

struct daemon;
struct job;

struct session {
    struct session *next;
    struct writ_slice agent, instance; /* stored behind the struct */
    uint64_t index;
    uint8_t bytes[];
};

struct conn {
    struct conn *prev, *next;
    struct daemon *daemon;
    uv_pipe_t pipe;
    uv_write_t write;
    uint32_t uid;
    uint8_t challenge[32];
    struct writ_buf in, out, writing;
    struct session *sessions;
    size_t session_count;
    size_t jobs, waiters, job_bytes;
    bool reading, write_busy, closing, gone;
    bool hang_up; /* close when what is in `out` is written */
    bool dirty;   /* stands in the list of connections to flush */
    struct conn *next_dirty;
};

typedef void job_fn(struct job *job);

struct job {
    struct job *prev, *next;
    struct daemon *daemon;
    struct conn *conn;
    uv_work_t work;
    job_fn *at_work; /* on a worker */
    job_fn *then;    /* on the loop, when the worker is done */
    job_fn *durable; /* on the loop, instead of just sending the reply */
    struct writ_frame frame;
    struct writ_buf reply;     /* what leaves when the job's records are durable */
    struct writ_buf canonical; /* arguments or result in canonical form; a payload that was read */
    struct writ_hash digest;
    uint8_t salt[32];
    union {
        struct writ_action_request action;
        struct writ_session_request session;
        struct writ_change_request change;
    } as;
    const struct writ_key *key; /* to check a signature with; the authority never frees it */
    const char *payload_dir;    /* where a worker looks payloads up */
    json_t *body;               /* of an API request */
    json_t *out;                /* of an API reply that is made in steps */
    uint64_t round;             /* of publishing that is waited for */
    bool waiting;               /* for an approval */
    enum writ_status status;
    struct writ_err err;
    size_t size;
    uint8_t bytes[]; /* the frame */
};

/* Callers that could not be named, since the last record of them. */
struct unnamed {
    uint64_t total, count, since, last_sample;
    char reason[64];
};

struct daemon {
    uv_loop_t loop;
    uv_pipe_t listener;
    uv_async_t committed, published;
    uv_timer_t tick;
    uv_signal_t sigterm, sigint;
    struct writ_home home;
    struct writ_log *log;
    struct writ_authority *authority;
    struct writ_payloads *payloads;
    struct writ_commit *commit;
    struct writ_publish *publish;
    struct writ_sequencer seq;
    struct conn *conns, *dirty;
    size_t conn_count;
    struct job *jobs;
    size_t job_count, waiter_count, job_bytes;
    struct unnamed unnamed;
    uint64_t started_us, room_high;
    enum writ_publish_health health;
    bool publish_asked, stopping;
    bool fatal; /* memory may be ahead of the ledger: leave at once, change nothing */
};

/* --- loop.c --- */

/* Stops at once: one line on stderr, ERROR to everybody who waits. */
void daemon_fatal(struct daemon *d, const struct writ_err *why);
/* Begins a clean end; also called again whenever a job ends, to see whether it is reached. */
void daemon_stop(struct daemon *d);
void daemon_stop_step(struct daemon *d);
/* One line on stderr, with the time. */
void daemon_log(const struct daemon *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* --- startup.c --- */

WRIT_MUST_CHECK enum writ_status daemon_open(struct daemon *d, const char *dir,
                                             struct writ_err *err);
WRIT_MUST_CHECK enum writ_status daemon_listen(struct daemon *d, struct writ_err *err);
void daemon_close(struct daemon *d);

/* --- tick.c --- */

void daemon_tick(struct daemon *d);
/* Answers those whose approval is no longer pending. */
void daemon_wake_waiters(struct daemon *d);
/* Commits callers.refused when there is something to say. */
void daemon_flush_unnamed(struct daemon *d);

/* --- conn.c --- */

void conn_accept(uv_stream_t *listener, int status);
/* Takes whole frames out of `in` while there is room for their jobs. */
void conn_process(struct conn *c);
void conn_close(struct conn *c);
/* The connection has something to write; it is written at the end of this turn of the loop. */
void conn_dirty(struct conn *c);
void conn_flush_all(struct daemon *d);
/* Whatever the sockets take now; for the last words of a daemon. */
void conn_flush_last(struct daemon *d);
/* A closed connection whose jobs are done is forgotten. */
void conn_release(struct conn *c);

/* --- job.c --- */

struct job *job_new(struct conn *c, struct writ_slice frame);
/* The reply is complete: sends it and ends the job. */
void job_finish(struct job *job);
void job_fail(struct job *job, enum writ_status status, const char *text);
/* Sends what job->err says. */
void job_fail_err(struct job *job, enum writ_status status);
/* A job that waits for a person no longer counts as one at work. */
void job_set_waiting(struct job *job, bool waiting);
/* Runs `at_work` on a worker and `then` on the loop. */
void job_to_worker(struct job *job, job_fn *at_work, job_fn *then);
/*
 * Ends the turn of a job that has its reply (or its `durable` step): sent when all that is queued
 * now is durable; at once when nothing is.
 */
void job_when_durable(struct job *job);
/* What comes back from the committer. */
void job_is_durable(struct job *job);
/* Sequences a record; true when it went well, else the job was failed and is gone. */
bool job_sequence(struct job *job, const struct writ_record *r, enum writ_room room, void *owner,
                  uint64_t *index);
/* The same for a record and what must become durable with it; the job waits for both. */
bool job_sequence_both(struct job *job, const struct writ_record *first,
                       const struct writ_record *second, uint64_t *index);
/* The time for the job's records; false when the job was failed. */
bool job_now(struct job *job, uint64_t *now);
/* For a worker: job->canonical and job->digest of `json` with `salt`; sets status and err. */
void job_canonical(struct job *job, struct writ_slice json, struct writ_slice salt);

/* --- request_*.c: each answers its job --- */

void request_hello(struct job *job);
void request_session(struct job *job);
void request_authorize(struct job *job);
void request_complete(struct job *job);
void request_list(struct job *job);
void request_await(struct job *job);
void request_api(struct job *job);
/* Closes a session of a connection that is going. */
void request_close_session(struct daemon *d, const struct session *s);

/* --- api_*.c: operations of request_api; each answers its job --- */

void api_submit(struct job *job);
void api_narrow(struct job *job);
void api_approval(struct job *job);
void api_payload(struct job *job);
void api_publish(struct job *job);
/* The round of publishing that the job waited for is done. */
void job_publish_done(struct job *job, enum writ_publish_health health, const struct writ_err *why);
void api_status(struct job *job);
/* Puts the JSON object into job->reply and takes it over; false when the job was failed. */
bool api_reply(struct job *job, json_t *out);
/* A required text of the body; false when the job was failed. */
bool api_text(struct job *job, const char *key, struct writ_slice *out);

#endif
