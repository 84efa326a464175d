/*
 * Durable decisions of the real writd through its socket, beside what one fdatasync costs in the
 * same folder at the same time; and its memory with many live grants.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/env.h"
#include "base/text.h"
#include "support/home.h"

#include "base/banned.h"

#define SINGLE       1000
#define PIPELINED_NS UINT64_C(4000000000)
#define SAMPLES_MAX  400000
#define LIVE_GRANTS  100000

static double samples[SAMPLES_MAX];

static void must(bool good, const char *what)
{
    if (good)
        return;
    (void)fprintf(stderr, "bench_daemon: %s\n", what);
    exit(1);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

struct spread {
    double p50, p99;
};

static struct spread spread_of(double *v, size_t n)
{
    qsort(v, n, sizeof(*v), ascending);
    return (struct spread){ v[n / 2], v[n * 99 / 100] };
}

static double us_since(uint64_t start)
{
    return (double)(writ_monotonic_ns() - start) / 1e3;
}

/* What the ledger does at the least: one write into preallocated space, and a sync. */
static double floor_once(int fd, int i)
{
    static uint8_t block[1024];
    uint64_t start = writ_monotonic_ns();

    must(pwrite(fd, block, sizeof(block), (off_t)(i % 4096) * 1024) == sizeof(block), "write");
    must(fdatasync(fd) == 0, "fdatasync");
    return us_since(start);
}

static int open_floor(const struct test_home *h)
{
    char path[300];
    static uint8_t zeros[65536];

    (void)snprintf(path, sizeof(path), "%s/floor", h->dir);
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    must(fd >= 0, "floor file");
    for (int i = 0; i < 64; i++)
        must(write(fd, zeros, sizeof(zeros)) == sizeof(zeros), "floor file");
    must(fsync(fd) == 0, "floor file");
    return fd;
}

static void check_reply(const struct writ_frame *f)
{
    struct writ_err err = { 0 };

    if (f->type == WRIT_FRAME_ERROR) {
        (void)writ_client_reply_error(f, &err);
        must(false, err.text);
    }
    must(writ_frame_number(f, WRIT_TAG_VERDICT, 0) == WRIT_ALLOW, "a decision was not allow");
}

/* One after the other, each beside one fdatasync. */
static void one_client(struct writ_client *c, int fd, const struct writ_key *key, const char *name)
{
    static double floors[SINGLE];
    struct writ_frame reply;
    struct writ_err err = { 0 };

    for (int i = 0; i < SINGLE; i++) {
        floors[i] = floor_once(fd, i);
        uint64_t start = writ_monotonic_ns();
        test_authorize(c, "bot", "files/tools/read_file", "{\"path\":\"/srv/a.txt\"}", key);
        must(writ_client_call(c, 10000, &reply, &err) == WRIT_OK, err.text);
        samples[i] = us_since(start);
        check_reply(&reply);
    }
    struct spread f = spread_of(floors, SINGLE), s = spread_of(samples, SINGLE);
    printf("  %-34s %9.0f %9.0f   %9.0f %9.0f   %5.2f\n", name, s.p50, s.p99, f.p50, f.p99,
           s.p50 / f.p50);
}

