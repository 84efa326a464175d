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

static bool add_block(struct writ_arena *a, size_t cap)
{
    size_t size;

    if (__builtin_add_overflow(sizeof(struct writ_arena_block), cap, &size))
        return false;
    struct writ_arena_block *b = malloc(size);
    if (b == NULL)
        return false;
    b->used = 0;
    b->cap = cap;
    b->next = a->head;
    a->head = b;
    return true;
}

bool writ_arena_reserve(struct writ_arena *a, size_t n)
{
    return n <= a->left && add_block(a, n);
}

static void *take(struct writ_arena *a, size_t n, size_t align)
{
    struct writ_arena_block *b = a->head;

    if (n == 0 || n > a->left || n > PTRDIFF_MAX - align)
        return NULL;
    size_t gap = b == NULL ? 0 : (align - b->used % align) % align;
    if (b == NULL || n + gap > b->cap - b->used) {
        if (!add_block(a, n > BLOCK_BYTES ? n : BLOCK_BYTES))
            return NULL;
        b = a->head;
        gap = 0;
    }
    if (n + gap > a->left)
        return NULL;
    void *p = b->mem + b->used + gap;
    b->used += n + gap;
    a->left -= n + gap;
    a->used += n + gap;
    return p;
}

void *writ_arena_alloc(struct writ_arena *a, size_t n)
{
    void *p = take(a, n, alignof(max_align_t));
    if (p != NULL)
        memset(p, 0, n);
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
    uint8_t *p = take(a, s.len, 1);
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
