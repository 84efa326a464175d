#include "fixture.h"

#include "base/banned.h"

static size_t slurp(const char *path, uint8_t **out)
{
    struct stat st;
    size_t got = 0;

    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    uint8_t *p = malloc((size_t)st.st_size + 1);
    assert_non_null(p);
    while (got < (size_t)st.st_size) {
        ssize_t r = read(fd, p + got, (size_t)st.st_size - got);
        assert_true(r > 0);
        got += (size_t)r;
    }
    (void)close(fd);
    *out = p;
    return got;
}

static void poke(const char *path, size_t off, uint8_t v)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, &v, 1, (off_t)off), 1);
    (void)close(fd);
}

struct files {
    size_t len;
    char rel[256][96];
};

static void list_files(const char *dir, const char *rel, struct files *out)
{
    char path[1024];
    struct dirent *de;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, rel);
    DIR *d = opendir(path);
    if (d == NULL) {
        assert_true(out->len < ARRAY_LEN(out->rel));
        (void)snprintf(out->rel[out->len++], sizeof(out->rel[0]), "%s", rel);
        return;
    }
    while ((de = readdir(d)) != NULL) {
        char sub[512];
        if (de->d_name[0] == '.')
            continue;
        (void)snprintf(sub, sizeof(sub), "%s%s%s", rel, rel[0] != '\0' ? "/" : "", de->d_name);
        list_files(dir, sub, out);
    }
    (void)closedir(d);
}

static void make(struct fixture *f, const uint64_t *sizes, size_t n, size_t batch)
{
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    struct writ_log *log = NULL;

    assert_ok(writ_log_create(&f->options, &err));
    assert_ok(writ_log_open(&f->options, &log, &err));
    for (size_t i = 0; i < n; i++) {
        assert_ok(append_to(log, sizes[i], batch, &err));
        assert_ok(writ_log_publish(log, &err));
    }
    writ_log_close(log);
}

static enum writ_status verify(struct fixture *f, struct writ_log_check *c, struct writ_err *err)
{
    return writ_log_verify(f->dir, &f->name, c, err);
}

/* Which entry a byte of a file belongs to; UINT64_MAX when none. */
static uint64_t entry_at(const uint8_t *file, size_t len, size_t off, uint64_t entries)
{
    char buf[ENTRY_MAX];

    for (uint64_t i = 0; i < entries; i++) {
        struct writ_slice e = entry_of(i, buf);
        const uint8_t *at = memmem(file, len, e.ptr, e.len);
        if (at != NULL && off >= (size_t)(at - file) && off < (size_t)(at - file) + e.len)
            return i;
    }
    return UINT64_MAX;
}

/* Flips one bit of each byte in turn. `dense` bytes are all tried, of the rest one in `step`. */
static void sweep(struct fixture *f, const char *rel, size_t dense, size_t step, uint64_t entries)
{
    char path[256];
    uint8_t *was;
    struct writ_log_check c;
    struct writ_err err = { WRIT_OK, 0, 0, "" };

    (void)snprintf(path, sizeof(path), "%s/%s", f->dir, rel);
    size_t len = slurp(path, &was);
    for (size_t off = 0; off < len; off += off < dense ? 1 : step) {
        uint8_t bit = (uint8_t)(1u << (off + off / 8) % 8);
        poke(path, off, was[off] ^ bit);
        enum writ_status st = verify(f, &c, &err);
        if (st != WRIT_CORRUPT && st != WRIT_SIGNATURE)
            fail_msg("%s byte %zu bit %02x: %s", rel, off, bit, writ_status_text(st));
        if (strcmp(c.bad_file, rel) != 0)
            fail_msg("%s byte %zu: %s is blamed (%s)", rel, off, c.bad_file, err.text);
        uint64_t index = entry_at(was, len, off, entries);
        if (index != UINT64_MAX && index != c.bad_index)
            fail_msg("%s byte %zu is in entry %llu, not %llu: %s", rel, off,
                     (unsigned long long)index, (unsigned long long)c.bad_index, err.text);
        poke(path, off, was[off]);
    }
    free(was);
    assert_ok(verify(f, &c, &err));
}

static void every_flipped_bit_of_a_small_log_is_found(void **state)
{
    struct fixture *f = *state;
    static const uint64_t sizes[] = { 3, 9 };
    struct files files = { 0, { "" } };

    make(f, sizes, ARRAY_LEN(sizes), 3);
    list_files(f->dir, "", &files);
    assert_int_equal(files.len, 7); /* lock, checkpoint, segment, two partial files each */
    for (size_t i = 0; i < files.len; i++)
        sweep(f, files.rel[i], 2048, 331, 9);
}

static void flipped_bits_of_several_tiles_and_segments_are_found(void **state)
{
    struct fixture *f = *state;
    static const uint64_t sizes[] = { 100, 256, 700, 1500 };
    struct files files = { 0, { "" } };

    make(f, sizes, ARRAY_LEN(sizes), 7);
    list_files(f->dir, "", &files);
    for (size_t i = 0; i < files.len; i++)
        sweep(f, files.rel[i], 0, 1021, 1500);
}

