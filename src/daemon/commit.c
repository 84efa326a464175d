#include "daemon/commit.h"

#include <pthread.h>
#include <stdlib.h>

#include "ledger/log.h"

#include "base/banned.h"

struct list {
    struct writ_commit_item *first, **end;
};

struct writ_commit {
    struct writ_commit_sink sink;
    void (*wake)(void *ctx);
    void *wake_ctx;
    pthread_t thread;
    bool joined;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t more;
    struct list queue, done, lost;
    bool stopping, failed;
    struct writ_err why;
};

static void list_init(struct list *l)
{
    l->first = NULL;
    l->end = &l->first;
}

/* Moves everything of `from` behind `to`. */
static void list_move(struct list *to, struct list *from)
{
    if (from->first == NULL)
        return;
    *to->end = from->first;
    to->end = from->end;
    list_init(from);
}

static void list_add(struct list *l, struct writ_commit_item *item)
{
    item->next = NULL;
    *l->end = item;
    l->end = &item->next;
}

static struct writ_commit_item *list_pop(struct list *l)
{
    struct writ_commit_item *item = l->first;
    l->first = item->next;
    if (l->first == NULL)
        l->end = &l->first;
    return item;
}

/* How many items at the front belong into one batch, and their bytes. */
static size_t front_group(const struct list *l, size_t *bytes)
{
    const struct writ_commit_item *item = l->first;
    size_t n = 1;

    *bytes = item->record.len;
    for (; item->joined && item->next != NULL; item = item->next) {
        *bytes += item->next->record.len;
        n++;
    }
    return n;
}

/* As much from the front of `from` as one frame of the ledger takes. */
static size_t cut_batch(struct list *from, struct list *batch, struct writ_slice *entries)
{
    size_t n = 0, bytes = 0;

    while (from->first != NULL) {
        size_t more;
        size_t group = front_group(from, &more);
        if (n + group > WRIT_BATCH_MAX || bytes + more > WRIT_BATCH_BYTES)
            break;
        bytes += more;
        for (; group > 0; group--) {
            if (from->first->record.len > 0)
                entries[n++] = writ_buf_slice(&from->first->record);
            list_add(batch, list_pop(from));
        }
    }
    return n;
}

/* The indices that the ledger gave must be those at which the records were applied. */
static enum writ_status check_indices(const struct list *batch, uint64_t first,
                                      struct writ_err *err)
{
    for (const struct writ_commit_item *i = batch->first; i != NULL; i = i->next) {
        if (i->record.len == 0)
            continue;
        if (i->index != first)
            return writ_fail(err, WRIT_CORRUPT,
                             "the ledger put record %llu at %llu: is somebody else writing to it?",
                             (unsigned long long)i->index, (unsigned long long)first);
        first++;
    }
    return WRIT_OK;
}

static void finish(struct writ_commit *c, struct list *batch, enum writ_status st,
                   const struct writ_err *why)
{
    (void)pthread_mutex_lock(&c->lock);
    if (st == WRIT_OK) {
        list_move(&c->done, batch);
    } else {
        list_move(&c->lost, batch);
        c->failed = true;
        c->why = *why;
    }
    (void)pthread_mutex_unlock(&c->lock);
    c->wake(c->wake_ctx);
}

/* Writes all of `taken`, frame by frame; false when the sink failed. */
static bool write_out(struct writ_commit *c, struct list *taken, struct writ_slice *entries)
{
    struct list batch;
    struct writ_err why = { 0 };

    list_init(&batch);
    while (taken->first != NULL) {
        uint64_t first = 0;
        enum writ_status st = WRIT_OK;
        size_t n = cut_batch(taken, &batch, entries);
        if (n > 0) {
            st = c->sink.append(c->sink.ctx, entries, n, &first, &why);
            if (st == WRIT_OK)
                st = check_indices(&batch, first, &why);
        }
        finish(c, &batch, st, &why);
        if (st != WRIT_OK)
            return false;
    }
    return true;
}

