#pragma once
// budget.file: what a run may take by now, as somebody else says while it runs.
//
//   seconds = 900
//   joules = 200
//   harvest = [[0, 2.5], [3600, 0.0]]     # seconds since the run began, watts from then on

#include "edgeprune/budget/budget_control.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace edgeprune::budget {

/// `configured` with what the file says in its place. Anything but these three keys, numbers that
/// are negative and a harvest whose seconds do not ascend are Errors of kind config with the line.
[[nodiscard]] BudgetLimits parse_budget_file(std::string_view toml, const std::string& name,
                                             const BudgetLimits& configured);

/// The limits in force: those of a file that may change, or the configured ones.
class BudgetWatch {
 public:
  /// `file` may be empty.
  BudgetWatch(BudgetLimits configured, std::filesystem::path file);

  /// Reads the file again where it has changed. What cannot be read or parsed leaves the last good
  /// limits in force.
  const BudgetLimits& limits();
  /// Why the file could not be followed, once; else empty.
  [[nodiscard]] std::string take_notice();

 private:
  BudgetLimits configured_;
  BudgetLimits limits_;
  std::filesystem::path file_;
  std::string text_;    // as last read
  std::string notice_;  // not yet taken
  bool has_complained_ = false;
};

}  // namespace edgeprune::budget
