/*
 * map: names and numbers to objects of the authority's state.
 *
 * Source:    none.
 * Units:     entries.
 * Limits:    memory; open addressing, at most three quarters full.
 * Errors:    false when memory is out; the map is unchanged.
 * Ownership: keys and values are borrowed; a key must live as long as its entry.
 * Threads:   one at a time.
 */
#ifndef WRIT_AUTHORITY_MAP_H
#define WRIT_AUTHORITY_MAP_H

#include "base/slice.h"

/* Three words a place: the state of 100,000 grants must stay small. */
struct map_slot {
    const uint8_t *key; /* NULL: free */
    uint32_t key_len;
    uint32_t hash;
    void *value; /* NULL with a key: removed, but a probe goes on here */
};

struct map {
    struct map_slot *slots;
    size_t cap, used, live;
};

void map_release(struct map *m);
void *map_get(const struct map *m, struct writ_slice key);
/* Adds or replaces. `value` is not NULL. */
bool map_put(struct map *m, struct writ_slice key, void *value);
/* Returns what was there, or NULL. */
void *map_remove(struct map *m, struct writ_slice key);
/* Goes through all entries in table order: start with *at == 0; NULL at the end. */
void *map_each(const struct map *m, size_t *at);

/* A ledger index as a key; the bytes live in the object. */
struct index_key {
    uint8_t b[8];
};
struct index_key index_key(uint64_t index);
struct writ_slice index_slice(const struct index_key *k);

#endif
