#include "home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"

static void close_fd(int *fd)
{
    if (*fd > 2)
        (void)close(*fd);
}
#define AUTO_FD __attribute__((cleanup(close_fd))) int

bool writ_name_valid(struct writ_slice name)
{
    if (name.len == 0 || name.len > 64)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.ptr[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!alnum && (i == 0 || (c != '.' && c != '_' && c != '-')))
            return false;
    }
    return true;
}

static enum writ_status print_path(char out[WRIT_PATH_MAX], const char *dir, const char *name,
                                   struct writ_err *err)
{
    int n = snprintf(out, WRIT_PATH_MAX, "%s/%s", dir, name);

    if (n < 0 || n >= WRIT_PATH_MAX)
        return writ_fail(err, WRIT_LIMIT, "the path %s/%s is too long", dir, name);
    return WRIT_OK;
}

enum writ_status writ_home_name(struct writ_cli *cli, struct writ_err *err)
{
    const char *named = writ_cli_value(cli, "home", "WRIT_HOME");
    const char *user = getenv("HOME");
    char here[WRIT_PATH_MAX];

    if (named == NULL && (user == NULL || *user == '\0'))
        return writ_fail(err, WRIT_ARG, "say where the home is: --home DIR, or set WRIT_HOME");
    if (named == NULL)
        return print_path(cli->home, user, ".writ", err);
    if (named[0] == '/') {
        int n = snprintf(cli->home, sizeof(cli->home), "%s", named);
        if (n < 0 || (size_t)n >= sizeof(cli->home))
            return writ_fail(err, WRIT_LIMIT, "the path %s is too long", named);
        return WRIT_OK;
    }
    /* The daemon runs elsewhere: what it is told must not depend on where we are. */
    if (getcwd(here, sizeof(here)) == NULL)
        return writ_fail_sys(err, "the current directory cannot be named");
    return print_path(cli->home, here, named, err);
}

enum writ_status writ_home_find(struct writ_cli *cli, struct writ_err *err)
{
    struct stat st;
    char cell[WRIT_PATH_MAX];

    WRIT_TRY(writ_home_name(cli, err));
    WRIT_TRY(writ_home_path(cli, "cell", cell, err));
    if (stat(cli->home, &st) != 0 && errno != ENOENT)
        return writ_fail_sys(err, "%s", cli->home);
    if (access(cell, F_OK) != 0 && errno == ENOENT)
        return writ_fail(err, WRIT_NOT_FOUND,
                         "%s is not a home of Writ: name it with --home or WRIT_HOME, or make "
                         "it with `writ init`",
                         cli->home);
    if (stat(cli->home, &st) != 0)
        return writ_fail_sys(err, "%s", cli->home);
    if (st.st_uid != geteuid() && geteuid() != 0)
        return writ_fail(err, WRIT_REFUSED, "%s belongs to another user (uid %u)", cli->home,
                         (unsigned)st.st_uid);
    if ((st.st_mode & 077) != 0)
        return writ_fail(err, WRIT_REFUSED, "others may enter %s: run chmod 700 %s", cli->home,
                         cli->home);
    return WRIT_OK;
}

enum writ_status writ_home_path(const struct writ_cli *cli, const char *name,
                                char out[WRIT_PATH_MAX], struct writ_err *err)
{
    return print_path(out, cli->home, name, err);
}

enum writ_status writ_home_line(const struct writ_cli *cli, const char *name, struct writ_buf *out,
                                struct writ_err *err)
{
    char path[WRIT_PATH_MAX];

    WRIT_TRY(writ_home_path(cli, name, path, err));
    WRIT_TRY(writ_home_read_file(path, out, err));
    if (out->len == 0 || out->ptr[out->len - 1] != '\n' ||
        memchr(out->ptr, '\n', out->len) != out->ptr + out->len - 1)
        return writ_fail(err, WRIT_CORRUPT, "%s does not hold exactly one line", path);
    out->len--;
    return WRIT_OK;
}

enum writ_status writ_home_agent_key(const struct writ_cli *cli, const char *agent,
                                     struct writ_key **out, struct writ_err *err)
{
    const char *named = writ_args_value(&cli->args, "agent-key");
    char file[128], path[WRIT_PATH_MAX];

