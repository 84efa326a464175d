/*
 * arena: memory of one request: taken piece by piece, given back at once.
 *
 * Source:    none.
 * Units:     bytes.
 * Limits:    the budget given at init: what one request may take is bounded before it starts.
 * Errors:    NULL when the budget or the heap is exhausted.
 * Ownership: the arena owns all it handed out.
 * Threads:   one at a time.
 */
#ifndef WRIT_BASE_ARENA_H
#define WRIT_BASE_ARENA_H

#include "base/slice.h"

struct writ_arena_block;
struct writ_arena {
    struct writ_arena_block *head;
    size_t left;
    size_t used;
};

void writ_arena_init(struct writ_arena *a, size_t budget);
/* Zeroed memory, aligned for any object. n == 0 gives NULL. */
void *writ_arena_alloc(struct writ_arena *a, size_t n);
/* count * size, checked. */
void *writ_arena_array(struct writ_arena *a, size_t count, size_t size);
/* Room for exactly `n` bytes in one piece, for objects whose size was measured before. */
bool writ_arena_reserve(struct writ_arena *a, size_t n);
/* Copies the bytes, unaligned and so without gaps; *out is untouched and false returned when memory is out. */
bool writ_arena_copy(struct writ_arena *a, struct writ_slice s, struct writ_slice *out);
/* A NUL-terminated copy, or NULL. */
char *writ_arena_cstr(struct writ_arena *a, struct writ_slice s);
void writ_arena_release(struct writ_arena *a);
/* Gives everything back but keeps the first block, and restores the budget. */
void writ_arena_reset(struct writ_arena *a, size_t budget);

#define WRIT_AUTO_ARENA __attribute__((cleanup(writ_arena_release))) struct writ_arena

#endif
