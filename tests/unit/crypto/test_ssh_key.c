#include "test.h"

#include "crypto/ssh.h"

#include "base/banned.h"

/* Made by ssh-keygen 9.2; the fingerprints are what `ssh-keygen -l` prints. */
static const struct good {
    const char *rule, *type, *base64, *fingerprint;
} GOOD[] = {
    { "Ed25519", "ssh-ed25519",
      "AAAAC3NzaC1lZDI1NTE5AAAAIKxPWGA9xukCpLzkw1QaTQ40CsNyO4LKNKJeKL/54Q/D",
      "SHA256:explKE4vxgbtiNeIlWySV8vg7h2GdhNONZnAvOiNVlU" },
    { "P-256", "ecdsa-sha2-nistp256",
      "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHm2amGBYury0KY56quu"
      "ous41ojgm559vEYmYnJ57K0txC76My4LHcSf9a8qDB3SolE7tw1ipBAbgA1VVYUvKHk=",
      "SHA256:hkDfjVlT8wXLEa+EssOWIBW1RgM8nw7JUEuKHxbKiLs" },
    { "Ed25519 security key", "sk-ssh-ed25519@openssh.com",
      "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIKxPWGA9xukCpLzkw1QaTQ40CsNy"
      "O4LKNKJeKL/54Q/DAAAABHNzaDo=",
      "SHA256:PfI7jvgw42SmR7GseDB5oSH5bh+Hr630R8gFU4XIIzg" },
    { "P-256 security key", "sk-ecdsa-sha2-nistp256@openssh.com",
      "AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAABB"
      "BHm2amGBYury0KY56quuous41ojgm559vEYmYnJ57K0txC76My4LHcSf9a8qDB3SolE7tw1i"
      "pBAbgA1VVYUvKHkAAAAEc3NoOg==",
      "SHA256:zI0FmYjKV8jR24q0rTMlgMp+BpDyMhkIK2ghGdUcefA" },
};

static void test_accepted(void **state)
{
    static const char *const AFTER[] = { "", "\n", " ", " alice@example.org", " two words\n" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(GOOD); i++) {
        for (size_t k = 0; k < ARRAY_LEN(AFTER); k++) {
            WRIT_AUTO_BUF line, again;
            struct writ_ssh_key key, same;
            struct writ_err err = { .text = "" };
            writ_buf_init(&line, WRIT_SSH_LINE_MAX);
            writ_buf_init(&again, WRIT_SSH_LINE_MAX);
            assert_int_equal(
                writ_buf_addf(&line, "%s %s%s", GOOD[i].type, GOOD[i].base64, AFTER[k]), WRIT_OK);
            if (writ_ssh_key_parse(writ_buf_slice(&line), &key, &err) != WRIT_OK)
                fail_msg("%s, comment %zu: %s", GOOD[i].rule, k, err.text);
            assert_string_equal(key.type, GOOD[i].type);
            assert_string_equal(key.fingerprint, GOOD[i].fingerprint);
            assert_int_equal(writ_ssh_key_line(&key, &again), WRIT_OK);
            /* The form that records hold: no comment. */
            assert_int_equal(again.len, strlen(GOOD[i].type) + 1 + strlen(GOOD[i].base64));
            assert_memory_equal(again.ptr, line.ptr, again.len);
            assert_int_equal(writ_ssh_key_parse(writ_buf_slice(&again), &same, NULL), WRIT_OK);
            assert_true(writ_ssh_key_eq(&key, &same));
        }
    }
}

static void test_equality(void **state)
{
    struct writ_ssh_key keys[ARRAY_LEN(GOOD)];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(GOOD); i++) {
        WRIT_AUTO_BUF line;
        writ_buf_init(&line, WRIT_SSH_LINE_MAX);
        assert_int_equal(writ_buf_addf(&line, "%s %s", GOOD[i].type, GOOD[i].base64), WRIT_OK);
        assert_int_equal(writ_ssh_key_parse(writ_buf_slice(&line), &keys[i], NULL), WRIT_OK);
    }
    /* Rows 0 and 2, and 1 and 3, hold the same point under different types: different keys. */
    for (size_t i = 0; i < ARRAY_LEN(GOOD); i++)
        for (size_t k = 0; k < ARRAY_LEN(GOOD); k++)
            assert_true(writ_ssh_key_eq(&keys[i], &keys[k]) == (i == k));
}

