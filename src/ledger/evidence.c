#include "ledger/log.h"

#include "ledger/proof_file.h"

#include "base/banned.h"

static void close_reader(struct writ_log_reader **r)
{
    writ_log_reader_close(*r);
}

/* Appends the entry at `index` to `out`. */
static enum writ_status read_entry(const char *dir, uint64_t index, struct writ_buf *out,
                                   struct writ_err *err)
{
    __attribute__((cleanup(close_reader))) struct writ_log_reader *r = NULL;
    struct writ_slice entry;
    uint64_t at;

    WRIT_TRY(writ_log_reader_open(dir, &r, err));
    enum writ_status st = writ_log_reader_seek(r, index, err);
    if (st == WRIT_OK)
        st = writ_log_reader_next(r, &entry, &at, err);
    if (st == WRIT_NOT_FOUND)
        return writ_fail(err, st, "%s has no entry %llu", dir, (unsigned long long)index);
    if (st != WRIT_OK)
        return st;
    if (writ_buf_add(out, entry) != WRIT_OK)
        return writ_fail_nomem(err);
    return WRIT_OK;
}

static enum writ_status prove(const char *dir, struct writ_slice entry, struct writ_proof_file *p,
                              struct writ_err *err)
{
    const struct writ_hash leaf = writ_tree_leaf(entry);
    struct writ_checkpoint c;

    if (writ_checkpoint_peek(p->checkpoint, &c, NULL) != WRIT_OK)
        return writ_fail(err, WRIT_CORRUPT, "%s has a malformed checkpoint", dir);
    if (p->index >= c.size)
        return writ_fail(err, WRIT_NOT_FOUND,
                         "entry %llu is not published yet: the checkpoint of %s covers %llu",
                         (unsigned long long)p->index, dir, (unsigned long long)c.size);
    WRIT_TRY(writ_log_prove_inclusion(dir, p->index, c.size, &p->proof, err));
    if (writ_tree_check_inclusion(p->index, c.size, &leaf, &p->proof, &c.root) != WRIT_OK)
        return writ_fail(err, WRIT_CORRUPT,
                         "the tiles of %s do not lead from entry %llu to the root of its "
                         "checkpoint",
                         dir, (unsigned long long)p->index);
    return WRIT_OK;
}

enum writ_status writ_log_prove_entry(const char *dir, uint64_t index, struct writ_buf *entry,
                                      struct writ_buf *proof_file, struct writ_err *err)
{
    WRIT_AUTO_BUF note, bytes;
    struct writ_proof_file p;
    size_t before = proof_file->len;

    writ_buf_init(&note, WRIT_NOTE_MAX);
    writ_buf_init(&bytes, WRIT_ENTRY_MAX);
    memset(&p, 0, sizeof(p));
    WRIT_TRY(writ_log_checkpoint(dir, &note, err));
    WRIT_TRY(read_entry(dir, index, &bytes, err));
    p.index = index;
    p.checkpoint = writ_buf_slice(&note);
    WRIT_TRY(prove(dir, writ_buf_slice(&bytes), &p, err));
    enum writ_status st = writ_proof_file_write(&p, proof_file);
    if (st == WRIT_OK)
        st = writ_buf_add(entry, writ_buf_slice(&bytes));
    if (st != WRIT_OK) {
        proof_file->len = before;
        return writ_fail(err, st, "no room for the proof of entry %llu", (unsigned long long)index);
    }
    return WRIT_OK;
}

/* One of the checkpoints that are compared, and what people call it. */
struct side {
    const char *what;
    struct writ_checkpoint c;
};

static enum writ_status open_side(struct side *s, struct writ_slice note,
                                  const struct writ_note_key *key, struct writ_err *err)
{
    struct writ_err why = { 0 };
    enum writ_status st = writ_checkpoint_open(note, key, &s->c, &why);

    if (st != WRIT_OK)
        return writ_fail(err, st, "%s: %s", s->what, why.text);
    return WRIT_OK;
}

/* Why no proof leads from one side to the other: the tiles are not those of `to`, or a fork. */
static enum writ_status no_growth(const char *dir, const struct side *from, const struct side *to,
                                  struct writ_err *err)
{
    struct writ_hash root;

    WRIT_TRY(writ_log_root_at(dir, to->c.size, &root, err));
    if (!writ_hash_eq(&root, &to->c.root))
        return writ_fail(err, WRIT_CORRUPT, "the tiles of %s do not add up to the root of %s", dir,
                         to->what);
    return writ_fail(
        err, WRIT_CORRUPT, "a fork: the %llu entries under %s are not the first %llu under %s",
        (unsigned long long)from->c.size, from->what, (unsigned long long)from->c.size, to->what);
}

static enum writ_status grows(const char *dir, const struct side *from, const struct side *to,
                              struct writ_err *err)
{
    struct writ_proof proof;

    if (from->c.size > to->c.size)
        return writ_fail(err, WRIT_CORRUPT, "%s is older than %s: %llu entries, not %llu", to->what,
                         from->what, (unsigned long long)to->c.size,
                         (unsigned long long)from->c.size);
    if (from->c.size == to->c.size && !writ_hash_eq(&from->c.root, &to->c.root))
        return writ_fail(err, WRIT_CORRUPT,
                         "a fork: %s and %s are both of %llu entries and have different roots",
                         from->what, to->what, (unsigned long long)to->c.size);
    WRIT_TRY(writ_log_prove_consistency(dir, from->c.size, to->c.size, &proof, err));
    if (writ_tree_check_consistency(from->c.size, to->c.size, &from->c.root, &to->c.root, &proof) !=
        WRIT_OK)
        return no_growth(dir, from, to, err);
    return WRIT_OK;
}

enum writ_status writ_log_check_growth(const char *dir, const struct writ_note_key *key,
                                       struct writ_slice from, struct writ_slice to,
                                       struct writ_log_growth *out, struct writ_err *err)
{
    struct side old = { .what = "the old checkpoint" }, new = { .what = "the new checkpoint" };
    struct side published = { .what = "the published checkpoint" };
    WRIT_AUTO_BUF note;

    writ_buf_init(&note, WRIT_NOTE_MAX);
    WRIT_TRY(open_side(&old, from, key, err));
    WRIT_TRY(writ_log_checkpoint(dir, &note, err));
    WRIT_TRY(open_side(&published, writ_buf_slice(&note), key, err));
    /* Whatever else is compared: a ledger that is behind what it once signed was rolled back. */
    if (published.c.size < old.c.size)
        return writ_fail(err, WRIT_CORRUPT,
                         "the ledger was rolled back: %llu entries are published, and there were "
                         "%llu under the old checkpoint",
                         (unsigned long long)published.c.size, (unsigned long long)old.c.size);
    if (to.len != 0) {
        WRIT_TRY(open_side(&new, to, key, err));
        if (new.c.size > published.c.size)
            return writ_fail(err, WRIT_CORRUPT,
                             "the ledger does not reach to the new checkpoint: %llu entries are "
                             "published, not %llu",
                             (unsigned long long)published.c.size, (unsigned long long)new.c.size);
        WRIT_TRY(grows(dir, &new, &published, err));
    } else {
        new = published;
    }
    WRIT_TRY(grows(dir, &old, &new, err));
    *out = (struct writ_log_growth){ old.c.size, new.c.size, published.c.size, old.c.root,
                                     new.c.root };
    return WRIT_OK;
}
