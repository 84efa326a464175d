#include "witness_state.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "home.h"

#include "base/banned.h"

static const char HEAD[] = "writ-witness/1";

void writ_witness_state_close(struct writ_witness_state *s)
{
    if (s->lock >= 0)
        (void)close(s->lock);
    s->lock = -1;
}

static enum writ_status take_lock(struct writ_witness_state *s, struct writ_err *err)
{
    char path[WRIT_PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s.lock", s->path);

    if (n < 0 || (size_t)n >= sizeof(path))
        return writ_fail(err, WRIT_LIMIT, "the path %s is too long", s->path);
    s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (s->lock < 0)
        return writ_fail_sys(err, "%s", path);
    if (flock(s->lock, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK
                   ? writ_fail(err, WRIT_CONFLICT, "another witness works with %s", s->path)
                   : writ_fail_sys(err, "%s", path);
    return WRIT_OK;
}

/* One line without its LF. */
static bool take_line(struct writ_slice *rest, struct writ_slice *line)
{
    const uint8_t *lf = rest->len != 0 ? memchr(rest->ptr, '\n', rest->len) : NULL;

    if (lf == NULL)
        return false;
    *line = writ_slice(rest->ptr, (size_t)(lf - rest->ptr));
    *rest = writ_slice_from(*rest, line->len + 1);
    return true;
}

static enum writ_status parse(struct writ_witness_state *s, struct writ_slice text,
                              const struct writ_note_key *log, struct writ_err *err)
{
    WRIT_AUTO_BUF vkey, root;
    struct writ_slice rest = text, head, key, size, hash;
    uint64_t n;

    writ_buf_init(&vkey, WRIT_HOME_LINE_MAX);
    writ_buf_init(&root, 64);
    if (writ_note_key_text(log, &vkey) != WRIT_OK)
        return writ_fail_nomem(err);
    if (!take_line(&rest, &head) || !take_line(&rest, &key) || !take_line(&rest, &size) ||
        !take_line(&rest, &hash) || rest.len != 0 || !writ_slice_is(head, HEAD) ||
        writ_u64_parse(size, &n) != WRIT_OK || hash.len > 64 ||
        writ_base64_decode(&root, hash) != WRIT_OK || root.len != WRIT_HASH_LEN)
        return writ_fail(err, WRIT_CORRUPT, "%s is not the state of a witness", s->path);
    if (!writ_slice_eq(key, writ_buf_slice(&vkey)))
        return writ_fail(err, WRIT_CONFLICT, "%s is about another log: %.*s", s->path,
                         WRIT_FMT(key));
    s->size = n;
    memcpy(s->root.b, root.ptr, WRIT_HASH_LEN);
    s->known = true;
    return WRIT_OK;
}

enum writ_status writ_witness_state_open(struct writ_witness_state *s, const char *path,
                                         const struct writ_note_key *log, struct writ_err *err)
{
    WRIT_AUTO_BUF text;
    struct stat st;

    writ_buf_init(&text, WRIT_WITNESS_STATE_MAX);
    s->path = path;
    s->known = false;
    WRIT_TRY(take_lock(s, err));
    if (lstat(path, &st) != 0)
        return errno == ENOENT ? WRIT_OK : writ_fail_sys(err, "%s", path);
    /* Who can change what a witness remembers can have a fork cosigned. */
    if (!S_ISREG(st.st_mode) || (st.st_mode & 022) != 0 || st.st_uid != geteuid())
        return writ_fail(err, WRIT_REFUSED,
                         "%s must be a file of our own that nobody else may write", path);
    WRIT_TRY(writ_home_read_file(path, &text, err));
    return parse(s, writ_buf_slice(&text), log, err);
}

static enum writ_status write_text(const struct writ_note_key *log, const struct writ_checkpoint *c,
                                   struct writ_buf *out)
{
    WRIT_TRY(writ_buf_addf(out, "%s\n", HEAD));
    WRIT_TRY(writ_note_key_text(log, out));
    WRIT_TRY(writ_buf_addf(out, "\n%llu\n", (unsigned long long)c->size));
    WRIT_TRY(writ_base64_encode(out, writ_slice(c->root.b, WRIT_HASH_LEN)));
    return writ_buf_add_byte(out, '\n');
}

enum writ_status writ_witness_state_store(struct writ_witness_state *s,
                                          const struct writ_note_key *log,
                                          const struct writ_checkpoint *c, struct writ_err *err)
{
    WRIT_AUTO_BUF text;

    writ_buf_init(&text, WRIT_WITNESS_STATE_MAX);
    if (write_text(log, c, &text) != WRIT_OK)
        return writ_fail_nomem(err);
    WRIT_TRY(writ_home_replace_file(s->path, writ_buf_slice(&text), 0600, err));
    s->known = true;
    s->size = c->size;
    s->root = c->root;
    return WRIT_OK;
}
