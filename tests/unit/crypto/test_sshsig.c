#include "test.h"

#include "ssh_make.h"

#include "base/banned.h"

#define TEXT       WRIT_LIT("{\"grant\":\"read the third quarter report\"}")
#define NAME_SPACE "writ.grant"

static enum writ_status verify(const struct writ_buf *armored, const struct writ_ssh_key *key)
{
    return writ_sshsig_verify(writ_buf_slice(armored), NAME_SPACE, TEXT, key, NULL);
}

/* Nothing may be changed in a signature: not one bit of the blob, for any byte of it. */
static void check_every_byte(const struct writ_buf *good, const struct writ_ssh_key *key)
{
    WRIT_AUTO_BUF blob, bad;

    writ_buf_init(&blob, 4096);
    writ_buf_init(&bad, 8192);
    unarmor(&blob, writ_buf_slice(good));
    for (size_t i = 0; i < blob.len; i++) {
        blob.ptr[i] ^= (uint8_t)(1u << i % 8);
        armor(&bad, writ_buf_slice(&blob));
        if (verify(&bad, key) == WRIT_OK)
            fail_msg("bit %zu of byte %zu may be flipped", i % 8, i);
        blob.ptr[i] ^= (uint8_t)(1u << i % 8);
    }
    armor(&bad, writ_buf_slice(&blob)); /* and it was not the armor */
    assert_int_equal(verify(&bad, key), WRIT_OK);
    for (size_t n = 0; n < blob.len; n++) {
        armor(&bad, writ_slice(blob.ptr, n));
        if (verify(&bad, key) != WRIT_FORMAT)
            fail_msg("blob may be cut to %zu bytes", n);
    }
    /* The end line's line break may be missing, as after copy and paste; nothing else may. */
    for (size_t n = 0; n + 1 < good->len; n++)
        if (writ_sshsig_verify(writ_slice(good->ptr, n), NAME_SPACE, TEXT, key, NULL) !=
            WRIT_FORMAT)
            fail_msg("text may be cut to %zu bytes", n);
    assert_int_equal(
        writ_sshsig_verify(writ_slice(good->ptr, good->len - 1), NAME_SPACE, TEXT, key, NULL),
        WRIT_OK);
}

static void check_meaning(const struct writ_buf *good, const struct writ_ssh_key *key,
                          const struct writ_ssh_key *other)
{
    struct writ_slice sig = writ_buf_slice(good);
    struct writ_ssh_key claimed;
    struct writ_err err;

    assert_int_equal(writ_sshsig_verify(sig, NAME_SPACE, TEXT, key, &err), WRIT_OK);
    assert_int_equal(writ_sshsig_verify(sig, NAME_SPACE, TEXT, other, &err), WRIT_SIGNATURE);
    assert_non_null(strstr(err.text, other->fingerprint));
    assert_int_equal(writ_sshsig_verify(sig, NAME_SPACE, WRIT_LIT("other"), key, &err),
                     WRIT_SIGNATURE);
    assert_non_null(strstr(err.text, "not over this text"));
    assert_int_equal(writ_sshsig_verify(sig, NAME_SPACE, WRIT_LIT(""), key, &err), WRIT_SIGNATURE);
    static const char *const SPACES[] = { "writ.approval", "writ.gran", "writ.grant2", "file" };
    for (size_t i = 0; i < ARRAY_LEN(SPACES); i++) {
        assert_int_equal(writ_sshsig_verify(sig, SPACES[i], TEXT, key, &err), WRIT_SIGNATURE);
        assert_non_null(strstr(err.text, SPACES[i]));
    }
    assert_int_equal(writ_sshsig_verify(sig, "", TEXT, key, &err), WRIT_ARG);
    assert_int_equal(writ_sshsig_key(sig, &claimed, &err), WRIT_OK);
    assert_true(writ_ssh_key_eq(&claimed, key));
    assert_string_equal(claimed.fingerprint, key->fingerprint);
}

struct folder {
    char path[40];
};

