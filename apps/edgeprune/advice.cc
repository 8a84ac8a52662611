#include "advice.h"

#include <fmt/format.h>

namespace edgeprune::cli {
namespace {

using core::ErrorReason;

// " --set budget.seconds=12", in quotes where the shell would read more than that.
std::string set_option(const std::string& setting) {
  if (setting.empty()) return "";
  const bool needs_quotes = setting.find_first_of("[]\"' ") != std::string::npos;
  return needs_quotes ? fmt::format(" --set '{}'", setting) : " --set " + setting;
}

}  // namespace

std::string advice_for(const core::Error& error) {
  const auto& [reason, subject, setting] = error.context();
  switch (reason) {
    case ErrorReason::run_resumable:
      return fmt::format(": `edgeprune resume {}{}`", subject, set_option(setting));
    case ErrorReason::comparison_resumable:
      return ": the same command continues it";
    case ErrorReason::run_exists:
      return fmt::format(
          "; continue it with `edgeprune resume {}`, replace it with --force, or "
          "choose another --run-dir",
          subject);
    case ErrorReason::run_directory_needed:
      return "; give --run-dir DIR";
    case ErrorReason::run_directory_taken:
      return "; choose another --run-dir";
    case ErrorReason::run_unusable:
      return ", or begin the run again with --force";
    case ErrorReason::new_run_needed:
      return fmt::format(", with{} --run-dir DIR", set_option(setting));
    case ErrorReason::comparison_directory_taken:
    case ErrorReason::profile_of_another:
      return "; choose another --output";
    case ErrorReason::strategy_unfit:
      return "; `edgeprune strategies` lists them";
    case ErrorReason::meter_missing:
      return "; `edgeprune doctor` says why none can be read";
    case ErrorReason::device_unmeasured:
      return ", or measure the device with `edgeprune calibrate`";
    case ErrorReason::command_refused:
      return "; name another meter with --set energy.meter=none, or leave --no-commands out";
    case ErrorReason::score_column_not_named:
      return " with --column";
    case ErrorReason::score_column_unknown:
      return "; leave out --column";
    case ErrorReason::none:
      return "";
  }
  return "";
}

}  // namespace edgeprune::cli
