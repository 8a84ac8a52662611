#pragma once
// The one thing that a configuration can have executed: energy.command, once a second while a run
// that measures by it is under way. Whoever resumes a stranger's run directory runs theirs, so a
// run says it first (NoticeKind::command), and whoever wants none refuses it
// (PipelineOptions::runs_commands). A run with nothing left to do runs none.

#include "edgeprune/config/config.h"

#include <string>

namespace edgeprune::run {

/// The shell command that a run of this configuration executes; empty where it executes none.
[[nodiscard]] std::string command_of(const config::Config& config);

/// What is said before it is executed, in one line with the whole command.
[[nodiscard]] std::string command_notice(const std::string& command);

/// An Error of kind config that names the command, where there is one.
void refuse_command(const config::Config& config);

}  // namespace edgeprune::run
