/*
 * status: the one way in which functions of Writ say how they ended.
 *
 * Source:    none; numbers are part of the frame protocol (docs/PROTOCOL.md), append only.
 * Units:     offset is a byte offset into the input that was being read.
 * Limits:    the text of an error holds at most 383 bytes; longer ones are cut.
 * Errors:    these functions cannot fail.
 * Ownership: struct writ_err is the caller's and holds no pointers.
 * Threads:   no shared state.
 */
#ifndef WRIT_BASE_STATUS_H
#define WRIT_BASE_STATUS_H

#include <stddef.h>

#define WRIT_MUST_CHECK __attribute__((warn_unused_result))

/* One row per status: number, name, text. */
#define WRIT_STATUS_MAP(X)                                      \
    X(0, OK, "success")                                         \
    X(1, NOMEM, "out of memory")                                \
    X(2, ARG, "caller broke the function contract")             \
    X(3, FORMAT, "malformed input")                             \
    X(4, LIMIT, "input exceeds a documented limit")             \
    X(5, SIGNATURE, "signature did not verify")                 \
    X(6, IO, "operating system reported an error")              \
    X(7, TIME, "not valid at this time")                        \
    X(8, NOT_FOUND, "no such thing")                            \
    X(9, CONFLICT, "already exists, or the state has moved on") \
    X(10, REFUSED, "not permitted")                             \
    X(11, CORRUPT, "stored data is damaged")                    \
    X(12, CLOSED, "the other side is gone")

enum writ_status {
#define X(num, name, text) WRIT_##name = (num),
    WRIT_STATUS_MAP(X)
#undef X
};

/* What went wrong, where, and what to do, in words for a person. */
struct writ_err {
    enum writ_status status;
    int sys_errno; /* errno for WRIT_IO, else 0 */
    size_t offset; /* 0 when the error is not about a byte of the input */
    char text[384];
};

/* A short lower-case phrase for the status itself; never NULL. */
const char *writ_status_text(enum writ_status s);

/*
 * Fill *err (which may be NULL) and return `s`, so that `return writ_fail(...)` reads well.
 * Control bytes in the formatted text are replaced by '?': it goes to terminals.
 */
enum writ_status writ_fail(struct writ_err *err, enum writ_status s, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
enum writ_status writ_fail_at(struct writ_err *err, enum writ_status s, size_t offset,
                              const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* WRIT_IO with the current errno, whose meaning is appended to the text. */
enum writ_status writ_fail_sys(struct writ_err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* WRIT_NOMEM with a fixed text. */
enum writ_status writ_fail_nomem(struct writ_err *err);

#ifdef __clang_analyzer__
/* clang-tidy reads one source at a time: here it learns that none of them returns WRIT_OK. */
#define writ_fail(err, s, ...)    ((void)(writ_fail)(err, s, __VA_ARGS__), (s))
#define writ_fail_at(err, s, ...) ((void)(writ_fail_at)(err, s, __VA_ARGS__), (s))
#define writ_fail_sys(...)        ((void)(writ_fail_sys)(__VA_ARGS__), WRIT_IO)
#define writ_fail_nomem(err)      ((void)(writ_fail_nomem)(err), WRIT_NOMEM)
#endif

/* The only shared macro that hides control flow. */
#define WRIT_TRY(expr)                    \
    do {                                  \
        enum writ_status try_st = (expr); \
        if (try_st != WRIT_OK)            \
            return try_st;                \
    } while (0)

#endif