static void *committer(void *arg)
{
    struct writ_commit *c = arg;
    struct list taken;
    struct writ_slice *entries = calloc(WRIT_BATCH_MAX, sizeof(*entries));
    bool going = true;

    list_init(&taken);
    if (entries == NULL) {
        struct writ_err why;
        (void)writ_fail_nomem(&why);
        finish(c, &taken, WRIT_NOMEM, &why);
        return NULL;
    }
    while (going) {
        (void)pthread_mutex_lock(&c->lock);
        while (c->queue.first == NULL && !c->stopping)
            (void)pthread_cond_wait(&c->more, &c->lock);
        list_move(&taken, &c->queue);
        (void)pthread_mutex_unlock(&c->lock);
        if (taken.first == NULL)
            break; /* stopping, and nothing is left */
        going = write_out(c, &taken, entries);
    }
    (void)pthread_mutex_lock(&c->lock);
    list_move(&c->lost, &taken);
    (void)pthread_mutex_unlock(&c->lock);
    free(entries);
    return NULL;
}

enum writ_status writ_commit_start(struct writ_commit_sink sink, void (*wake)(void *ctx),
                                   void *wake_ctx, struct writ_commit **out, struct writ_err *err)
{
    struct writ_commit *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return writ_fail_nomem(err);
    c->sink = sink;
    c->wake = wake;
    c->wake_ctx = wake_ctx;
    list_init(&c->queue);
    list_init(&c->done);
    list_init(&c->lost);
    /* On Linux neither allocates, and default attributes cannot be refused. */
    (void)pthread_mutex_init(&c->lock, NULL);
    (void)pthread_cond_init(&c->more, NULL);
    if (pthread_create(&c->thread, NULL, committer, c) != 0) {
        (void)pthread_cond_destroy(&c->more);
        (void)pthread_mutex_destroy(&c->lock);
        free(c);
        return writ_fail(err, WRIT_NOMEM, "cannot start the committer thread");
    }
    *out = c;
    return WRIT_OK;
}

void writ_commit_submit(struct writ_commit *c, struct writ_commit_item *item)
{
    (void)pthread_mutex_lock(&c->lock);
    bool was_empty = c->queue.first == NULL;
    while (item != NULL) {
        struct writ_commit_item *behind = item->next;
        list_add(&c->queue, item);
        item = behind;
    }
    (void)pthread_mutex_unlock(&c->lock);
    /* Not under the lock, which the committer wants first thing when it wakes. */
    if (was_empty)
        (void)pthread_cond_signal(&c->more);
}

struct writ_commit_item *writ_commit_take(struct writ_commit *c, bool *failed, struct writ_err *why)
{
    (void)pthread_mutex_lock(&c->lock);
    struct writ_commit_item *first = c->done.first;
    list_init(&c->done);
    *failed = c->failed;
    if (c->failed)
        *why = c->why;
    (void)pthread_mutex_unlock(&c->lock);
    return first;
}

void writ_commit_stop(struct writ_commit *c)
{
    if (c->joined)
        return;
    (void)pthread_mutex_lock(&c->lock);
    c->stopping = true;
    (void)pthread_cond_signal(&c->more);
    (void)pthread_mutex_unlock(&c->lock);
    (void)pthread_join(c->thread, NULL);
    c->joined = true;
}

void writ_commit_item_free(struct writ_commit_item *item)
{
    if (item != NULL)
        writ_buf_release(&item->record);
    free(item);
}

static void list_free(struct list *l)
{
    while (l->first != NULL)
        writ_commit_item_free(list_pop(l));
}

void writ_commit_free(struct writ_commit *c)
{
    if (c == NULL)
        return;
    writ_commit_stop(c);
    list_free(&c->queue);
    list_free(&c->done);
    list_free(&c->lost);
    (void)pthread_cond_destroy(&c->more);
    (void)pthread_mutex_destroy(&c->lock);
    free(c);
}
