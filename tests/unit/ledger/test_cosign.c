#include "fixture.h"

#include "ledger/cosign.h"

#include "base/banned.h"

/* The witness of the vector: the second key of RFC 8032 section 7.1. */
static const uint8_t WITNESS_SEED[32] = { 0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda,
                                          0x9d, 0xb6, 0xc3, 0x46, 0xec, 0x11, 0x4e, 0x0f,
                                          0x5b, 0x8a, 0x31, 0x9f, 0x35, 0xab, 0xa6, 0x24,
                                          0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb };
#define WITNESS_VKEY "witness.example/w1+04d2d833+BD1AF8PoQ4lakrcKp00bfrycmCzPLsSWjMDNVfEq9GYM"
#define VECTOR_TIME  1700000000u

struct world {
    struct writ_key *log, *w1, *w2;
    struct writ_note_key log_name, w[2];
    struct writ_buf plain, cosigned; /* the vectors */
};

static struct writ_buf vector(const char *name)
{
    char path[512];
    struct writ_buf b;
    uint8_t *at;

    (void)snprintf(path, sizeof(path), "%s/ledger/%s", WRIT_VECTORS, name);
    writ_buf_init(&b, WRIT_NOTE_MAX);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(writ_buf_reserve(&b, 4096, &at), WRIT_OK);
    ssize_t n = read(fd, at, 4096);
    assert_true(n > 0);
    b.len = (size_t)n;
    (void)close(fd);
    return b;
}

static int setup(void **state)
{
    static struct world w;
    struct fixture f;
    uint8_t other[32] = { 1 };

    fixture_make(&f);
    remove_tree(f.base);
    w.log = f.key;
    w.log_name = f.name;
    assert_int_equal(writ_key_from_seed(WITNESS_SEED, &w.w1, NULL), WRIT_OK);
    assert_int_equal(writ_key_from_seed(other, &w.w2, NULL), WRIT_OK);
    assert_int_equal(writ_note_key_make(WRIT_LIT("witness.example/w1"), 4, w.w1, &w.w[0], NULL),
                     WRIT_OK);
    assert_int_equal(writ_note_key_make(WRIT_LIT("witness.example/w2"), 4, w.w2, &w.w[1], NULL),
                     WRIT_OK);
    w.plain = vector("checkpoint-7");
    w.cosigned = vector("checkpoint-7-cosigned");
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    writ_key_free(w->log);
    writ_key_free(w->w1);
    writ_key_free(w->w2);
    writ_buf_release(&w->plain);
    writ_buf_release(&w->cosigned);
    return 0;
}

static void line_of(const struct world *w, size_t i, uint64_t time, struct writ_buf *out)
{
    struct writ_err err = { WRIT_OK, 0, 0, "" };

    assert_ok(writ_cosign_line(writ_buf_slice(&w->plain), &w->w[i], i == 0 ? w->w1 : w->w2, time,
                               out, &err));
}

static void makes_the_vector_byte_for_byte(void **state)
{
    const struct world *w = *state;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    WRIT_AUTO_BUF vkey, line, note;

    writ_buf_init(&vkey, 512);
    writ_buf_init(&line, 512);
    writ_buf_init(&note, WRIT_NOTE_MAX);
    assert_ok(writ_note_key_text(&w->w[0], &vkey));
    assert_true(writ_slice_is(writ_buf_slice(&vkey), WITNESS_VKEY));
    line_of(w, 0, VECTOR_TIME, &line);
    assert_ok(writ_cosign_append(writ_buf_slice(&w->plain), writ_buf_slice(&line), &note, &err));
    assert_true(writ_slice_eq(writ_buf_slice(&note), writ_buf_slice(&w->cosigned)));
}

static void collects_who_cosigned_and_when(void **state)
{
    const struct world *w = *state;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    uint64_t times[2] = { 9, 9 }, time = 0;
    WRIT_AUTO_BUF lines, note;

    writ_buf_init(&lines, 4096);
    writ_buf_init(&note, WRIT_NOTE_MAX);
    assert_ok(writ_cosign_collect(writ_buf_slice(&w->plain), w->w, 2, times, &err));
    assert_true(times[0] == 0 && times[1] == 0);
    assert_ok(writ_cosign_collect(writ_buf_slice(&w->cosigned), w->w, 2, times, &err));
    assert_true(times[0] == VECTOR_TIME && times[1] == 0);
    assert_ok(writ_cosign_verify(writ_buf_slice(&w->cosigned), &w->w[0], &time, &err));
    assert_int_equal(time, VECTOR_TIME);
    assert_int_equal(writ_cosign_verify(writ_buf_slice(&w->cosigned), &w->w[1], &time, &err),
                     WRIT_SIGNATURE);
    line_of(w, 1, 5, &lines);
    line_of(w, 0, VECTOR_TIME + 1, &lines);
    line_of(w, 0, 3, &lines);
    assert_ok(
        writ_cosign_append(writ_buf_slice(&w->cosigned), writ_buf_slice(&lines), &note, &err));
    assert_ok(writ_cosign_collect(writ_buf_slice(&note), w->w, 2, times, &err));
    assert_true(times[0] == VECTOR_TIME + 1 && times[1] == 5); /* the latest of several */
    /* the log's own signature is no cosignature, whatever it is listed as */
    assert_ok(writ_cosign_collect(writ_buf_slice(&note), &w->log_name, 1, times, &err));
    assert_int_equal(times[0], 0);
}

