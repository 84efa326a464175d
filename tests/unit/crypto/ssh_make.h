/*
 * Signatures for the tests of sshsig, by two makers.
 *
 * - ssh-keygen, the program itself, for plain keys: what people will really send.
 * - The builder below, for security keys: there is no such hardware here, so a key in software
 *   signs what PROTOCOL.u2f says that the hardware signs. The builder also makes signatures with
 *   one field wrong, which ssh-keygen would never write; that its right ones are accepted, and
 *   that for plain keys both makers agree, shows that it is the wrong field that is refused.
 */
#ifndef WRIT_TESTS_SSH_MAKE_H
#define WRIT_TESTS_SSH_MAKE_H

#include <fcntl.h>
#include <openssl/sha.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/key.h"
#include "crypto/ssh.h"

extern char **environ;

/* Runs a program found by PATH in silence; true when it ends well. */
static inline bool run(const char *const *argv)
{
    posix_spawn_file_actions_t quiet;
    pid_t pid;
    int status = -1;

    assert_int_equal(posix_spawn_file_actions_init(&quiet), 0);
    for (int fd = 0; fd < 3; fd++)
        assert_int_equal(posix_spawn_file_actions_addopen(&quiet, fd, "/dev/null",
                                                          fd == 0 ? O_RDONLY : O_WRONLY, 0),
                         0);
    char *const *args = (char *const *)(uintptr_t)argv; /* posix_spawnp is not const-correct */
    int failed = posix_spawnp(&pid, argv[0], &quiet, NULL, args, environ);
    assert_int_equal(posix_spawn_file_actions_destroy(&quiet), 0);
    if (failed != 0 || waitpid(pid, &status, 0) != pid)
        return false;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static inline void read_file(const char *path, struct writ_buf *out)
{
    uint8_t *at;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        fail_msg("cannot open %s", path);
    assert_int_equal(writ_buf_reserve(out, 8192, &at), WRIT_OK);
    ssize_t n = read(fd, at, 8192);
    assert_true(n >= 0);
    out->len += (size_t)n;
    assert_int_equal(close(fd), 0);
}

struct made {
    struct writ_key *key;
    struct writ_slice public_part; /* 32 or 65 bytes */
    uint8_t public_bytes[65];
    bool hardware;
    const char *type;
};

/* Everything that a signature says; a test changes one of these. */
struct recipe {
    struct made *by;
    struct writ_slice message;
    const char *name_space, *reserved, *hash, *sig_type, *application;
    uint32_t version;
    uint8_t flags;
    uint8_t signed_flags; /* what the key has signed, where it differs from what is sent */
    uint32_t counter;
    bool long_scalars; /* mpints with a zero byte too many */
    const char *after_signature, *after_blob;
};

static inline struct recipe good_recipe(struct made *by, struct writ_slice message)
{
    return (struct recipe){ .by = by,
                            .message = message,
                            .name_space = "writ.grant",
                            .reserved = "",
                            .hash = "sha512",
                            .sig_type = by->type,
                            .application = "ssh:",
                            .version = 1,
                            .flags = 1,
                            .signed_flags = 1,
                            .counter = 7,
                            .after_signature = "",
                            .after_blob = "" };
}

#define ADD(call) assert_int_equal((call), WRIT_OK)

static inline void make_key(struct made *m, enum writ_key_kind kind, bool hardware)
{
    char text[WRIT_KEY_TEXT];
    WRIT_AUTO_BUF raw;

    writ_buf_init(&raw, 65);
    ADD(writ_key_generate(kind, &m->key, NULL));
    writ_key_text(m->key, text);
    ADD(writ_base64url_decode(&raw, writ_cstr(strchr(text, ':') + 1)));
    memcpy(m->public_bytes, raw.ptr, raw.len);
    m->public_part = writ_slice(m->public_bytes, raw.len);
    m->hardware = hardware;
    if (kind == WRIT_KEY_ED25519)
        m->type = hardware ? "sk-ssh-ed25519@openssh.com" : "ssh-ed25519";
    else
        m->type = hardware ? "sk-ecdsa-sha2-nistp256@openssh.com" : "ecdsa-sha2-nistp256";
}

static inline void add_key_blob(struct writ_buf *out, const struct made *m, const char *application)
{
    ADD(writ_buf_add_str32(out, writ_cstr(m->type)));
    if (writ_key_kind(m->key) == WRIT_KEY_P256)
        ADD(writ_buf_add_str32(out, WRIT_LIT("nistp256")));
    ADD(writ_buf_add_str32(out, m->public_part));
    if (m->hardware)
        ADD(writ_buf_add_str32(out, writ_cstr(application)));
}

static inline void as_ssh_key(const struct made *m, struct writ_ssh_key *out)
{
    WRIT_AUTO_BUF blob, line;

    writ_buf_init(&blob, WRIT_SSH_BLOB_MAX);
    writ_buf_init(&line, WRIT_SSH_LINE_MAX);
    add_key_blob(&blob, m, "ssh:");
    ADD(writ_buf_addf(&line, "%s ", m->type));
    ADD(writ_base64_encode(&line, writ_buf_slice(&blob)));
    ADD(writ_ssh_key_parse(writ_buf_slice(&line), out, NULL));
}

/* What the key signs, before the part that only hardware adds. */
static inline void add_signed_text(struct writ_buf *out, const struct recipe *r)
{
    uint8_t wide[SHA512_DIGEST_LENGTH];
    struct writ_hash narrow = writ_sha256(r->message);

    assert_non_null(SHA512(r->message.ptr, r->message.len, wide));
    ADD(writ_buf_add_cstr(out, "SSHSIG"));
    ADD(writ_buf_add_str32(out, writ_cstr(r->name_space)));
    ADD(writ_buf_add_str32(out, writ_cstr(r->reserved)));
    ADD(writ_buf_add_str32(out, writ_cstr(r->hash)));
    ADD(writ_buf_add_str32(out, strcmp(r->hash, "sha256") == 0 ? writ_slice(narrow.b, 32)
                                                               : writ_slice(wide, sizeof(wide))));
}

static inline void add_mpint(struct writ_buf *out, const uint8_t scalar[32], bool longer)
{
    uint8_t padded[34] = { 0 };
    size_t at = 2;

    memcpy(padded + 2, scalar, 32);
    while (at < 33 && padded[at] == 0)
        at++;
    if ((padded[at] & 0x80) != 0)
        at--;
    if (longer)
        at--;
    ADD(writ_buf_add_str32(out, writ_slice(padded + at, sizeof(padded) - at)));
}

static inline void add_signature(struct writ_buf *out, const struct recipe *r)
{
    WRIT_AUTO_BUF text, body;
    uint8_t raw[WRIT_SIGNATURE_LEN];

    writ_buf_init(&text, 4096);
    writ_buf_init(&body, 4096);
    add_signed_text(&text, r);
    if (r->by->hardware) {
        struct writ_hash app = writ_sha256(writ_cstr(r->application));
        struct writ_hash inner = writ_sha256(writ_buf_slice(&text));
        writ_buf_clear(&text);
        ADD(writ_buf_add(&text, writ_slice(app.b, 32)));
        ADD(writ_buf_add_byte(&text, r->signed_flags));
        ADD(writ_buf_add_be32(&text, r->counter));
        ADD(writ_buf_add(&text, writ_slice(inner.b, 32)));
    }
    ADD(writ_key_sign(r->by->key, writ_buf_slice(&text), raw, NULL));
    if (writ_key_kind(r->by->key) == WRIT_KEY_P256) {
        add_mpint(&body, raw, r->long_scalars);
        add_mpint(&body, raw + 32, r->long_scalars);
    } else {
        ADD(writ_buf_add(&body, writ_slice(raw, sizeof(raw))));
    }
    ADD(writ_buf_add_str32(out, writ_cstr(r->sig_type)));
    ADD(writ_buf_add_str32(out, writ_buf_slice(&body)));
    if (r->by->hardware) {
        ADD(writ_buf_add_byte(out, r->flags));
        ADD(writ_buf_add_be32(out, r->counter));
    }
    ADD(writ_buf_add_cstr(out, r->after_signature));
}

/* The bytes inside the armor. */
static inline void make_blob(struct writ_buf *out, const struct recipe *r)
{
    WRIT_AUTO_BUF key, signature;

    writ_buf_init(&key, WRIT_SSH_BLOB_MAX);
    writ_buf_init(&signature, 1024);
    add_key_blob(&key, r->by, "ssh:");
    add_signature(&signature, r);
    ADD(writ_buf_add_cstr(out, "SSHSIG"));
    ADD(writ_buf_add_be32(out, r->version));
    ADD(writ_buf_add_str32(out, writ_buf_slice(&key)));
    ADD(writ_buf_add_str32(out, writ_cstr(r->name_space)));
    ADD(writ_buf_add_str32(out, writ_cstr(r->reserved)));
    ADD(writ_buf_add_str32(out, writ_cstr(r->hash)));
    ADD(writ_buf_add_str32(out, writ_buf_slice(&signature)));
    ADD(writ_buf_add_cstr(out, r->after_blob));
}

static inline void armor(struct writ_buf *out, struct writ_slice blob)
{
    WRIT_AUTO_BUF digits;

    writ_buf_init(&digits, 8192);
    ADD(writ_base64_encode(&digits, blob));
    writ_buf_clear(out);
    ADD(writ_buf_add_cstr(out, "-----BEGIN SSH SIGNATURE-----\n"));
    for (size_t at = 0; at < digits.len; at += 70) {
        struct writ_slice rest = writ_slice_from(writ_buf_slice(&digits), at);
        ADD(writ_buf_add(out, writ_slice(rest.ptr, rest.len < 70 ? rest.len : 70)));
        ADD(writ_buf_add_byte(out, '\n'));
    }
    ADD(writ_buf_add_cstr(out, "-----END SSH SIGNATURE-----\n"));
}

/* The other way; the tests trust ssh-keygen's lines here. */
static inline void unarmor(struct writ_buf *out, struct writ_slice text)
{
    WRIT_AUTO_BUF digits;
    size_t at = strlen("-----BEGIN SSH SIGNATURE-----\n");

    writ_buf_init(&digits, 8192);
    for (; text.ptr[at] != '-'; at++)
        if (text.ptr[at] != '\n')
            ADD(writ_buf_add_byte(&digits, text.ptr[at]));
    ADD(writ_base64_decode(out, writ_buf_slice(&digits)));
}

#endif
