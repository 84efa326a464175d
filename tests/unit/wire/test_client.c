#include "test.h"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "wire/client.h"

#include "base/banned.h"

/* A server of one connection that answers in a way that the test chooses. */
enum manner { GOOD, BACKWARDS, SILENT, HANGS_UP, NONSENSE, OTHER_VERSION, REFUSES };

struct server {
    char dir[64], path[96];
    int listener;
    enum manner manner;
    pthread_t thread;
};

static void say(int fd, struct writ_buf *b)
{
    assert_int_equal(send(fd, b->ptr, b->len, MSG_NOSIGNAL), (ssize_t)b->len);
    writ_buf_clear(b);
}

static void say_hello(int fd, uint32_t id, uint64_t version)
{
    static const uint8_t challenge[32] = { 1, 2, 3 };
    WRIT_AUTO_BUF b;
    struct writ_frame_out o;

    writ_buf_init(&b, 4096);
    writ_frame_begin(&o, &b, WRIT_FRAME_HELLO_REPLY, id);
    writ_frame_add_number(&o, WRIT_TAG_VERSION, version);
    writ_frame_add(&o, WRIT_TAG_CELL, WRIT_LIT("writ.example/test"));
    writ_frame_add(&o, WRIT_TAG_CHALLENGE, writ_slice(challenge, sizeof(challenge)));
    assert_int_equal(writ_frame_end(&o, NULL), WRIT_OK);
    say(fd, &b);
}

static void say_state(struct writ_buf *b, uint32_t id)
{
    struct writ_frame_out o;

    writ_frame_begin(&o, b, WRIT_FRAME_AWAIT_REPLY, id);
    writ_frame_add_number(&o, WRIT_TAG_STATE, id);
    assert_int_equal(writ_frame_end(&o, NULL), WRIT_OK);
}

/* Reads one frame; false at the end of the connection. */
static bool hear(int fd, struct writ_buf *in, struct writ_frame *f)
{
    size_t size = 0;
    uint8_t *at;

    for (;;) {
        assert_int_equal(writ_frame_size(writ_buf_slice(in), &size, NULL), WRIT_OK);
        if (size > 0 && in->len >= size)
            break;
        assert_int_equal(writ_buf_reserve(in, 1024, &at), WRIT_OK);
        ssize_t n = recv(fd, at, 1024, 0);
        if (n <= 0)
            return false;
        in->len += (size_t)n;
    }
    assert_int_equal(writ_frame_read(writ_slice(in->ptr, size), f, NULL), WRIT_OK);
    writ_buf_drop(in, size);
    return true;
}

static void answer(const struct server *s, int fd, struct writ_buf *in)
{
    struct writ_frame f;
    uint32_t ids[3];
    size_t n = 0;
    WRIT_AUTO_BUF b;

    writ_buf_init(&b, 4096);
    while (hear(fd, in, &f)) {
        switch (s->manner) {
        case GOOD:
            say_state(&b, f.id);
            say(fd, &b);
            break;
        case BACKWARDS: /* three at once, the last first, in pieces of three bytes */
            ids[n++] = f.id;
            if (n == 3) {
                while (n > 0)
                    say_state(&b, ids[--n]);
                for (size_t i = 0; i < b.len; i += 3) {
                    size_t len = b.len - i < 3 ? b.len - i : 3;
                    assert_int_equal(send(fd, b.ptr + i, len, MSG_NOSIGNAL), (ssize_t)len);
                    (void)usleep(100);
                }
            }
            break;
        case HANGS_UP:
            return;
        case NONSENSE:
            assert_int_equal(send(fd, "\0\0\0\1x", 5, MSG_NOSIGNAL), 5);
            break;
        case REFUSES:
            assert_int_equal(writ_frame_error(&b, f.id, WRIT_REFUSED, WRIT_LIT("because")),
                             WRIT_OK);
            say(fd, &b);
            break;
        case SILENT:
        case OTHER_VERSION:
            break;
        }
    }
}

static void *serve(void *arg)
{
    struct server *s = arg;
    struct writ_frame f;
    WRIT_AUTO_BUF in;

    writ_buf_init(&in, 65536);
    int fd = accept(s->listener, NULL, NULL);
    assert_true(fd >= 0);
    if (hear(fd, &in, &f)) {
        assert_int_equal(f.type, WRIT_FRAME_HELLO);
        say_hello(fd, f.id, s->manner == OTHER_VERSION ? 99 : WRIT_WIRE_VERSION);
        answer(s, fd, &in);
    }
    (void)close(fd);
    return NULL;
}

