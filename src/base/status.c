#include "base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

/* For clang-tidy the header has them as macros; here the functions themselves are meant. */
#undef writ_fail
#undef writ_fail_at
#undef writ_fail_sys
#undef writ_fail_nomem

const char *writ_status_text(enum writ_status s)
{
    switch (s) {
#define X(num, name, text) \
    case WRIT_##name:      \
        return text;
        WRIT_STATUS_MAP(X)
#undef X
    }
    return "unknown status";
}

static void __attribute__((format(printf, 5, 0)))
fill(struct writ_err *err, enum writ_status s, size_t offset, int sys_errno, const char *fmt,
     va_list ap)
{
    err->status = s;
    err->offset = offset;
    err->sys_errno = sys_errno;
    int n = vsnprintf(err->text, sizeof(err->text), fmt, ap);
    size_t len = n < 0 ? 0 : (size_t)n;
    if (n < 0)
        err->text[0] = '\0';
    if (len >= sizeof(err->text))
        len = sizeof(err->text) - 1;
    if (sys_errno != 0 && len + 3 < sizeof(err->text))
        (void)snprintf(err->text + len, sizeof(err->text) - len, ": %s", strerror(sys_errno));
    for (char *p = err->text; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
}

enum writ_status writ_fail(struct writ_err *err, enum writ_status s, const char *fmt, ...)
{
    if (err != NULL) {
        va_list ap;
        va_start(ap, fmt);
        fill(err, s, 0, 0, fmt, ap);
        va_end(ap);
    }
    return s;
}

enum writ_status writ_fail_at(struct writ_err *err, enum writ_status s, size_t offset,
                              const char *fmt, ...)
{
    if (err != NULL) {
        va_list ap;
        va_start(ap, fmt);
        fill(err, s, offset, 0, fmt, ap);
        va_end(ap);
    }
    return s;
}

enum writ_status writ_fail_sys(struct writ_err *err, const char *fmt, ...)
{
    int saved = errno;
    if (err != NULL) {
        va_list ap;
        va_start(ap, fmt);
        fill(err, WRIT_IO, 0, saved, fmt, ap);
        va_end(ap);
    }
    errno = saved;
    return WRIT_IO;
}

enum writ_status writ_fail_nomem(struct writ_err *err)
{
    return writ_fail(err, WRIT_NOMEM, "out of memory");
}
