/* CPU of one decision with a chain of three grants, in this process, without disk. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/env.h"
#include "support/home.h"

#include "base/banned.h"

#define ROUNDS    5
#define DECISIONS 20000
#define TARGET_US 10.0

static void must(enum writ_status st, const struct writ_err *err)
{
    if (st == WRIT_OK)
        return;
    (void)fprintf(stderr, "bench_decide: %s\n", err->text);
    exit(1);
}

static double cpu_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static uint64_t apply(struct test_home *h, const struct writ_record *r, struct writ_buf *bytes)
{
    struct writ_err err = { 0 };
    uint64_t index = writ_authority_next_index(h->authority);

    writ_buf_clear(bytes);
    must(writ_record_encode(r, bytes, &err), &err);
    must(writ_authority_apply(h->authority, index, writ_buf_slice(bytes), &err), &err);
    return index;
}

static uint64_t open_session(struct test_home *h, uint64_t now, struct writ_buf *bytes)
{
    static const uint8_t zeros[64];
    struct writ_err err = { 0 };
    struct writ_record r;
    WRIT_AUTO_ARENA arena;
    struct writ_session_request s = { .agent = WRIT_LIT("bot3"),
                                      .instance = WRIT_LIT("i-1"),
                                      .gateway = WRIT_LIT("bench"),
                                      .transport = WRIT_LIT("stdio"),
                                      .challenge = writ_slice(zeros, 32),
                                      .issued = now,
                                      .signature = writ_slice(zeros, 64),
                                      .verified = WRIT_CHECK_GOOD };

    writ_arena_init(&arena, 65536);
    must(writ_authority_open_session(h->authority, &s, now, &arena, &r, &err), &err);
    return apply(h, &r, bytes);
}

/* One decision after the other; with `commit` each is also encoded and applied. */
static double run(struct test_home *h, struct writ_action_request *r, bool commit)
{
    struct writ_err err = { 0 };
    WRIT_AUTO_ARENA arena;
    WRIT_AUTO_BUF bytes;

    writ_arena_init(&arena, 4u << 20);
    writ_buf_init(&bytes, WRIT_RECORD_MAX);
    double start = cpu_us();
    for (int i = 0; i < DECISIONS; i++) {
        struct writ_decision x;
        uint64_t now = writ_authority_last_time(h->authority) + 1;
        must(writ_authority_decide(h->authority, r, now, &arena, &x, &err), &err);
        if (x.verdict != WRIT_ALLOW) {
            (void)fprintf(stderr, "bench_decide: denied: %.*s\n",
                          WRIT_FMT(x.record.as.decided.detail));
            exit(1);
        }
        if (commit)
            (void)apply(h, &x.record, &bytes);
        writ_arena_reset(&arena, 4u << 20);
    }
    return (cpu_us() - start) / DECISIONS;
}

int main(void)
{
    static const uint8_t salt[32] = { 5 };
    struct test_home h;
    WRIT_AUTO_BUF bytes;
    struct writ_err err = { 0 };
    double decide = 1e9, all = 1e9;

    writ_buf_init(&bytes, WRIT_RECORD_MAX);
    test_home_make(&h, 0);
    struct writ_key *one = test_home_agent(&h, "bot1"), *two = test_home_agent(&h, "bot2");
    struct writ_key *three = test_home_agent(&h, "bot3");
    test_home_target(&h, "files");
    test_home_grant(&h, "g-1", "bot1", "files", NULL, NULL);
    test_home_grant(&h, "g-2", "bot2", "files", "{\"parent\":\"g-1\",\"max_depth\":6}", one);
    test_home_grant(&h, "g-3", "bot3", "files", "{\"parent\":\"g-2\",\"max_depth\":5}", two);
    struct writ_action_request r = { .agent = WRIT_LIT("bot3"),
                                     .instance = WRIT_LIT("i-1"),
                                     .txn = WRIT_LIT("t-1"),
                                     .grant = WRIT_LIT("g-3"),
                                     .transport = WRIT_LIT("stdio"),
                                     .gateway = WRIT_LIT("bench"),
                                     .action = WRIT_LIT("files/tools/read_file"),
                                     .arguments = WRIT_LIT("{\"path\":\"/srv/a.txt\"}"),
                                     .salt = writ_slice(salt, sizeof(salt)),
                                     .verified = WRIT_CHECK_FAILED };
    must(writ_payload_digest(r.salt, r.arguments, &r.digest, &err), &err);
    r.session = open_session(&h, writ_authority_last_time(h.authority) + 1, &bytes);
    for (int i = 0; i < ROUNDS; i++) {
        double d = run(&h, &r, false), a = run(&h, &r, true);
        decide = d < decide ? d : decide;
        all = a < all ? a : all;
    }
    printf("decision, chain of three grants, CPU of one thread (best of %d runs of %d)\n", ROUNDS,
           DECISIONS);
    printf("  %-28s %8.2f us   target %.0f us: %s\n", "decide", decide, TARGET_US,
           decide <= TARGET_US ? "met" : "missed");
    printf("  %-28s %8.2f us\n", "decide, encode, apply", all);
    writ_key_free(one);
    writ_key_free(two);
    writ_key_free(three);
    test_home_remove(&h);
    return 0;
}
