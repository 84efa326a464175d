#include "test.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "support/home.h"

#include "base/banned.h"

#define AGENT  "bot"
#define ACTION "files/tools/read_file"
#define WAIT   10000

struct fixture {
    struct test_home home;
    struct writ_key *key;
};

static void make(struct fixture *f, size_t segment)
{
    test_home_make(&f->home, segment);
    f->key = test_home_agent(&f->home, AGENT);
    test_home_target(&f->home, "files");
    test_home_grant(&f->home, "g-1", AGENT, "files", NULL, NULL);
    test_home_seal(&f->home);
}

static void drop(struct fixture *f)
{
    writ_key_free(f->key);
    test_home_remove(&f->home);
}

static void start(struct fixture *f)
{
    char text[4096];

    if (test_home_start(&f->home, WRIT_WRITD, 0))
        return;
    test_home_stderr(&f->home, text, sizeof(text));
    fail_msg("writd did not start: %s", text);
}

static struct writ_client *join(const struct fixture *f)
{
    struct writ_client *c = NULL;
    struct writ_err err = { 0 };

    if (writ_client_connect(f->home.socket, WAIT, &c, &err) != WRIT_OK)
        fail_msg("connect: %s", err.text);
    return c;
}

static struct writ_client *join_session(const struct fixture *f)
{
    struct writ_client *c = join(f);

    test_session(c, AGENT, f->key);
    return c;
}

/* One API call whose answer is JSON. */
static json_t *ask(struct writ_client *c, const char *op, const char *body)
{
    struct writ_slice reply;
    struct writ_err err = { 0 };
    json_t *j = NULL;

    if (writ_client_api(c, op, writ_cstr(body), WAIT, &reply, &err) != WRIT_OK)
        fail_msg("%s %s: %s", op, body, err.text);
    assert_int_equal(writ_json_parse_object(reply, reply.len, &j, &err), WRIT_OK);
    return j;
}

static uint64_t verdict_of(const struct writ_frame *f)
{
    assert_int_equal(f->type, WRIT_FRAME_AUTHORIZE_REPLY);
    return writ_frame_number(f, WRIT_TAG_VERDICT, 99);
}

/* Authorizes and demands the verdict; the index. */
static uint64_t decide(struct writ_client *c, const char *arguments, uint64_t expect)
{
    struct writ_frame f;
    struct writ_err err = { 0 };

    test_authorize(c, AGENT, ACTION, arguments, NULL);
    if (writ_client_call(c, WAIT, &f, &err) != WRIT_OK)
        fail_msg("authorize: %s", err.text);
    if (verdict_of(&f) != expect)
        fail_msg("verdict %u: %.*s %.*s", (unsigned)verdict_of(&f),
                 WRIT_FMT(writ_frame_bytes(&f, WRIT_TAG_REASON)),
                 WRIT_FMT(writ_frame_bytes(&f, WRIT_TAG_DETAIL)));
    return writ_frame_number(&f, WRIT_TAG_INDEX, UINT64_MAX);
}

static enum writ_status complete(struct writ_client *c, uint64_t index, struct writ_err *err)
{
    static const uint8_t salt[32] = { 1 };
    struct writ_frame reply;

    struct writ_frame_out *o = writ_client_begin(c, WRIT_FRAME_COMPLETE);
    writ_frame_add_number(o, WRIT_TAG_INDEX, index);
    writ_frame_add(o, WRIT_TAG_OUTCOME, WRIT_LIT("ok"));
    writ_frame_add(o, WRIT_TAG_RESULT, WRIT_LIT("{\"text\":\"done\"}"));
    writ_frame_add(o, WRIT_TAG_SALT, writ_slice(salt, sizeof(salt)));
    writ_frame_add_number(o, WRIT_TAG_DURATION, 5);
    return writ_client_call(c, WAIT, &reply, err);
}

/* --- starting --- */

static void refuses_to_start(struct fixture *f, const char *words)
{
    char text[4096];

    assert_false(test_home_start(&f->home, WRIT_WRITD, 0));
    test_home_stderr(&f->home, text, sizeof(text));
    if (strstr(text, words) == NULL)
        fail_msg("\"%s\" is not in: %s", words, text);
}

