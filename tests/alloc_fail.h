/*
 * Allocation failure, one at a time: the n-th allocation after alloc_fail_at(n) fails, all others
 * work. Include it in one test file and link that test with
 *     -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free
 * Libraries that are linked dynamically (jansson) are not wrapped: give them alloc_fail_malloc
 * and alloc_fail_free where they take such functions. Blocks taken since alloc_fail_at and not
 * given back are counted, so that a test can ask for zero.
 */
#ifndef WRIT_TESTS_ALLOC_FAIL_H
#define WRIT_TESTS_ALLOC_FAIL_H

#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *p, size_t n);
void __wrap_free(void *p);

/* 0: nothing fails and nothing is counted. */
static size_t alloc_fail_next, alloc_fail_seen;
static long alloc_fail_live;
static bool alloc_fail_on;

static inline void alloc_fail_at(size_t n)
{
    alloc_fail_next = n;
    alloc_fail_seen = 0;
    alloc_fail_live = 0;
    alloc_fail_on = n != 0;
}

/* Ends the run. True when the n-th allocation was reached, so that n + 1 is worth a try. */
static inline bool alloc_fail_end(void)
{
    bool reached = alloc_fail_seen >= alloc_fail_next;
    alloc_fail_on = false;
    return reached;
}

static inline bool alloc_fail_now(void)
{
    return alloc_fail_on && ++alloc_fail_seen == alloc_fail_next;
}

static inline void *alloc_fail_count(void *p)
{
    if (alloc_fail_on && p != NULL)
        alloc_fail_live++;
    return p;
}

void *__wrap_malloc(size_t n)
{
    return alloc_fail_now() ? NULL : alloc_fail_count(__real_malloc(n));
}

void *__wrap_calloc(size_t count, size_t n)
{
    return alloc_fail_now() ? NULL : alloc_fail_count(__real_calloc(count, n));
}

void *__wrap_realloc(void *p, size_t n)
{
    if (alloc_fail_now())
        return NULL;
    void *q = __real_realloc(p, n);
    return p == NULL ? alloc_fail_count(q) : q;
}

void __wrap_free(void *p)
{
    if (alloc_fail_on && p != NULL)
        alloc_fail_live--;
    __real_free(p);
}

static inline void *alloc_fail_malloc(size_t n)
{
    return __wrap_malloc(n);
}

static inline void alloc_fail_free(void *p)
{
    __wrap_free(p);
}

#endif
