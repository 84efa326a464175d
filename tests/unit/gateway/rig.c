#include "test.h"

#include "rig.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"

#include "base/banned.h"

/* --- waiting --- */

static void wait_for(int fd, short events)
{
    struct pollfd p = { fd, events, 0 };

    if (poll(&p, 1, RIG_WAIT_MS) != 1)
        fail_msg("nothing came within %d ms", RIG_WAIT_MS);
}

static bool silent(int fd, int ms)
{
    struct pollfd p = { fd, POLLIN, 0 };
    return poll(&p, 1, ms) == 0;
}

static void read_more(int fd, struct writ_buf *into)
{
    uint8_t *at;

    wait_for(fd, POLLIN);
    assert_int_equal(writ_buf_reserve(into, 65536, &at), WRIT_OK);
    ssize_t n = read(fd, at, 65536);
    if (n <= 0)
        fail_msg("the gateway hung up");
    into->len += (size_t)n;
}

static void write_all(int fd, struct writ_slice s)
{
    while (s.len != 0) {
        wait_for(fd, POLLOUT);
        ssize_t n = write(fd, s.ptr, s.len > 4096 ? 4096 : s.len);
        assert_true(n > 0);
        s = writ_slice_from(s, (size_t)n);
    }
}

static void keep_last(struct rig *r, struct writ_slice s)
{
    writ_buf_clear(&r->last);
    assert_int_equal(writ_buf_add(&r->last, s), WRIT_OK);
}

/* --- life --- */