static int enter_folder(void **state)
{
    struct folder *f = calloc(1, sizeof(*f));

    *state = f;
    if (f == NULL)
        return -1;
    (void)snprintf(f->path, sizeof(f->path), "/tmp/writ-test-sshsig-XXXXXX");
    return mkdtemp(f->path) == NULL || chdir(f->path) != 0 ? -1 : 0;
}

static int leave_folder(void **state)
{
    static const char *const FILES[] = { "key", "key.pub", "text", "text.sig" };
    struct folder *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(FILES); i++)
        (void)unlink(FILES[i]);
    int bad = chdir("/") != 0 || rmdir(f->path) != 0;
    free(f);
    return bad ? -1 : 0;
}

static void keygen_signature(const char *type, const char *hash, struct writ_ssh_key *key,
                             struct writ_buf *sig)
{
    const char *const make[] = { "ssh-keygen",        "-q", "-t",  type, "-N", "", "-C",
                                 "alice@example.org", "-f", "key", NULL };
    char option[32];
    const char *const sign[] = { "ssh-keygen", "-q",       "-Y", "sign", "-f",   "key",
                                 "-n",         NAME_SPACE, "-O", option, "text", NULL };
    WRIT_AUTO_BUF line;

    (void)snprintf(option, sizeof(option), "hashalg=%s", hash);
    (void)unlink("key");
    (void)unlink("key.pub");
    (void)unlink("text.sig");
    int fd = open("text", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, TEXT.ptr, TEXT.len), (ssize_t)TEXT.len);
    assert_int_equal(close(fd), 0);
    if (!run(make) || !run(sign))
        fail_msg("ssh-keygen for %s: is openssh-client installed?", type);
    writ_buf_init(&line, 8192);
    read_file("key.pub", &line);
    assert_int_equal(writ_ssh_key_parse(writ_buf_slice(&line), key, NULL), WRIT_OK);
    read_file("text.sig", sig);
}

static void test_ssh_keygen(void **state)
{
    static const struct {
        const char *type, *hash;
    } rows[] = { { "ed25519", "sha512" },
                 { "ed25519", "sha256" },
                 { "ecdsa", "sha512" },
                 { "ecdsa", "sha256" } };
    struct made stranger;
    struct writ_ssh_key other;

    (void)state;
    make_key(&stranger, WRIT_KEY_ED25519, false);
    as_ssh_key(&stranger, &other);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct writ_ssh_key key;
        WRIT_AUTO_BUF sig;
        writ_buf_init(&sig, 8192);
        keygen_signature(rows[i].type, rows[i].hash, &key, &sig);
        check_meaning(&sig, &key, &other);
        check_every_byte(&sig, &key);
    }
    writ_key_free(stranger.key);
}

/* All four kinds, with the two that need hardware played by keys in software. */
static const struct {
    enum writ_key_kind kind;
    bool hardware;
} KINDS[] = { { WRIT_KEY_ED25519, false },
              { WRIT_KEY_P256, false },
              { WRIT_KEY_ED25519, true },
              { WRIT_KEY_P256, true } };

static void test_built(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        struct made by, stranger;
        struct writ_ssh_key key, other;
        WRIT_AUTO_BUF blob, sig;
        writ_buf_init(&blob, 4096);
        writ_buf_init(&sig, 8192);
        make_key(&by, KINDS[i].kind, KINDS[i].hardware);
        make_key(&stranger, KINDS[i].kind, KINDS[i].hardware);
        as_ssh_key(&by, &key);
        as_ssh_key(&stranger, &other);
        struct recipe r = good_recipe(&by, TEXT);
        make_blob(&blob, &r);
        armor(&sig, writ_buf_slice(&blob));
        check_meaning(&sig, &key, &other);
        check_every_byte(&sig, &key);
        writ_key_free(by.key);
        writ_key_free(stranger.key);
    }
}