static void test_refused(void **state)
{
    static const struct {
        const char *rule, *line;
    } rows[] = {
        { "empty", "" },
        { "type only", "ssh-ed25519" },
        { "type and a space", "ssh-ed25519 " },
        { "base64 only", "AAAAC3NzaC1lZDI1NTE5AAAAIKxPWGA9xukCpLzkw1QaTQ40CsNyO4LKNKJeKL/54Q/D" },
        { "space before", " ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKxPWGA9xukCpLzkw1QaTQ40CsNyO4LKNKJ"
                          "eKL/54Q/D" },
        { "two spaces", "ssh-ed25519  AAAAC3NzaC1lZDI1NTE5AAAAIKxPWGA9xukCpLzkw1QaTQ40CsNyO4LKNKJ"
                        "eKL/54Q/D" },
        { "tab", "ssh-ed25519\tAAAAC3NzaC1lZDI1NTE5AAAAIKxPWGA9xukCpLzkw1QaTQ40CsNyO4LKNKJ"
                 "eKL/54Q/D" },
        { "options before the type",
          "no-touch-required ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKxPWGA9xukCpLzkw1"
          "QaTQ40CsNyO4LKNKJeKL/54Q/D" },
        { "two lines", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKxPWGA9xukCpLzkw1QaTQ40CsNyO4LKNKJe"
                       "KL/54Q/D\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKxPWGA9xukCpLzkw1QaTQ40Cs"
                       "NyO4LKNKJeKL/54Q/D" },
        { "carriage return",
          "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKxPWGA9xukCpLzkw1QaTQ40CsNyO4LKNKJe"
          "KL/54Q/D\r\n" },
        { "control byte in the comment",
          "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKxPWGA9xukCpLzkw1QaTQ40CsNyO4LKNKJe"
          "KL/54Q/D \x1b[2J" },
        { "rsa", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAQQDBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHB"
                 "wcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHB" },
        { "P-384", "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABh"
                   "BIuZp1WqQ11A3YieatcMC9xsLYz0MAQnngQ/KQsEp8TZTYqGLbS75fFxXOHNwCUatp489xAK"
                   "aiWECFyqiWei9gdBGJp3S4Z0yIT8Ihwk1WJ9UgdA6qJGXQQDNoiw+DXlMg==" },
        { "certificate", "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5"
                         "zc2guY29tAAAAIKxPWGA9xukCpLzkw1QaTQ40CsNyO4LKNKJeKL/54Q/D" },
        { "type in capitals",
          "SSH-ED25519 AAAAC3NzaC1lZDI1NTE5AAAAIKxPWGA9xukCpLzkw1QaTQ40CsNyO4LKNKJe"
          "KL/54Q/D" },
        { "line and key disagree on the type",
          "ecdsa-sha2-nistp256 AAAAC3NzaC1lZDI1NTE5AAAAIKxPWGA9xukCpLzkw1QaTQ40CsNy"
          "O4LKNKJeKL/54Q/D" },
        { "security key passed off as a plain one",
          "ssh-ed25519 AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIKxPWGA9xukCpLzk"
          "w1QaTQ40CsNyO4LKNKJeKL/54Q/DAAAABHNzaDo=" },
        { "not base64", "ssh-ed25519 !!!!" },
        { "base64 without padding",
          "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABB"
          "BHm2amGBYury0KY56quuous41ojgm559vEYmYnJ57K0txC76My4LHcSf9a8qDB3SolE7tw1i"
          "pBAbgA1VVYUvKHk" },
        { "key a byte short",
          "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAH6xPWGA9xukCpLzkw1QaTQ40CsNyO4LKNKJe"
          "KL/54Q8=" },
        { "key a byte long",
          "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIaxPWGA9xukCpLzkw1QaTQ40CsNyO4LKNKJe"
          "KL/54Q/DAA==" },
        { "bytes after the key",
          "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKxPWGA9xukCpLzkw1QaTQ40CsNyO4LKNKJe"
          "KL/54Q/DAA==" },
        { "length beyond the end",
          "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIaxPWGA9xukCpLzkw1QaTQ40CsNyO4LKNKJe"
          "KL/54Q/D" },
        { "another curve inside",
          "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAzODQAAABB"
          "BHm2amGBYury0KY56quuous41ojgm559vEYmYnJ57K0txC76My4LHcSf9a8qDB3SolE7tw1i"
          "pBAbgA1VVYUvKHk=" },
        { "point not on the curve",
          "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABB"
          "BHm2amGBYury0KY56quuous41ojgm559vEYmYnJ57K0txC76My4LHcSf9a8qDB3SolE7tw1i"
          "pBAbgA1VVYUvKHg=" },
        { "compressed point",
          "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAAAh"
          "A3m2amGBYury0KY56quuous41ojgm559vEYmYnJ57K0t" },
        { "point at infinity",
          "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAAAB"
          "AA==" },
        { "Ed25519 point of small order",
          "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
          "AAAAAAAA" },
        { "security key without application",
          "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAI"
          "KxPWGA9xukCpLzkw1QaTQ40CsNyO4LKNKJeKL/54Q/D" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct writ_ssh_key key = { .blob_len = 42 };
        struct writ_err err = { .text = "" };
        enum writ_status st = writ_ssh_key_parse(writ_cstr(rows[i].line), &key, &err);
        if (st != WRIT_FORMAT || key.blob_len != 42 || err.text[0] == '\0')
            fail_msg("%s: %s", rows[i].rule, writ_status_text(st));
    }
}

static void test_every_cut_is_refused(void **state)
{
    struct writ_ssh_key key;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(GOOD); i++) {
        WRIT_AUTO_BUF line;
        writ_buf_init(&line, WRIT_SSH_LINE_MAX);
        assert_int_equal(writ_buf_addf(&line, "%s %s", GOOD[i].type, GOOD[i].base64), WRIT_OK);
        for (size_t n = 0; n < line.len; n++)
            if (writ_ssh_key_parse(writ_slice(line.ptr, n), &key, NULL) != WRIT_FORMAT)
                fail_msg("%s cut to %zu bytes", GOOD[i].rule, n);
    }
}

