#include "gateway/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

#include "base/banned.h"

#define EXIT_REFUSED     1
#define EXIT_USAGE       2
#define EXIT_UNREACHABLE 3
#define EXIT_NO_SERVER   127

uint64_t run_after(unsigned ms)
{
    return writ_monotonic_ns() + (uint64_t)ms * 1000000;
}

void run_say(const char *fmt, ...)
{
    struct writ_err words;
    char text[384];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    /* By way of an error: its text holds no control bytes, and a server may have chosen some. */
    (void)writ_fail(&words, WRIT_ARG, "%s", text);
    (void)fprintf(stderr, "writ mcp: %s\n", words.text);
}

static unsigned or_default(unsigned ms, unsigned fallback)
{
    return ms != 0 ? ms : fallback;
}

static void set_patience(struct writ_stdio_patience *p)
{
    p->connect_ms = or_default(p->connect_ms, 10000);
    p->decide_ms = or_default(p->decide_ms, 30000);
    p->complete_ms = or_default(p->complete_ms, 5000);
    p->progress_ms = or_default(p->progress_ms, 10000);
    p->retry_ms = or_default(p->retry_ms, 25000);
    p->cancel_ms = or_default(p->cancel_ms, 5000);
    p->leave_ms = or_default(p->leave_ms, 3000);
    p->backoff_ms = or_default(p->backoff_ms, 5000);
}

/* Given or made up; false when a given one is too long. */
static bool set_names(struct run *r, const uint8_t random[8])
{
    const struct writ_gateway_stdio_options *o = r->o;
    char host[48] = "";

    if (o->txn.len >= sizeof(r->txn) || o->instance.len >= sizeof(r->instance))
        return false;
    if (o->txn.len != 0)
        memcpy(r->txn, o->txn.ptr, o->txn.len);
    else
        (void)snprintf(r->txn, sizeof(r->txn), "t-%02x%02x%02x%02x%02x%02x%02x%02x", random[0],
                       random[1], random[2], random[3], random[4], random[5], random[6], random[7]);
    if (o->instance.len != 0) {
        memcpy(r->instance, o->instance.ptr, o->instance.len);
        return true;
    }
    if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
        (void)snprintf(host, sizeof(host), "localhost");
    for (char *p = host; *p != '\0'; p++)
        if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
              *p == '.' || *p == '-'))
            *p = '-';
    (void)snprintf(r->instance, sizeof(r->instance), "%s-%ld", host, (long)getpid());
    return true;
}

static enum writ_status prepare(struct run *r, struct writ_err *err)
{
    const struct writ_env *env = &r->o->env;
    uint8_t random[8], key[WRIT_HASH_LEN];

    if (env->random(env->ctx, random, sizeof(random)) != WRIT_OK ||
        env->random(env->ctx, key, sizeof(key)) != WRIT_OK)
        return writ_fail(err, WRIT_IO, "the system gives no random numbers");
    /* One secret a process; what is derived from it for one purpose tells nothing of the other. */
    struct writ_hash salt = writ_hmac_sha256(writ_slice(key, sizeof(key)), WRIT_LIT("salt"));
    struct writ_hash state = writ_hmac_sha256(writ_slice(key, sizeof(key)), WRIT_LIT("state"));
    memcpy(r->salt_key, salt.b, sizeof(r->salt_key));
    memcpy(r->state_key, state.b, sizeof(r->state_key));
    explicit_bzero(key, sizeof(key));
    explicit_bzero(&salt, sizeof(salt));
    explicit_bzero(&state, sizeof(state));
    if (!set_names(r, random))
        return writ_fail(err, WRIT_ARG, "a transaction or instance is at most 128 bytes");
    r->tools = json_object();
    return r->tools != NULL ? WRIT_OK : writ_fail_nomem(err);
}

/* Signals as they were before the run. */
struct signals {
    sigset_t mask;
    struct sigaction pipe;
};

static enum writ_status take_signals(struct run *r, struct signals *before, struct writ_err *err)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    sigset_t ours;

    (void)sigemptyset(&ours);
    (void)sigaddset(&ours, SIGTERM);
    (void)sigaddset(&ours, SIGINT);
    (void)sigaddset(&ours, SIGHUP);
    r->signal_fd = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
    if (r->signal_fd < 0)
        return writ_fail_sys(err, "cannot watch for signals");
    (void)sigaction(SIGPIPE, &ignore, &before->pipe);
    (void)sigprocmask(SIG_BLOCK, &ours, &before->mask);
    return WRIT_OK;
}

static void give_signals_back(struct run *r, const struct signals *before)
{
    (void)sigaction(SIGPIPE, &before->pipe, NULL);
    (void)sigprocmask(SIG_SETMASK, &before->mask, NULL);
    (void)close(r->signal_fd);
}

static int serve(struct run *r, const struct signals *before)
{
    struct writ_err err = { .status = WRIT_OK };
    int flags = fcntl(r->o->out_fd, F_GETFL);

    enum writ_status st = child_start(&r->child, r->o->command, &before->mask, &err);
    if (st != WRIT_OK) {
        run_say("%s", err.text);
        return EXIT_NO_SERVER;
    }
    outlet_init(&r->to_client, r->o->out_fd);
    outlet_init(&r->to_server, r->child.to_fd);
    lines_init(&r->from_client);
    lines_init(&r->from_server);
    /* A client that does not read must not stop us; what it shares with us gets it back after. */
    if (flags >= 0)
        (void)fcntl(r->o->out_fd, F_SETFL, flags | O_NONBLOCK);
    loop_run(r);
    if (flags >= 0)
        (void)fcntl(r->o->out_fd, F_SETFL, flags);
    int code = child_exit_code(&r->child);
    if (r->client_left && WIFSIGNALED(r->child.status))
        code = 0;
    lines_release(&r->from_client);
    lines_release(&r->from_server);
    outlet_release(&r->to_client);
    outlet_release(&r->to_server);
    child_release(&r->child);
    return code;
}

int writ_gateway_stdio_run(const struct writ_gateway_stdio_options *options)
{
    struct run r = { .o = options, .patience = options->patience };
    struct signals before;
    struct writ_err err = { .status = WRIT_OK };
    int code = EXIT_USAGE;

    if (options->command == NULL || options->command[0] == NULL || options->key == NULL ||
        options->target.len == 0 || options->agent.len == 0) {
        run_say("needs a target, an agent with its key, and the command of a server");
        return EXIT_USAGE;
    }
    set_patience(&r.patience);
    enum writ_status st = prepare(&r, &err);
    if (st == WRIT_OK)
        st = take_signals(&r, &before, &err);
    if (st == WRIT_OK) {
        st = link_open(&r, r.patience.connect_ms, &err);
        if (st == WRIT_OK)
            code = serve(&r, &before);
        else
            code = st == WRIT_CLOSED || st == WRIT_TIME || st == WRIT_IO ? EXIT_UNREACHABLE
                                                                         : EXIT_REFUSED;
        give_signals_back(&r, &before);
    }
    if (st != WRIT_OK)
        run_say("%s", err.status != WRIT_OK ? err.text : writ_status_text(st));
    link_close(&r.link);
    calls_release(&r);
    json_decref(r.tools);
    json_decref(r.own_meta);
    explicit_bzero(r.salt_key, sizeof(r.salt_key));
    explicit_bzero(r.state_key, sizeof(r.state_key));
    return code;
}
