/*
 * What a durable append costs, as a ratio to the least a disk can do in the same seconds: one
 * 4 KiB write into zeros that are there, and one fdatasync. Usage: bench_ledger [DIRECTORY]
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/env.h"
#include "ledger/log.h"

#include "base/banned.h"

#define ROUNDS     1500
#define FLOOR_SIZE ((size_t)8 << 20)
#define ENTRY      512
#define BATCH_NS   UINT64_C(1200000000)

struct bench {
    char base[4096], dir[4200];
    struct writ_key *key;
    struct writ_note_key name;
    struct writ_log *log;
    int floor_fd;
    uint64_t floor[ROUNDS], append[ROUNDS];
    uint8_t entry[1024][ENTRY];
    struct writ_slice batch[1024];
    struct writ_err err;
};

static void must(const struct bench *b, enum writ_status st, const char *what)
{
    if (st == WRIT_OK)
        return;
    (void)fprintf(stderr, "bench_ledger: %s: %s\n", what, b->err.text);
    exit(1);
}

static int by_value(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double us(uint64_t *v, size_t n, double q)
{
    qsort(v, n, sizeof(*v), by_value);
    return (double)v[(size_t)((double)(n - 1) * q)] / 1e3;
}

static void set_up(struct bench *b, const char *where)
{
    static uint8_t zeros[FLOOR_SIZE];
    char path[4300];

    (void)snprintf(b->base, sizeof(b->base), "%s/bench-ledger-XXXXXX", where);
    if (mkdtemp(b->base) == NULL) {
        perror(b->base);
        exit(1);
    }
    (void)snprintf(b->dir, sizeof(b->dir), "%s/log", b->base);
    (void)snprintf(path, sizeof(path), "%s/floor", b->base);
    b->floor_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (b->floor_fd < 0 || pwrite(b->floor_fd, zeros, FLOOR_SIZE, 0) != (ssize_t)FLOOR_SIZE ||
        fsync(b->floor_fd) != 0) {
        perror(path);
        exit(1);
    }
    must(b, writ_key_generate(WRIT_KEY_ED25519, &b->key, &b->err), "key");
    must(b, writ_note_key_make(WRIT_LIT("bench.example/log"), 1, b->key, &b->name, &b->err), "key");
    struct writ_log_options o = { b->dir, WRIT_LIT("bench.example/log"), b->key, 0 };
    must(b, writ_log_create(&o, &b->err), "create");
    must(b, writ_log_open(&o, &b->log, &b->err), "open");
    for (size_t i = 0; i < 1024; i++) {
        memset(b->entry[i], (int)('a' + i % 26), ENTRY);
        b->batch[i] = writ_slice(b->entry[i], ENTRY);
    }
}

/* Floor and append in turn, so that both see the same neighbours. */
static void one_by_one(struct bench *b)
{
    static const uint8_t block[4096] = { 1 };
    uint64_t first;

    for (size_t i = 0; i < ROUNDS; i++) {
        uint64_t t0 = writ_monotonic_ns();
        if (pwrite(b->floor_fd, block, sizeof(block), (off_t)(i * 4096 % FLOOR_SIZE)) !=
                (ssize_t)sizeof(block) ||
            fdatasync(b->floor_fd) != 0) {
            perror("floor");
            exit(1);
        }
        uint64_t t1 = writ_monotonic_ns();
        must(b, writ_log_append(b->log, b->batch, 1, &first, &b->err), "append");
        b->floor[i] = t1 - t0;
        b->append[i] = writ_monotonic_ns() - t1;
    }
    double f50 = us(b->floor, ROUNDS, 0.5), f99 = us(b->floor, ROUNDS, 0.99);
    double a50 = us(b->append, ROUNDS, 0.5), a99 = us(b->append, ROUNDS, 0.99);
    (void)printf("%-38s %9.0f us p50 %9.0f us p99\n", "4 KiB pwrite + fdatasync (floor)", f50, f99);
    (void)printf("%-38s %9.0f us p50 %9.0f us p99  %.2fx floor\n", "append of one 512 B entry", a50,
                 a99, a50 / f50);
}

static void batches(struct bench *b, size_t n)
{
    uint64_t first, t0 = writ_monotonic_ns(), now = t0, entries = 0;

    while (now - t0 < BATCH_NS) {
        must(b, writ_log_append(b->log, b->batch, n, &first, &b->err), "append");
        entries += n;
        now = writ_monotonic_ns();
    }
    (void)printf("append, %4zu x 512 B a commit %23.0f entries/s\n", n,
                 (double)entries * 1e9 / (double)(now - t0));
    uint64_t before = writ_log_published(b->log), p0 = writ_monotonic_ns();
    must(b, writ_log_publish(b->log, &b->err), "publish");
    (void)printf("publish of what that was %28.0f entries/s\n",
                 (double)(writ_log_published(b->log) - before) * 1e9 /
                     (double)(writ_monotonic_ns() - p0));
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

int main(int argc, char **argv)
{
    struct bench *b = calloc(1, sizeof(*b));
    struct writ_log_check check;

    if (b == NULL)
        return 1;
    set_up(b, argc > 1 ? argv[1] : ".");
    one_by_one(b);
    must(b, writ_log_publish(b->log, &b->err), "publish");
    batches(b, 64);
    batches(b, 256);
    batches(b, 1024);
    writ_log_close(b->log);
    uint64_t t0 = writ_monotonic_ns();
    must(b, writ_log_verify(b->dir, &b->name, &check, &b->err), "verify");
    double s = (double)(writ_monotonic_ns() - t0) / 1e9;
    (void)printf("verify %46.0f leaves/s (%llu of 512 B)\n", (double)check.entries / s,
                 (unsigned long long)check.entries);
    (void)close(b->floor_fd);
    writ_key_free(b->key);
    (void)nftw(b->base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(b);
    return 0;
}