static void test_limits(void **state)
{
    WRIT_AUTO_BUF line;
    struct writ_ssh_key key;

    (void)state;
    writ_buf_init(&line, 2 * WRIT_SSH_LINE_MAX);
    assert_int_equal(writ_buf_addf(&line, "%s %s %2000s", GOOD[0].type, GOOD[0].base64, "comment"),
                     WRIT_LIMIT);
    assert_int_equal(writ_buf_addf(&line, "%s %s %1000s", GOOD[0].type, GOOD[0].base64, "comment"),
                     WRIT_OK);
    assert_int_equal(writ_ssh_key_parse(writ_buf_slice(&line), &key, NULL), WRIT_LIMIT);
    writ_buf_release(&line);
    writ_buf_init(&line, 20);
    WRIT_AUTO_BUF whole;
    writ_buf_init(&whole, WRIT_SSH_LINE_MAX);
    assert_int_equal(writ_buf_addf(&whole, "%s %s", GOOD[0].type, GOOD[0].base64), WRIT_OK);
    assert_int_equal(writ_ssh_key_parse(writ_buf_slice(&whole), &key, NULL), WRIT_OK);
    assert_int_equal(writ_ssh_key_line(&key, &line), WRIT_LIMIT);
    assert_int_equal(line.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted), cmocka_unit_test(test_equality),
        cmocka_unit_test(test_refused),  cmocka_unit_test(test_every_cut_is_refused),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
