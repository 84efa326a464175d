#include "commands.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "amount.h"
#include "connect.h"
#include "home.h"
#include "list.h"
#include "wire/client.h"
#include "words.h"

#include "base/banned.h"

#define PATIENCE_MS 10000
#define STEP_MS     10

/* clang-format off */
const struct writ_option WRIT_OPTIONS_UP[] = {
    { WRIT_OPTION_FLAG, "foreground", NULL, NULL, "become writd instead of starting it", false },
    WRIT_OPTIONS_DONE,
};
/* clang-format on */

static void pause_ms(long ms)
{
    struct timespec t = { ms / 1000, (ms % 1000) * 1000000 };
    (void)nanosleep(&t, NULL);
}

/* writd beside this program; execvp looks in PATH for the bare name otherwise. */
static void find_writd(char out[WRIT_PATH_MAX])
{
    char self[WRIT_PATH_MAX - 16];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (n > 0) {
        self[n] = '\0';
        char *slash = strrchr(self, '/');
        if (slash != NULL) {
            *slash = '\0';
            (void)snprintf(out, WRIT_PATH_MAX, "%s/writd", self);
            if (access(out, X_OK) == 0)
                return;
        }
    }
    (void)snprintf(out, WRIT_PATH_MAX, "writd");
}

static bool answers(struct writ_cli *cli, const char *socket)
{
    struct writ_err ignored;
    return writ_client_connect(socket, 1000, &cli->client, &ignored) == WRIT_OK;
}

/* The last line that writd wrote, which is why it did not start. */
static void last_line(const char *path, char *out, size_t n)
{
    char line[1024];
    FILE *f = fopen(path, "re");

    (void)snprintf(out, n, "(nothing)");
    while (f != NULL && fgets(line, sizeof(line), f) != NULL)
        (void)snprintf(out, n, "%.*s", (int)strcspn(line, "\n"), line);
    if (f != NULL)
        (void)fclose(f);
}

static enum writ_status spawn(const char *writd, const char *home, const char *log, pid_t *pid,
                              struct writ_err *err)
{
    *pid = fork();
    if (*pid < 0)
        return writ_fail_sys(err, "writd could not be started");
    if (*pid != 0)
        return WRIT_OK;
    int to = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    int from = open("/dev/null", O_RDWR | O_CLOEXEC);
    /* A session of its own, so that closing the terminal does not end it. */
    if (to >= 0 && from >= 0 && setsid() >= 0 && dup2(from, 0) >= 0 && dup2(from, 1) >= 0 &&
        dup2(to, 2) >= 0) {
        (void)execlp(writd, "writd", "--home", home, (char *)NULL);
        (void)dprintf(2, "%s: %s\n", writd, strerror(errno));
    }
    _exit(127);
}

static enum writ_status wait_for(struct writ_cli *cli, pid_t pid, const char *socket,
                                 const char *log, struct writ_err *err)
{
    char why[512];
    int state;

    for (int waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
        if (answers(cli, socket))
            return WRIT_OK;
        if (waitpid(pid, &state, WNOHANG) == pid) {
            last_line(log, why, sizeof(why));
            return writ_fail(err, WRIT_IO, "writd did not start: %s", why);
        }
        pause_ms(STEP_MS);
    }
    last_line(log, why, sizeof(why));
    return writ_fail(err, WRIT_CLOSED, "writd does not answer after %d s; its last words: %s",
                     PATIENCE_MS / 1000, why);
}

static enum writ_status print_up(struct writ_cli *cli, const char *socket, bool already,
                                 struct writ_err *err)
{
    WRIT_AUTO_JSON *status = NULL;

    WRIT_TRY(writ_call(cli, "status", NULL, &status, err));
    if (cli->json) {
        writ_put_json(&cli->out, status);
        return WRIT_OK;
    }
    uint64_t records = writ_field_number(status, "records");
    writ_put_style(&cli->out, WRIT_STYLE_GOOD, "%s", writ_field_text(status, "cell"));
    writ_say(&cli->out, " %s, pid %llu, %llu record%s", already ? "is up already" : "is up",
             (unsigned long long)writ_field_number(status, "pid"), (unsigned long long)records,
             records == 1 ? "" : "s");
    writ_say(&cli->out, "listening on %s", socket);
    return WRIT_OK;
}

enum writ_status writ_cmd_up(struct writ_cli *cli, struct writ_err *err)
{
    char writd[WRIT_PATH_MAX], socket[WRIT_PATH_MAX], log[WRIT_PATH_MAX];
    pid_t pid;

