#include "test.h"

#include "world.h"

#include "base/text.h"

#include "base/banned.h"

const char *const WHO[PEOPLE] = { "alice", "olga", "bob", "carol", "mallory" };
const char *const BOTNAME[BOTS] = { "bot", "helper", "third", "fourth" };

#define OK(call) assert_int_equal((call), WRIT_OK)

static struct writ_slice keep(struct world *w, const struct writ_buf *b)
{
    struct writ_slice s;

    assert_true(writ_arena_copy(&w->arena, writ_buf_slice(b), &s));
    return s;
}

/* --- signatures --- */

static void add_key(struct writ_buf *out, const struct writ_key *key)
{
    uint8_t raw[32];

    assert_true(writ_key_ed25519_public(key, raw));
    OK(writ_buf_add_str32(out, WRIT_LIT("ssh-ed25519")));
    OK(writ_buf_add_str32(out, writ_slice(raw, 32)));
}

/* The form of ssh-keygen -Y sign (PROTOCOL.sshsig); test_changes holds it to the program. */
struct writ_slice world_ssh(struct world *w, const struct writ_key *key, const char *name_space,
                            struct writ_slice text)
{
    WRIT_AUTO_BUF said, public, signature, blob, armored;
    uint8_t raw[WRIT_SIGNATURE_LEN];
    struct writ_hash digest = writ_sha256(text);

    writ_buf_init(&said, 4096);
    writ_buf_init(&public, 4096);
    writ_buf_init(&signature, 4096);
    writ_buf_init(&blob, 4096);
    writ_buf_init(&armored, 8192);
    OK(writ_buf_add_cstr(&said, "SSHSIG"));
    OK(writ_buf_add_str32(&said, writ_cstr(name_space)));
    OK(writ_buf_add_str32(&said, WRIT_LIT("")));
    OK(writ_buf_add_str32(&said, WRIT_LIT("sha256")));
    OK(writ_buf_add_str32(&said, writ_slice(digest.b, 32)));
    OK(writ_key_sign(key, writ_buf_slice(&said), raw, NULL));
    OK(writ_buf_add_str32(&signature, WRIT_LIT("ssh-ed25519")));
    OK(writ_buf_add_str32(&signature, writ_slice(raw, sizeof(raw))));
    add_key(&public, key);
    OK(writ_buf_add_cstr(&blob, "SSHSIG"));
    OK(writ_buf_add_be32(&blob, 1));
    OK(writ_buf_add_str32(&blob, writ_buf_slice(&public)));
    OK(writ_buf_add_str32(&blob, writ_cstr(name_space)));
    OK(writ_buf_add_str32(&blob, WRIT_LIT("")));
    OK(writ_buf_add_str32(&blob, WRIT_LIT("sha256")));
    OK(writ_buf_add_str32(&blob, writ_buf_slice(&signature)));
    writ_buf_clear(&said);
    OK(writ_base64_encode(&said, writ_buf_slice(&blob)));
    OK(writ_buf_add_cstr(&armored, "-----BEGIN SSH SIGNATURE-----\n"));
    for (size_t at = 0; at < said.len; at += 70) {
        struct writ_slice rest = writ_slice_from(writ_buf_slice(&said), at);
        OK(writ_buf_add(&armored, writ_slice(rest.ptr, rest.len < 70 ? rest.len : 70)));
        OK(writ_buf_add_byte(&armored, '\n'));
    }
    OK(writ_buf_add_cstr(&armored, "-----END SSH SIGNATURE-----\n"));
    return keep(w, &armored);
}

struct writ_slice world_agent_signature(struct world *w, enum bot by, struct writ_slice text)
{
    WRIT_AUTO_BUF said, out;
    uint8_t raw[WRIT_SIGNATURE_LEN];

    writ_buf_init(&said, 65536);
    writ_buf_init(&out, 256);
    OK(writ_buf_add_cstr(&said, "writ.grant/v1\n"));
    OK(writ_buf_add(&said, text));
    OK(writ_key_sign(w->bots[by], writ_buf_slice(&said), raw, NULL));
    OK(writ_base64url_encode(&out, writ_slice(raw, sizeof(raw))));
    return keep(w, &out);
}

