/*
 * make_log: a ledger for tools that are not ours to check.
 *
 *   make_log OUT WORD SIZE        makes or opens OUT/log, appends up to SIZE entries, publishes
 *   make_log OUT WORD SIZE load   the same, and publishes all the time from another thread
 *
 * Entries depend on their index and on WORD only. OUT (which must exist) also gets `vkey`, and in
 * `checkpoints` a copy of each checkpoint under its size in ten digits.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/log.h"

#include "base/banned.h"

#define ORIGIN    "interop.example/log"
#define PATH_ROOM 4096
#define BATCH     500
/* Under load: commits of few entries, so that the publisher finds many different sizes. */
#define LOAD_BATCH 13
/* One entry of the greatest length there is; the others are short. */
#define LONGEST_INDEX 3

struct maker {
    const char *out, *word;
    char dir[PATH_ROOM];
    struct writ_log *log;
    atomic_bool done;
    struct writ_err err; /* of the publisher; read after it ended */
};

static enum writ_status path_of(char path[PATH_ROOM], const char *out, const char *rel,
                                struct writ_err *err)
{
    int n = snprintf(path, PATH_ROOM, "%s/%s", out, rel);

    if (n < 0 || n >= PATH_ROOM)
        return writ_fail(err, WRIT_LIMIT, "%s: the path is too long", out);
    return WRIT_OK;
}

static enum writ_status write_file(const char *out, const char *rel, struct writ_slice bytes,
                                   struct writ_err *err)
{
    char path[PATH_ROOM];
    enum writ_status st = path_of(path, out, rel, err);

    if (st != WRIT_OK)
        return st;
    FILE *f = fopen(path, "wb");
    if (f == NULL)
        return writ_fail_sys(err, "%s", path);
    size_t written = fwrite(bytes.ptr, 1, bytes.len, f);
    if (fclose(f) != 0 || written != bytes.len)
        return writ_fail_sys(err, "%s", path);
    return WRIT_OK;
}

/* Publishes, and keeps a copy of the checkpoint. For one thread at a time. */
static enum writ_status publish(struct maker *m, struct writ_err *err)
{
    WRIT_AUTO_BUF note;
    char rel[64];

    writ_buf_init(&note, WRIT_NOTE_MAX);
    enum writ_status st = writ_log_publish(m->log, err);
    if (st == WRIT_OK)
        st = writ_log_checkpoint(m->dir, &note, err);
    if (st != WRIT_OK)
        return st;
    (void)snprintf(rel, sizeof(rel), "checkpoints/%010llu",
                   (unsigned long long)writ_log_published(m->log));
    return write_file(m->out, rel, writ_buf_slice(&note), err);
}

static void *publish_all_the_time(void *arg)
{
    struct maker *m = arg;
    enum writ_status st = WRIT_OK;

    while (st == WRIT_OK && !atomic_load(&m->done))
        st = publish(m, &m->err);
    return NULL;
}

/* Entry `index`: the word and the index over and over, up to a length that varies. */
static enum writ_status entry_of(const char *word, uint64_t index, struct writ_buf *out)
{
    size_t want = index == LONGEST_INDEX ? WRIT_ENTRY_MAX : 1 + (size_t)(index * 31 % 200);

    writ_buf_clear(out);
    while (out->len < want) {
        enum writ_status st = writ_buf_addf(out, "%s %llu;", word, (unsigned long long)index);
        if (st != WRIT_OK)
            return st;
    }
    out->len = want;
    return WRIT_OK;
}

static enum writ_status append_batch(struct maker *m, size_t n, struct writ_err *err)
{
    static const size_t room = WRIT_ENTRY_MAX + 512; /* the last repetition is cut off */
    struct writ_buf entry[BATCH];
    struct writ_slice slices[BATCH];
    enum writ_status st = WRIT_OK;
    uint64_t first, at = writ_log_size(m->log);

