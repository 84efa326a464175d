#include "commands.h"

#include <time.h>

#include "base/text.h"
#include "ledger_read.h"
#include "record_line.h"

#include "base/banned.h"

#define POLL_MS 250

/* clang-format off */
const struct writ_option WRIT_OPTIONS_LOG[] = {
    { WRIT_OPTION_FLAG, "follow", "f", NULL, "wait for new records", false },
    { WRIT_OPTION_ONE, "from", NULL, "N", "begin at this ledger index", false },
    { WRIT_OPTION_ONE, "type", NULL, "TYPE", "only these: action.decided, or action.*", false },
    WRIT_OPTIONS_DONE,
};
/* clang-format on */

static bool wanted(const char *pattern, enum writ_record_type type)
{
    const char *text = writ_record_type_text(type);
    size_t n = pattern != NULL ? strlen(pattern) : 0;

    if (pattern == NULL)
        return true;
    if (pattern[n - 1] == '*')
        return strncmp(pattern, text, n - 1) == 0;
    return strcmp(pattern, text) == 0;
}

static enum writ_status check_type(const char *pattern, struct writ_err *err)
{
#define X(num, name, text, shape) WRIT_RECORD_##name,
    static const enum writ_record_type ALL[] = { WRIT_RECORD_MAP(X) };
#undef X

    for (size_t i = 0; i < sizeof(ALL) / sizeof(ALL[0]); i++)
        if (wanted(pattern, ALL[i]))
            return WRIT_OK;
    return writ_fail(err, WRIT_ARG, "--type %s: no record has this type", pattern);
}

static void print_record(struct writ_cli *cli, const struct writ_ledger *l)
{
    if (cli->json)
        writ_put_line_exactly(&cli->out, l->bytes);
    else
        writ_record_line(&cli->out, l->index, &l->record);
}

enum writ_status writ_cmd_log(struct writ_cli *cli, struct writ_err *err)
{
    const char *from = writ_args_value(&cli->args, "from");
    const char *type = writ_args_value(&cli->args, "type");
    bool follow = writ_args_has(&cli->args, "follow");
    WRIT_AUTO_LEDGER ledger = { 0 };
    struct timespec pause = { 0, POLL_MS * 1000000L };
    uint64_t at = 0;

    if (from != NULL && writ_u64_parse(writ_cstr(from), &at) != WRIT_OK)
        return writ_fail(err, WRIT_ARG, "--from %s: not a ledger index", from);
    WRIT_TRY(check_type(type, err));
    WRIT_TRY(writ_ledger_open(cli, &ledger, err));
    enum writ_status st = writ_log_reader_seek(ledger.reader, at, err);
    if (st == WRIT_NOT_FOUND && !follow)
        return writ_fail(err, st, "the ledger has no record at index %s yet", from);
    bool placed = st == WRIT_OK;
    for (;;) {
        st = placed ? writ_ledger_next(&ledger, err) : writ_ledger_at(&ledger, at, err);
        if (st == WRIT_NOT_FOUND && !follow)
            return WRIT_OK;
        if (st == WRIT_NOT_FOUND) {
            WRIT_TRY(writ_out_close(&cli->out, err));
            if (ferror(cli->out.file) != 0) /* the reader left */
                return WRIT_OK;
            (void)nanosleep(&pause, NULL);
            continue;
        }
        if (st != WRIT_OK)
            return st;
        placed = true;
        if (wanted(type, ledger.record.type))
            print_record(cli, &ledger);
        if (ferror(cli->out.file) != 0) /* writ_out_close says whether that is a failure */
            return WRIT_OK;
    }
}
