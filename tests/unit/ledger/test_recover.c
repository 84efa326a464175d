#include "fixture.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "base/banned.h"

#define CRASHES    60
#define SEGMENT_1  "commit/00000001.seg"
#define LAST_FRAME 2

/* Appends and publishes until it is killed; tells every acknowledged size. */
static void child_appends(struct fixture *f, int tell)
{
    struct writ_log *log = NULL;
    struct writ_err err;

    if (writ_log_open(&f->options, &log, &err) != WRIT_OK)
        _exit(3);
    for (unsigned i = 0;; i++) {
        uint64_t size = writ_log_size(log) + 1 + i % 5;
        if (append_to(log, size, 5, &err) != WRIT_OK)
            _exit(4);
        if (write(tell, &size, sizeof(size)) != sizeof(size))
            _exit(5);
        if (i % 3 == 0 && writ_log_publish(log, &err) != WRIT_OK)
            _exit(6);
    }
}

static void what_was_acknowledged_survives_a_kill(void **state)
{
    struct fixture *f = *state;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    struct writ_log_check check;
    uint64_t acked = 0, said;

    assert_ok(writ_log_create(&f->options, &err));
    srandom(7);
    for (int round = 0; round < CRASHES; round++) {
        int fds[2], status;
        assert_int_equal(pipe(fds), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            child_appends(f, fds[1]);
        (void)close(fds[1]);
        (void)usleep((useconds_t)(random() % 20000));
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status)); /* it did not stop by itself */
        while (read(fds[0], &said, sizeof(said)) == sizeof(said))
            acked = said;
        (void)close(fds[0]);
        assert_true(count_entries(f->dir) >= acked);
        struct writ_log *log = NULL;
        assert_ok(writ_log_open(&f->options, &log, &err));
        assert_true(writ_log_size(log) >= acked);
        acked = writ_log_size(log);
        struct writ_hash root = writ_log_root(log), want = root_of(acked);
        assert_memory_equal(&root, &want, sizeof(root));
        writ_log_close(log);
        assert_ok(writ_log_verify(f->dir, &f->name, &check, &err));
        assert_int_equal(check.entries, acked);
    }
    assert_true(acked > CRASHES);
}