static void no_flipped_bit_of_a_cosignature_passes(void **state)
{
    const struct world *w = *state;
    struct writ_buf note = vector("checkpoint-7-cosigned");
    uint64_t time;

    for (size_t i = 0; i < note.len * 8; i += 3) {
        struct writ_checkpoint c;

        note.ptr[i / 8] ^= (uint8_t)(1u << i % 8);
        assert_false(writ_cosign_verify(writ_buf_slice(&note), &w->w[0], &time, NULL) == WRIT_OK &&
                     writ_checkpoint_open(writ_buf_slice(&note), &w->log_name, &c, NULL) ==
                         WRIT_OK);
        note.ptr[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    writ_buf_release(&note);
}

static void takes_lines_away(void **state)
{
    const struct world *w = *state;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    WRIT_AUTO_BUF note;

    writ_buf_init(&note, WRIT_NOTE_MAX);
    assert_ok(writ_cosign_without(writ_buf_slice(&w->cosigned), &w->w[0], &note, &err));
    assert_true(writ_slice_eq(writ_buf_slice(&note), writ_buf_slice(&w->plain)));
    writ_buf_clear(&note);
    assert_ok(writ_cosign_without(writ_buf_slice(&w->cosigned), &w->w[1], &note, &err));
    assert_true(writ_slice_eq(writ_buf_slice(&note), writ_buf_slice(&w->cosigned)));
    writ_buf_clear(&note);
    assert_int_equal(writ_cosign_without(writ_buf_slice(&w->plain), &w->log_name, &note, &err),
                     WRIT_FORMAT); /* a note has a signature */
    assert_int_equal(note.len, 0);
}

static void refuses_to_cosign(void **state)
{
    const struct world *w = *state;
    const struct {
        const char *rule;
        struct writ_slice note;
        const struct writ_note_key *name;
        uint64_t time;
        enum writ_status want;
    } rows[] = {
        { "a time of 0", writ_buf_slice(&w->plain), &w->w[0], 0, WRIT_ARG },
        { "a time beyond 2^63-1", writ_buf_slice(&w->plain), &w->w[0], UINT64_C(1) << 63,
          WRIT_ARG },
        { "another witness's name", writ_buf_slice(&w->plain), &w->w[1], 1, WRIT_ARG },
        { "the name of a log", writ_buf_slice(&w->plain), &w->log_name, 1, WRIT_ARG },
        { "no note", WRIT_LIT("hello\n"), &w->w[0], 1, WRIT_FORMAT },
        { "no checkpoint",
          WRIT_LIT("hello\n\n"
                   "\xe2\x80\x94 a AAAAAAA=\n"),
          &w->w[0], 1, WRIT_FORMAT },
    };
    WRIT_AUTO_BUF out;

    writ_buf_init(&out, 4096);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum writ_status st =
            writ_cosign_line(rows[i].note, rows[i].name, w->w1, rows[i].time, &out, NULL);
        if (st != rows[i].want || out.len != 0)
            fail_msg("%s: %s", rows[i].rule, writ_status_text(st));
    }
}

static void appends_signature_lines_only(void **state)
{
    static const char *const rows[] = {
        "hello\n",
        "\xe2\x80\x94 a AAAAAAA=",
        "\n\xe2\x80\x94 a AAAAAAA=\n", /* would move the end of the text */
        "\xe2\x80\x94 a AAAAAAA=\n\n\xe2\x80\x94 a AAAAAAA=\n",
        "\xe2\x80\x94 a b AAAAAAA=\n",
    };
    const struct world *w = *state;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    WRIT_AUTO_BUF out, many;

    writ_buf_init(&out, WRIT_NOTE_MAX);
    writ_buf_init(&many, WRIT_NOTE_MAX);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum writ_status st =
            writ_cosign_append(writ_buf_slice(&w->plain), writ_cstr(rows[i]), &out, NULL);
        if (st != WRIT_FORMAT || out.len != 0)
            fail_msg("%zu: %s", i, writ_status_text(st));
    }
    for (int i = 1; i < 64; i++)
        assert_ok(writ_buf_add_cstr(&many, "\xe2\x80\x94 a AAAAAAA=\n"));
    assert_ok(writ_cosign_append(writ_buf_slice(&w->plain), writ_buf_slice(&many), &out, &err));
    assert_int_equal(
        writ_cosign_append(writ_buf_slice(&w->cosigned), writ_buf_slice(&many), &out, &err),
        WRIT_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_the_vector_byte_for_byte),
        cmocka_unit_test(collects_who_cosigned_and_when),
        cmocka_unit_test(no_flipped_bit_of_a_cosignature_passes),
        cmocka_unit_test(takes_lines_away),
        cmocka_unit_test(refuses_to_cosign),
        cmocka_unit_test(appends_signature_lines_only),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
