#include "run.h"

#include <stdlib.h>

#include "base/banned.h"

/* The oldest cancelled request gives way; its late response would then be passed on. */
static bool make_room(struct run *r)
{
    if (r->count == r->room) {
        size_t room = r->room == 0 ? 16 : r->room * 2;
        struct call **grown = reallocarray(r->calls, room, sizeof(struct call *));
        if (grown == NULL)
            return false;
        r->calls = grown;
        r->room = room;
    }
    if (r->count < WRIT_STDIO_CALLS)
        return true;
    for (size_t i = 0; i < r->count; i++) {
        if (r->calls[i]->state == CALL_GONE) {
            calls_done(r->calls[i]);
            calls_sweep(r);
            return true;
        }
    }
    return false;
}

struct call *calls_add(struct run *r, const struct writ_mcp_message *m, enum call_state state)
{
    if (!make_room(r))
        return NULL;
    struct call *c = calloc(1, sizeof(*c));
    if (c == NULL)
        return NULL;
    c->state = state;
    c->id = json_incref(m->id);
    c->method = m->method;
    c->era = m->era;
    c->elicits = m->elicits;
    writ_buf_init(&c->line, (size_t)WRIT_MCP_LINE_MAX + 1);
    writ_buf_init(&c->action, 1024);
    writ_buf_init(&c->arguments, WRIT_ARGUMENTS_MAX);
    writ_buf_init(&c->answer, (size_t)WRIT_MCP_LINE_MAX + 1);
    r->calls[r->count++] = c;
    return c;
}

struct call *calls_find(const struct run *r, const json_t *id)
{
    for (size_t i = 0; id != NULL && i < r->count; i++)
        if (r->calls[i]->state != CALL_DONE && json_equal(r->calls[i]->id, id))
            return r->calls[i];
    return NULL;
}

struct call *calls_by_ask(const struct run *r, uint32_t ask)
{
    for (size_t i = 0; ask != 0 && i < r->count; i++)
        if (r->calls[i]->state != CALL_DONE && r->calls[i]->ask == ask)
            return r->calls[i];
    return NULL;
}

void calls_done(struct call *c)
{
    c->state = CALL_DONE;
    writ_buf_release(&c->line);
    writ_buf_release(&c->action);
    writ_buf_wipe(&c->arguments);
    writ_buf_release(&c->answer);
    explicit_bzero(c->salt, sizeof(c->salt));
}

static void call_free(struct call *c)
{
    calls_done(c);
    json_decref(c->id);
    json_decref(c->progress_token);
    free(c);
}

void calls_sweep(struct run *r)
{
    size_t kept = 0;

    for (size_t i = 0; i < r->count; i++) {
        if (r->calls[i]->state == CALL_DONE)
            call_free(r->calls[i]);
        else
            r->calls[kept++] = r->calls[i];
    }
    r->count = kept;
}

void calls_release(struct run *r)
{
    for (size_t i = 0; i < r->count; i++)
        call_free(r->calls[i]);
    free(r->calls);
    r->calls = NULL;
    r->count = r->room = 0;
}

size_t calls_held_lines(const struct run *r)
{
    size_t sum = 0;

    for (size_t i = 0; i < r->count; i++)
        sum += r->calls[i]->line.len + r->calls[i]->arguments.len;
    return sum;
}

size_t calls_held_answers(const struct run *r)
{
    size_t sum = 0;

    for (size_t i = 0; i < r->count; i++)
        sum += r->calls[i]->answer.len;
    return sum;
}
