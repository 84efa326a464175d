/*
 * Every call that changes the disk fails once, at every place: what was acknowledged is there
 * after a reopen. The linker puts the functions below in front of those of libc.
 */
#include "fixture.h"

#include <errno.h>

#include "base/banned.h"

/* The state of the machine that fails; tests run one after another. */
static struct {
    long countdown; /* calls until one fails; negative: never */
    int error;
    bool failed;
} fault = { -1, 0, false };

ssize_t __real_pwrite(int fd, const void *p, size_t n, off_t off);
ssize_t __wrap_pwrite(int fd, const void *p, size_t n, off_t off);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_renameat(int a, const char *from, int b, const char *to);
int __wrap_renameat(int a, const char *from, int b, const char *to);

static bool strikes(void)
{
    if (fault.countdown < 0 || fault.countdown-- != 0)
        return false;
    fault.failed = true;
    errno = fault.error;
    return true;
}

ssize_t __wrap_pwrite(int fd, const void *p, size_t n, off_t off)
{
    if (!strikes())
        return __real_pwrite(fd, p, n, off);
    /* Half of it is on the disk all the same, as after a real error. */
    int e = errno;
    if (n > 1 && __real_pwrite(fd, p, n / 2, off) < 0)
        return -1;
    errno = e;
    return -1;
}

int __wrap_fdatasync(int fd)
{
    return strikes() ? -1 : __real_fdatasync(fd);
}

int __wrap_fsync(int fd)
{
    return strikes() ? -1 : __real_fsync(fd);
}

int __wrap_renameat(int a, const char *from, int b, const char *to)
{
    return strikes() ? -1 : __real_renameat(a, from, b, to);
}

/* Two segments and three tiles of work. Returns how many entries were acknowledged. */
static uint64_t work(struct fixture *f, enum writ_status *first_failure)
{
    struct writ_log *log = NULL;
    struct writ_err err;
    uint64_t acked = 0;
    enum writ_status st = writ_log_open(&f->options, &log, &err);

    *first_failure = st;
    if (st != WRIT_OK)
        return 0;
    for (uint64_t to = 150; to <= 900; to += 150) {
        st = append_to(log, to, 150, &err);
        if (st == WRIT_OK)
            acked = to;
        if (*first_failure == WRIT_OK)
            *first_failure = st;
        bool failed_append = st != WRIT_OK;
        st = writ_log_publish(log, &err);
        if (*first_failure == WRIT_OK)
            *first_failure = st;
        if (failed_append && *first_failure == WRIT_IO && acked != 0)
            assert_int_equal(append_to(log, writ_log_size(log) + 1, 1, &err), WRIT_CLOSED);
    }
    writ_log_close(log);
    return acked;
}

static void nothing_acknowledged_is_lost(int error)
{
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    long strikes_seen = 0;

    for (long nth = 0;; nth++) {
        struct fixture f;
        struct writ_log *log = NULL;
        struct writ_log_check check;
        enum writ_status failure;
        fixture_make(&f);
        assert_ok(writ_log_create(&f.options, &err));
        fault.countdown = nth;
        fault.error = error;
        fault.failed = false;
        uint64_t acked = work(&f, &failure);
        fault.countdown = -1;
        if (fault.failed && failure == WRIT_OK)
            fail_msg("call %ld failed and nobody said so", nth);
        assert_ok(writ_log_open(&f.options, &log, &err));
        if (writ_log_size(log) < acked)
            fail_msg("call %ld: %llu of %llu are left", nth, (unsigned long long)writ_log_size(log),
                     (unsigned long long)acked);
        uint64_t size = writ_log_size(log);
        assert_ok(append_to(log, size + 5, 5, &err));
        assert_ok(writ_log_publish(log, &err));
        writ_log_close(log);
        assert_int_equal(count_entries(f.dir), size + 5);
        assert_ok(writ_log_verify(f.dir, &f.name, &check, &err));
        remove_tree(f.base);
        writ_key_free(f.key);
        if (!fault.failed)
            break;
        strikes_seen++;
    }
    assert_true(strikes_seen > 50);
}

static void an_error_at_any_call_loses_nothing(void **state)
{
    (void)state;
    nothing_acknowledged_is_lost(EIO);
}

static void a_full_disk_at_any_call_loses_nothing(void **state)
{
    (void)state;
    nothing_acknowledged_is_lost(ENOSPC);
}

static void a_failed_create_leaves_nothing_in_the_way(void **state)
{
    struct fixture *f = *state;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    enum writ_status st;

    for (long nth = 0;; nth++) {
        fault.countdown = nth;
        fault.error = EIO;
        st = writ_log_create(&f->options, &err);
        fault.countdown = -1;
        if (st == WRIT_OK)
            break;
        assert_int_equal(access(f->dir, F_OK), -1);
        assert_non_null(strstr(err.text, f->dir)); /* the words name the path */
    }
    assert_int_equal(count_entries(f->dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_at_any_call_loses_nothing),
        cmocka_unit_test(a_full_disk_at_any_call_loses_nothing),
        cmocka_unit_test_setup_teardown(a_failed_create_leaves_nothing_in_the_way, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("ledger.faults", tests, NULL, NULL);
}
