/* The loop: one poll(2), whatever became ready, what has run out of time. */
#include "run.h"

#include <errno.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/banned.h"

enum {
    AT_CLIENT_IN,
    AT_CLIENT_OUT,
    AT_SERVER_IN,
    AT_SERVER_OUT,
    AT_EXIT,
    AT_LINK,
    AT_SIGNAL,
    AT_N
};

static void enter(struct run *r, enum phase phase, unsigned ms)
{
    r->phase = phase;
    r->phase_until_ns = run_after(ms);
}

static void close_server(struct run *r)
{
    child_close_stdin(&r->child);
    r->to_server.fd = -1;
    enter(r, PHASE_LEAVE, r->patience.leave_ms);
}

void run_client_leaves(struct run *r, bool at_once)
{
    bool first = !r->client_left;

    r->client_left = true;
    if (first) {
        if (r->phase == PHASE_RUN)
            enter(r, PHASE_DRAIN, r->patience.leave_ms);
        /* Nobody is left who could wait for a person. */
        for (size_t i = 0; i < r->count; i++)
            if (r->calls[i]->state == CALL_AWAIT)
                reply_refused(r, r->calls[i], "approval_required",
                              "the client left before approval %s was given",
                              r->calls[i]->approval);
    }
    if (at_once && r->phase <= PHASE_DRAIN)
        close_server(r);
}

static bool busy(const struct run *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->calls[i]->state != CALL_DONE && r->calls[i]->state != CALL_GONE)
            return true;
    return outlet_waiting(&r->to_server) != 0;
}

static void call_time(struct run *r, struct call *c, uint64_t now)
{
    if (c->state == CALL_AWAIT && c->progress_ns != 0 && now >= c->progress_ns) {
        reply_progress(r, c);
        c->progress_ns = run_after(r->patience.progress_ms);
    }
    if (c->deadline_ns == 0 || now < c->deadline_ns)
        return;
    c->deadline_ns = 0;
    if (c->state == CALL_ASK && !c->silent) {
        /* It may be allowed yet; then it must not happen any more, and is recorded so. */
        struct call *keep = c;
        reply_error(r, c->id, WRIT_MCP_POLICY_DENIED,
                    "authority_unreachable: no decision in time: nothing was forwarded");
        keep->silent = true;
        if (keep->ask == 0)
            calls_done(keep);
    } else if (c->state == CALL_AWAIT && c->retry) {
        reply_input_required(r, c);
    } else if (c->state == CALL_COMPLETE) {
        run_say("the outcome of %llu (%s) is in doubt: the authority did not acknowledge it",
                (unsigned long long)c->index, c->outcome);
        outcome_deliver(r, c);
    } else if (c->state == CALL_FORWARDED) {
        outcome_without_response(r, c, "cancelled", "cancelled");
    } else if (c->state == CALL_LISTED) {
        calls_done(c); /* the gateway's own; the calls behind it go on with what is known */
    } else if (c->state == CALL_FILTER) {
        reply_failed(r, c, WRIT_MCP_POLICY_DENIED,
                     "authority_unreachable: the list cannot be filtered in time");
    }
}

static void phase_time(struct run *r, uint64_t now)
{
    bool over = now >= r->phase_until_ns;

    switch (r->phase) {
    case PHASE_RUN:
    case PHASE_END:
        return;
    case PHASE_DRAIN:
        if (over || !busy(r))
            close_server(r);
        return;
    case PHASE_LEAVE:
        if (over) {
            child_signal(&r->child, SIGTERM);
            enter(r, PHASE_TERM, r->patience.leave_ms);
        }
        return;
    case PHASE_TERM:
    case PHASE_KILL:
        if (over) {
            child_signal(&r->child, SIGKILL);
            enter(r, PHASE_KILL, r->patience.leave_ms);
        }
        return;
    case PHASE_FINISH:
        if (over || (r->count == 0 && outlet_waiting(&r->to_client) == 0))
            r->phase = PHASE_END;
        return;
    }
}

static void earlier(uint64_t *until, uint64_t t)
{
    if (t != 0 && t < *until)
        *until = t;
}

static int wait_ms(const struct run *r, uint64_t now)
{
    uint64_t until = now + UINT64_C(60000) * 1000000;

    if (r->phase != PHASE_RUN)
        earlier(&until, r->phase_until_ns);
    for (size_t i = 0; i < r->count; i++) {
        const struct call *c = r->calls[i];
        earlier(&until, c->deadline_ns);
        if (c->state == CALL_AWAIT)
            earlier(&until, c->progress_ns);
        if (c->state == CALL_COMPLETE && c->ask == 0 && r->link.client == NULL)
            earlier(&until, r->link.not_before_ns);
    }
    /* Rounded up: waking before the time would only mean to wait once more. */
    return until <= now ? 0 : (int)((until - now) / 1000000 + 1);
}

