#include "state.h"

#include "base/banned.h"

/* More tools than any server offers; a server must not fill the state. */
#define TOOLS_SEEN_MAX 1024

static bool link_alive(const struct grant *link, uint64_t now)
{
    return !link->revoked && now >= link->g.not_before && now < link->g.expires &&
           link->human->standing == STANDING_ACTIVE;
}

/* Every link lives, and names the action. */
static bool could_allow(struct grant *leaf, struct writ_slice action, uint64_t now)
{
    struct grant *links[WRIT_CHAIN_MAX];
    size_t n = grant_chain(leaf, links);

    for (size_t i = 0; i < n; i++)
        if (!link_alive(links[i], now) || links[i]->holder->standing != STANDING_ACTIVE ||
            !patterns_match(&links[i]->g.actions, action))
            return false;
    return n != 0;
}

static bool any_could_allow(const struct writ_authority *a, const struct agent *agent,
                            struct writ_slice grant, struct writ_slice action, uint64_t now)
{
    size_t tried = 0, walked = 0;

    if (grant.len != 0) {
        struct grant *named = state_grant(a, grant);
        return named != NULL && named->holder == agent && could_allow(named, action, now);
    }
    for (struct grant *g = agent->newest;
         g != NULL && tried < SELECT_MAX && walked < SELECT_WALK_MAX; g = g->next_held) {
        if (could_allow(g, action, now))
            return true;
        tried += link_alive(g, now);
        walked++;
    }
    return false;
}

static size_t tools_seen(const struct target *t)
{
    size_t n = 0;

    for (const struct tool *tool = t->tools; tool != NULL; tool = tool->next)
        n++;
    return n;
}

/* What to record about the definition; NONE when nothing is new. */
static enum writ_record_type look_at(const struct target *t, struct writ_slice name,
                                     struct writ_slice digest)
{
    const struct tool *tool = target_tool(t, name);

    if (tool == NULL) {
        if (tools_seen(t) >= TOOLS_SEEN_MAX)
            return WRIT_RECORD_NONE;
        return t->text.hold_new ? WRIT_RECORD_TOOL_CHANGED : WRIT_RECORD_TOOL_PINNED;
    }
    if (writ_slice_is(digest, tool->pinned) || writ_slice_is(digest, tool->held))
        return WRIT_RECORD_NONE;
    return WRIT_RECORD_TOOL_CHANGED;
}

static bool held(const struct target *t, struct writ_slice name, struct writ_slice digest,
                 enum writ_record_type seen)
{
    const struct tool *tool = target_tool(t, name);

    if (seen == WRIT_RECORD_TOOL_PINNED)
        return false;
    return tool == NULL || !writ_slice_is(digest, tool->pinned);
}

enum writ_status writ_authority_list(const struct writ_authority *a,
                                     const struct writ_list_request *r, uint64_t now,
                                     enum writ_listing *out, bool *has_record,
                                     struct writ_record *record, struct writ_err *err)
{
    WRIT_AUTO_BUF text;
    struct action_name parts;
    const struct agent *who = state_agent(a, r->agent);
    const struct target *t = state_target(a, r->target);

    *has_record = false;
    *out = WRIT_HIDE;
    writ_buf_init(&text, 512);
    WRIT_TRY(writ_buf_addf(&text, "%.*s/%.*s/%.*s", WRIT_FMT(r->target), WRIT_FMT(r->kind),
                           WRIT_FMT(r->name)));
    struct writ_slice action = writ_buf_slice(&text);
    if (r->digest.len != 0 && !hex_valid(r->digest, 64))
        return writ_fail(err, WRIT_FORMAT, "the digest of a tool has 64 lower-case hex digits");
    if (!action_split(action, &parts) || who == NULL || t == NULL ||
        who->standing != STANDING_ACTIVE || who->owner->standing != STANDING_ACTIVE)
        return WRIT_OK;
    bool pinnable = writ_slice_is(r->kind, "tools") && r->digest.len != 0;
    enum writ_record_type seen = pinnable ? look_at(t, r->name, r->digest) : WRIT_RECORD_NONE;
    if (seen != WRIT_RECORD_NONE) {
        *has_record = true;
        *record = (struct writ_record){
            seen, now, { .tool_seen = { who->text.agent, t->text.target, r->name, r->digest } }
        };
    }
    if (state_stop(a, r->target) != NULL || !any_could_allow(a, who, r->grant, action, now))
        return WRIT_OK;
    *out = pinnable && held(t, r->name, r->digest, seen) ? WRIT_HELD : WRIT_SHOW;
    return WRIT_OK;
}