static void test_refuses_a_home_that_others_may_enter(void **state)
{
    static const struct {
        const char *name; /* below the home; empty for itself */
        mode_t bad, good;
        const char *words;
    } rows[] = {
        { "", 0750, 0700, "others may enter the home" },
        { "", 0701, 0700, "run `chmod 700 " },
        { "/ledger.key", 0640, 0600, "run `chmod 600 " },
        { "/ledger", 0755, 0700, "others may use" },
        { "/agents", 0755, 0700, "others may use" },
    };
    struct fixture f;
    char path[300];

    (void)state;
    make(&f, 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        (void)snprintf(path, sizeof(path), "%s%s", f.home.dir, rows[i].name);
        assert_int_equal(chmod(path, rows[i].bad), 0);
        refuses_to_start(&f, rows[i].words);
        assert_int_equal(chmod(path, rows[i].good), 0);
    }
    (void)snprintf(path, sizeof(path), "%s/cell", f.home.dir);
    FILE *cell = fopen(path, "w");
    assert_non_null(cell);
    (void)fputs("writ.example/other\n", cell);
    (void)fclose(cell);
    refuses_to_start(&f, "not of one ledger");
    drop(&f);
}

static void test_one_daemon_a_home(void **state)
{
    struct fixture f;
    char words[64], text[4096];
    struct stat s;
    struct test_home second;

    (void)state;
    make(&f, 0);
    /* A socket that a crash left behind is in nobody's way. */
    FILE *stale = fopen(f.home.socket, "w");
    assert_non_null(stale);
    (void)fclose(stale);
    start(&f);
    assert_int_equal(stat(f.home.socket, &s), 0);
    assert_true(S_ISSOCK(s.st_mode));
    assert_int_equal(s.st_mode & 0777, 0600);
    (void)snprintf(words, sizeof(words), "another writd (process %ld)", (long)f.home.daemon);
    second = f.home;
    second.daemon = fork();
    if (second.daemon == 0) {
        FILE *quiet = freopen("/dev/null", "w", stderr);
        (void)quiet;
        (void)execl(WRIT_WRITD, WRIT_WRITD, "--home", f.home.dir, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(test_home_stop(&second, 0), 1);
    /* Once more through a shell, to read what it says. */
    (void)snprintf(text, sizeof(text), "exec '%s' --home '%s' 2>'%s/second'", WRIT_WRITD,
                   f.home.dir, f.home.dir);
    second.daemon = fork();
    if (second.daemon == 0) {
        (void)execl("/bin/sh", "sh", "-c", text, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(test_home_stop(&second, 0), 1);
    (void)snprintf(text, sizeof(text), "%s/second", f.home.dir);
    FILE *said = fopen(text, "r");
    assert_non_null(said);
    assert_non_null(fgets(text, sizeof(text), said));
    (void)fclose(said);
    assert_non_null(strstr(text, words));
    assert_int_equal(test_home_stop(&f.home, SIGTERM), 0);
    assert_int_equal(access(f.home.socket, F_OK), -1);
    drop(&f);
}

/* --- frames --- */

static int raw_connect(const struct fixture *f)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    struct timeval limit = { 10, 0 };

    memcpy(addr.sun_path, f->home.socket, strlen(f->home.socket));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
    return fd;
}

struct bad_frame {
    const char *rule;
    const char *hex; /* with its length */
    const char *words;
};

static const struct bad_frame bad_frames[] = {
    { "a length of 0", "00000000", "no type and id" },
    { "a length of 4", "0000000401000000", "no type and id" },
    { "a length of 4 GiB", "ffffffff", "exceeds the limit" },
    { "an unknown type", "000000050900000007", "unknown type" },
    { "a reply as a request",
      "0000001286000000072200000008"
      "0000000000000001",
      "a reply was sent" },
    { "an unknown tag", "0000000a0100000007ee00000000", "unknown tag" },
    { "a missing field", "000000050600000007", "is missing" },
    { "a field beyond the frame", "0000000a0600000007180000ffff", "beyond its frame" },
    { "a field twice", "000000110600000007180000000161180000000161", "stands twice" },
};

static void test_garbage_gets_words_and_a_closed_connection(void **state)
{
    struct fixture f;

    (void)state;
    make(&f, 0);
    start(&f);
    for (size_t i = 0; i < ARRAY_LEN(bad_frames); i++) {
        uint8_t raw[64], reply[2048];
        size_t n = strlen(bad_frames[i].hex) / 2, len = 0;
        struct writ_frame e;
        int fd = raw_connect(&f);
        assert_int_equal(writ_hex_decode(writ_cstr(bad_frames[i].hex), raw, n), WRIT_OK);
        assert_int_equal(send(fd, raw, n, MSG_NOSIGNAL), (ssize_t)n);
        ssize_t got; /* to the end: the daemon must close */
        while ((got = recv(fd, reply + len, sizeof(reply) - len, 0)) > 0)
            len += (size_t)got;
        if (got != 0)
            fail_msg("%s: the connection stayed open", bad_frames[i].rule);
        assert_int_equal(writ_frame_read(writ_slice(reply, len), &e, NULL), WRIT_OK);
        assert_int_equal(e.type, WRIT_FRAME_ERROR);
        struct writ_slice text = writ_frame_bytes(&e, WRIT_TAG_TEXT);
        if (memmem(text.ptr, text.len, bad_frames[i].words, strlen(bad_frames[i].words)) == NULL)
            fail_msg("%s: %.*s", bad_frames[i].rule, WRIT_FMT(text));
        (void)close(fd);
    }
    struct writ_client *c = join_session(&f);
    (void)decide(c, "{}", WRIT_ALLOW);
    writ_client_close(c);
    drop(&f);
}

static void test_noise_never_kills_it(void **state)
{
    struct fixture f;
    uint64_t x = 88172645463325252u;

    (void)state;
    make(&f, 0);
    start(&f);
    for (int round = 0; round < 300; round++) {
        uint8_t raw[300];
        for (size_t i = 0; i < sizeof(raw); i++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            raw[i] = (uint8_t)x;
        }
        if (round % 2 == 0) { /* half of it at least looks like a frame */
            writ_put_be32(raw, (uint32_t)(raw[0] % 200 + 5));
            raw[4] = (uint8_t)(raw[4] % 9);
        }
        int fd = raw_connect(&f);
        (void)!send(fd, raw, sizeof(raw), MSG_NOSIGNAL);
        /* Some are gone before it has answered; the others see to it that it keeps up. */
        if (round % 4 != 0) {
            (void)shutdown(fd, SHUT_WR);
            while (recv(fd, raw, sizeof(raw), 0) > 0)
                ;
        }
        (void)close(fd);
    }
    struct writ_client *c = join_session(&f);
    (void)decide(c, "{}", WRIT_ALLOW);
    writ_client_close(c);
    assert_int_equal(test_home_stop(&f.home, SIGTERM), 0);
    drop(&f);
}

/* --- deciding --- */

static void test_one_action_from_end_to_end(void **state)
{
    struct fixture f;
    struct writ_frame reply;
    struct writ_err err = { 0 };

    (void)state;
    make(&f, 0);
    start(&f);
    struct writ_client *c = join_session(&f);
    uint64_t index = decide(c, "{\"path\": \"/a\"}", WRIT_ALLOW);
    assert_int_equal(complete(c, index, &err), WRIT_OK);
    assert_int_equal(complete(c, index, &err), WRIT_NOT_FOUND);
    test_authorize(c, AGENT, ACTION, "{}", f.key); /* signed by itself */
    assert_int_equal(writ_client_call(c, WAIT, &reply, &err), WRIT_OK);
    assert_int_equal(verdict_of(&reply), WRIT_ALLOW);
    test_authorize(c, AGENT, "mail/tools/send", "{}", NULL);
    assert_int_equal(writ_client_call(c, WAIT, &reply, &err), WRIT_OK);
    assert_int_equal(verdict_of(&reply), WRIT_DENY);
    test_authorize(c, AGENT, ACTION, "{\"a\":1,\"a\":2}", NULL);
    assert_int_equal(writ_client_call(c, WAIT, &reply, &err), WRIT_FORMAT);
    /* A large one goes another way inside. */
    char *large = malloc(1000016);
    assert_non_null(large);
    (void)snprintf(large, 16, "{\"text\":\"");
    memset(large + 9, 'x', 1000000);
    (void)snprintf(large + 1000009, 4, "\"}");
    (void)decide(c, large, WRIT_ALLOW);
    free(large);
    /* Another connection has not proved anything. */
    struct writ_client *other = join(&f);
    (void)decide(other, "{}", WRIT_DENY);
    writ_client_close(other);
    json_decref(ask(c, "narrow", "{\"type\":\"grant.revoked\",\"subject\":\"g-1\"}"));
    (void)decide(c, "{}", WRIT_DENY);
    json_t *status = ask(c, "status", "");
    assert_int_equal(json_integer_value(json_object_get(status, "in_flight")), 2);
    json_decref(status);
    json_t *view = ask(c, "view", "{\"what\":\"grants\",\"all\":true}");
    assert_int_equal(json_array_size(json_object_get(view, "items")), 1);
    json_decref(view);
    json_t *published = ask(c, "publish", "");
    assert_true(json_integer_value(json_object_get(published, "size")) > 10);
    json_decref(published);
    writ_client_close(c);
    drop(&f);
}

/* What action.decided says at `index` in the ledger; NONE when there is no such record. */
static struct writ_record *read_ledger(const struct fixture *f, struct writ_arena *arena, size_t *n)
{
    struct writ_log_reader *r = NULL;
    struct writ_slice entry, kept;
    uint64_t index;
    size_t cap = 1024;
    struct writ_record *all = calloc(cap, sizeof(*all));

    *n = 0;
    assert_non_null(all);
    assert_int_equal(writ_log_reader_open(f->home.ledger, &r, NULL), WRIT_OK);
    while (writ_log_reader_next(r, &entry, &index, NULL) == WRIT_OK) {
        assert_int_equal(index, *n);
        if (*n == cap) {
            cap *= 2;
            all = reallocarray(all, cap, sizeof(*all));
            assert_non_null(all);
        }
        assert_true(writ_arena_copy(arena, entry, &kept));
        assert_int_equal(writ_record_decode(kept, arena, &all[(*n)++], NULL), WRIT_OK);
    }
    writ_log_reader_close(r);
    return all;
}

static size_t count_type(const struct writ_record *all, size_t n, enum writ_record_type type)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += all[i].type == type ? 1 : 0;
    return count;
}

#define IN_FLIGHT 200
#define ACKED_MAX 200000

/* Keeps IN_FLIGHT requests going until the connection ends; what was acknowledged. */
static size_t pump(struct writ_client *c, struct fixture *f, size_t kill_after, uint64_t *acked)
{
    size_t n = 0, sent = 0;
    uint32_t id;
    struct writ_frame reply;
    enum writ_status st = WRIT_NOT_FOUND;
    bool killed = false;

    while (st == WRIT_OK || st == WRIT_NOT_FOUND) {
        while (writ_client_unanswered(c) < IN_FLIGHT) {
            /* Every third is denied, so that verdicts can be mixed up. */
            test_authorize(c, AGENT, sent++ % 3 == 0 ? "mail/tools/send" : ACTION, "{}", NULL);
            if (writ_client_send(c, &id, NULL) != WRIT_OK)
                return n;
        }
        struct pollfd p = { writ_client_fd(c), POLLIN, 0 };
        (void)poll(&p, 1, 1000);
        while ((st = writ_client_receive(c, &reply, NULL)) == WRIT_OK) {
            if (reply.type != WRIT_FRAME_AUTHORIZE_REPLY)
                continue;
            assert_true(n < ACKED_MAX);
            acked[n++] = writ_frame_number(&reply, WRIT_TAG_INDEX, 0) << 2 | verdict_of(&reply);
        }
        if (!killed && n > kill_after) {
            assert_int_equal(kill(f->home.daemon, SIGKILL), 0);
            killed = true;
        }
    }
    return n;
}

static void test_what_was_acknowledged_survives_kill(void **state)
{
    struct fixture f;
    uint64_t *acked = calloc(ACKED_MAX, sizeof(*acked));

    (void)state;
    assert_non_null(acked);
    make(&f, 0);
    for (int round = 0; round < 3; round++) {
        WRIT_AUTO_ARENA arena;
        size_t len;
        writ_arena_init(&arena, SIZE_MAX / 2);
        start(&f);
        struct writ_client *c = join_session(&f);
        size_t n = pump(c, &f, IN_FLIGHT + 1500 * (size_t)round, acked);
        writ_client_close(c);
        assert_int_equal(test_home_stop(&f.home, 0), 128 + SIGKILL);
        assert_true(n > IN_FLIGHT);
        /* A restart must accept what is there, before anything looks at it. */
        start(&f);
        struct writ_record *all = read_ledger(&f, &arena, &len);
        for (size_t i = 0; i < n; i++) {
            uint64_t index = acked[i] >> 2;
            assert_true(index < len);
            assert_int_equal(all[index].type, WRIT_RECORD_ACTION_DECIDED);
            const char *verdict = (acked[i] & 3) == WRIT_ALLOW ? "allow" : "deny";
            assert_true(writ_slice_is(all[index].as.decided.verdict, verdict));
        }
        free(all);
        assert_int_equal(test_home_stop(&f.home, SIGTERM), 0);
    }
    free(acked);
    drop(&f);
}

/* Every decision up to a full disk; completes those allowed; 0 when it ended with words. */
static size_t fill_the_disk(struct writ_client *c, uint64_t *allowed, struct writ_err *err)
{
    struct writ_frame reply;

    for (size_t n = 0; n < 5000; n++) {
        test_authorize(c, AGENT, ACTION, "{}", NULL);
        enum writ_status st = writ_client_call(c, WAIT, &reply, err);
        if (st != WRIT_OK) {
            assert_int_equal(st, WRIT_LIMIT);
            return n;
        }
        assert_int_equal(verdict_of(&reply), WRIT_ALLOW);
        allowed[n] = writ_frame_number(&reply, WRIT_TAG_INDEX, 0);
    }
    fail_msg("the disk was never full");
    return 0;
}

static void test_a_full_disk_refuses_and_keeps_room_for_outcomes(void **state)
{
    struct fixture f;
    struct writ_err err = { 0 };
    uint64_t allowed[5000];
    char text[4096];

    (void)state;
    make(&f, 64 * 1024);
    /* Files may grow to half a megabyte, so there is never a second segment of 32. */
    assert_true(test_home_start(&f.home, WRIT_WRITD, 512 * 1024));
    struct writ_client *c = join_session(&f);
    size_t n = fill_the_disk(c, allowed, &err);
    assert_non_null(strstr(err.text, "full"));
    assert_true(n > 5);
    for (size_t i = 0; i < n; i++) { /* each admitted action's outcome can be written */
        if (complete(c, allowed[i], &err) != WRIT_OK)
            fail_msg("outcome %zu of %zu: %s", i, n, err.text);
    }
    json_decref(ask(c, "narrow", "{\"type\":\"stop.set\",\"subject\":\"*\"}"));
    writ_client_close(c);
    (void)test_home_stop(&f.home, SIGTERM);
    test_home_stderr(&f.home, text, sizeof(text));
    if (strstr(text, "room") == NULL && strstr(text, "full") == NULL &&
        strstr(text, "large") == NULL)
        fail_msg("no reason on stderr: %s", text);
    /* With space again it goes on, and knows what it did. */
    start(&f);
    c = join(&f);
    json_t *status = ask(c, "status", "");
    assert_int_equal(json_integer_value(json_object_get(status, "in_flight")), 0);
    assert_int_equal(json_array_size(json_object_get(status, "stopped")), 1);
    json_decref(status);
    writ_client_close(c);
    drop(&f);
}

/* --- sessions, strangers, approvals --- */

static void test_sessions_are_closed_on_record(void **state)
{
    struct fixture f;
    size_t n;
    WRIT_AUTO_ARENA arena;

    (void)state;
    writ_arena_init(&arena, SIZE_MAX / 2);
    make(&f, 0);
    start(&f);
    struct writ_client *one = join_session(&f);
    struct writ_client *two = join_session(&f);
    writ_client_close(one);
    (void)decide(two, "{}", WRIT_ALLOW);
    assert_int_equal(test_home_stop(&f.home, SIGTERM), 0);
    writ_client_close(two);
    struct writ_record *all = read_ledger(&f, &arena, &n);
    assert_int_equal(count_type(all, n, WRIT_RECORD_SESSION_OPENED), 2);
    assert_int_equal(count_type(all, n, WRIT_RECORD_SESSION_CLOSED), 2);
    free(all);
    drop(&f);
}

static void test_strangers_cannot_fill_the_ledger(void **state)
{
    struct fixture f;
    struct writ_frame reply;
    size_t n;
    WRIT_AUTO_ARENA arena;

    (void)state;
    writ_arena_init(&arena, SIZE_MAX / 2);
    make(&f, 0);
    start(&f);
    struct writ_client *c = join(&f);
    for (int i = 0; i < 500; i++) {
        test_authorize(c, "nobody", ACTION, "{}", NULL);
        assert_int_equal(writ_client_call(c, WAIT, &reply, NULL), WRIT_OK);
        assert_int_equal(verdict_of(&reply), WRIT_DENY);
    }
    writ_client_close(c);
    assert_int_equal(test_home_stop(&f.home, SIGTERM), 0);
    struct writ_record *all = read_ledger(&f, &arena, &n);
    uint64_t refused = count_type(all, n, WRIT_RECORD_ACTION_DECIDED);
    assert_true(refused < 10);
    for (size_t i = 0; i < n; i++)
        if (all[i].type == WRIT_RECORD_CALLERS_REFUSED)
            refused += all[i].as.callers_refused.count;
    assert_int_equal(refused, 500);
    free(all);
    drop(&f);
}

/* Signs the approval as `writ approve` does, and submits it. */
static void approve(struct fixture *f, struct writ_client *c, json_t *item)
{
    WRIT_AUTO_BUF text, signature;
    struct writ_slice reply;
    struct writ_err err = { 0 };

    json_t *j =
        json_pack("{s:O,s:O,s:O,s:O,s:O,s:s}", "approval", json_object_get(item, "id"), "digest",
                  json_object_get(item, "digest"), "action", json_object_get(item, "action"),
                  "resources", json_object_get(item, "resources"), "arguments",
                  json_object_get(item, "arguments"), "approver", TEST_HUMAN);
    test_text(&f->home, "writ.approval", j, &text);
    test_sign(&f->home, "writ.approval", writ_buf_slice(&text), &signature);
    json_t *body = json_pack("{s:s%,s:s%}", "text", text.ptr, text.len, "signature", signature.ptr,
                             signature.len);
    char *raw = json_dumps(body, 0);
    if (writ_client_api(c, "submit", writ_cstr(raw), WAIT, &reply, &err) != WRIT_OK)
        fail_msg("submit: %s", err.text);
    free(raw);
    json_decref(body);
}

static void test_approvals(void **state)
{
    struct fixture f;
    struct writ_frame reply;
    char id[300], body[400];
    uint32_t sent;

    (void)state;
    test_home_make(&f.home, 0);
    f.key = test_home_agent(&f.home, AGENT);
    test_home_target(&f.home, "files");
    test_home_grant(&f.home, "g-1", AGENT, "files",
                    "{\"approval\":[{\"actions\":[\"files/*\"],\"quorum\":1,\"four_eyes\":false,"
                    "\"within_s\":600}]}",
                    NULL);
    start(&f);
    struct writ_client *agent = join_session(&f), *human = join(&f);
    test_authorize(agent, AGENT, ACTION, "{\"path\":\"/secret\"}", NULL);
    assert_int_equal(writ_client_call(agent, WAIT, &reply, NULL), WRIT_OK);
    assert_int_equal(verdict_of(&reply), WRIT_HOLD);
    struct writ_slice approval = writ_frame_bytes(&reply, WRIT_TAG_APPROVAL);
    (void)snprintf(id, sizeof(id), "%.*s", WRIT_FMT(approval));
    writ_frame_add(writ_client_begin(agent, WRIT_FRAME_AWAIT), WRIT_TAG_APPROVAL, writ_cstr(id));
    assert_int_equal(writ_client_send(agent, &sent, NULL), WRIT_OK);
    (void)snprintf(body, sizeof(body), "{\"id\":\"%s\"}", id);
    json_t *shown = ask(human, "approval", body);
    json_t *arguments = json_object_get(shown, "arguments");
    assert_string_equal(json_string_value(json_object_get(arguments, "path")), "/secret");
    assert_int_equal(writ_client_receive(agent, &reply, NULL), WRIT_NOT_FOUND);
    approve(&f, human, json_object_get(shown, "approval"));
    json_decref(shown);
    struct pollfd p = { writ_client_fd(agent), POLLIN, 0 };
    assert_int_equal(poll(&p, 1, WAIT), 1);
    assert_int_equal(writ_client_receive(agent, &reply, NULL), WRIT_OK);
    assert_int_equal(writ_frame_number(&reply, WRIT_TAG_STATE, 0), WRIT_APPROVAL_GIVEN);
    (void)decide(agent, "{\"path\":\"/secret\"}", WRIT_ALLOW);
    writ_client_close(agent);
    writ_client_close(human);
    assert_int_equal(test_home_stop(&f.home, SIGTERM), 0);
    drop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refuses_a_home_that_others_may_enter),
        cmocka_unit_test(test_one_daemon_a_home),
        cmocka_unit_test(test_garbage_gets_words_and_a_closed_connection),
        cmocka_unit_test(test_noise_never_kills_it),
        cmocka_unit_test(test_one_action_from_end_to_end),
        cmocka_unit_test(test_what_was_acknowledged_survives_kill),
        cmocka_unit_test(test_a_full_disk_refuses_and_keeps_room_for_outcomes),
        cmocka_unit_test(test_sessions_are_closed_on_record),
        cmocka_unit_test(test_strangers_cannot_fill_the_ledger),
        cmocka_unit_test(test_approvals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
