#include "map.h"

#include <stdlib.h>

#include "base/banned.h"

/* Keys are names that signed texts brought in, so no adversary chooses them freely. */
static uint32_t hash_of(struct writ_slice key)
{
    return (uint32_t)writ_slice_hash(key, 0);
}

void map_release(struct map *m)
{
    free(m->slots);
    *m = (struct map){ 0 };
}

static struct map_slot *find(const struct map *m, struct writ_slice key, uint32_t hash)
{
    if (m->cap == 0)
        return NULL;
    for (size_t i = hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
        struct map_slot *s = &m->slots[i];
        if (s->key == NULL)
            return NULL;
        if (s->value != NULL && s->hash == hash &&
            writ_slice_eq(writ_slice(s->key, s->key_len), key))
            return s;
    }
}

void *map_get(const struct map *m, struct writ_slice key)
{
    struct map_slot *s = find(m, key, hash_of(key));
    return s == NULL ? NULL : s->value;
}

static void place(struct map *m, const struct map_slot *entry)
{
    size_t i = entry->hash & (m->cap - 1);

    while (m->slots[i].key != NULL)
        i = (i + 1) & (m->cap - 1);
    m->slots[i] = *entry;
    m->used++;
}

static bool grow(struct map *m)
{
    size_t cap = m->live * 2 < 12 ? 16 : m->cap;
    while (cap / 2 <= m->live + 1) /* or what comes and goes would rebuild it again and again */
        cap *= 2;
    struct map bigger = { calloc(cap, sizeof(struct map_slot)), cap, 0, m->live };
    if (bigger.slots == NULL)
        return false;
    for (size_t i = 0; i < m->cap; i++)
        if (m->slots[i].key != NULL && m->slots[i].value != NULL)
            place(&bigger, &m->slots[i]);
    free(m->slots);
    *m = bigger;
    return true;
}

bool map_put(struct map *m, struct writ_slice key, void *value)
{
    uint32_t hash = hash_of(key);
    struct map_slot *s = find(m, key, hash);

    if (s != NULL) {
        s->key = key.ptr;
        s->value = value;
        return true;
    }
    if (key.ptr == NULL || key.len > UINT32_MAX)
        return false;
    if ((m->used + 1) * 4 > m->cap * 3 && !grow(m))
        return false;
    place(m, &(struct map_slot){ key.ptr, (uint32_t)key.len, hash, value });
    m->live++;
    return true;
}

void *map_remove(struct map *m, struct writ_slice key)
{
    static const uint8_t GONE;
    struct map_slot *s = find(m, key, hash_of(key));

    if (s == NULL)
        return NULL;
    void *value = s->value;
    *s = (struct map_slot){ &GONE, 0, 0, NULL };
    m->live--;
    return value;
}

void *map_each(const struct map *m, size_t *at)
{
    while (*at < m->cap) {
        const struct map_slot *s = &m->slots[(*at)++];
        if (s->key != NULL && s->value != NULL)
            return s->value;
    }
    return NULL;
}

struct index_key index_key(uint64_t index)
{
    struct index_key k;
    writ_put_be64(k.b, index);
    return k;
}

struct writ_slice index_slice(const struct index_key *k)
{
    return writ_slice(k->b, sizeof(k->b));
}