static int open_in(struct fixture *f, const char *rel)
{
    char path[256];

    (void)snprintf(path, sizeof(path), "%s/%s", f->dir, rel);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

/* Where the frame that begins at `off` ends: its length is at byte 28. */
static off_t frame_end(int fd, off_t off)
{
    uint8_t len[4];

    assert_int_equal(pread(fd, len, 4, off + 28), 4);
    return off + (off_t)((uint32_t)len[0] << 24 | (uint32_t)len[1] << 16 | (uint32_t)len[2] << 8 |
                         len[3]);
}

/* A log of three unpublished frames of 4 entries; returns where the last begins. */
static off_t three_frames(struct fixture *f)
{
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    struct writ_log *log = NULL;
    off_t off = 64;

    assert_ok(writ_log_create(&f->options, &err));
    assert_ok(writ_log_open(&f->options, &log, &err));
    assert_ok(append_to(log, 12, 4, &err));
    writ_log_close(log);
    int fd = open_in(f, SEGMENT_1);
    for (int i = 0; i < LAST_FRAME; i++)
        off = frame_end(fd, off);
    (void)close(fd);
    return off;
}

static void a_torn_last_frame_is_cut_wherever_it_is_torn(void **state)
{
    struct fixture *f = *state;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    uint8_t frame[4096], torn[4096], zero[4096] = { 0 }, now[4096];
    off_t at = three_frames(f);

    int fd = open_in(f, SEGMENT_1);
    size_t len = (size_t)(frame_end(fd, at) - at);
    assert_true(len <= sizeof(frame));
    assert_int_equal(pread(fd, frame, len, at), len);
    for (size_t cut = 0; cut < 3 * len; cut++) {
        /* only the first bytes were written; only the last; one is wrong */
        size_t i = cut % len;
        memcpy(torn, cut / len == 2 ? frame : zero, len);
        if (cut / len == 0)
            memcpy(torn, frame, i);
        else if (cut / len == 1)
            memcpy(torn + i + 1, frame + i + 1, len - i - 1);
        else
            torn[i] ^= 0x41;
        if (memcmp(torn, frame, len) == 0)
            continue;
        assert_int_equal(pwrite(fd, torn, len, at), len);
        struct writ_log *log = NULL;
        assert_ok(writ_log_open(&f->options, &log, &err));
        if (writ_log_size(log) != 8)
            fail_msg("kept %llu entries, torn at %zu", (unsigned long long)writ_log_size(log), cut);
        writ_log_close(log);
        assert_int_equal(pread(fd, now, len, at), len);
        assert_memory_equal(now, zero, len);
    }
    (void)close(fd);
    struct writ_log *log = NULL;
    assert_ok(writ_log_open(&f->options, &log, &err));
    assert_ok(append_to(log, 30, 4, &err));
    writ_log_close(log);
    assert_int_equal(count_entries(f->dir), 30);
}

static void damage_before_the_last_frame_is_refused(void **state)
{
    struct fixture *f = *state;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    off_t last = three_frames(f), second;
    struct writ_log *log = NULL;
    struct writ_log_reader *r = NULL;
    struct writ_slice entry;
    uint64_t index;
    uint8_t was, other;

    int fd = open_in(f, SEGMENT_1);
    second = frame_end(fd, 64);
    for (off_t off = second; off < last; off++) {
        char byte[64];
        assert_int_equal(pread(fd, &was, 1, off), 1);
        other = was ^ 0x20;
        assert_int_equal(pwrite(fd, &other, 1, off), 1);
        assert_int_equal(writ_log_open(&f->options, &log, &err), WRIT_CORRUPT);
        (void)snprintf(byte, sizeof(byte), "byte %lld, entry 4:", (long long)second);
        assert_non_null(strstr(err.text, SEGMENT_1));
        assert_non_null(strstr(err.text, byte));
        if (off % 16 == 0) { /* a reader stops with the same words, not with an end */
            assert_ok(writ_log_reader_open(f->dir, &r, &err));
            for (int i = 0; i < 4; i++)
                assert_ok(writ_log_reader_next(r, &entry, &index, &err));
            assert_int_equal(writ_log_reader_next(r, &entry, &index, &err), WRIT_CORRUPT);
            writ_log_reader_close(r);
        }
        assert_int_equal(pwrite(fd, &was, 1, off), 1);
    }
    (void)close(fd);
    assert_int_equal(count_entries(f->dir), 12);
}

static void commits_that_a_checkpoint_knows_cannot_go(void **state)
{
    struct fixture *f = *state;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    off_t last = three_frames(f);
    struct writ_log *log = NULL;
    uint8_t zero[4096] = { 0 };

    assert_ok(writ_log_open(&f->options, &log, &err)); /* publishes 12 */
    writ_log_close(log);
    int fd = open_in(f, SEGMENT_1);
    size_t len = (size_t)(frame_end(fd, last) - last);
    assert_int_equal(pwrite(fd, zero, len, last), len);
    (void)close(fd);
    assert_int_equal(writ_log_open(&f->options, &log, &err), WRIT_CORRUPT);
    assert_non_null(strstr(err.text, "entry 8"));
}

/* A directory where the disk is full after one mebibyte, if this machine lets us make one. */
static void a_full_disk_stops_appends_and_loses_nothing(void **state)
{
    struct fixture *f = *state;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    struct writ_log *log = NULL;
    struct writ_log_check check;
    enum writ_status st = WRIT_OK, published = WRIT_OK;

    if (mount("none", f->base, "tmpfs", 0, "size=1m") != 0) {
        print_message("skipped: no tmpfs of 1 MiB could be mounted: %s\n", strerror(errno));
        skip();
    }
    assert_ok(writ_log_create(&f->options, &err));
    assert_ok(writ_log_open(&f->options, &log, &err));
    for (int i = 0; st == WRIT_OK && i < 20000; i++) {
        st = append_to(log, writ_log_size(log) + 10, 10, &err);
        if (i % 10 == 0) {
            published = writ_log_publish(log, &err);
            assert_true(published == WRIT_OK || published == WRIT_IO || published == WRIT_LIMIT);
        }
    }
    assert_int_equal(st, WRIT_LIMIT);
    uint64_t size = writ_log_size(log);
    assert_true(size > 1000);
    assert_int_equal(append_to(log, size + 10, 10, &err), WRIT_LIMIT);
    assert_int_equal(count_entries(f->dir), size);
    assert_int_equal(mount("none", f->base, "tmpfs", MS_REMOUNT, "size=16m"), 0);
    assert_ok(writ_log_publish(log, &err));
    assert_ok(append_to(log, size + 10, 10, &err));
    assert_ok(writ_log_publish(log, &err));
    writ_log_close(log);
    assert_ok(writ_log_verify(f->dir, &f->name, &check, &err));
    assert_int_equal(check.entries, size + 10);
    assert_int_equal(umount2(f->base, MNT_DETACH), 0);
}

/* The same where a file may not grow: works without privileges. */
static void a_limit_on_file_size_stops_appends_and_loses_nothing(void **state)
{
    struct fixture *f = *state;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    struct writ_log *log = NULL;
    struct writ_log_check check;
    struct rlimit was, small;
    enum writ_status st = WRIT_OK;

    assert_ok(writ_log_create(&f->options, &err));
    f->options.segment_bytes = 2 * 65536;
    assert_ok(writ_log_open(&f->options, &log, &err));
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    small = was;
    small.rlim_cur = 65536; /* the first segment is as long, the next would be longer */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    for (int i = 0; st == WRIT_OK && i < 20000; i++)
        st = append_to(log, writ_log_size(log) + 10, 10, &err);
    enum writ_status published = writ_log_publish(log, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    assert_int_equal(st, WRIT_LIMIT);
    assert_int_equal(published, WRIT_LIMIT); /* tiles had room, the next segment had not */
    uint64_t size = writ_log_size(log);
    assert_int_equal(writ_log_published(log), size);
    assert_ok(append_to(log, size + 10, 10, &err));
    writ_log_close(log);
    assert_ok(writ_log_verify(f->dir, &f->name, &check, &err));
    assert_int_equal(check.entries + check.tail, size + 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_acknowledged_survives_a_kill, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_torn_last_frame_is_cut_wherever_it_is_torn, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(damage_before_the_last_frame_is_refused, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(commits_that_a_checkpoint_knows_cannot_go, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_stops_appends_and_loses_nothing, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_limit_on_file_size_stops_appends_and_loses_nothing,
                                        fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("ledger.recover", tests, NULL, NULL);
}
