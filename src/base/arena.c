#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>

#include "base/banned.h"

/* Most requests fit one block; the sanitizer still sees the whole arena as one request. */
#define BLOCK_BYTES 4096

struct writ_arena_block {
    struct writ_arena_block *next;
    size_t used, cap;
    alignas(max_align_t) uint8_t mem[];
};

void writ_arena_init(struct writ_arena *a, size_t budget)
{
    *a = (struct writ_arena){ NULL, budget, 0 };
}

void *writ_arena_alloc(struct writ_arena *a, size_t n)
{
    const size_t align = alignof(max_align_t);
    struct writ_arena_block *b = a->head;

    if (n == 0 || n > a->left || n > PTRDIFF_MAX - align)
        return NULL;
    n = (n + align - 1) & ~(align - 1);
    if (n > a->left)
        return NULL;
    if (b == NULL || n > b->cap - b->used) {
        size_t cap = n > BLOCK_BYTES ? n : BLOCK_BYTES;
        b = malloc(sizeof(*b) + cap);
        if (b == NULL)
            return NULL;
        b->used = 0;
        b->cap = cap;
        b->next = a->head;
        a->head = b;
    }
    void *p = b->mem + b->used;
    memset(p, 0, n);
    b->used += n;
    a->left -= n;
    a->used += n;
    return p;
}

void *writ_arena_array(struct writ_arena *a, size_t count, size_t size)
{
    size_t n;

    if (__builtin_mul_overflow(count, size, &n))
        return NULL;
    return writ_arena_alloc(a, n);
}

bool writ_arena_copy(struct writ_arena *a, struct writ_slice s, struct writ_slice *out)
{
    if (s.len == 0) {
        *out = (struct writ_slice){ NULL, 0 };
        return true;
    }
    uint8_t *p = writ_arena_alloc(a, s.len);
    if (p == NULL)
        return false;
    memcpy(p, s.ptr, s.len);
    *out = (struct writ_slice){ p, s.len };
    return true;
}

char *writ_arena_cstr(struct writ_arena *a, struct writ_slice s)
{
    if (s.len == SIZE_MAX)
        return NULL;
    char *p = writ_arena_alloc(a, s.len + 1);
    if (p != NULL && s.len != 0)
        memcpy(p, s.ptr, s.len);
    return p;
}

void writ_arena_release(struct writ_arena *a)
{
    while (a->head != NULL) {
        struct writ_arena_block *next = a->head->next;
        free(a->head);
        a->head = next;
    }
}

void writ_arena_reset(struct writ_arena *a, size_t budget)
{
    struct writ_arena_block *keep = a->head;

    while (keep != NULL && keep->next != NULL) {
        struct writ_arena_block *next = keep->next;
        free(keep);
        keep = next;
    }
    if (keep != NULL)
        keep->used = 0;
    *a = (struct writ_arena){ keep, budget, 0 };
}