static void pipelined(struct writ_client *c, size_t in_flight)
{
    static uint64_t started[65536]; /* by the low bits of the request's id */
    struct writ_frame reply;
    uint32_t id = 0;
    size_t n = 0;
    uint64_t begin = writ_monotonic_ns();

    while (n < SAMPLES_MAX && writ_monotonic_ns() - begin < PIPELINED_NS) {
        while (writ_client_unanswered(c) < in_flight) {
            uint64_t now = writ_monotonic_ns();
            test_authorize(c, "bot", "files/tools/read_file", "{\"path\":\"/srv/a.txt\"}", NULL);
            must(writ_client_send(c, &id, NULL) == WRIT_OK, "send");
            started[id & 65535] = now;
        }
        struct pollfd p = { writ_client_fd(c), POLLIN, 0 };
        (void)poll(&p, 1, 1000);
        while (n < SAMPLES_MAX && writ_client_receive(c, &reply, NULL) == WRIT_OK) {
            check_reply(&reply);
            samples[n++] = us_since(started[reply.id & 65535]);
        }
    }
    double seconds = us_since(begin) / 1e6;
    while (writ_client_unanswered(c) > 0) {
        struct pollfd p = { writ_client_fd(c), POLLIN, 0 };
        (void)poll(&p, 1, 1000);
        while (writ_client_receive(c, &reply, NULL) == WRIT_OK)
            ;
    }
    struct spread s = spread_of(samples, n);
    printf("  %4zu in flight %14.0f /s   p50 %7.2f ms   p99 %7.2f ms\n", in_flight,
           (double)n / seconds, s.p50 / 1e3, s.p99 / 1e3);
}

static long rss_kib(pid_t pid)
{
    char path[64], line[256];
    long kib = -1;

    (void)snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
    FILE *f = fopen(path, "r");
    while (f != NULL && fgets(line, sizeof(line), f) != NULL)
        if (strncmp(line, "VmRSS:", 6) == 0)
            kib = strtol(line + 6, NULL, 10);
    if (f != NULL)
        (void)fclose(f);
    return kib;
}

static void speed(const char *writd)
{
    struct test_home h;
    struct writ_client *c = NULL;
    struct writ_err err = { 0 };

    test_home_make(&h, 0);
    struct writ_key *key = test_home_agent(&h, "bot");
    test_home_target(&h, "files");
    test_home_grant(&h, "g-1", "bot", "files", NULL, NULL);
    must(test_home_start(&h, writd, 0), "writd does not start");
    must(writ_client_connect(h.socket, 10000, &c, &err) == WRIT_OK, err.text);
    test_session(c, "bot", key);
    int fd = open_floor(&h);
    printf("one client, microseconds%42s\n", "fdatasync floor");
    printf("  %-34s %9s %9s   %9s %9s   %5s\n", "", "p50", "p99", "p50", "p99", "ratio");
    one_client(c, fd, NULL, "session credential");
    one_client(c, fd, key, "signature on each action");
    printf("many in flight, one connection, durable decisions\n");
    pipelined(c, 64);
    pipelined(c, 256);
    printf("memory of writd after that: %ld KiB\n", rss_kib(h.daemon));
    (void)close(fd);
    writ_client_close(c);
    writ_key_free(key);
    test_home_remove(&h);
}

static void memory(const char *writd)
{
    struct test_home h;

    test_home_make(&h, 0);
    struct writ_key *key = test_home_agent(&h, "bot");
    test_home_target(&h, "files");
    test_home_grant(&h, "root", "bot", "files", NULL, NULL);
    test_home_no_sync(&h);
    char until[WRIT_TIME_TEXT], more[200];
    struct writ_env env = writ_env_system();
    writ_time_format(env.now_us(env.ctx) + UINT64_C(1800000000), until); /* within the root's */
    (void)snprintf(more, sizeof(more), "{\"parent\":\"root\",\"max_depth\":0,\"expires\":\"%s\"}",
                   until);
    for (int i = 0; i < LIVE_GRANTS; i++) {
        char id[32];
        (void)snprintf(id, sizeof(id), "g-%d", i);
        test_home_grant(&h, id, "bot", "files", more, key);
    }
    uint64_t start = writ_monotonic_ns();
    must(test_home_start(&h, writd, 0), "writd does not start");
    printf("memory with %d live grants: %ld KiB, started in %.2f s\n", LIVE_GRANTS,
           rss_kib(h.daemon), us_since(start) / 1e6);
    writ_key_free(key);
    test_home_remove(&h);
}

int main(int argc, char **argv)
{
    const char *writd = argc > 1 ? argv[1] : WRIT_WRITD;

    speed(writd);
    (void)fflush(stdout);
    memory(writd);
    return 0;
}
