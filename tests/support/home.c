#include "support/home.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/env.h"
#include "base/text.h"

#include "base/banned.h"

#define START_MS 20000
#define STOP_MS  20000

#define MUST(expr)                                                                   \
    do {                                                                             \
        if (!(expr)) {                                                               \
            (void)fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #expr); \
            abort();                                                                 \
        }                                                                            \
    } while (0)

static void must_ok(enum writ_status st, const struct writ_err *err, const char *what)
{
    if (st == WRIT_OK)
        return;
    (void)fprintf(stderr, "%s: %s: %s\n", what, writ_status_text(st), err->text);
    abort();
}

static uint64_t now_us(void)
{
    struct writ_env env = writ_env_system();
    return env.now_us(env.ctx);
}

static void path_in(const struct test_home *h, const char *name, char out[256])
{
    int n = snprintf(out, 256, "%s/%s", h->dir, name);
    MUST(n > 0 && n < 256);
}

static void write_file(const char *path, struct writ_slice bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    MUST(fd >= 0);
    MUST(write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len);
    (void)close(fd);
}

static void read_file(const char *path, struct writ_buf *out)
{
    uint8_t *at;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    MUST(fd >= 0);
    for (;;) {
        MUST(writ_buf_reserve(out, 4096, &at) == WRIT_OK);
        ssize_t n = read(fd, at, 4096);
        MUST(n >= 0);
        if (n == 0)
            break;
        out->len += (size_t)n;
    }
    (void)close(fd);
}