    WRIT_TRY(writ_home_find(cli, err));
    WRIT_TRY(writ_home_path(cli, "writd.sock", socket, err));
    WRIT_TRY(writ_home_path(cli, "writd.log", log, err));
    find_writd(writd);
    if (answers(cli, socket))
        return print_up(cli, socket, true, err);
    if (writ_args_has(&cli->args, "foreground")) {
        (void)execlp(writd, "writd", "--home", cli->home, (char *)NULL);
        return writ_fail_sys(err, "%s", writd);
    }
    WRIT_TRY(spawn(writd, cli->home, log, &pid, err));
    WRIT_TRY(wait_for(cli, pid, socket, log, err));
    return print_up(cli, socket, false, err);
}

/* Gone, or ended and only waiting for its parent to notice: its lock and files are closed. */
static bool is_gone(pid_t pid)
{
    char path[64], text[512];

    (void)snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return kill(pid, 0) != 0 && errno == ESRCH;
    ssize_t n = read(fd, text, sizeof(text) - 1);
    (void)close(fd);
    if (n <= 0)
        return true;
    text[n] = '\0';
    const char *name_end = strrchr(text, ')'); /* the state follows the name */
    return name_end != NULL && strncmp(name_end, ") Z", 3) == 0;
}

enum writ_status writ_cmd_down(struct writ_cli *cli, struct writ_err *err)
{
    WRIT_AUTO_JSON *status = NULL;
    WRIT_AUTO_JSON *reply = NULL;

    WRIT_TRY(writ_call(cli, "status", NULL, &status, err));
    WRIT_TRY(writ_call(cli, "stop_daemon", NULL, &reply, err));
    pid_t pid = (pid_t)writ_field_number(status, "pid");
    writ_call_close(cli);
    /* Down means that another writd may start: the process is gone, not only its socket. */
    for (int waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
        if (pid <= 0 || is_gone(pid)) {
            if (cli->json)
                writ_put_json(&cli->out, reply);
            else
                writ_say(&cli->out, "%s is down", writ_field_text(status, "cell"));
            return WRIT_OK;
        }
        pause_ms(STEP_MS);
    }
    return writ_fail(err, WRIT_TIME, "writd (pid %d) is still finishing after %d s", (int)pid,
                     PATIENCE_MS / 1000);
}

static void number(struct writ_out *out, const char *label, const json_t *status, const char *name,
                   const char *unit)
{
    writ_words_label(out, label);
    writ_say(out, "%llu%s", (unsigned long long)writ_field_number(status, name), unit);
}

static void print_stops(struct writ_cli *cli, const json_t *stops)
{
    for (size_t i = 0; i < json_array_size(stops); i++) {
        const json_t *s = json_array_get(stops, i);
        const char *scope = writ_field_text(s, "scope");

        writ_put_style(&cli->out, WRIT_STYLE_BAD, "  STOPPED     ");
        writ_say(&cli->out, "%s since %s by %s: %s (lift with: writ lift %llu)",
                 strcmp(scope, "*") == 0 ? "everything" : scope, writ_field_text(s, "time"),
                 writ_field_text(s, "by"), writ_field_text(s, "reason"),
                 (unsigned long long)writ_field_number(s, "index"));
    }
}

enum writ_status writ_cmd_status(struct writ_cli *cli, struct writ_err *err)
{
    WRIT_AUTO_JSON *status = NULL;
    struct writ_out *out = &cli->out;
    char up[WRIT_DURATION_TEXT];

    WRIT_TRY(writ_call(cli, "status", NULL, &status, err));
    if (cli->json) {
        writ_put_json(out, status);
        return WRIT_OK;
    }
    writ_duration_format(writ_field_number(status, "uptime_s") * WRIT_SECOND, up);
    writ_put_style(out, WRIT_STYLE_BOLD, "%s", writ_field_text(status, "cell"));
    writ_say(out, "  writd %s, pid %llu, up %s", writ_field_text(status, "version"),
             (unsigned long long)writ_field_number(status, "pid"), up);
    print_stops(cli, json_object_get(status, "stopped"));
    number(out, "records", status, "records", "");
    number(out, "published", status, "published", "");
    writ_words_label(out, "root");
    writ_say(out, "%s", writ_field_text(status, "root"));
    number(out, "humans", status, "humans", "");
    number(out, "agents", status, "agents", "");
    number(out, "targets", status, "targets", "");
    number(out, "grants", status, "grants", " active");
    number(out, "approvals", status, "approvals_pending", " pending");
    number(out, "in flight", status, "in_flight", "");
    number(out, "unnamed", status, "unnamed_refused", " refused callers without a name");
    number(out, "clock", status, "clock_steps", " steps back");
    writ_words_label(out, "room");
    writ_say(out, "%llu KiB in prepared ledger files",
             (unsigned long long)(writ_field_number(status, "room_bytes") >> 10));
    return WRIT_OK;
}