void rig_init(struct rig *r)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };

    *r = (struct rig){ .listening = -1, .peer = -1, .to = -1, .from = -1 };
    (void)snprintf(r->dir, sizeof(r->dir), "/tmp/writ-rig-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    (void)snprintf(r->socket_path, sizeof(r->socket_path), "%s/writd.sock", r->dir);
    memcpy(addr.sun_path, r->socket_path, strlen(r->socket_path));
    r->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(r->listening, (const struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(listen(r->listening, 4), 0);
    assert_int_equal(
        writ_key_from_seed((const uint8_t *)"the seed of a test's agent: 32 b", &r->key, NULL),
        WRIT_OK);
    writ_buf_init(&r->lines, 64u << 20);
    writ_buf_init(&r->frames, 64u << 20);
    writ_buf_init(&r->last, 16u << 20);
    /* Long enough that nothing runs out by itself; tests of a limit set their own. */
    r->patience = (struct writ_stdio_patience){ .leave_ms = 1000, .backoff_ms = 100 };
}

static _Noreturn void be_gateway(const struct rig *r, int in, int out)
{
    char self[] = "/proc/self/exe", server[] = "--server", log_path[96];
    char exe[256];
    ssize_t n = readlink(self, exe, sizeof(exe) - 1);
    char missing[] = "/nonexistent/server";
    char *command[] = { r->no_server ? missing : exe, server, NULL };

    exe[n > 0 ? n : 0] = '\0';
    (void)snprintf(log_path, sizeof(log_path), "%s/log", r->dir);
    int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    (void)dup2(log, 2);
    (void)setenv("WRIT_SECRET", "1", 1);
    struct writ_gateway_stdio_options o = { .socket_path = r->socket_path,
                                            .target = WRIT_LIT("files"),
                                            .agent = WRIT_LIT("bot"),
                                            .key = r->key,
                                            .txn = WRIT_LIT("t-1"),
                                            .command = command,
                                            .in_fd = in,
                                            .out_fd = out,
                                            .env = writ_env_system(),
                                            .patience = r->patience };
    exit(writ_gateway_stdio_run(&o)); /* not _exit: a leak is to be seen */
}

void rig_start_only(struct rig *r)
{
    int in[2], out[2];

    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    (void)fflush(NULL);
    r->gateway = fork();
    assert_true(r->gateway >= 0);
    if (r->gateway == 0) {
        (void)close(in[1]);
        (void)close(out[0]);
        be_gateway(r, in[0], out[1]);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    r->to = in[1];
    r->from = out[0];
}

/* HELLO, and the SESSION that waits for its reply. */
static struct writ_frame take_session(struct rig *r)
{
    WRIT_AUTO_BUF out;
    struct writ_frame_out o;

    wait_for(r->listening, POLLIN);
    r->peer = accept4(r->listening, NULL, NULL, SOCK_CLOEXEC);
    assert_true(r->peer >= 0);
    struct writ_frame f = rig_frame(r, WRIT_FRAME_HELLO);
    memset(r->challenge, 0x5a, sizeof(r->challenge));
    writ_buf_init(&out, 4096);
    writ_frame_begin(&o, &out, WRIT_FRAME_HELLO_REPLY, f.id);
    writ_frame_add_number(&o, WRIT_TAG_VERSION, WRIT_WIRE_VERSION);
    writ_frame_add(&o, WRIT_TAG_CELL, WRIT_LIT("test.example/cell"));
    writ_frame_add(&o, WRIT_TAG_CHALLENGE, writ_slice(r->challenge, sizeof(r->challenge)));
    assert_int_equal(writ_frame_end(&o, NULL), WRIT_OK);
    write_all(r->peer, writ_buf_slice(&out));

    return rig_frame(r, WRIT_FRAME_SESSION);
}

void rig_turn_away(struct rig *r)
{
    struct writ_frame f = take_session(r);
    rig_error(r, f.id, WRIT_REFUSED, "agent bot is suspended");
}

void rig_accept(struct rig *r)
{
    struct writ_frame f = take_session(r);
    struct writ_session_request s = {
        .agent = f.at[WRIT_TAG_AGENT],
        .instance = f.at[WRIT_TAG_INSTANCE],
        .gateway = f.at[WRIT_TAG_GATEWAY],
        .transport = f.at[WRIT_TAG_TRANSPORT],
        .client = f.at[WRIT_TAG_CLIENT],
        .challenge = writ_slice(r->challenge, sizeof(r->challenge)),
        .issued = writ_frame_number(&f, WRIT_TAG_ISSUED, 0),
        .signature = f.at[WRIT_TAG_SIGNATURE],
    };
    writ_session_verify(&s, WRIT_LIT("test.example/cell"), r->key);
    assert_int_equal(s.verified, WRIT_CHECK_GOOD);
    assert_true(writ_slice_is(s.gateway, "writ-mcp"));
    assert_true(writ_slice_is(s.transport, "stdio"));
    rig_number(r, f.id, WRIT_FRAME_SESSION_REPLY, WRIT_TAG_INDEX, 1);
}

void rig_start(struct rig *r)
{
    rig_init(r);
    rig_start_only(r);
    rig_accept(r);
}

void rig_hang_up(struct rig *r)
{
    (void)close(r->peer);
    r->peer = -1;
    writ_buf_clear(&r->frames);
    r->frame_used = 0;
}

void rig_close_client(struct rig *r)
{
    (void)close(r->to);
    r->to = -1;
}

void rig_end(struct rig *r, int code)
{
    int status;
    char path[96];

    /* What is left for the client is read, so that the gateway can end. */
    for (uint8_t scrap[4096]; read(r->from, scrap, sizeof(scrap)) > 0;)
        ;
    assert_int_equal(waitpid(r->gateway, &status, 0), r->gateway);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != code)
        fail_msg("the gateway ended with %#x instead of %d; see %s/log", (unsigned)status, code,
                 r->dir);
    const int fds[] = { r->listening, r->peer, r->to, r->from };
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
    (void)unlink(r->socket_path);
    (void)snprintf(path, sizeof(path), "%s/log", r->dir);
    (void)unlink(path);
    (void)rmdir(r->dir);
    writ_key_free(r->key);
    writ_buf_release(&r->lines);
    writ_buf_release(&r->frames);
    writ_buf_release(&r->last);
}

/* --- the client --- */

void rig_say(struct rig *r, const char *line)
{
    write_all(r->to, writ_cstr(line));
    write_all(r->to, WRIT_LIT("\n"));
}

const char *rig_hear(struct rig *r)
{
    const uint8_t *lf;

    writ_buf_drop(&r->lines, r->line_used);
    r->line_used = 0;
    while (r->lines.len == 0 || (lf = memchr(r->lines.ptr, '\n', r->lines.len)) == NULL)
        read_more(r->from, &r->lines);
    r->line_used = (size_t)(lf - r->lines.ptr) + 1;
    keep_last(r, writ_slice(r->lines.ptr, r->line_used - 1));
    assert_int_equal(writ_buf_add_byte(&r->last, 0), WRIT_OK);
    return (const char *)r->last.ptr;
}

void rig_hear_nothing(struct rig *r, int ms)
{
    assert_int_equal(r->lines.len, r->line_used);
    assert_true(silent(r->from, ms));
}

void rig_hear_with(struct rig *r, const char *id, const char *words)
{
    const char *line = rig_hear(r);
    WRIT_AUTO_JSON *m = json_loads(line, 0, NULL);
    char *text = json_dumps(json_object_get(m, "id"), JSON_ENCODE_ANY);

    if (text == NULL || strcmp(text, id) != 0 || strstr(line, words) == NULL)
        fail_msg("wanted id %s and \"%s\", heard %.300s", id, words, line);
    free(text);
}

/* --- writd --- */

static struct writ_frame next_frame(struct rig *r)
{
    struct writ_frame f;
    size_t size = 0;

    writ_buf_drop(&r->frames, r->frame_used);
    r->frame_used = 0;
    for (;;) {
        assert_int_equal(writ_frame_size(writ_buf_slice(&r->frames), &size, NULL), WRIT_OK);
        if (size != 0 && size <= r->frames.len)
            break;
        read_more(r->peer, &r->frames);
    }
    keep_last(r, writ_slice(r->frames.ptr, size));
    r->frame_used = size;
    assert_int_equal(writ_frame_read(writ_buf_slice(&r->last), &f, NULL), WRIT_OK);
    return f;
}

struct writ_frame rig_frame(struct rig *r, enum writ_frame_type type)
{
    struct writ_frame f = next_frame(r);

    if (f.type != type)
        fail_msg("wanted a frame of type %d, got %d", (int)type, (int)f.type);
    return f;
}

void rig_no_frame(struct rig *r, int ms)
{
    assert_int_equal(r->frames.len, r->frame_used);
    assert_true(silent(r->peer, ms));
}

struct writ_frame rig_authorize(struct rig *r, const char *action, const char *arguments)
{
    struct writ_frame f = next_frame(r);

    if (f.type == WRIT_FRAME_LIST) {
        static const uint8_t shown[] = { 1, 1, 1, 1 };
        rig_listing(r, f.id, writ_slice(shown, sizeof(shown)));
        f = next_frame(r);
    }
    assert_int_equal(f.type, WRIT_FRAME_AUTHORIZE);
    struct writ_action_request q = {
        .agent = f.at[WRIT_TAG_AGENT],
        .instance = f.at[WRIT_TAG_INSTANCE],
        .txn = f.at[WRIT_TAG_TXN],
        .grant = f.at[WRIT_TAG_GRANT],
        .action = f.at[WRIT_TAG_ACTION],
        .arguments = f.at[WRIT_TAG_ARGUMENTS],
        .salt = f.at[WRIT_TAG_SALT],
        .tool = f.at[WRIT_TAG_TOOL],
        .nonce = f.at[WRIT_TAG_NONCE],
        .issued = writ_frame_number(&f, WRIT_TAG_ISSUED, 0),
        .signature = f.at[WRIT_TAG_SIGNATURE],
    };

    writ_action_verify(&q, WRIT_LIT("test.example/cell"), r->key);
    assert_int_equal(q.verified, WRIT_CHECK_GOOD);
    assert_true(writ_slice_is(q.agent, "bot"));
    assert_true(writ_slice_is(q.txn, "t-1"));
    assert_true(writ_slice_is(q.action, action));
    assert_true(writ_slice_is(q.arguments, arguments));
    return f;
}

static void send_frame(struct rig *r, struct writ_frame_out *o)
{
    assert_int_equal(writ_frame_end(o, NULL), WRIT_OK);
    write_all(r->peer, writ_buf_slice(o->buf));
}

void rig_verdict(struct rig *r, uint32_t id, uint64_t verdict, uint64_t index, const char *approval)
{
    WRIT_AUTO_BUF out;
    struct writ_frame_out o;

    writ_buf_init(&out, 4096);
    writ_frame_begin(&o, &out, WRIT_FRAME_AUTHORIZE_REPLY, id);
    writ_frame_add_number(&o, WRIT_TAG_VERDICT, verdict);
    writ_frame_add(&o, WRIT_TAG_REASON,
                   verdict == 0 ? WRIT_LIT("action_out_of_scope") : WRIT_LIT("approval_required"));
    writ_frame_add(&o, WRIT_TAG_DETAIL, WRIT_LIT("because"));
    writ_frame_add_number(&o, WRIT_TAG_INDEX, index);
    writ_frame_add_some(&o, WRIT_TAG_APPROVAL, writ_cstr(approval));
    writ_frame_add_number(&o, WRIT_TAG_TIME, 1);
    send_frame(r, &o);
}

void rig_number(struct rig *r, uint32_t id, enum writ_frame_type type, enum writ_tag tag,
                uint64_t value)
{
    WRIT_AUTO_BUF out;
    struct writ_frame_out o;

    writ_buf_init(&out, 4096);
    writ_frame_begin(&o, &out, type, id);
    writ_frame_add_number(&o, tag, value);
    send_frame(r, &o);
}

void rig_listing(struct rig *r, uint32_t id, struct writ_slice verdicts)
{
    WRIT_AUTO_BUF out;
    struct writ_frame_out o;

    writ_buf_init(&out, 4096);
    writ_frame_begin(&o, &out, WRIT_FRAME_LIST_REPLY, id);
    writ_frame_add(&o, WRIT_TAG_VERDICTS, verdicts);
    send_frame(r, &o);
}

void rig_error(struct rig *r, uint32_t id, enum writ_status st, const char *text)
{
    WRIT_AUTO_BUF out;

    writ_buf_init(&out, 4096);
    assert_int_equal(writ_frame_error(&out, id, st, writ_cstr(text)), WRIT_OK);
    write_all(r->peer, writ_buf_slice(&out));
}

struct writ_frame rig_complete(struct rig *r, uint64_t index, const char *outcome)
{
    struct writ_frame f = rig_frame(r, WRIT_FRAME_COMPLETE);

    assert_int_equal(writ_frame_number(&f, WRIT_TAG_INDEX, 0), index);
    if (!writ_slice_is(f.at[WRIT_TAG_OUTCOME], outcome))
        fail_msg("wanted outcome %s, got %.*s", outcome, WRIT_FMT(f.at[WRIT_TAG_OUTCOME]));
    return f;
}

void rig_heard_by_server(struct rig *r, const char *line)
{
    WRIT_AUTO_JSON *m = json_loads(rig_hear(r), 0, NULL);
    const char *got = json_string_value(json_object_get(json_object_get(m, "result"), "got"));

    assert_non_null(got);
    assert_string_equal(got, line);
}

void rig_leave(struct rig *r)
{
    rig_close_client(r);
    rig_end(r, 0);
}

void rig_acknowledge(struct rig *r, uint64_t index, const char *outcome)
{
    struct writ_frame f = rig_complete(r, index, outcome);
    rig_number(r, f.id, WRIT_FRAME_COMPLETE_REPLY, WRIT_TAG_INDEX, index + 1000);
}
