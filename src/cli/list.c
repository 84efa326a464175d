#include "list.h"

#include "base/banned.h"

void writ_list_join(struct writ_table *t, const json_t *list)
{
    WRIT_AUTO_BUF cell;

    writ_buf_init(&cell, 8192);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));
        /* A cell that is full is cut by the table anyway. */
        if (text == NULL || writ_buf_addf(&cell, "%s%s", i == 0 ? "" : " ", text) != WRIT_OK)
            break;
    }
    writ_table_add(t, WRIT_STYLE_PLAIN, writ_buf_slice(&cell));
}

enum writ_status writ_list_print(struct writ_cli *cli, const struct writ_table *t,
                                 const char *nothing, struct writ_err *err)
{
    if (t->cells == 0 && !t->failed) {
        writ_say(&cli->note, "%s", nothing);
        return WRIT_OK;
    }
    return writ_table_print(t, &cli->out, err);
}

enum writ_style writ_list_state(const char *state)
{
    return strcmp(state, "active") == 0 ? WRIT_STYLE_GOOD : WRIT_STYLE_BAD;
}
