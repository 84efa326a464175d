/* A signed text that is accepted is the canonical form of what it means. */
#include <stdlib.h>

#include "texts.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

static void read_target(const json_t *root)
{
    struct target_text t;

    if (target_text_read(root, &t, NULL) != WRIT_OK)
        return;
    check(name_valid(t.target) && name_valid(t.environment));
    for (size_t i = 0; i < t.sensitive.len; i++)
        check(writ_slice_starts(t.sensitive.at[i].text, t.target));
    writ_arena_release(&t.arena);
}

static void read_any(const json_t *root, const struct text_head *head)
{
    struct human_text human;
    struct agent_text agent;
    struct tool_text tool;
    struct approval_text approval;
    struct writ_slice vkey;
    uint64_t stop;

    if ((head->type == TEXT_HUMAN || head->type == TEXT_AUTHORITY) &&
        human_text_read(root, head->type, &human, &vkey, NULL) == WRIT_OK) {
        check(human.keys_len != 0 && human.roles != 0 && name_valid(human.human));
        writ_arena_release(&human.arena);
    }
    if (head->type == TEXT_AGENT && agent_text_read(root, &agent, NULL) == WRIT_OK) {
        check(name_valid(agent.agent) && name_valid(agent.owner));
        writ_arena_release(&agent.arena);
    }
    if (head->type == TEXT_TOOL && tool_text_read(root, &tool, NULL) == WRIT_OK)
        check(hex_valid(tool.digest, 64));
    if (head->type == TEXT_LIFT)
        (void)!lift_text_read(root, &stop, NULL);
    if (head->type == TEXT_APPROVAL && approval_text_read(root, &approval, NULL) == WRIT_OK)
        check(json_is_array(approval.resources));
    if (head->type == TEXT_TARGET)
        read_target(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    WRIT_AUTO_JSON *root = NULL;
    WRIT_AUTO_BUF again;
    struct text_head head;

    writ_buf_init(&again, 1u << 18);
    if (text_open(writ_slice(data, size), &root, &head, NULL) != WRIT_OK)
        return 0;
    check(head.type != TEXT_NONE && id_valid(head.id) && cell_valid(head.cell));
    check(writ_json_canonical(root, &again, NULL) == WRIT_OK);
    check(writ_slice_eq(writ_buf_slice(&again), writ_slice(data, size)));
    read_any(root, &head);
    return 0;
}
