#include "edgeprune/run/run_command.h"

#include "edgeprune/budget/usage_meter.h"
#include "edgeprune/core/error.h"

#include <fmt/format.h>

namespace edgeprune::run {

std::string command_of(const config::Config& config) {
  return budget::command_of(config.energy);
}

std::string command_notice(const std::string& command) {
  return fmt::format("energy.command is run once a second: {}",
                     core::printable(command, command.size()));
}

void refuse_command(const config::Config& config) {
  const std::string command = command_of(config);
  if (command.empty()) return;
  throw core::Error(core::ErrorKind::config,
                    fmt::format("energy.command would be run, and commands are refused: {}",
                                core::printable(command, command.size())),
                    {core::ErrorReason::command_refused});
}

}  // namespace edgeprune::run
