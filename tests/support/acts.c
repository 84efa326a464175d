#include "support/acts.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/banned.h"

static const uint8_t SALT[WRIT_SALT_LEN] = { 9 };

static void must(enum writ_status st, const struct writ_err *err)
{
    if (st == WRIT_OK)
        return;
    (void)fprintf(stderr, "acts: %s: %s\n", writ_status_text(st), err->text);
    abort();
}

void acts_flush(struct acts *m)
{
    struct writ_slice entries[ACTS_BATCH];
    struct writ_err err = { 0 };
    uint64_t first;

    for (size_t i = 0; i < m->queued; i++)
        entries[i] = writ_buf_slice(&m->bytes[i]);
    if (m->queued != 0)
        must(writ_log_append(m->home.log, entries, m->queued, &first, &err), &err);
    for (size_t i = 0; i < m->queued; i++)
        writ_buf_clear(&m->bytes[i]);
    m->queued = 0;
}

uint64_t acts_commit(struct acts *m, const struct writ_record *rec)
{
    struct writ_err err = { 0 };
    struct writ_buf *b = &m->bytes[m->queued++];
    uint64_t index = writ_authority_next_index(m->home.authority);

    must(writ_record_encode(rec, b, &err), &err);
    must(writ_authority_apply(m->home.authority, index, writ_buf_slice(b), &err), &err);
    if (m->queued == ACTS_BATCH)
        acts_flush(m);
    return index;
}

static void open_session(struct acts *m)
{
    static const uint8_t CHALLENGE[32] = { 7 };
    struct writ_session_request r = { .agent = WRIT_LIT("third"),
                                      .instance = WRIT_LIT("test-1"),
                                      .gateway = WRIT_LIT("test"),
                                      .transport = WRIT_LIT("none"),
                                      .challenge = writ_slice(CHALLENGE, 32),
                                      .issued = m->now };
    uint8_t signature[WRIT_SIGNATURE_LEN];
    WRIT_AUTO_BUF text;
    struct writ_record rec;
    struct writ_err err = { 0 };

    writ_buf_init(&text, 4096);
    must(writ_session_text(&r, writ_cstr(TEST_CELL), &text), &err);
    must(writ_key_sign(m->keys[2], writ_buf_slice(&text), signature, &err), &err);
    r.signature = writ_slice(signature, sizeof(signature));
    writ_session_verify(&r, writ_cstr(TEST_CELL), m->keys[2]);
    must(writ_authority_open_session(m->home.authority, &r, m->now, &m->arena, &rec, &err), &err);
    m->session = acts_commit(m, &rec);
}

void acts_open(struct acts *m, const char *more)
{
    static const char *const NAMES[] = { "first", "second", "third" };

    memset(m, 0, sizeof(*m));
    test_home_make(&m->home, 0);
    for (int i = 0; i < 3; i++)
        m->keys[i] = test_home_agent(&m->home, NAMES[i]);
    test_home_target(&m->home, "files");
    test_home_grant(&m->home, "g-1", "first", "files",
                    more != NULL ? more : "{\"proof\":\"none\",\"max_depth\":2}", NULL);
    test_home_grant(&m->home, "g-2", "second", "files",
                    "{\"proof\":\"none\",\"max_depth\":1,\"parent\":\"g-1\"}", m->keys[0]);
    test_home_grant(&m->home, "g-3", "third", "files",
                    "{\"proof\":\"none\",\"max_depth\":0,\"parent\":\"g-2\"}", m->keys[1]);
    writ_arena_init(&m->arena, 1u << 20);
    for (size_t i = 0; i < ACTS_BATCH; i++)
        writ_buf_init(&m->bytes[i], WRIT_RECORD_MAX);
    m->now = writ_authority_last_time(m->home.authority) + 1;
    open_session(m);
}

uint64_t acts_decide(struct acts *m, const char *txn, const char *action, const char *arguments,
                     bool is_signed, enum writ_verdict *verdict)
{
    uint8_t nonce[WRIT_NONCE_LEN] = { 0 }, signature[WRIT_SIGNATURE_LEN];
    WRIT_AUTO_BUF text;
    struct writ_err err = { 0 };
    struct writ_decision d;
    struct writ_action_request r = { .agent = WRIT_LIT("third"),
                                     .instance = WRIT_LIT("test-1"),
                                     .txn = writ_cstr(txn),
                                     .grant = WRIT_LIT("g-3"),
                                     .transport = WRIT_LIT("none"),
                                     .gateway = WRIT_LIT("test"),
                                     .action = writ_cstr(action),
                                     .arguments = writ_cstr(arguments),
                                     .salt = writ_slice(SALT, sizeof(SALT)),
                                     .session = m->session };

    writ_arena_reset(&m->arena, 1u << 20);
    writ_buf_init(&text, 4096);
    m->now++;
    writ_action_verify(&r, writ_cstr(TEST_CELL), NULL);
    if (is_signed) {
        writ_put_be64(nonce, ++m->nonce);
        r.nonce = writ_slice(nonce, sizeof(nonce));
        r.issued = m->now;
        must(writ_action_text(&r, writ_cstr(TEST_CELL), &text), &err);
        must(writ_key_sign(m->keys[2], writ_buf_slice(&text), signature, &err), &err);
        r.signature = writ_slice(signature, sizeof(signature));
        r.verified = WRIT_CHECK_GOOD;
    }
    must(writ_authority_decide(m->home.authority, &r, m->now, &m->arena, &d, &err), &err);
    *verdict = d.verdict;
    uint64_t index = acts_commit(m, &d.record);
    if (d.asks_approval)
        (void)acts_commit(m, &d.request);
    return index;
}

void acts_complete(struct acts *m, uint64_t decided)
{
    struct writ_outcome o = { .decided = decided, .status = WRIT_LIT("ok"), .duration_us = 10 };
    struct writ_record done;
    struct writ_err err = { 0 };

    must(writ_authority_complete(m->home.authority, &o, m->now, &m->arena, &done, &err), &err);
    (void)acts_commit(m, &done);
}

void acts_seal(struct acts *m)
{
    struct writ_err err = { 0 };

    acts_flush(m);
    must(writ_log_publish(m->home.log, &err), &err);
    test_home_seal(&m->home);
}

void acts_close(struct acts *m)
{
    for (int i = 0; i < 3; i++)
        writ_key_free(m->keys[i]);
    for (size_t i = 0; i < ACTS_BATCH; i++)
        writ_buf_release(&m->bytes[i]);
    writ_arena_release(&m->arena);
    test_home_remove(&m->home);
}
