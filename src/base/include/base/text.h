/*
 * text: the strict textual encodings: hex, base64, base64url, UTF-8, decimal, RFC 3339 time.
 *
 * Source:    RFC 4648 (hex lower case only; canonical base64 only: right padding, zero spare
 *            bits), RFC 3629 (UTF-8), RFC 3339 (UTC only, "Z").
 * Units:     times are microseconds since 1970-01-01T00:00:00Z.
 * Limits:    none but the caller's buffer.
 * Errors:    WRIT_FORMAT for anything not written exactly as the encoder would; WRIT_LIMIT,
 *            WRIT_NOMEM from the buffer.
 * Ownership: decoders append to the caller's buffer, which is unchanged on failure.
 * Threads:   pure functions.
 */
#ifndef WRIT_BASE_TEXT_H
#define WRIT_BASE_TEXT_H

#include "base/buf.h"

WRIT_MUST_CHECK enum writ_status writ_hex_encode(struct writ_buf *out, struct writ_slice in);
/* Decodes exactly `n` bytes; upper case digits are refused. */
WRIT_MUST_CHECK enum writ_status writ_hex_decode(struct writ_slice in, uint8_t *out, size_t n);
/* Writes 2n digits and a NUL. */
void writ_hex(char *out, const uint8_t *in, size_t n);

/* Standard alphabet with padding; url: RFC 4648 section 5 without padding. */
WRIT_MUST_CHECK enum writ_status writ_base64_encode(struct writ_buf *out, struct writ_slice in);
WRIT_MUST_CHECK enum writ_status writ_base64_decode(struct writ_buf *out, struct writ_slice in);
WRIT_MUST_CHECK enum writ_status writ_base64url_encode(struct writ_buf *out, struct writ_slice in);
WRIT_MUST_CHECK enum writ_status writ_base64url_decode(struct writ_buf *out, struct writ_slice in);

/* Offset of the first byte that is not part of well-formed UTF-8, or in.len when all is well. */
size_t writ_utf8_check(struct writ_slice in);

/* Decimal without sign or leading zero. */
WRIT_MUST_CHECK enum writ_status writ_u64_parse(struct writ_slice in, uint64_t *out);

/* "2026-11-23T20:15:04Z", with up to six decimals of a second; years 1970 to 9999. */
WRIT_MUST_CHECK enum writ_status writ_time_parse(struct writ_slice in, uint64_t *out_us);
/*
 * Six decimals only where they are not all zero. Writes at most 28 bytes with the NUL. Times
 * after the year 9999, which the format cannot write, are written as its last microsecond.
 */
#define WRIT_TIME_TEXT 32
void writ_time_format(uint64_t us, char out[WRIT_TIME_TEXT]);

/* A JSON string with its quotes, escaped as RFC 8785 section 3.2.2.2 says. `in` is valid UTF-8. */
WRIT_MUST_CHECK enum writ_status writ_json_quote(struct writ_buf *out, struct writ_slice in);

#endif
