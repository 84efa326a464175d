#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay/payload.h"

#include "base/banned.h"

static char dir[64];

static int make_dir(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof(dir), "/tmp/writ-payload-XXXXXX");
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int drop_dir(void **state)
{
    char name[100];

    (void)state;
    for (int i = 1; i < 10; i++) {
        (void)snprintf(name, sizeof(name), "%s/%08d.pay", dir, i);
        (void)unlink(name);
    }
    return rmdir(dir);
}

static struct writ_hash digest_of(struct writ_slice salt, struct writ_slice json)
{
    struct writ_sha256 c;

    writ_sha256_init(&c);
    writ_sha256_add(&c, salt);
    writ_sha256_add(&c, json);
    return writ_sha256_done(&c);
}

static struct writ_payloads *writer(void)
{
    struct writ_payloads *p = NULL;
    struct writ_err err = { 0 };

    if (writ_payloads_open(dir, &p, &err) != WRIT_OK)
        fail_msg("open: %s", err.text);
    return p;
}

/* Puts the text of a number, salted with it; its digest. */
static struct writ_hash put(struct writ_payloads *p, unsigned number)
{
    uint8_t salt[32] = { 0 };
    char json[64];

    memcpy(salt, &number, sizeof(number));
    (void)snprintf(json, sizeof(json), "{\"number\":%u}", number);
    struct writ_hash d = digest_of(writ_slice(salt, 32), writ_cstr(json));
    assert_int_equal(writ_payloads_put(p, &d, writ_slice(salt, 32), writ_cstr(json), NULL),
                     WRIT_OK);
    return d;
}

/* By the scan and by the index, which must agree. */
static enum writ_status get(const struct writ_hash *d, unsigned number)
{
    WRIT_AUTO_BUF json;
    struct writ_payload_reader *r = NULL;
    uint8_t salt[32];
    char expect[64];

    writ_buf_init(&json, WRIT_PAYLOAD_MAX + 1);
    (void)snprintf(expect, sizeof(expect), "{\"number\":%u}", number);
    enum writ_status scan = writ_payload_find(dir, d, salt, &json, NULL);
    if (scan == WRIT_OK)
        assert_true(writ_slice_is(writ_buf_slice(&json), expect));
    assert_int_equal(writ_payload_reader_open(dir, &r, NULL), WRIT_OK);
    enum writ_status indexed = writ_payload_reader_get(r, d, salt, &json, NULL);
    assert_int_equal(indexed, scan);
    if (indexed == WRIT_OK) {
        assert_true(writ_slice_is(writ_buf_slice(&json), expect));
        assert_memory_equal(salt, &number, sizeof(number));
    }
    writ_payload_reader_close(r);
    return scan;
}

static void test_what_is_put_is_found(void **state)
{
    struct writ_hash d[50], none = { { 1 } };

    (void)state;
    struct writ_payloads *p = writer();
    for (unsigned i = 0; i < 25; i++)
        d[i] = put(p, i);
    assert_int_equal(writ_payloads_sync(p, NULL), WRIT_OK);
    writ_payloads_close(p);
    p = writer(); /* goes on in the same file */
    for (unsigned i = 25; i < 50; i++)
        d[i] = put(p, i);
    assert_int_equal(writ_payloads_sync(p, NULL), WRIT_OK);
    writ_payloads_close(p);
    for (unsigned i = 0; i < 50; i++)
        assert_int_equal(get(&d[i], i), WRIT_OK);
    assert_int_equal(get(&none, 0), WRIT_NOT_FOUND);
}

static void first_file(char out[100])
{
    (void)snprintf(out, 100, "%s/00000001.pay", dir);
}

static void test_a_torn_tail_is_skipped_and_kept(void **state)
{
    char path[100];
    struct stat s;

    (void)state;
    first_file(path);
    struct writ_payloads *p = writer();
    struct writ_hash kept = put(p, 1);
    assert_int_equal(stat(path, &s), 0);
    off_t whole = s.st_size;
    struct writ_hash torn = put(p, 2);
    writ_payloads_close(p);
    assert_int_equal(stat(path, &s), 0);
    for (off_t cut = s.st_size - 1; cut > whole; cut -= 7) {
        assert_int_equal(truncate(path, cut), 0);
        assert_int_equal(get(&kept, 1), WRIT_OK);
        assert_int_equal(get(&torn, 2), WRIT_NOT_FOUND);
    }
    p = writer(); /* begins another file behind the tear */
    struct writ_hash after = put(p, 3);
    writ_payloads_close(p);
    assert_int_equal(get(&kept, 1), WRIT_OK);
    assert_int_equal(get(&torn, 2), WRIT_NOT_FOUND);
    assert_int_equal(get(&after, 3), WRIT_OK);
}

static void test_a_changed_payload_is_never_given_out(void **state)
{
    char path[100];
    struct stat s;

    (void)state;
    first_file(path);
    struct writ_payloads *p = writer();
    struct writ_hash d = put(p, 7);
    writ_payloads_close(p);
    assert_int_equal(stat(path, &s), 0);
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    for (off_t at = 0; at < s.st_size; at++) {
        uint8_t byte, bad;
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        bad = byte ^ 1;
        assert_int_equal(pwrite(fd, &bad, 1, at), 1);
        assert_int_not_equal(get(&d, 7), WRIT_OK);
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    }
    (void)close(fd);
    assert_int_equal(get(&d, 7), WRIT_OK);
}

static void test_limits_and_permissions(void **state)
{
    static const uint8_t salt[32];
    struct writ_hash d = { { 0 } };
    struct writ_payloads *p = writer();
    struct writ_err err = { 0 };

    (void)state;
    assert_int_equal(writ_payloads_put(p, &d, writ_slice(salt, 31), WRIT_LIT("{}"), NULL),
                     WRIT_ARG);
    assert_int_equal(writ_payloads_put(p, &d, writ_slice(salt, 32),
                                       writ_slice(salt, (size_t)WRIT_PAYLOAD_MAX + 1), NULL),
                     WRIT_LIMIT);
    writ_payloads_close(p);
    assert_int_equal(chmod(dir, 0755), 0);
    assert_int_equal(writ_payloads_open(dir, &p, &err), WRIT_REFUSED);
    assert_non_null(strstr(err.text, "chmod 700"));
    assert_int_equal(chmod(dir, 0700), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_put_is_found, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_a_torn_tail_is_skipped_and_kept, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_a_changed_payload_is_never_given_out, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(test_limits_and_permissions, make_dir, drop_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
