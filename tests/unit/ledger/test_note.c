#include "fixture.h"

#include "base/text.h"
#include "ledger/proof_file.h"

#include "base/banned.h"

#define LOG_VKEY     "evidence.example/log1+d769abce+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
#define WITNESS_VKEY "witness.example/w1+04d2d833+BD1AF8PoQ4lakrcKp00bfrycmCzPLsSWjMDNVfEq9GYM"
#define EXAMPLE_VKEY "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

static struct writ_buf vector(const char *name)
{
    char path[512];
    struct writ_buf b;
    uint8_t *at;

    (void)snprintf(path, sizeof(path), "%s/ledger/%s", WRIT_VECTORS, name);
    writ_buf_init(&b, 65536);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(writ_buf_reserve(&b, 65536, &at), WRIT_OK);
    ssize_t n = read(fd, at, 65536);
    assert_true(n > 0);
    b.len = (size_t)n;
    (void)close(fd);
    return b;
}

static struct writ_note_key key_of(const char *vkey)
{
    struct writ_note_key k;
    assert_int_equal(writ_note_key_parse(writ_cstr(vkey), &k, NULL), WRIT_OK);
    return k;
}

static void keys_are_read_and_written_alike(void **state)
{
    static const char *const good[] = { LOG_VKEY, WITNESS_VKEY, EXAMPLE_VKEY };
    static const struct {
        const char *rule, *text;
    } bad[] = {
        { "three parts", "evidence.example/log1+d769abce" },
        { "a name without spaces",
          "evidence example+d769abce+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8C" },
        { "a name at all", "+d769abce+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea" },
        { "lower-case digits",
          "evidence.example/log1+D769ABCE+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea" },
        { "the id of this key",
          "evidence.example/log1+d769abcf+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea" },
        { "the id of this name",
          "evidence.example/log2+d769abce+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea" },
        { "base64", "evidence.example/log1+d769abce+Addam!GCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea" },
        { "33 bytes", "evidence.example/log1+d769abce+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3" },
        { "a known type",
          "evidence.example/log1+d769abce+AtdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea" },
    };
    struct writ_buf text;
    struct writ_note_key k;

    (void)state;
    writ_buf_init(&text, 1024);
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        k = key_of(good[i]);
        writ_buf_clear(&text);
        assert_int_equal(writ_note_key_text(&k, &text), WRIT_OK);
        assert_true(writ_slice_is(writ_buf_slice(&text), good[i]));
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (writ_note_key_parse(writ_cstr(bad[i].text), &k, NULL) != WRIT_FORMAT)
            fail_msg("a key has %s", bad[i].rule);
    writ_buf_release(&text);
}

static void signs_the_vector_byte_for_byte(void **state)
{
    struct fixture *f = *state;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    struct writ_buf want = vector("checkpoint-7"), got;
    struct writ_checkpoint c = { .origin = WRIT_LIT(ORIGIN), .size = 7 };

    assert_int_equal(
        writ_hex_decode(
            WRIT_LIT("ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"), c.root.b,
            sizeof(c.root.b)),
        WRIT_OK);
    writ_buf_init(&got, 4096);
    assert_ok(writ_checkpoint_sign(&c, &f->name, f->key, &got, &err));
    assert_true(writ_slice_eq(writ_buf_slice(&got), writ_buf_slice(&want)));
    writ_buf_release(&got);
    writ_buf_release(&want);
}

static void opens_the_vectors(void **state)
{
    static const struct {
        const char *file, *vkey;
        enum writ_status want;
    } rows[] = {
        { "note-example", EXAMPLE_VKEY, WRIT_OK },
        { "note-example", LOG_VKEY, WRIT_SIGNATURE },
        { "checkpoint-7", LOG_VKEY, WRIT_OK },
        { "checkpoint-7", WITNESS_VKEY, WRIT_SIGNATURE },
        { "checkpoint-7-cosigned", LOG_VKEY, WRIT_OK },
        { "checkpoint-7-cosigned", WITNESS_VKEY, WRIT_OK },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct writ_buf note = vector(rows[i].file);
        struct writ_note_key k = key_of(rows[i].vkey);
        struct writ_slice text;
        assert_int_equal(writ_note_open(writ_buf_slice(&note), &k, &text, NULL), rows[i].want);
        if (rows[i].want == WRIT_OK)
            assert_int_equal(text.ptr[text.len - 1], '\n');
        writ_buf_release(&note);
    }
}