    for (size_t i = 0; i < n; i++)
        writ_buf_init(&entry[i], room);
    for (size_t i = 0; i < n && st == WRIT_OK; i++) {
        st = entry_of(m->word, at + i, &entry[i]);
        slices[i] = writ_buf_slice(&entry[i]);
    }
    if (st == WRIT_OK)
        st = writ_log_append(m->log, slices, n, &first, err);
    for (size_t i = 0; i < n; i++)
        writ_buf_release(&entry[i]);
    return st;
}

static enum writ_status grow(struct maker *m, uint64_t to, size_t batch, struct writ_err *err)
{
    enum writ_status st = WRIT_OK;

    for (uint64_t at; st == WRIT_OK && (at = writ_log_size(m->log)) < to;)
        st = append_batch(m, to - at < batch ? (size_t)(to - at) : batch, err);
    return st;
}

static enum writ_status grow_under_load(struct maker *m, uint64_t to, struct writ_err *err)
{
    pthread_t publisher;

    if (pthread_create(&publisher, NULL, publish_all_the_time, m) != 0)
        return writ_fail(err, WRIT_IO, "no thread for the publisher");
    enum writ_status st = grow(m, to, LOAD_BATCH, err);
    atomic_store(&m->done, true);
    (void)pthread_join(publisher, NULL);
    if (st == WRIT_OK && m->err.status != WRIT_OK) {
        *err = m->err;
        st = m->err.status;
    }
    return st;
}

static enum writ_status make(struct maker *m, uint64_t to, bool load, struct writ_err *err)
{
    static const uint8_t seed[32] = { 'i', 'n', 't', 'e', 'r', 'o', 'p' };
    WRIT_AUTO_KEY *key = NULL;
    WRIT_AUTO_BUF vkey;
    struct writ_note_key name;
    char checkpoints[PATH_ROOM];
    struct writ_log_options options = { m->dir, WRIT_LIT(ORIGIN), NULL, 1u << 20 };

    writ_buf_init(&vkey, 1024);
    enum writ_status st = path_of(m->dir, m->out, "log", err);
    if (st == WRIT_OK)
        st = path_of(checkpoints, m->out, "checkpoints", err);
    if (st == WRIT_OK)
        st = writ_key_from_seed(seed, &key, err);
    if (st == WRIT_OK)
        st = writ_note_key_make(options.origin, 1, key, &name, err);
    if (st == WRIT_OK)
        st = writ_note_key_text(&name, &vkey);
    if (st == WRIT_OK)
        st = write_file(m->out, "vkey", writ_buf_slice(&vkey), err);
    if (st == WRIT_OK && mkdir(checkpoints, 0700) != 0 && errno != EEXIST)
        st = writ_fail_sys(err, "%s", checkpoints);
    options.key = key;
    if (st == WRIT_OK && access(m->dir, F_OK) != 0)
        st = writ_log_create(&options, err);
    if (st == WRIT_OK)
        st = writ_log_open(&options, &m->log, err);
    if (st == WRIT_OK)
        st = load ? grow_under_load(m, to, err) : grow(m, to, BATCH, err);
    if (st == WRIT_OK)
        st = publish(m, err);
    writ_log_close(m->log);
    return st;
}

int main(int argc, char **argv)
{
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    struct maker m = { 0 };
    char *end = NULL;

    bool load = argc == 5 && strcmp(argv[4], "load") == 0;
    unsigned long long to = argc >= 4 ? strtoull(argv[3], &end, 10) : 0;
    if ((argc != 4 && !load) || *end != '\0') {
        (void)fprintf(stderr, "usage: make_log OUT WORD SIZE [load]\n");
        return 2;
    }
    m.out = argv[1];
    m.word = argv[2];
    enum writ_status st = make(&m, to, load, &err);
    if (st != WRIT_OK) {
        (void)fprintf(stderr, "make_log: %s: %s\n", writ_status_text(st), err.text);
        return 1;
    }
    return 0;
}
