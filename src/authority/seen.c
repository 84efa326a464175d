#include "seen.h"

#include <stdlib.h>

#include "base/banned.h"

static size_t start(const struct seen *s, const uint8_t nonce[16])
{
    return (size_t)writ_slice_hash(writ_slice(nonce, 16), 0) & (s->cap - 1);
}

bool seen_has(const struct seen *s, const uint8_t nonce[16], uint64_t now)
{
    if (s->cap == 0)
        return false;
    for (size_t i = start(s, nonce); s->slots[i].until != 0; i = (i + 1) & (s->cap - 1))
        if (memcmp(s->slots[i].nonce, nonce, 16) == 0)
            return s->slots[i].until > now;
    return false;
}

static void place(struct seen *s, const struct seen_entry *e)
{
    size_t i = start(s, e->nonce);

    while (s->slots[i].until != 0 && memcmp(s->slots[i].nonce, e->nonce, 16) != 0)
        i = (i + 1) & (s->cap - 1);
    if (s->slots[i].until == 0)
        s->used++;
    /* A second proof with the same nonce must not make the first one be forgotten sooner. */
    if (s->slots[i].until < e->until)
        s->slots[i] = *e;
}

static bool rebuild(struct seen *s, uint64_t now)
{
    size_t alive = 0, cap = 64;

    for (size_t i = 0; i < s->cap; i++)
        alive += s->slots[i].until > now;
    while (cap < (alive + 1) * 3)
        cap *= 2;
    struct seen fresh = { calloc(cap, sizeof(struct seen_entry)), cap, 0 };
    if (fresh.slots == NULL)
        return false;
    for (size_t i = 0; i < s->cap; i++)
        if (s->slots[i].until > now)
            place(&fresh, &s->slots[i]);
    free(s->slots);
    *s = fresh;
    return true;
}

bool seen_add(struct seen *s, const uint8_t nonce[16], uint64_t until, uint64_t now)
{
    struct seen_entry e = { { 0 }, until };

    if (until <= now) /* too old to be accepted again; and 0 would mean a free place */
        return true;
    if ((s->used + 1) * 4 > s->cap * 3 && !rebuild(s, now))
        return false;
    memcpy(e.nonce, nonce, 16);
    place(s, &e);
    return true;
}

void seen_release(struct seen *s)
{
    free(s->slots);
    *s = (struct seen){ 0 };
}