static void no_flipped_bit_passes(void **state)
{
    struct writ_buf note = vector("checkpoint-7-cosigned");
    struct writ_note_key log = key_of(LOG_VKEY), witness = key_of(WITNESS_VKEY);
    struct writ_checkpoint c;
    struct writ_slice text;

    (void)state;
    for (size_t i = 0; i < note.len * 8; i += 3) {
        note.ptr[i / 8] ^= (uint8_t)(1u << i % 8);
        bool both = writ_checkpoint_open(writ_buf_slice(&note), &log, &c, NULL) == WRIT_OK &&
                    writ_note_open(writ_buf_slice(&note), &witness, &text, NULL) == WRIT_OK;
        assert_false(both);
        note.ptr[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    writ_buf_release(&note);
}

static void refuses_malformed_notes(void **state)
{
    static const struct {
        const char *rule, *text;
        enum writ_status want;
    } rows[] = {
        { "empty", "", WRIT_FORMAT },
        { "no signatures", "text\n\n", WRIT_FORMAT },
        { "no blank line", "text\n\xe2\x80\x94 a AAAAAAA=\n", WRIT_FORMAT },
        { "no final LF", "text\n\n\xe2\x80\x94 a AAAAAAA=", WRIT_FORMAT },
        { "control byte", "te\txt\n\n\xe2\x80\x94 a AAAAAAA=\n", WRIT_FORMAT },
        { "not UTF-8", "te\xfft\n\n\xe2\x80\x94 a AAAAAAA=\n", WRIT_FORMAT },
        { "hyphen for dash", "text\n\n- a AAAAAAA=\n", WRIT_FORMAT },
        { "no name", "text\n\n\xe2\x80\x94  AAAAAAA=\n", WRIT_FORMAT },
        { "plus in name", "text\n\n\xe2\x80\x94 a+b AAAAAAA=\n", WRIT_FORMAT },
        { "no-break space in name",
          "text\n\n\xe2\x80\x94 a\xc2\xa0"
          "b AAAAAAA=\n",
          WRIT_FORMAT },
        { "wide space in name",
          "text\n\n\xe2\x80\x94 a\xe3\x80\x80"
          "b AAAAAAA=\n",
          WRIT_FORMAT },
        { "no signature after the id", "text\n\n\xe2\x80\x94 a AAAAAA==\n", WRIT_FORMAT },
        { "spare bits in base64", "text\n\n\xe2\x80\x94 a AAAAAAB=\n", WRIT_FORMAT },
        { "only strangers signed", "text\n\n\xe2\x80\x94 a AAAAAAA=\n", WRIT_SIGNATURE },
        { "known pair, short signature", "text\n\n\xe2\x80\x94 " ORIGIN " 12mrzgA=\n",
          WRIT_SIGNATURE },
    };
    struct writ_note_key k = key_of(LOG_VKEY);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct writ_slice text;
        enum writ_status st = writ_note_open(writ_cstr(rows[i].text), &k, &text, NULL);
        if (st != rows[i].want)
            fail_msg("%s: %s", rows[i].rule, writ_status_text(st));
    }
}

static void bounds_the_number_of_signatures(void **state)
{
    struct fixture *f = *state;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    struct writ_buf note;
    struct writ_slice text;

    writ_buf_init(&note, WRIT_NOTE_MAX);
    assert_ok(writ_note_sign(WRIT_LIT("a\n\nb\n"), &f->name, f->key, &note, &err));
    assert_ok(writ_note_open(writ_buf_slice(&note), &f->name, &text, &err));
    assert_true(writ_slice_is(text, "a\n\nb\n")); /* a text may hold blank lines */
    for (int i = 1; i < 64; i++)
        assert_ok(writ_buf_add_cstr(&note, "\xe2\x80\x94 other.example AAAAAAA=\n"));
    assert_ok(writ_note_open(writ_buf_slice(&note), &f->name, &text, &err));
    assert_ok(writ_buf_add_cstr(&note, "\xe2\x80\x94 other.example AAAAAAA=\n"));
    assert_int_equal(writ_note_open(writ_buf_slice(&note), &f->name, &text, &err), WRIT_LIMIT);
    size_t before = note.len;
    assert_int_equal(writ_note_sign(WRIT_LIT("no line end"), &f->name, f->key, &note, &err),
                     WRIT_ARG);
    assert_int_equal(note.len, before);
    writ_buf_release(&note);
}

static void reads_checkpoints_strictly(void **state)
{
#define ROOT "3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw=\n"
    static const struct {
        const char *rule, *text;
        enum writ_status want;
    } rows[] = {
        { "three lines", "a\n7\n" ROOT, WRIT_OK },
        { "extension lines", "a\n7\n" ROOT "more\n", WRIT_OK },
        { "the empty tree", "a\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", WRIT_OK },
        { "the empty tree has its own root", "a\n0\n" ROOT, WRIT_FORMAT },
        { "no empty extension", "a\n7\n" ROOT "\nmore\n", WRIT_FORMAT },
        { "an origin", "\n7\n" ROOT, WRIT_FORMAT },
        { "no space in the origin", "a b\n7\n" ROOT, WRIT_FORMAT },
        { "no leading zero", "a\n07\n" ROOT, WRIT_FORMAT },
        { "no sign", "a\n+7\n" ROOT, WRIT_FORMAT },
        { "a size that fits", "a\n9223372036854775808\n" ROOT, WRIT_FORMAT },
        { "a root of 32 bytes", "a\n7\nAAAA\n", WRIT_FORMAT },
        { "a last LF", "a\n7\n3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw=", WRIT_FORMAT },
        { "all lines", "a\n7\n", WRIT_FORMAT },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct writ_checkpoint c;
        enum writ_status st = writ_checkpoint_parse(writ_cstr(rows[i].text), &c, NULL);
        if (st != rows[i].want)
            fail_msg("%s: %s", rows[i].rule, writ_status_text(st));
    }
}

static void the_proof_file_of_the_vector_proves_its_entry(void **state)
{
    struct writ_buf file = vector("entry-5.tlog-proof"), again;
    struct writ_note_key log = key_of(LOG_VKEY), other = key_of(EXAMPLE_VKEY);
    const uint8_t entry[] = { 0x40, 0x41, 0x42, 0x43 }, wrong[] = { 0x40, 0x41, 0x42, 0x44 };
    struct writ_proof_file p;
    struct writ_err err = { WRIT_OK, 0, 0, "" };

    (void)state;
    writ_buf_init(&again, WRIT_PROOF_FILE_MAX);
    assert_ok(writ_proof_file_parse(writ_buf_slice(&file), &p, &err));
    assert_int_equal(p.index, 5);
    assert_int_equal(p.proof.len, 3);
    assert_ok(writ_proof_file_check(&p, writ_slice(entry, 4), &log, &err));
    assert_int_equal(writ_proof_file_check(&p, writ_slice(wrong, 4), &log, &err), WRIT_CORRUPT);
    assert_int_equal(writ_proof_file_check(&p, writ_slice(entry, 4), &other, &err), WRIT_SIGNATURE);
    assert_ok(writ_proof_file_write(&p, &again));
    assert_true(writ_slice_eq(writ_buf_slice(&again), writ_buf_slice(&file)));
    p.index = 4;
    assert_int_equal(writ_proof_file_check(&p, writ_slice(entry, 4), &log, &err), WRIT_CORRUPT);
    p.index = 7;
    assert_int_equal(writ_proof_file_check(&p, writ_slice(entry, 4), &log, &err), WRIT_CORRUPT);
    for (size_t i = 0; i < file.len * 8; i += 7) {
        file.ptr[i / 8] ^= (uint8_t)(1u << i % 8);
        bool same = i / 8 >= file.len - 128; /* the witness's line, which nobody asked about */
        bool good = writ_proof_file_parse(writ_buf_slice(&file), &p, NULL) == WRIT_OK &&
                    writ_proof_file_check(&p, writ_slice(entry, 4), &log, NULL) == WRIT_OK;
        if (good && !same)
            fail_msg("bit %zu may be anything", i);
        file.ptr[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    writ_buf_release(&again);
    writ_buf_release(&file);
}

static void reads_proof_files_strictly(void **state)
{
#define HEAD "c2sp.org/tlog-proof@v1\n"
    static const struct {
        const char *rule, *text;
        enum writ_status want;
    } rows[] = {
        { "no hashes", HEAD "index 0\n\nnote\n", WRIT_OK },
        { "extra data", HEAD "extra AAAA\nindex 0\n\nnote\n", WRIT_OK },
        { "extra data in base64", HEAD "extra A\nindex 0\n\nnote\n", WRIT_FORMAT },
        { "extra data before the index", HEAD "index 0\nextra AAAA\n\nnote\n", WRIT_FORMAT },
        { "this version", "c2sp.org/tlog-proof@v2\nindex 0\n\nnote\n", WRIT_FORMAT },
        { "an index", HEAD "\nnote\n", WRIT_FORMAT },
        { "an index without zeros in front", HEAD "index 00\n\nnote\n", WRIT_FORMAT },
        { "whole hashes", HEAD "index 0\nAAAA\n\nnote\n", WRIT_FORMAT },
        { "a blank line", HEAD "index 0\n", WRIT_FORMAT },
        { "a checkpoint", HEAD "index 0\n\n", WRIT_FORMAT },
        { "something", "", WRIT_FORMAT },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct writ_proof_file p;
        enum writ_status st = writ_proof_file_parse(writ_cstr(rows[i].text), &p, NULL);
        if (st != rows[i].want)
            fail_msg("%s: %s", rows[i].rule, writ_status_text(st));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_read_and_written_alike),
        cmocka_unit_test_setup_teardown(signs_the_vector_byte_for_byte, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test(opens_the_vectors),
        cmocka_unit_test(no_flipped_bit_passes),
        cmocka_unit_test(refuses_malformed_notes),
        cmocka_unit_test_setup_teardown(bounds_the_number_of_signatures, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test(reads_checkpoints_strictly),
        cmocka_unit_test(the_proof_file_of_the_vector_proves_its_entry),
        cmocka_unit_test(reads_proof_files_strictly),
    };
    return cmocka_run_group_tests_name("ledger.note", tests, NULL, NULL);
}