static void prepare(const struct run *r, struct pollfd *p)
{
    bool server_full = outlet_waiting(&r->to_server) >= OUTLET_FULL;
    bool client_full = outlet_waiting(&r->to_client) >= OUTLET_FULL;

    for (size_t i = 0; i < AT_N; i++)
        p[i] = (struct pollfd){ -1, POLLIN, 0 };
    if (r->phase == PHASE_RUN && !server_full)
        p[AT_CLIENT_IN].fd = r->o->in_fd;
    if (outlet_waiting(&r->to_client) != 0)
        p[AT_CLIENT_OUT] = (struct pollfd){ r->to_client.fd, POLLOUT, 0 };
    if (!client_full && calls_held_answers(r) < HELD_MAX)
        p[AT_SERVER_IN].fd = r->child.from_fd;
    if (outlet_waiting(&r->to_server) != 0)
        p[AT_SERVER_OUT] = (struct pollfd){ r->to_server.fd, POLLOUT, 0 };
    if (!r->child.ended)
        p[AT_EXIT].fd = r->child.pidfd;
    if (r->link.client != NULL) {
        p[AT_LINK].fd = writ_client_fd(r->link.client);
        if (writ_client_unsent(r->link.client))
            p[AT_LINK].events |= POLLOUT;
    }
    p[AT_SIGNAL].fd = r->signal_fd;
}

static void read_client(struct run *r)
{
    struct line l;
    enum writ_status st = lines_fill(&r->from_client, r->o->in_fd);

    for (lines_next(&r->from_client, &l); l.kind != LINE_NONE; lines_next(&r->from_client, &l))
        client_line(r, &l);
    if (st != WRIT_OK && st != WRIT_NOT_FOUND)
        run_client_leaves(r, false);
}

/* False when nothing more is there for now. */
static bool read_server(struct run *r)
{
    struct line l;

    if (r->child.from_fd < 0)
        return false;
    enum writ_status st = lines_fill(&r->from_server, r->child.from_fd);
    for (lines_next(&r->from_server, &l); l.kind != LINE_NONE; lines_next(&r->from_server, &l))
        server_line(r, &l);
    if (st == WRIT_OK)
        return true;
    if (st != WRIT_NOT_FOUND) {
        (void)close(r->child.from_fd);
        r->child.from_fd = -1;
        if (r->phase <= PHASE_DRAIN) /* a server that cannot answer is of no use any more */
            close_server(r);
    }
    return false;
}

static void read_signal(struct run *r)
{
    struct signalfd_siginfo info;

    while (read(r->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        run_client_leaves(r, true);
}

static void server_ended(struct run *r)
{
    child_reap(&r->child);
    if (!r->child.ended)
        return;
    while (read_server(r))
        ; /* what it said before it ended */
    server_gone(r);
    enter(r, PHASE_FINISH, r->patience.complete_ms);
}

static void step(struct run *r, const struct pollfd *p)
{
    if (p[AT_SIGNAL].revents != 0)
        read_signal(r);
    if (p[AT_LINK].revents != 0)
        link_receive(r);
    if (p[AT_SERVER_IN].revents != 0)
        (void)read_server(r);
    if (p[AT_CLIENT_IN].revents != 0)
        read_client(r);
    if (p[AT_EXIT].revents != 0)
        server_ended(r);
    if (p[AT_CLIENT_OUT].revents != 0 && outlet_flush(&r->to_client) == WRIT_CLOSED)
        run_client_leaves(r, false);
}

void loop_run(struct run *r)
{
    struct pollfd p[AT_N];

    while (r->phase != PHASE_END) {
        uint64_t now = writ_monotonic_ns();
        for (size_t i = 0; i < r->count; i++)
            call_time(r, r->calls[i], now);
        own_list_settle(r);
        link_pump(r);
        calls_sweep(r);
        (void)outlet_flush(&r->to_server); /* a broken one shows when the server ends */
        phase_time(r, now);
        if (r->phase == PHASE_END)
            break;
        prepare(r, p);
        int n = poll(p, AT_N, wait_ms(r, writ_monotonic_ns()));
        if (n > 0)
            step(r, p);
        else if (n < 0 && errno != EINTR)
            run_client_leaves(r, true);
    }
}