    if (!writ_name_valid(writ_cstr(agent)))
        return writ_fail(err, WRIT_ARG, "\"%s\" is not the name of an agent", agent);
    if (named != NULL)
        return writ_key_load(named, out, err);
    (void)snprintf(file, sizeof(file), "agents/%s.key", agent);
    WRIT_TRY(writ_home_path(cli, file, path, err));
    if (access(path, F_OK) != 0)
        return writ_fail(err, WRIT_NOT_FOUND,
                         "%s is not there; name the agent's key with --agent-key FILE", path);
    return writ_key_load(path, out, err);
}

enum writ_status writ_home_read_file(const char *path, struct writ_buf *out, struct writ_err *err)
{
    bool standard = strcmp(path, "-") == 0;
    AUTO_FD fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0)
        return writ_fail_sys(err, "%s", path);
    for (;;) {
        uint8_t part[4096];
        ssize_t n = read(fd, part, sizeof(part));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return writ_fail_sys(err, "%s", path);
        if (n == 0)
            return WRIT_OK;
        enum writ_status st = writ_buf_add(out, writ_slice(part, (size_t)n));
        if (st == WRIT_LIMIT)
            return writ_fail(err, st, "%s is longer than %zu bytes", path, out->max);
        if (st != WRIT_OK)
            return writ_fail_nomem(err);
    }
}

enum writ_status writ_home_vkey(const char *given, struct writ_buf *out, struct writ_err *err)
{
    if (strchr(given, '+') != NULL && access(given, F_OK) != 0)
        return writ_buf_add_cstr(out, given);
    WRIT_TRY(writ_home_read_file(given, out, err));
    while (out->len != 0 && out->ptr[out->len - 1] == '\n')
        out->len--;
    /* An empty text means that no key was demanded, which is not what was said. */
    if (out->len == 0)
        return writ_fail(err, WRIT_FORMAT, "%s holds no key", given);
    return WRIT_OK;
}

static enum writ_status sync_parent(const char *path, struct writ_err *err)
{
    char dir[WRIT_PATH_MAX];
    const char *slash = strrchr(path, '/');
    int n = slash == NULL   ? snprintf(dir, sizeof(dir), ".")
            : slash == path ? snprintf(dir, sizeof(dir), "/")
                            : snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);

    if (n < 0 || (size_t)n >= sizeof(dir))
        return writ_fail(err, WRIT_LIMIT, "the path %s is too long", path);
    AUTO_FD fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return writ_fail_sys(err, "%s", dir);
    return WRIT_OK;
}

static enum writ_status write_new(const char *path, struct writ_slice bytes, mode_t mode,
                                  struct writ_err *err)
{
    AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);

    if (fd < 0)
        return writ_fail_sys(err, "%s", path);
    while (bytes.len != 0) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return writ_fail_sys(err, "%s", path);
        bytes = writ_slice_from(bytes, (size_t)n);
    }
    if (fsync(fd) != 0)
        return writ_fail_sys(err, "%s", path);
    return WRIT_OK;
}

enum writ_status writ_home_create_file(const char *path, struct writ_slice bytes,
                                       struct writ_err *err)
{
    WRIT_TRY(write_new(path, bytes, 0600, err));
    return sync_parent(path, err);
}

enum writ_status writ_home_replace_file(const char *path, struct writ_slice bytes, mode_t mode,
                                        struct writ_err *err)
{
    char fresh[WRIT_PATH_MAX];
    int n = snprintf(fresh, sizeof(fresh), "%s.new", path);

    if (n < 0 || (size_t)n >= sizeof(fresh))
        return writ_fail(err, WRIT_LIMIT, "the path %s is too long", path);
    if (unlink(fresh) != 0 && errno != ENOENT) /* what a crash left behind */
        return writ_fail_sys(err, "%s", fresh);
    enum writ_status st = write_new(fresh, bytes, mode, err);
    if (st == WRIT_OK && rename(fresh, path) != 0)
        st = writ_fail_sys(err, "%s", path);
    if (st != WRIT_OK) {
        (void)unlink(fresh); /* the error above is the one to tell */
        return st;
    }
    return sync_parent(path, err);
}

enum writ_status writ_home_create_dir(const char *path, struct writ_err *err)
{
    if (mkdir(path, 0700) != 0)
        return writ_fail_sys(err, "%s", path);
    return sync_parent(path, err);
}