/* Runs a program quietly; its exit code. */
static int run(const char *const *argv)
{
    int status = 0;
    pid_t pid = fork();

    MUST(pid >= 0);
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        (void)dup2(null, 0);
        (void)dup2(null, 1);
        (void)dup2(null, 2);
        (void)execvp(argv[0], (char *const *)(uintptr_t)argv); /* execvp does not change them */
        _exit(127);
    }
    MUST(waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* --- texts --- */

void test_text(struct test_home *h, const char *type, json_t *json, struct writ_buf *out)
{
    char id[32], issued[WRIT_TIME_TEXT];
    struct writ_err err = { 0 };

    writ_time_format(now_us() / 1000000 * 1000000, issued);
    (void)snprintf(id, sizeof(id), "test-%u", h->next_id++);
    MUST(json != NULL);
    MUST(json_object_set_new(json, "type", json_string(type)) == 0);
    MUST(json_object_set_new(json, "v", json_integer(1)) == 0);
    MUST(json_object_set_new(json, "cell", json_string(TEST_CELL)) == 0);
    MUST(json_object_set_new(json, "issued", json_string(issued)) == 0);
    if (json_object_get(json, "id") == NULL)
        MUST(json_object_set_new(json, "id", json_string(id)) == 0);
    writ_buf_init(out, 65536);
    must_ok(writ_json_canonical(json, out, &err), &err, "canonical text");
    json_decref(json);
}

void test_sign(struct test_home *h, const char *name_space, struct writ_slice text,
               struct writ_buf *out)
{
    char file[256], signature[270];

    path_in(h, "to-sign", file);
    (void)snprintf(signature, sizeof(signature), "%s.sig", file);
    write_file(file, text);
    (void)unlink(signature);
    const char *argv[] = { "ssh-keygen", "-Y",       "sign", "-f", h->ssh_key,
                           "-n",         name_space, file,   NULL };
    MUST(run(argv) == 0);
    writ_buf_init(out, 65536);
    read_file(signature, out);
    (void)unlink(signature);
    (void)unlink(file);
}

#define BATCH 2048

static void flush_batch(struct test_home *h)
{
    static struct writ_slice entries[BATCH];
    struct writ_reader r = writ_reader(writ_buf_slice(&h->batch));
    struct writ_err err = { 0 };
    uint64_t first;

    if (h->batch_len == 0)
        return;
    for (size_t i = 0; i < h->batch_len; i++)
        entries[i] = writ_read_str32(&r);
    must_ok(writ_log_append(h->log, entries, h->batch_len, &first, &err), &err, "append");
    writ_buf_clear(&h->batch);
    h->batch_len = 0;
}

void test_home_no_sync(struct test_home *h)
{
    h->batching = true;
    writ_buf_init(&h->batch, 64u << 20);
}

static void append(struct test_home *h, uint64_t index, struct writ_slice entry)
{
    struct writ_err err = { 0 };
    uint64_t first = 0;

    if (h->batching) {
        MUST(writ_buf_add_str32(&h->batch, entry) == WRIT_OK);
        if (++h->batch_len == BATCH)
            flush_batch(h);
        return;
    }
    must_ok(writ_log_append(h->log, &entry, 1, &first, &err), &err, "append");
    MUST(first == index);
}

/* What writd does with a submitted text, without a daemon. */
static void commit(struct test_home *h, struct writ_slice text, struct writ_slice signature,
                   bool verify)
{
    struct writ_change_request r = { .text = text, .signature = signature };
    struct writ_err err = { 0 };
    struct writ_record record;
    WRIT_AUTO_ARENA arena;
    WRIT_AUTO_BUF bytes;
    bool stepped;

    writ_arena_init(&arena, 4u << 20);
    writ_buf_init(&bytes, WRIT_RECORD_MAX);
    must_ok(writ_authority_find_signer(h->authority, &r, &err), &err, "find signer");
    if (verify)
        writ_change_verify(&r);
    else
        r.verified = WRIT_CHECK_GOOD;
    must_ok(r.verified == WRIT_CHECK_GOOD ? WRIT_OK : WRIT_SIGNATURE, &r.why, "verify");
    uint64_t now = writ_authority_time(h->authority, now_us(), &stepped);
    must_ok(writ_authority_change(h->authority, &r, now, &arena, &record, &err), &err, "change");
    must_ok(writ_record_encode(&record, &bytes, &err), &err, "encode");
    uint64_t index = writ_authority_next_index(h->authority);
    struct writ_slice entry = writ_buf_slice(&bytes);
    must_ok(writ_authority_apply(h->authority, index, entry, &err), &err, "apply");
    append(h, index, entry);
}

static void change(struct test_home *h, const char *type, const char *name_space, json_t *json)
{
    WRIT_AUTO_BUF text;
    WRIT_AUTO_BUF signature;

    test_text(h, type, json, &text);
    test_sign(h, name_space, writ_buf_slice(&text), &signature);
    commit(h, writ_buf_slice(&text), writ_buf_slice(&signature), true);
}

/* --- making --- */

static void make_keys(struct test_home *h, struct writ_buf *vkey)
{
    char path[256];
    struct writ_err err = { 0 };
    struct writ_note_key note;

    (void)snprintf(h->ssh_key, sizeof(h->ssh_key), "%s/alice", h->dir);
    const char *argv[] = { "ssh-keygen", "-q", "-t", "ed25519",  "-N", "",
                           "-C",         "",   "-f", h->ssh_key, NULL };
    MUST(run(argv) == 0);
    must_ok(writ_key_generate(WRIT_KEY_ED25519, &h->ledger_key, &err), &err, "ledger key");
    path_in(h, "ledger.key", path);
    must_ok(writ_key_store(h->ledger_key, path, &err), &err, "store key");
    must_ok(writ_note_key_make(WRIT_LIT(TEST_CELL), 0x01, h->ledger_key, &note, &err), &err,
            "vkey");
    writ_buf_init(vkey, 1024);
    MUST(writ_note_key_text(&note, vkey) == WRIT_OK);
    path_in(h, "ledger.vkey", path);
    write_file(path, writ_buf_slice(vkey));
    int fd = open(path, O_WRONLY | O_APPEND);
    MUST(fd >= 0 && write(fd, "\n", 1) == 1);
    (void)close(fd);
    path_in(h, "cell", path);
    write_file(path, WRIT_LIT(TEST_CELL "\n"));
}

static json_t *public_key(const struct test_home *h)
{
    char path[256];
    WRIT_AUTO_BUF text, line;
    struct writ_ssh_key key;
    struct writ_err err = { 0 };

    writ_buf_init(&text, 8192);
    writ_buf_init(&line, 2048);
    (void)snprintf(path, sizeof(path), "%s.pub", h->ssh_key);
    read_file(path, &text);
    while (text.len > 0 && text.ptr[text.len - 1] == '\n')
        text.len--;
    must_ok(writ_ssh_key_parse(writ_buf_slice(&text), &key, &err), &err, "public key");
    MUST(writ_ssh_key_line(&key, &line) == WRIT_OK);
    return json_stringn((const char *)line.ptr, line.len);
}

void test_home_make_in(struct test_home *h, const char *dir, size_t segment_bytes)
{
    char path[256];
    WRIT_AUTO_BUF vkey;
    struct writ_err err = { 0 };

    *h = (struct test_home){ .next_id = 1 };
    MUST(strlen(dir) < sizeof(h->dir));
    memcpy(h->dir, dir, strlen(dir) + 1);
    MUST(chmod(dir, 0700) == 0);
    (void)snprintf(h->socket, sizeof(h->socket), "%s/writd.sock", dir);
    (void)snprintf(h->ledger, sizeof(h->ledger), "%s/ledger", dir);
    make_keys(h, &vkey);
    path_in(h, "agents", path);
    MUST(mkdir(path, 0700) == 0);
    struct writ_log_options o = { h->ledger, WRIT_LIT(TEST_CELL), h->ledger_key, segment_bytes };
    must_ok(writ_log_create(&o, &err), &err, "create ledger");
    must_ok(writ_log_open(&o, &h->log, &err), &err, "open ledger");
    must_ok(writ_authority_new(&h->authority, &err), &err, "authority");
    change(h, "writ.authority", "writ.change",
           json_pack("{s:s%,s:s,s:o,s:[s,s,s,s]}", "ledger_key", vkey.ptr, vkey.len, "human",
                     TEST_HUMAN, "key", public_key(h), "roles", "operator", "approver", "policy",
                     "auditor"));
}

void test_home_make(struct test_home *h, size_t segment_bytes)
{
    const char *tmp = getenv("TMPDIR");
    char dir[200];

    int n = snprintf(dir, sizeof(dir), "%s/writ-XXXXXX", tmp != NULL ? tmp : "/tmp");
    MUST(n > 0 && n < (int)sizeof(dir) && mkdtemp(dir) != NULL);
    test_home_make_in(h, dir, segment_bytes);
}

struct writ_key *test_home_agent(struct test_home *h, const char *name)
{
    char path[256], text[WRIT_KEY_TEXT], file[100];
    struct writ_key *key = NULL;
    struct writ_err err = { 0 };

    must_ok(writ_key_generate(WRIT_KEY_ED25519, &key, &err), &err, "agent key");
    (void)snprintf(file, sizeof(file), "agents/%s.key", name);
    path_in(h, file, path);
    must_ok(writ_key_store(key, path, &err), &err, "store agent key");
    writ_key_text(key, text);
    change(h, "writ.agent", "writ.change",
           json_pack("{s:s,s:s,s:s,s:s,s:s,s:b}", "agent", name, "owner", TEST_HUMAN, "key", text,
                     "environment", "test", "purpose", "to be tested", "third_party", 0));
    return key;
}

void test_home_target(struct test_home *h, const char *name)
{
    change(h, "writ.target", "writ.change",
           json_pack("{s:s,s:s,s:b,s:[],s:{},s:{},s:{},s:s}", "target", name, "environment", "test",
                     "third_party", 0, "sensitive", "resources", "spend", "tools", "on_new_tool",
                     "pin"));
}

void test_home_grant(struct test_home *h, const char *id, const char *holder, const char *target,
                     const char *more, const struct writ_key *by)
{
    char from[WRIT_TIME_TEXT], until[WRIT_TIME_TEXT];
    struct writ_err err = { 0 };
    json_t *extra = NULL;
    uint64_t now = now_us() / 1000000 * 1000000;

    writ_time_format(now, from);
    if (h->grants_end == 0)
        h->grants_end = now + UINT64_C(3600000000);
    writ_time_format(h->grants_end, until);
    json_t *j =
        json_pack("{s:s,s:n,s:s,s:s,s:s,s:s,s:s,s:[s+],s:[s+],s:{},s:i,s:s}", "id", id, "parent",
                  "human", TEST_HUMAN, "holder", holder, "purpose", "to be tested", "not_before",
                  from, "expires", until, "actions", target, "/*", "resources", "writ:", target,
                  "limits", "max_depth", 7, "proof", "none");
    MUST(j != NULL);
    if (more != NULL) {
        must_ok(writ_json_parse_object(writ_cstr(more), 65536, &extra, &err), &err, "grant");
        MUST(json_object_update(j, extra) == 0);
        json_decref(extra);
    }
    if (by == NULL) {
        change(h, "writ.grant", "writ.grant", j);
        return;
    }
    WRIT_AUTO_BUF text, message, signature;
    uint8_t raw[WRIT_SIGNATURE_LEN];
    writ_buf_init(&message, 65536);
    writ_buf_init(&signature, 256);
    test_text(h, "writ.grant", j, &text);
    MUST(writ_buf_add_cstr(&message, "writ.grant/v1\n") == WRIT_OK);
    MUST(writ_buf_add(&message, writ_buf_slice(&text)) == WRIT_OK);
    must_ok(writ_key_sign(by, writ_buf_slice(&message), raw, &err), &err, "sign");
    MUST(writ_base64url_encode(&signature, writ_slice(raw, sizeof(raw))) == WRIT_OK);
    /* It was made a line above; checking a hundred thousand of them would only take time. */
    commit(h, writ_buf_slice(&text), writ_buf_slice(&signature), false);
}

void test_home_seal(struct test_home *h)
{
    struct writ_err err = { 0 };

    if (h->log != NULL)
        flush_batch(h);
    writ_buf_release(&h->batch);
    if (h->log != NULL)
        must_ok(writ_log_publish(h->log, &err), &err, "publish");
    writ_log_close(h->log);
    writ_authority_free(h->authority);
    h->log = NULL;
    h->authority = NULL;
}

/* --- the daemon --- */

static void become_daemon(const struct test_home *h, const char *writd, size_t fsize)
{
    char path[256];

    path_in(h, "stderr", path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int null = open("/dev/null", O_RDWR);
    if (fd < 0 || null < 0 || dup2(fd, 2) < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
        _exit(126);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nothing running */
    if (fsize > 0) {
        struct rlimit limit = { fsize, fsize };
        (void)signal(SIGXFSZ, SIG_IGN); /* so that the write fails instead */
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
            _exit(126);
    }
    (void)execl(writd, writd, "--home", h->dir, (char *)NULL);
    _exit(127);
}

bool test_home_start(struct test_home *h, const char *writd, size_t fsize)
{
    int status;

    test_home_seal(h);
    h->daemon = fork();
    MUST(h->daemon >= 0);
    if (h->daemon == 0)
        become_daemon(h, writd, fsize);
    for (int waited = 0; waited < START_MS; waited += 5) {
        struct writ_client *c = NULL;
        if (writ_client_connect(h->socket, 1000, &c, NULL) == WRIT_OK) {
            writ_client_close(c);
            return true;
        }
        if (waitpid(h->daemon, &status, WNOHANG) == h->daemon) {
            h->daemon = 0;
            return false;
        }
        (void)usleep(5000);
    }
    (void)fprintf(stderr, "writd neither listens nor ends\n");
    abort();
}

int test_home_stop(struct test_home *h, int signal)
{
    int status = 0;

    if (h->daemon == 0)
        return -1;
    if (signal != 0)
        (void)kill(h->daemon, signal);
    for (int waited = 0; waited < STOP_MS; waited += 5) {
        if (waitpid(h->daemon, &status, WNOHANG) == h->daemon) {
            h->daemon = 0;
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        (void)usleep(5000);
    }
    (void)kill(h->daemon, SIGKILL);
    (void)waitpid(h->daemon, &status, 0);
    h->daemon = 0;
    return -1;
}

void test_home_stderr(const struct test_home *h, char *out, size_t size)
{
    char path[256];

    path_in(h, "stderr", path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, out, size - 1) : 0;
    out[n > 0 ? n : 0] = '\0';
    if (fd >= 0)
        (void)close(fd);
}

void test_home_remove(struct test_home *h)
{
    (void)test_home_stop(h, SIGKILL);
    test_home_seal(h);
    writ_key_free(h->ledger_key);
    h->ledger_key = NULL;
    const char *argv[] = { "rm", "-rf", h->dir, NULL };
    (void)run(argv);
}

/* --- requests --- */

static void fill_random(uint8_t *out, size_t n)
{
    struct writ_env env = writ_env_system();
    MUST(env.random(env.ctx, out, n) == WRIT_OK);
}

void test_session(struct writ_client *c, const char *agent, const struct writ_key *key)
{
    struct writ_session_request r = { .agent = writ_cstr(agent),
                                      .instance = WRIT_LIT("i-1"),
                                      .gateway = WRIT_LIT("test"),
                                      .transport = WRIT_LIT("stdio"),
                                      .challenge = writ_client_challenge(c),
                                      .issued = now_us() };
    uint8_t signature[WRIT_SIGNATURE_LEN];
    WRIT_AUTO_BUF text;
    struct writ_frame reply;
    struct writ_err err = { 0 };

    writ_buf_init(&text, 8192);
    MUST(writ_session_text(&r, writ_client_cell(c), &text) == WRIT_OK);
    must_ok(writ_key_sign(key, writ_buf_slice(&text), signature, &err), &err, "sign session");
    struct writ_frame_out *o = writ_client_begin(c, WRIT_FRAME_SESSION);
    writ_frame_add(o, WRIT_TAG_AGENT, r.agent);
    writ_frame_add(o, WRIT_TAG_INSTANCE, r.instance);
    writ_frame_add(o, WRIT_TAG_GATEWAY, r.gateway);
    writ_frame_add(o, WRIT_TAG_TRANSPORT, r.transport);
    writ_frame_add_number(o, WRIT_TAG_ISSUED, r.issued);
    writ_frame_add(o, WRIT_TAG_SIGNATURE, writ_slice(signature, sizeof(signature)));
    must_ok(writ_client_call(c, 10000, &reply, &err), &err, "session");
}

void test_authorize(struct writ_client *c, const char *agent, const char *action,
                    const char *arguments, const struct writ_key *key)
{
    uint8_t nonce[WRIT_NONCE_LEN], signature[WRIT_SIGNATURE_LEN];
    struct writ_err err = { 0 };
    struct writ_action_request r = { .agent = writ_cstr(agent),
                                     .instance = WRIT_LIT("i-1"),
                                     .txn = WRIT_LIT("t-1"),
                                     .transport = WRIT_LIT("stdio"),
                                     .gateway = WRIT_LIT("test"),
                                     .action = writ_cstr(action),
                                     .arguments = writ_cstr(arguments) };

    /* The same for the same arguments: an approval is for exactly one salted digest. */
    struct writ_hash salt = writ_sha256(writ_cstr(arguments));
    fill_random(nonce, sizeof(nonce));
    r.salt = writ_slice(salt.b, sizeof(salt.b));
    struct writ_frame_out *o = writ_client_begin(c, WRIT_FRAME_AUTHORIZE);
    writ_frame_add(o, WRIT_TAG_AGENT, r.agent);
    writ_frame_add(o, WRIT_TAG_INSTANCE, r.instance);
    writ_frame_add(o, WRIT_TAG_TXN, r.txn);
    writ_frame_add(o, WRIT_TAG_TRANSPORT, r.transport);
    writ_frame_add(o, WRIT_TAG_GATEWAY, r.gateway);
    writ_frame_add(o, WRIT_TAG_ACTION, r.action);
    writ_frame_add(o, WRIT_TAG_ARGUMENTS, r.arguments);
    writ_frame_add(o, WRIT_TAG_SALT, r.salt);
    if (key == NULL)
        return;
    WRIT_AUTO_BUF text;
    writ_buf_init(&text, 65536);
    r.nonce = writ_slice(nonce, sizeof(nonce));
    r.issued = now_us();
    must_ok(writ_payload_digest(r.salt, r.arguments, &r.digest, &err), &err, "digest");
    MUST(writ_action_text(&r, writ_client_cell(c), &text) == WRIT_OK);
    must_ok(writ_key_sign(key, writ_buf_slice(&text), signature, &err), &err, "sign action");
    writ_frame_add(o, WRIT_TAG_NONCE, r.nonce);
    writ_frame_add_number(o, WRIT_TAG_ISSUED, r.issued);
    writ_frame_add(o, WRIT_TAG_SIGNATURE, writ_slice(signature, sizeof(signature)));
}