static void make_keys(struct world *w)
{
    WRIT_AUTO_BUF blob, line;
    uint8_t seed[32] = { 0 };

    writ_buf_init(&blob, 256);
    writ_buf_init(&line, 256);
    for (size_t i = 0; i < PEOPLE; i++) {
        seed[0] = (uint8_t)(i + 1);
        OK(writ_key_from_seed(seed, &w->people[i], NULL));
        writ_buf_clear(&blob);
        writ_buf_clear(&line);
        add_key(&blob, w->people[i]);
        OK(writ_base64_encode(&line, writ_buf_slice(&blob)));
        (void)snprintf(w->lines[i], sizeof(w->lines[i]), "ssh-ed25519 %.*s", (int)line.len,
                       (const char *)line.ptr);
    }
    for (size_t i = 0; i < BOTS; i++) {
        seed[0] = (uint8_t)(i + 101);
        OK(writ_key_from_seed(seed, &w->bots[i], NULL));
        writ_key_text(w->bots[i], w->bot_keys[i]);
    }
}

/* --- texts --- */

static char *quotes(struct world *w, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static char *quotes(struct world *w, const char *fmt, va_list ap)
{
    char *text = writ_arena_alloc(&w->arena, 65536);

    assert_non_null(text);
    assert_true(vsnprintf(text, 65536, fmt, ap) < 65536);
    for (char *c = text; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    return text;
}

char *world_quotes(struct world *w, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    char *text = quotes(w, fmt, ap);
    va_end(ap);
    return text;
}

static void set_default(json_t *o, const char *key, json_t *value)
{
    if (json_object_get(o, key) == NULL)
        assert_int_equal(json_object_set_new(o, key, value), 0);
    else
        json_decref(value);
}

static struct writ_slice finish(struct world *w, const char *type, json_t *o)
{
    WRIT_AUTO_BUF out;
    char id[32], time[WRIT_TIME_TEXT];

    writ_buf_init(&out, 65536);
    (void)snprintf(id, sizeof(id), "t-%u", ++w->serial);
    writ_time_format(w->now, time);
    set_default(o, "type", json_string(type));
    set_default(o, "v", json_integer(1));
    set_default(o, "cell", json_string(WORLD_CELL));
    set_default(o, "id", json_string(id));
    set_default(o, "issued", json_string(time));
    OK(writ_json_canonical(o, &out, NULL));
    return keep(w, &out);
}

static json_t *parse(const char *text)
{
    json_t *o = NULL;
    struct writ_err err;

    if (writ_json_parse_object(writ_cstr(text), 65536, &o, &err) != WRIT_OK)
        fail_msg("test JSON: %s in %s", err.text, text);
    return o;
}

struct writ_slice world_text(struct world *w, const char *type, const char *fields, ...)
{
    va_list ap;

    va_start(ap, fields);
    WRIT_AUTO_JSON *o = parse(quotes(w, fields, ap));
    va_end(ap);
    return finish(w, type, o);
}

static struct writ_slice grant_text(struct world *w, const char *id, const char *fields)
{
    WRIT_AUTO_JSON *o = parse(fields);
    char from[WRIT_TIME_TEXT], until[WRIT_TIME_TEXT];

    writ_time_format(w->now, from);
    writ_time_format(w->now + 3600 * SECOND, until);
    set_default(o, "id", json_string(id));
    set_default(o, "parent", json_null());
    set_default(o, "human", json_string("alice"));
    set_default(o, "holder", json_string("bot"));
    set_default(o, "purpose", json_string("tidy the folder"));
    set_default(o, "not_before", json_string(from));
    set_default(o, "expires", json_string(until));
    set_default(o, "actions", json_pack("[s]", "files/*"));
    set_default(o, "resources", json_pack("[s,s]", "file:///srv/*", "writ:files"));
    set_default(o, "max_depth", json_integer(3));
    set_default(o, "proof", json_string("none"));
    return finish(w, "writ.grant", o);
}

struct writ_slice world_grant_text(struct world *w, const char *id, const char *fields, ...)
{
    va_list ap;

    va_start(ap, fields);
    struct writ_slice text = grant_text(w, id, quotes(w, fields, ap));
    va_end(ap);
    return text;
}

void world_grant(struct world *w, const char *id, const char *fields, ...)
{
    va_list ap;

    va_start(ap, fields);
    struct writ_slice text = grant_text(w, id, quotes(w, fields, ap));
    va_end(ap);
    if (world_change(w, ALICE, text) != WRIT_OK)
        fail_msg("grant %s: %s", id, w->err.text);
}

/* --- changes --- */

uint64_t world_commit(struct world *w, const struct writ_record *r)
{
    WRIT_AUTO_BUF bytes;
    uint64_t index = writ_authority_next_index(w->a);

    writ_buf_init(&bytes, WRIT_RECORD_MAX);
    OK(writ_record_encode(r, &bytes, &w->err));
    assert_true(w->len < WORLD_RECORDS);
    w->records[w->len++] = keep(w, &bytes);
    if (writ_authority_apply(w->a, index, writ_buf_slice(&bytes), &w->err) != WRIT_OK)
        fail_msg("apply: %s", w->err.text);
    return index;
}

enum writ_status world_change_raw(struct world *w, struct writ_slice text,
                                  struct writ_slice signature, bool commit)
{
    struct writ_change_request r = { .text = text, .signature = signature };
    struct writ_record out;

    WRIT_TRY(writ_authority_find_signer(w->a, &r, &w->err));
    writ_change_verify(&r);
    WRIT_TRY(writ_authority_change(w->a, &r, w->now, &w->arena, &out, &w->err));
    if (commit)
        (void)world_commit(w, &out);
    return WRIT_OK;
}

enum writ_status world_change(struct world *w, enum who by, struct writ_slice text)
{
    const char *space = "writ.change";

    if (memmem(text.ptr, text.len, "\"type\":\"writ.grant\"", 19) != NULL)
        space = "writ.grant";
    if (memmem(text.ptr, text.len, "\"type\":\"writ.approval\"", 22) != NULL)
        space = "writ.approval";
    return world_change_raw(w, text, world_ssh(w, w->people[by], space, text), true);
}

enum writ_status world_derive(struct world *w, enum bot by, struct writ_slice text)
{
    return world_change_raw(w, text, world_agent_signature(w, by, text), true);
}

enum writ_status world_narrow(struct world *w, enum writ_record_type type, const char *subject)
{
    struct writ_rec_narrowed what = { WRIT_LIT("uid:1000"), writ_cstr(subject), WRIT_LIT("a test"),
                                      w->now };
    struct writ_record out;

    WRIT_TRY(writ_authority_narrow(w->a, type, &what, w->now, &w->arena, &out, &w->err));
    (void)world_commit(w, &out);
    return WRIT_OK;
}

static void add_people(struct world *w)
{
    static const struct {
        enum who who;
        const char *roles;
    } ROWS[] = { { OLGA, "'operator'" }, { BOB, "'approver'" }, { CAROL, "'approver'" } };

    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
        OK(world_change(w, ALICE,
                        world_text(w, "writ.human", "{'human':'%s','keys':['%s'],'roles':[%s]}",
                                   WHO[ROWS[i].who], w->lines[ROWS[i].who], ROWS[i].roles)));
}

void world_init_empty(struct world *w)
{
    memset(w, 0, sizeof(*w));
    writ_arena_init(&w->arena, SIZE_MAX);
    w->now = WORLD_START;
    make_keys(w);
    OK(writ_authority_new(&w->a, NULL));
    struct writ_slice text =
        world_text(w, "writ.authority",
                   "{'human':'alice','key':'%s','ledger_key':'" WORLD_CELL "+0badcafe+AQID',"
                   "'roles':['operator','approver','policy','auditor']}",
                   w->lines[ALICE]);
    if (world_change(w, ALICE, text) != WRIT_OK)
        fail_msg("record 0: %s", w->err.text);
}

void world_init(struct world *w)
{
    world_init_empty(w);
    add_people(w);
    for (size_t i = 0; i < BOTS; i++)
        OK(world_change(w, OLGA,
                        world_text(w, "writ.agent",
                                   "{'agent':'%s','owner':'alice','key':'%s','environment':"
                                   "'production','purpose':'tests','third_party':false}",
                                   BOTNAME[i], w->bot_keys[i])));
    OK(world_change(
        w, OLGA,
        world_text(w, "writ.target",
                   "{'target':'files','environment':'production','third_party':false,"
                   "'sensitive':['files/tools/remove'],'on_new_tool':'pin','resources':{"
                   "'read':['file://{path}'],'write':['file://{path}'],"
                   "'remove':['file://{path}'],'move':['file://{source}','file://{to}']},"
                   "'spend':{'pay':{'argument':'amount','unit':'EUR'}}}")));
}

void world_release(struct world *w)
{
    writ_authority_free(w->a);
    for (size_t i = 0; i < PEOPLE; i++)
        writ_key_free(w->people[i]);
    for (size_t i = 0; i < BOTS; i++)
        writ_key_free(w->bots[i]);
    writ_arena_release(&w->arena);
}

/* --- actions --- */

static struct writ_slice fresh(struct world *w, unsigned serial, size_t n)
{
    uint8_t *b = writ_arena_alloc(&w->arena, n);

    assert_non_null(b);
    writ_put_be32(b, serial);
    return writ_slice(b, n);
}

void world_request(struct world *w, const struct ask *q, struct writ_action_request *r)
{
    const char *arguments = q->arguments != NULL ? q->arguments : "{'path':'/srv/a.txt'}";
    struct writ_slice cell = writ_cstr(WORLD_CELL);

    *r = (struct writ_action_request){
        .agent = writ_cstr(q->agent_name != NULL ? q->agent_name : BOTNAME[q->agent]),
        .instance = WRIT_LIT("i-1"),
        .txn = writ_cstr(q->txn != NULL ? q->txn : "txn-1"),
        .grant = writ_cstr(q->grant),
        .transport = WRIT_LIT("stdio"),
        .gateway = WRIT_LIT("writ-mcp"),
        .action = writ_cstr(q->action != NULL ? q->action : "files/tools/read"),
        .arguments = writ_cstr(world_quotes(w, "%s", arguments)),
        .salt = fresh(w, q->salt != 0 ? q->salt : ++w->serial + 1000000, WRIT_SALT_LEN),
        .tool = writ_cstr(q->tool),
        .nonce = fresh(w, q->nonce != 0 ? q->nonce : ++w->serial + 1000000, WRIT_NONCE_LEN),
        .issued = q->issued != 0 ? q->issued : w->now,
        .session = q->session == 0 ? UINT64_MAX : q->session - 1,
    };
    if (q->session == 0 && !q->no_proof) {
        WRIT_AUTO_BUF text;
        uint8_t *signature = writ_arena_alloc(&w->arena, WRIT_SIGNATURE_LEN);
        writ_buf_init(&text, 8192);
        assert_non_null(signature);
        OK(writ_payload_digest(r->salt, r->arguments, &r->digest, NULL));
        OK(writ_action_text(r, cell, &text));
        OK(writ_key_sign(w->bots[q->agent], writ_buf_slice(&text), signature, NULL));
        if (q->bad_signature)
            signature[40] ^= 1;
        r->signature = writ_slice(signature, WRIT_SIGNATURE_LEN);
    }
    writ_action_verify(r, cell, writ_authority_agent_key(w->a, r->agent));
}

static void copy(char *to, size_t size, struct writ_slice s)
{
    size_t n = s.len < size ? s.len : size - 1;

    if (n != 0)
        memcpy(to, s.ptr, n);
    to[n] = '\0';
}

static struct answer ask(struct world *w, const struct ask *q, bool commit)
{
    struct writ_action_request r;
    struct writ_decision d;
    struct answer out;

    memset(&out, 0, sizeof(out));
    world_request(w, q, &r);
    out.status = writ_authority_decide(w->a, &r, w->now, &w->arena, &d, &w->err);
    if (out.status != WRIT_OK)
        return out;
    const struct writ_rec_decided *rec = &d.record.as.decided;
    out.verdict = d.verdict;
    out.asks = d.asks_approval;
    out.unnamed = d.unnamed;
    copy(out.reason, sizeof(out.reason), rec->reason);
    copy(out.detail, sizeof(out.detail), rec->detail);
    copy(out.approval, sizeof(out.approval), rec->approval);
    copy(out.grant, sizeof(out.grant), rec->grant);
    copy(out.allowed, sizeof(out.allowed), d.allowed);
    assert_int_equal(rec->reason.len == 0, d.verdict == WRIT_ALLOW);
    if (commit) {
        out.index = world_commit(w, &d.record);
        if (d.asks_approval)
            (void)world_commit(w, &d.request);
        assert_true(w->log_len < ARRAY_LEN(w->log));
        w->log[w->log_len++] = (struct logged){ out.index, w->now, *q };
    }
    return out;
}

struct answer world_ask(struct world *w, const struct ask *q)
{
    return ask(w, q, false);
}

struct answer world_act(struct world *w, const struct ask *q)
{
    struct ask whole = *q;

    whole.salt = q->salt != 0 ? q->salt : ++w->serial + 1000000;
    whole.nonce = q->nonce != 0 ? q->nonce : ++w->serial + 1000000;
    whole.issued = q->issued != 0 ? q->issued : w->now;
    return ask(w, &whole, true);
}

enum writ_status world_complete(struct world *w, uint64_t decided)
{
    struct writ_outcome o = { .decided = decided, .status = WRIT_LIT("ok"), .duration_us = 5 };
    struct writ_record r;

    WRIT_TRY(writ_authority_complete(w->a, &o, w->now, &w->arena, &r, &w->err));
    (void)world_commit(w, &r);
    return WRIT_OK;
}

uint64_t world_session(struct world *w, enum bot agent)
{
    WRIT_AUTO_BUF text;
    uint8_t signature[WRIT_SIGNATURE_LEN];
    struct writ_record out;
    struct writ_session_request r = {
        .agent = writ_cstr(BOTNAME[agent]),
        .instance = WRIT_LIT("i-1"),
        .gateway = WRIT_LIT("writ-mcp"),
        .transport = WRIT_LIT("stdio"),
        .client = WRIT_LIT("a test 1.0"),
        .challenge = fresh(w, ++w->serial, 32),
        .issued = w->now,
    };

    writ_buf_init(&text, 8192);
    OK(writ_session_text(&r, writ_cstr(WORLD_CELL), &text));
    OK(writ_key_sign(w->bots[agent], writ_buf_slice(&text), signature, NULL));
    r.signature = writ_slice(signature, sizeof(signature));
    writ_session_verify(&r, writ_cstr(WORLD_CELL), writ_authority_agent_key(w->a, r.agent));
    if (writ_authority_open_session(w->a, &r, w->now, &w->arena, &out, &w->err) != WRIT_OK)
        fail_msg("session: %s", w->err.text);
    return world_commit(w, &out) + 1;
}

/* --- approvals and views --- */

const char *world_view(struct world *w, const struct writ_authority *a, const char *what,
                       const char *filter)
{
    WRIT_AUTO_BUF out;

    writ_buf_init(&out, 1u << 20);
    OK(writ_authority_view(a, writ_cstr(what), writ_cstr(filter), true, w->now, &out, &w->err));
    const char *text = writ_arena_cstr(&w->arena, writ_buf_slice(&out));
    assert_non_null(text);
    return text;
}

struct writ_slice world_approval_text(struct world *w, enum who by, const char *approval,
                                      const char *digest)
{
    WRIT_AUTO_JSON *view = parse(world_view(w, w->a, "approvals", approval));
    const json_t *item = json_array_get(json_object_get(view, "items"), 0);
    json_t *o = json_object();
    static const char *const KEYS[] = { "action", "arguments", "digest", "resources" };

    if (item == NULL)
        fail_msg("no approval %s", approval);
    for (size_t i = 0; i < ARRAY_LEN(KEYS); i++)
        assert_int_equal(json_object_set(o, KEYS[i], json_object_get(item, KEYS[i])), 0);
    set_default(o, "approval", json_string(approval));
    set_default(o, "approver", json_string(WHO[by]));
    if (digest != NULL)
        assert_int_equal(json_object_set_new(o, "digest", json_string(digest)), 0);
    struct writ_slice text = finish(w, "writ.approval", o);
    json_decref(o);
    return text;
}

enum writ_status world_approve(struct world *w, enum who by, const char *approval)
{
    return world_change(w, by, world_approval_text(w, by, approval, NULL));
}

/* --- much at once --- */

struct writ_authority *world_fold(struct world *w, size_t n)
{
    struct writ_authority *a = NULL;

    OK(writ_authority_new(&a, &w->err));
    for (size_t i = 0; i < n; i++)
        if (writ_authority_apply(a, i, w->records[i], &w->err) != WRIT_OK)
            fail_msg("record %zu: %s", i, w->err.text);
    return a;
}

struct writ_slice world_bytes(struct world *w, const struct writ_authority *a, const struct ask *q)
{
    WRIT_AUTO_BUF bytes;
    struct writ_action_request r;
    struct writ_decision d;

    writ_buf_init(&bytes, 2 * WRIT_RECORD_MAX);
    world_request(w, q, &r);
    writ_action_verify(&r, WRIT_LIT(WORLD_CELL), writ_authority_agent_key(a, r.agent));
    if (writ_authority_decide(a, &r, w->now, &w->arena, &d, &w->err) != WRIT_OK)
        return (struct writ_slice){ NULL, 0 };
    OK(writ_record_encode(&d.record, &bytes, &w->err));
    if (d.asks_approval)
        OK(writ_record_encode(&d.request, &bytes, &w->err));
    return keep(w, &bytes);
}

static void note(struct world *w, enum writ_record_type type, const char *subject)
{
    if (world_narrow(w, type, subject) != WRIT_OK)
        fail_msg("%s %s: %s", writ_record_type_text(type), subject, w->err.text);
}

static void busy_approvals(struct world *w)
{
    world_grant(w, "ap", "{'approval':[{'actions':['files/*'],'quorum':1,'within_s':60}]}");
    for (unsigned i = 1; i <= 4; i++) {
        struct ask q = { .grant = "ap", .salt = i };
        struct answer x = world_act(w, &q);
        note(w, WRIT_RECORD_APPROVAL_OPENED, x.approval);
        if (i == 1 || i == 2)
            OK(world_approve(w, BOB, x.approval));
        if (i == 3)
            note(w, WRIT_RECORD_APPROVAL_REFUSED, x.approval);
        if (i != 2)
            (void)world_act(w, &q);
    }
    w->now += 61 * SECOND;
    struct writ_record expired;
    while (writ_authority_next_expired(w->a, w->now, &w->arena, &expired))
        (void)world_commit(w, &expired);
}

/* The tool shows itself with this definition for the first time. */
static void busy_tool(struct world *w, const char *digest)
{
    enum writ_listing shown;
    struct writ_record r;
    bool has = false;

    struct writ_list_request request = {
        .agent = WRIT_LIT("bot"),
        .target = WRIT_LIT("files"),
        .kind = WRIT_LIT("tools"),
        .name = WRIT_LIT("list"),
        .digest = writ_cstr(digest),
    };
    OK(writ_authority_list(w->a, &request, w->now, &shown, &has, &r, &w->err));
    assert_true(has);
    (void)world_commit(w, &r);
}

static void busy_events(struct world *w, uint64_t session)
{
    static const char DIGEST[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    static const char OTHER[] = "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    struct writ_record r = writ_authority_clock_stepped(w->now, w->now - 5 * SECOND);

    (void)world_commit(w, &r);
    r = (struct writ_record){ WRIT_RECORD_CALLERS_REFUSED,
                              w->now,
                              { .callers_refused = { 3, w->now - 5, WRIT_LIT("agent_unknown") } } };
    (void)world_commit(w, &r);
    busy_tool(w, DIGEST);
    busy_tool(w, OTHER);
    OK(world_change(
        w, OLGA,
        world_text(w, "writ.tool", "{'target':'files','tool':'list','digest':'%s'}", OTHER)));
    note(w, WRIT_RECORD_PAYLOAD_READ, DIGEST);
    note(w, WRIT_RECORD_SESSION_CLOSED, world_quotes(w, "%llu", (unsigned long long)session - 1));
}

void world_busy(struct world *w)
{
    static const char *const ARGUMENTS[] = { "{'path':'/srv/a.txt'}", "{'path':'/etc/x'}",
                                             "{'path':['/srv/a','/srv/b'],'note':'\u00e9'}", "{}",
                                             "{'amount':2.5}" };
    static const char *const TOOLS[] = { "files/tools/read", "files/tools/pay",
                                         "files/tools/remove", "mail/tools/send" };
    uint64_t session = world_session(w, BOT);

    world_grant(w, "g",
                "{'limits':{'calls':12,'per_minute':9,'concurrency':4,"
                "'spend':{'unit':'EUR','max':9}}}");
    OK(world_derive(w, BOT,
                    world_grant_text(w, "d",
                                     "{'parent':'g','holder':'helper','max_depth':1,'limits':{"
                                     "'calls':5,'per_minute':9,'concurrency':4,'spend':{"
                                     "'unit':'EUR','max':5}},'arguments':{'files/tools/pay':{"
                                     "'amount':{'range':{'max':3},'kind':'number'}}}}")));
    for (size_t i = 0; i < 40; i++) {
        struct answer x = world_act(w, &(struct ask){
                                           .agent = i % 3 == 0 ? HELPER : BOT,
                                           .grant = i % 5 == 0   ? NULL
                                                    : i % 3 == 0 ? "d"
                                                                 : "g",
                                           .action = TOOLS[i % ARRAY_LEN(TOOLS)],
                                           .arguments = ARGUMENTS[i % ARRAY_LEN(ARGUMENTS)],
                                           .session = i % 7 == 0 && i % 3 != 0 ? session : 0,
                                           .bad_signature = i == 11,
                                           .nonce = i == 13 || i == 17 ? 99 : 0,
                                       });
        assert_int_equal(x.status, WRIT_OK);
        if (x.verdict == WRIT_ALLOW && i % 2 == 0)
            OK(world_complete(w, x.index));
        w->now += 3 * SECOND;
    }
    busy_approvals(w);
    busy_events(w, session);
    note(w, WRIT_RECORD_STOP_SET, "files");
    (void)world_act(w, &(struct ask){ .grant = "g" });
    OK(world_change(w, OLGA, world_text(w, "writ.lift", "{'stop':%zu}", w->len - 2)));
    note(w, WRIT_RECORD_AGENT_SUSPENDED, "third");
    note(w, WRIT_RECORD_AGENT_RETIRED, "fourth");
    note(w, WRIT_RECORD_HUMAN_SUSPENDED, "bob");
    note(w, WRIT_RECORD_HUMAN_REMOVED, "carol");
    note(w, WRIT_RECORD_STOP_SET, "*");
    (void)world_act(w, &(struct ask){ .grant = "g" });
    OK(world_change(w, OLGA, world_text(w, "writ.lift", "{'stop':%zu}", w->len - 2)));
    note(w, WRIT_RECORD_GRANT_REVOKED, "ap");
}
