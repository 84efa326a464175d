/*
 * commands: what each command does, as the table in commands.c names it.
 *
 * Source:    docs/man/writ.1.
 * Units:     none.
 * Limits:    none.
 * Errors:    see command.h.
 * Ownership: see command.h.
 * Threads:   one.
 */
#ifndef WRIT_CLI_COMMANDS_H
#define WRIT_CLI_COMMANDS_H

#include "command.h"

typedef enum writ_status writ_command_run(struct writ_cli *cli, struct writ_err *err);

writ_command_run writ_cmd_init, writ_cmd_up, writ_cmd_down, writ_cmd_status;
writ_command_run writ_cmd_human_add, writ_cmd_human_suspend, writ_cmd_human_remove, writ_cmd_humans;
writ_command_run writ_cmd_agent_add, writ_cmd_agent_suspend, writ_cmd_agent_retire, writ_cmd_agents;
writ_command_run writ_cmd_target_add, writ_cmd_target_accept_tool, writ_cmd_targets;
writ_command_run writ_cmd_stop, writ_cmd_lift;
writ_command_run writ_cmd_grant, writ_cmd_derive, writ_cmd_grants, writ_cmd_revoke;
writ_command_run writ_cmd_approvals, writ_cmd_approve, writ_cmd_refuse;
writ_command_run writ_cmd_mcp;
writ_command_run writ_cmd_log, writ_cmd_show, writ_cmd_replay, writ_cmd_verify, writ_cmd_export;
writ_command_run writ_cmd_prove, writ_cmd_consistent, writ_cmd_witness;
writ_command_run writ_cmd_completion, writ_cmd_help;

/* The options of these, beside the ones that are global. */
extern const struct writ_option WRIT_OPTIONS_INIT[], WRIT_OPTIONS_UP[], WRIT_OPTIONS_HUMAN_ADD[],
    WRIT_OPTIONS_AGENT_ADD[], WRIT_OPTIONS_TARGET_ADD[], WRIT_OPTIONS_ACCEPT_TOOL[],
    WRIT_OPTIONS_LIFT[], WRIT_OPTIONS_GRANT[], WRIT_OPTIONS_DERIVE[], WRIT_OPTIONS_REVOKE[],
    WRIT_OPTIONS_APPROVE[], WRIT_OPTIONS_MCP[], WRIT_OPTIONS_LOG[], WRIT_OPTIONS_SHOW[],
    WRIT_OPTIONS_REPLAY[], WRIT_OPTIONS_VERIFY[], WRIT_OPTIONS_EXPORT[], WRIT_OPTIONS_PROVE[],
    WRIT_OPTIONS_CONSISTENT[], WRIT_OPTIONS_WITNESS[];
/* Shared by several. */
extern const struct writ_option WRIT_OPTIONS_NONE[], WRIT_OPTIONS_ALL[], WRIT_OPTIONS_REASON[];

#endif
