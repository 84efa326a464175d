#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/key.h"

#include "base/banned.h"

/* Each test works in an empty folder of its own, which is also the working folder. */
static int enter_folder(void **state)
{
    char *path = strdup("/tmp/writ-test-key-XXXXXX");

    *state = path;
    return path == NULL || mkdtemp(path) == NULL || chdir(path) != 0 ? -1 : 0;
}

static int leave_folder(void **state)
{
    DIR *dir = opendir(".");
    struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        (void)unlink(entry->d_name);
    if (dir != NULL)
        (void)closedir(dir);
    int bad = chdir("/") != 0 || rmdir(*state) != 0;
    free(*state);
    return bad ? -1 : 0;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

static size_t read_file(const char *path, char *out, size_t max)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    ssize_t n = read(fd, out, max - 1);
    assert_true(n >= 0);
    out[n] = '\0';
    assert_int_equal(close(fd), 0);
    return (size_t)n;
}

static void test_store_then_load(void **state)
{
    static const enum writ_key_kind kinds[] = { WRIT_KEY_ED25519, WRIT_KEY_P256 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        char before[WRIT_KEY_TEXT], after[WRIT_KEY_TEXT];
        uint8_t sig[WRIT_SIGNATURE_LEN];
        struct stat st;
        struct writ_err err = { .text = "" };
        WRIT_AUTO_KEY *made = NULL;
        WRIT_AUTO_KEY *loaded = NULL;

        (void)unlink("key");
        mode_t old = umask(0); /* the mode must not depend on it */
        assert_int_equal(writ_key_generate(kinds[i], &made, NULL), WRIT_OK);
        assert_int_equal(writ_key_store(made, "key", &err), WRIT_OK);
        (void)umask(old);
        assert_int_equal(stat("key", &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_int_equal(writ_key_load("key", &loaded, &err), WRIT_OK);
        writ_key_text(made, before);
        writ_key_text(loaded, after);
        assert_string_equal(before, after);
        assert_int_equal(writ_key_sign(loaded, WRIT_LIT("text"), sig, NULL), WRIT_OK);
        assert_int_equal(writ_key_verify(made, WRIT_LIT("text"), writ_slice(sig, sizeof(sig))),
                         WRIT_OK);
        assert_int_equal(chmod("key", 0400), 0); /* stricter is fine */
        struct writ_key *again = NULL;
        assert_int_equal(writ_key_load("key", &again, &err), WRIT_OK);
        writ_key_free(again);
    }
}

static void test_store_refuses(void **state)
{
    WRIT_AUTO_KEY *key = NULL;
    WRIT_AUTO_KEY *pub = NULL;
    char text[WRIT_KEY_TEXT], content[64];
    struct writ_err err;

    (void)state;
    assert_int_equal(writ_key_generate(WRIT_KEY_ED25519, &key, NULL), WRIT_OK);
    write_file("taken", "precious", 0600);
    assert_int_equal(writ_key_store(key, "taken", &err), WRIT_CONFLICT);
    (void)read_file("taken", content, sizeof(content));
    assert_string_equal(content, "precious");
    assert_int_equal(symlink("nowhere", "link"), 0); /* would create what it points to */
    assert_int_equal(writ_key_store(key, "link", &err), WRIT_CONFLICT);
    assert_int_equal(writ_key_store(key, "no/such/folder", &err), WRIT_IO);
    assert_non_null(strstr(err.text, "no/such/folder"));
    writ_key_text(key, text);
    assert_int_equal(writ_key_parse(writ_cstr(text), &pub, NULL), WRIT_OK);
    assert_int_equal(writ_key_store(pub, "public", &err), WRIT_ARG);
    assert_int_equal(access("public", F_OK), -1);
}

static void test_modes(void **state)
{
    static const struct {
        mode_t mode;
        enum writ_status want;
    } rows[] = {
        { 0600, WRIT_OK },      { 0400, WRIT_OK },      { 0640, WRIT_REFUSED },
        { 0604, WRIT_REFUSED }, { 0620, WRIT_REFUSED }, { 0602, WRIT_REFUSED },
        { 0610, WRIT_REFUSED }, { 0700, WRIT_REFUSED }, { 04600, WRIT_REFUSED },
    };
    WRIT_AUTO_KEY *made = NULL;

    (void)state;
    assert_int_equal(writ_key_generate(WRIT_KEY_ED25519, &made, NULL), WRIT_OK);
    assert_int_equal(writ_key_store(made, "key", NULL), WRIT_OK);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct writ_key *key = NULL;
        struct writ_err err = { .text = "" };
        assert_int_equal(chmod("key", rows[i].mode), 0);
        enum writ_status st = writ_key_load("key", &key, &err);
        writ_key_free(key);
        if (st != rows[i].want || (st != WRIT_OK && strstr(err.text, "chmod 600 key") == NULL))
            fail_msg("mode %04o: %s (%s)", (unsigned)rows[i].mode, writ_status_text(st), err.text);
    }
}

static void test_not_a_plain_file(void **state)
{
    WRIT_AUTO_KEY *made = NULL;
    struct writ_key *key = NULL;
    struct writ_err err;

    (void)state;
    assert_int_equal(writ_key_generate(WRIT_KEY_ED25519, &made, NULL), WRIT_OK);
    assert_int_equal(writ_key_store(made, "key", NULL), WRIT_OK);
    assert_int_equal(symlink("key", "link"), 0);
    assert_int_equal(writ_key_load("link", &key, &err), WRIT_REFUSED);
    assert_non_null(strstr(err.text, "symbolic link"));
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(writ_key_load("fifo", &key, &err), WRIT_REFUSED); /* and does not hang */
    assert_int_equal(writ_key_load(".", &key, &err), WRIT_REFUSED);
    assert_int_equal(writ_key_load("absent", &key, &err), WRIT_IO);
    if (geteuid() == 0) { /* only root can make a file of somebody else */
        assert_int_equal(chown("key", 65534, 65534), 0);
        assert_int_equal(writ_key_load("key", &key, &err), WRIT_REFUSED);
        assert_non_null(strstr(err.text, "chown 0 key"));
    }
    assert_null(key);
}

/* PKCS#8 of K1, RFC 8410 section 7 form; the RSA key is no key of ours. */
#define K1_BODY "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
#define BEGIN   "-----BEGIN PRIVATE KEY-----\n"
#define END     "-----END PRIVATE KEY-----\n"

static void test_content(void **state)
{
    static const struct {
        const char *rule, *text;
        enum writ_status want;
    } rows[] = {
        { "PKCS#8 made elsewhere", BEGIN K1_BODY END, WRIT_OK },
        { "empty", "", WRIT_FORMAT },
        { "no PEM", "secret", WRIT_FORMAT },
        { "no end", BEGIN K1_BODY, WRIT_FORMAT },
        { "text before", "my key\n" BEGIN K1_BODY END, WRIT_FORMAT },
        { "text after", BEGIN K1_BODY END "x", WRIT_FORMAT },
        { "two keys", BEGIN K1_BODY END BEGIN K1_BODY END, WRIT_FORMAT },
        { "encrypted",
          "-----BEGIN ENCRYPTED PRIVATE KEY-----\n" K1_BODY "-----END ENCRYPTED PRIVATE KEY-----\n",
          WRIT_FORMAT },
        { "not base64", BEGIN "!!!!\n" END, WRIT_FORMAT },
        { "cut", BEGIN "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v\n" END, WRIT_FORMAT },
        { "X25519, for key agreement",
          BEGIN "MC4CAQAwBQYDK2VuBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n" END,
          WRIT_FORMAT },
    };
    char longer[8192];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct writ_key *key = NULL;
        struct writ_err err = { .text = "" };
        write_file("key", rows[i].text, 0600);
        enum writ_status st = writ_key_load("key", &key, &err);
        if (st != rows[i].want || (key != NULL) != (st == WRIT_OK))
            fail_msg("%s: %s (%s)", rows[i].rule, writ_status_text(st), err.text);
        if (st != WRIT_OK && strstr(err.text, "key file key") == NULL)
            fail_msg("%s: does not name the file: %s", rows[i].rule, err.text);
        writ_key_free(key);
    }
    struct writ_key *key = NULL;
    memset(longer, 'x', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    write_file("key", longer, 0600);
    assert_int_equal(writ_key_load("key", &key, NULL), WRIT_FORMAT);
    assert_null(key);
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_store_then_load),  IN_FOLDER(test_store_refuses), IN_FOLDER(test_modes),
        IN_FOLDER(test_not_a_plain_file), IN_FOLDER(test_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
