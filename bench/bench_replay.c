/*
 * bench_replay: how fast a ledger is decided again.
 *
 * Two ledgers are made: one whose actions rest on sessions and chains of three grants, and one
 * whose actions are signed by the agent. Replay is single-threaded; the rates are per core. The
 * floor beside the second is one signature check, measured in the same run.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/env.h"
#include "replay/replay.h"
#include "support/acts.h"

#include "base/banned.h"

static void must(enum writ_status st, const struct writ_err *err)
{
    if (st == WRIT_OK)
        return;
    (void)fprintf(stderr, "bench_replay: %s\n", err->text);
    abort();
}

static void make(struct acts *m, uint64_t n, bool is_signed)
{
    acts_open(m, NULL);
    for (uint64_t i = 0; i < n; i++) {
        enum writ_verdict verdict;
        uint64_t index = acts_decide(m, "t-bench", "files/tools/read_file",
                                     "{\"path\":\"/srv/a.txt\"}", is_signed, &verdict);
        if (verdict != WRIT_ALLOW)
            abort();
        acts_complete(m, index);
    }
    acts_seal(m);
}

static void check(const struct writ_replay_report *r, uint64_t n)
{
    if (r->diverged == 0 && r->decided == n && r->traceable == n)
        return;
    (void)fprintf(stderr, "bench_replay: %llu of %llu diverged: %s\n",
                  (unsigned long long)r->diverged, (unsigned long long)n, r->diverged_why);
    abort();
}

static void measure(const char *what, uint64_t n, bool is_signed)
{
    struct acts *m = malloc(sizeof(*m));
    struct writ_replay_report report;
    struct writ_err err = { 0 };
    double best = 0, worst = 1e12;

    if (m == NULL)
        abort();
    make(m, n, is_signed);
    struct writ_replay_options o = { .ledger = m->home.ledger, .signatures = is_signed };
    for (int run = 0; run < 3; run++) {
        uint64_t start = writ_monotonic_ns();
        must(writ_replay_run(&o, &report, &err), &err);
        double rate = (double)report.decided * 1e9 / (double)(writ_monotonic_ns() - start);
        best = rate > best ? rate : best;
        worst = rate < worst ? rate : worst;
        check(&report, n);
        writ_replay_release(&report);
    }
    (void)printf("  %-46s %9.0f to %9.0f decisions/s\n", what, worst, best);
    acts_close(m);
    free(m);
}

static void measure_signature(void)
{
    WRIT_AUTO_KEY *key = NULL;
    struct writ_err err = { 0 };
    uint8_t signature[WRIT_SIGNATURE_LEN];
    const int rounds = 2000;

    must(writ_key_generate(WRIT_KEY_ED25519, &key, &err), &err);
    must(writ_key_sign(key, WRIT_LIT("text"), signature, &err), &err);
    uint64_t start = writ_monotonic_ns();
    for (int i = 0; i < rounds; i++)
        must(writ_key_verify(key, WRIT_LIT("text"), writ_slice(signature, sizeof(signature))),
             &err);
    double each = (double)(writ_monotonic_ns() - start) / rounds;
    (void)printf("  %-46s %9.0f checks/s (%.1f us)\n", "floor: one Ed25519 signature check",
                 1e9 / each, each / 1000);
}

int main(void)
{
    (void)printf("Replay with re-decision, one core, chain of three grants\n");
    measure("actions under a session, 100,000 of them", 100000, false);
    measure("actions signed by the agent, 10,000 of them", 10000, true);
    measure_signature();
    return 0;
}