/* r and s of every length come by when enough signatures are made. */
static void test_many_scalars(void **state)
{
    struct made by;
    struct writ_ssh_key key;

    (void)state;
    make_key(&by, WRIT_KEY_P256, false);
    as_ssh_key(&by, &key);
    for (int i = 0; i < 600; i++) {
        WRIT_AUTO_BUF blob, sig;
        writ_buf_init(&blob, 4096);
        writ_buf_init(&sig, 8192);
        struct recipe r = good_recipe(&by, TEXT);
        make_blob(&blob, &r);
        armor(&sig, writ_buf_slice(&blob));
        assert_int_equal(verify(&sig, &key), WRIT_OK);
    }
    writ_key_free(by.key);
}

/* One field of the recipe is changed, and all of it is then signed by the right key. */
static const struct change {
    const char *rule;
    bool hardware_only, p256_only;
    enum writ_status want;
    const char *reserved, *hash, *sig_type, *application, *after_signature, *after_blob;
    uint32_t version;
    uint8_t flags, signed_flags; /* both of 0xff: as in the good recipe */
    bool long_scalars;
} CHANGES[] = {
    { .rule = "nothing changed", .want = WRIT_OK, .flags = 0xff },
    { .rule = "sha256", .want = WRIT_OK, .hash = "sha256", .flags = 0xff },
    { .rule = "touched and verified",
      .hardware_only = true,
      .want = WRIT_OK,
      .flags = 5,
      .signed_flags = 5 },
    { .rule = "not touched",
      .hardware_only = true,
      .want = WRIT_REFUSED,
      .flags = 0,
      .signed_flags = 0 },
    { .rule = "verified but not touched",
      .hardware_only = true,
      .want = WRIT_REFUSED,
      .flags = 4,
      .signed_flags = 4 },
    { .rule = "touch added after signing",
      .hardware_only = true,
      .want = WRIT_SIGNATURE,
      .flags = 1,
      .signed_flags = 0 },
    { .rule = "signed for another application",
      .hardware_only = true,
      .want = WRIT_SIGNATURE,
      .application = "https://example.org",
      .flags = 0xff },
    { .rule = "another version", .want = WRIT_FORMAT, .version = 99, .flags = 0xff },
    { .rule = "reserved not empty", .want = WRIT_FORMAT, .reserved = "x", .flags = 0xff },
    { .rule = "sha1", .want = WRIT_FORMAT, .hash = "sha1", .flags = 0xff },
    { .rule = "hash in capitals", .want = WRIT_FORMAT, .hash = "SHA512", .flags = 0xff },
    { .rule = "hash not named", .want = WRIT_FORMAT, .hash = "", .flags = 0xff },
    { .rule = "signature of another type",
      .want = WRIT_FORMAT,
      .sig_type = "rsa-sha2-512",
      .flags = 0xff },
    { .rule = "signature of a web page's key",
      .want = WRIT_FORMAT,
      .sig_type = "webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
      .flags = 0xff },
    { .rule = "bytes after the signature",
      .want = WRIT_FORMAT,
      .after_signature = "x",
      .flags = 0xff },
    { .rule = "bytes after the blob", .want = WRIT_FORMAT, .after_blob = "x", .flags = 0xff },
    { .rule = "integers longer than they must be",
      .p256_only = true,
      .want = WRIT_FORMAT,
      .long_scalars = true,
      .flags = 0xff },
};

static void apply(struct recipe *r, const struct change *c)
{
    r->reserved = c->reserved != NULL ? c->reserved : r->reserved;
    r->hash = c->hash != NULL ? c->hash : r->hash;
    r->sig_type = c->sig_type != NULL ? c->sig_type : r->sig_type;
    r->application = c->application != NULL ? c->application : r->application;
    r->after_signature = c->after_signature != NULL ? c->after_signature : r->after_signature;
    r->after_blob = c->after_blob != NULL ? c->after_blob : r->after_blob;
    r->version = c->version != 0 ? c->version : r->version;
    r->long_scalars = c->long_scalars;
    if (c->flags != 0xff) {
        r->flags = c->flags;
        r->signed_flags = c->signed_flags;
    }
}

