#include "ledger_read.h"

#include "connect.h"
#include "home.h"

#include "base/banned.h"

#define RECORD_ARENA (1u << 20)

enum writ_status writ_ledger_open(struct writ_cli *cli, struct writ_ledger *out,
                                  struct writ_err *err)
{
    char dir[WRIT_PATH_MAX];

    WRIT_TRY(writ_home_find(cli, err));
    WRIT_TRY(writ_home_path(cli, "ledger", dir, err));
    WRIT_TRY(writ_log_reader_open(dir, &out->reader, err));
    writ_arena_init(&out->arena, RECORD_ARENA);
    return WRIT_OK;
}

void writ_ledger_close(struct writ_ledger *l)
{
    writ_arena_release(&l->arena);
    writ_log_reader_close(l->reader);
    l->reader = NULL;
}

void writ_ledger_publish(struct writ_cli *cli)
{
    WRIT_AUTO_JSON *reply = NULL;
    struct writ_err ignored;

    (void)!writ_call(cli, "publish", NULL, &reply, &ignored);
}

enum writ_status writ_ledger_next(struct writ_ledger *l, struct writ_err *err)
{
    WRIT_TRY(writ_log_reader_next(l->reader, &l->bytes, &l->index, err));
    writ_arena_reset(&l->arena, RECORD_ARENA);
    struct writ_err why = { 0 };
    enum writ_status st = writ_record_decode(l->bytes, &l->arena, &l->record, &why);
    if (st != WRIT_OK)
        return writ_fail(err, st, "ledger index %llu: %s", (unsigned long long)l->index, why.text);
    return WRIT_OK;
}

enum writ_status writ_ledger_at(struct writ_ledger *l, uint64_t index, struct writ_err *err)
{
    WRIT_TRY(writ_log_reader_seek(l->reader, index, err));
    return writ_ledger_next(l, err);
}
