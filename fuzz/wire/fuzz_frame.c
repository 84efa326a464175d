/* Whatever is accepted comes out the same when it is written again, field by field. */
#include <stdlib.h>

#include "wire/frame.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct writ_frame f;
    struct writ_frame_out o;
    struct writ_slice value, in = writ_slice(data, size);
    enum writ_tag tag;
    size_t at = 0, whole = 0;
    WRIT_AUTO_BUF again;

    writ_buf_init(&again, (size_t)WRIT_FRAME_MAX + 4);
    if (writ_frame_size(in, &whole, NULL) != WRIT_OK || whole == 0 || whole > size)
        return 0;
    in.len = whole;
    if (writ_frame_read(in, &f, NULL) != WRIT_OK)
        return 0;
    if (f.id != writ_frame_id(in))
        abort();
    writ_frame_begin(&o, &again, f.type, f.id);
    while (writ_frame_next(&f, &at, WRIT_TAG_NONE, &tag, &value)) {
        if (!writ_frame_has(&f, tag))
            abort();
        writ_frame_add(&o, tag, value);
    }
    if (writ_frame_end(&o, NULL) != WRIT_OK || !writ_slice_eq(writ_buf_slice(&again), in))
        abort();
    return 0;
}