static void test_one_field_wrong(void **state)
{
    (void)state;
    for (size_t k = 0; k < ARRAY_LEN(KINDS); k++) {
        struct made by;
        struct writ_ssh_key key;
        make_key(&by, KINDS[k].kind, KINDS[k].hardware);
        as_ssh_key(&by, &key);
        for (size_t i = 0; i < ARRAY_LEN(CHANGES); i++) {
            const struct change *c = &CHANGES[i];
            if ((c->hardware_only && !by.hardware) ||
                (c->p256_only && KINDS[k].kind != WRIT_KEY_P256))
                continue;
            WRIT_AUTO_BUF blob, sig;
            struct writ_err err = { .text = "" };
            struct recipe r = good_recipe(&by, TEXT);
            writ_buf_init(&blob, 4096);
            writ_buf_init(&sig, 8192);
            apply(&r, c);
            make_blob(&blob, &r);
            armor(&sig, writ_buf_slice(&blob));
            enum writ_status st =
                writ_sshsig_verify(writ_buf_slice(&sig), NAME_SPACE, TEXT, &key, &err);
            if (st != c->want || (st != WRIT_OK && err.text[0] == '\0'))
                fail_msg("%s, %s: %s (%s)", by.type, c->rule, writ_status_text(st), err.text);
        }
        writ_key_free(by.key);
    }
}

#define BEGIN "-----BEGIN SSH SIGNATURE-----\n"
#define END   "-----END SSH SIGNATURE-----\n"

static void test_armor_refused(void **state)
{
    static const struct {
        const char *rule, *text;
    } rows[] = {
        { "empty", "" },
        { "begin only", BEGIN },
        { "nothing inside", BEGIN END },
        { "another begin", "-----BEGIN PGP SIGNATURE-----\nU1NIU0lH\n" END },
        { "space before", " " BEGIN "U1NIU0lH\n" END },
        { "CR LF", "-----BEGIN SSH SIGNATURE-----\r\nU1NIU0lH\r\n-----END SSH SIGNATURE-----\r\n" },
        { "empty line inside", BEGIN "U1NI\n\nU0lH\n" END },
        { "not base64", BEGIN "U1NI*0lH\n" END },
        { "padding missing", BEGIN "U1NIU0l\n" END },
        { "text after the end", BEGIN "U1NIU0lH\n" END "x" },
        { "two line breaks after the end", BEGIN "U1NIU0lH\n" END "\n" },
        { "other magic", BEGIN "U1NIU0lI\n" END },
        { "magic only", BEGIN "U1NIU0lH\n" END },
        { "a line far too long", BEGIN "U1NIU0lHU1NIU0lHU1NIU0lHU1NIU0lHU1NIU0lHU1NIU0lHU1NIU0lHU1N"
                                       "IU0lHU1NIU0lHU1NIU0lH\n" END },
    };
    struct made by;
    struct writ_ssh_key key, claimed = { .blob_len = 42 };
    char longer[WRIT_SSHSIG_MAX + 1];

    (void)state;
    make_key(&by, WRIT_KEY_ED25519, false);
    as_ssh_key(&by, &key);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct writ_slice text = writ_cstr(rows[i].text);
        if (writ_sshsig_verify(text, NAME_SPACE, TEXT, &key, NULL) != WRIT_FORMAT ||
            writ_sshsig_key(text, &claimed, NULL) != WRIT_FORMAT || claimed.blob_len != 42)
            fail_msg("%s: accepted", rows[i].rule);
    }
    memset(longer, 'A', sizeof(longer));
    assert_int_equal(
        writ_sshsig_verify(writ_slice(longer, sizeof(longer)), NAME_SPACE, TEXT, &key, NULL),
        WRIT_LIMIT);
    writ_key_free(by.key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ssh_keygen, enter_folder, leave_folder),
        cmocka_unit_test(test_built),
        cmocka_unit_test(test_many_scalars),
        cmocka_unit_test(test_one_field_wrong),
        cmocka_unit_test(test_armor_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