static void start(struct server *s, enum manner manner)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };

    *s = (struct server){ .manner = manner };
    (void)snprintf(s->dir, sizeof(s->dir), "/tmp/writ-client-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    (void)snprintf(s->path, sizeof(s->path), "%s/sock", s->dir);
    memcpy(addr.sun_path, s->path, strlen(s->path));
    s->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(s->listener, (const struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(listen(s->listener, 1), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void finish(struct server *s)
{
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    (void)close(s->listener);
    (void)unlink(s->path);
    (void)rmdir(s->dir);
}

static enum writ_status await(struct writ_client *c, int timeout, struct writ_frame *f,
                              struct writ_err *err)
{
    writ_frame_add(writ_client_begin(c, WRIT_FRAME_AWAIT), WRIT_TAG_APPROVAL, WRIT_LIT("a"));
    return writ_client_call(c, timeout, f, err);
}

struct call_row {
    const char *rule;
    enum manner manner;
    enum writ_status expect;
    const char *words; /* part of the text */
};

static const struct call_row call_rows[] = {
    { "a reply is returned", GOOD, WRIT_OK, "" },
    { "an ERROR becomes its status and text", REFUSES, WRIT_REFUSED, "because" },
    { "no answer in time is WRIT_TIME", SILENT, WRIT_TIME, "did not answer within 50 ms" },
    { "a server that goes is WRIT_CLOSED", HANGS_UP, WRIT_CLOSED, "is closed" },
    { "nonsense is WRIT_FORMAT", NONSENSE, WRIT_FORMAT, "no type and id" },
};

static void test_calls(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(call_rows); i++) {
        const struct call_row *r = &call_rows[i];
        struct server s;
        struct writ_client *c = NULL;
        struct writ_frame f;
        struct writ_err err = { 0 };
        start(&s, r->manner);
        assert_int_equal(writ_client_connect(s.path, 5000, &c, &err), WRIT_OK);
        assert_true(writ_slice_is(writ_client_cell(c), "writ.example/test"));
        assert_int_equal(writ_client_challenge(c).ptr[2], 3);
        enum writ_status st = await(c, r->expect == WRIT_TIME ? 50 : 5000, &f, &err);
        if (st != r->expect || strstr(err.text, r->words) == NULL)
            fail_msg("%s: %s, \"%s\"", r->rule, writ_status_text(st), err.text);
        if (st == WRIT_TIME) /* the late reply must not be taken for the next one's */
            assert_int_equal(await(c, 50, &f, &err), WRIT_CLOSED);
        if (st == WRIT_REFUSED) /* a refusal leaves the connection good */
            assert_int_equal(await(c, 5000, &f, &err), WRIT_REFUSED);
        writ_client_close(c);
        finish(&s);
    }
}

static void test_replies_out_of_order_and_in_pieces(void **state)
{
    struct server s;
    struct writ_client *c = NULL;
    struct writ_frame f;
    uint32_t ids[3];

    (void)state;
    start(&s, BACKWARDS);
    assert_int_equal(writ_client_connect(s.path, 5000, &c, NULL), WRIT_OK);
    for (size_t i = 0; i < 3; i++) {
        writ_frame_add(writ_client_begin(c, WRIT_FRAME_AWAIT), WRIT_TAG_APPROVAL, WRIT_LIT("a"));
        assert_int_equal(writ_client_send(c, &ids[i], NULL), WRIT_OK);
    }
    assert_int_equal(writ_client_unanswered(c), 3);
    assert_int_equal(await(c, 10, &f, NULL), WRIT_CONFLICT);
    for (size_t got = 0; got < 3;) {
        struct pollfd p = { writ_client_fd(c), POLLIN, 0 };
        assert_true(poll(&p, 1, 5000) == 1);
        enum writ_status st;
        while ((st = writ_client_receive(c, &f, NULL)) == WRIT_OK) {
            assert_int_equal(f.id, ids[2 - got]);
            assert_int_equal(writ_frame_number(&f, WRIT_TAG_STATE, 0), f.id);
            got++;
        }
        assert_int_equal(st, WRIT_NOT_FOUND);
    }
    assert_int_equal(writ_client_unanswered(c), 0);
    writ_client_close(c);
    finish(&s);
}

static void test_who_cannot_be_reached(void **state)
{
    struct server s;
    struct writ_client *c = NULL;
    struct writ_err err = { 0 };
    char far[200];

    (void)state;
    assert_int_equal(writ_client_connect("/nonexistent/sock", 100, &c, &err), WRIT_CLOSED);
    assert_non_null(strstr(err.text, "cannot reach writd at /nonexistent/sock"));
    assert_non_null(strstr(err.text, "`writ up`"));
    memset(far, 'x', sizeof(far) - 1);
    far[sizeof(far) - 1] = '\0';
    assert_int_equal(writ_client_connect(far, 100, &c, &err), WRIT_LIMIT);
    start(&s, OTHER_VERSION);
    assert_int_equal(writ_client_connect(s.path, 5000, &c, &err), WRIT_FORMAT);
    assert_non_null(strstr(err.text, "version 99"));
    finish(&s);
    assert_null(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_replies_out_of_order_and_in_pieces),
        cmocka_unit_test(test_who_cannot_be_reached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