static void a_copy_without_commits_is_checked_too(void **state)
{
    struct fixture *f = *state;
    static const uint64_t sizes[] = { 300 };
    struct files files = { 0, { "" } };
    char commit[128];

    make(f, sizes, ARRAY_LEN(sizes), 50);
    (void)snprintf(commit, sizeof(commit), "%s/commit", f->dir);
    remove_tree(commit);
    assert_int_equal(count_entries(f->dir), 300);
    list_files(f->dir, "", &files);
    for (size_t i = 0; i < files.len; i++) {
        char path[256];
        uint8_t *was;
        struct writ_log_check c;
        struct writ_err err = { WRIT_OK, 0, 0, "" };
        (void)snprintf(path, sizeof(path), "%s/%s", f->dir, files.rel[i]);
        size_t len = slurp(path, &was);
        for (size_t off = 0; off < len; off += 37) {
            poke(path, off, was[off] ^ 0x10);
            enum writ_status st = verify(f, &c, &err);
            if (st != WRIT_CORRUPT && st != WRIT_SIGNATURE)
                fail_msg("%s byte %zu: %s", files.rel[i], off, writ_status_text(st));
            uint64_t index = entry_at(was, len, off, 300);
            if (index != UINT64_MAX && index != c.bad_index)
                fail_msg("%s byte %zu is in entry %llu, not %llu", files.rel[i], off,
                         (unsigned long long)index, (unsigned long long)c.bad_index);
            poke(path, off, was[off]);
        }
        free(was);
        assert_ok(verify(f, &c, &err));
    }
}

static void a_shortened_or_missing_file_is_found(void **state)
{
    struct fixture *f = *state;
    static const uint64_t sizes[] = { 300, 1500 };
    struct files files = { 0, { "" } };
    struct writ_log_check c;
    struct writ_err err = { WRIT_OK, 0, 0, "" };

    make(f, sizes, ARRAY_LEN(sizes), 20);
    list_files(f->dir, "", &files);
    for (size_t i = 0; i < files.len; i++) {
        char path[256], aside[128];
        uint8_t *was;
        if (strcmp(files.rel[i], "lock") == 0)
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", f->dir, files.rel[i]);
        (void)snprintf(aside, sizeof(aside), "%s/aside", f->base);
        size_t len = slurp(path, &was);
        static const size_t cuts[] = { 1, 32, 100 };
        for (size_t k = 0; k < ARRAY_LEN(cuts); k++) {
            size_t left = cuts[k] == 100 ? len / 2 : len - cuts[k];
            assert_int_equal(truncate(path, (off_t)left), 0);
            enum writ_status st = verify(f, &c, &err);
            if (st != WRIT_CORRUPT && st != WRIT_SIGNATURE)
                fail_msg("%s cut to %zu of %zu: %s", files.rel[i], left, len, writ_status_text(st));
            assert_string_equal(c.bad_file, files.rel[i]);
            int fd = open(path, O_WRONLY | O_CLOEXEC);
            assert_int_equal(pwrite(fd, was, len, 0), len);
            (void)close(fd);
        }
        assert_int_equal(rename(path, aside), 0);
        enum writ_status st = verify(f, &c, &err);
        /* Nobody needs a segment that was only prepared, or the tile of an old checkpoint. */
        bool spare = strcmp(files.rel[i], "commit/00000003.seg") == 0 ||
                     strcmp(files.rel[i], "tile/1/000.p/1") == 0;
        if (st != (spare ? WRIT_OK : WRIT_CORRUPT))
            fail_msg("without %s: %s", files.rel[i], writ_status_text(st));
        assert_int_equal(rename(aside, path), 0);
        free(was);
    }
}

static void what_does_not_belong_among_the_tiles_is_found(void **state)
{
    struct fixture *f = *state;
    static const uint64_t sizes[] = { 300 };
    static const char *const strays[] = { "tile/0/002",     "tile/entries/009", "tile/0/0000",
                                          "tile/0/000.txt", "tile/x",           "tile/0/001.p/45",
                                          "tile/0/001.p/0", "tile/0/001.p/007", "tile/9",
                                          "tile/1/000.p/2" };
    struct writ_log_check c;
    struct writ_err err = { WRIT_OK, 0, 0, "" };

    make(f, sizes, ARRAY_LEN(sizes), 20);
    for (size_t i = 0; i < ARRAY_LEN(strays); i++) {
        char path[256];
        (void)snprintf(path, sizeof(path), "%s/%s", f->dir, strays[i]);
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        (void)close(fd);
        assert_int_equal(verify(f, &c, &err), WRIT_CORRUPT);
        assert_string_equal(c.bad_file, strays[i]);
        assert_int_equal(unlink(path), 0);
    }
    assert_ok(verify(f, &c, &err));
}

static void counts_what_is_beyond_the_checkpoint(void **state)
{
    struct fixture *f = *state;
    static const uint64_t sizes[] = { 300 };
    struct writ_log *log = NULL;
    struct writ_log_check c;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    struct writ_hash root = root_of(300);
    struct writ_note_key other = f->name;

    make(f, sizes, ARRAY_LEN(sizes), 20);
    assert_ok(writ_log_open(&f->options, &log, &err));
    assert_ok(append_to(log, 345, 9, &err));
    writ_log_close(log);
    assert_ok(verify(f, &c, &err));
    assert_int_equal(c.entries, 300);
    assert_int_equal(c.tail, 45);
    assert_memory_equal(&c.root, &root, sizeof(root));
    assert_string_equal(c.bad_file, "");
    assert_true(c.bad_index == UINT64_MAX);
    other.pub[0] ^= 1;
    assert_int_equal(writ_log_verify(f->dir, &other, &c, &err), WRIT_SIGNATURE);
    assert_string_equal(c.bad_file, "checkpoint");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_flipped_bit_of_a_small_log_is_found, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(flipped_bits_of_several_tiles_and_segments_are_found,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_copy_without_commits_is_checked_too, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_shortened_or_missing_file_is_found, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_does_not_belong_among_the_tiles_is_found,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(counts_what_is_beyond_the_checkpoint, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("ledger.verify", tests, NULL, NULL);
}
