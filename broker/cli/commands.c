/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the commands: one row here, one file each. The order is that of `weft --help`. */
#include "cli/command.h"

extern const struct command command_chat, command_agent, command_tail, command_erase, command_link,
        command_token, command_config, command_policy, command_explain, command_export_routing,
        command_doctor, command_replay, command_replay_routing, command_simulate, command_bench,
        command_reload, command_restart;

const struct command *const commands[] = {&command_chat, &command_agent, &command_tail,
        &command_erase, &command_link, &command_token, &command_config, &command_policy,
        &command_explain, &command_export_routing, &command_doctor, &command_replay,
        &command_replay_routing, &command_simulate, &command_reload, &command_restart,
        &command_bench, NULL};
