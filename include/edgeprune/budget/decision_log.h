#pragma once
// decisions.jsonl: what a run with a budget decided, and when; and the way back, to replay it.
//
//   write_file(path, decisions_text(records));
//   std::vector<DecisionRecord> again = read_decisions(path);

#include "edgeprune/budget/budget_control.h"
#include "edgeprune/core/usage.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::budget {

struct DecisionRecord {
  enum class Kind { decision, pause };  // a pause decides nothing

  std::uint64_t sequence = 0;  // 1, 2, ...
  Kind kind = Kind::decision;
  core::Activity phase = core::Activity::train;  // or score, select
  std::uint32_t epoch = 0;                       // 1, 2, ...
  std::uint64_t step = 0;                        // steps done within the phase
  core::Usage spent;
  core::Usage per_step;
  std::uint64_t steps_left = 0;
  double progress = 0;  // of the schedule, in [0, 1]
  bool evaluates = true;
  std::string why;
  std::optional<BudgetLimits> limits;  // in force; nothing before the first decision, in a replay

  /// One that a replay takes again: the bits depend on its epoch, step, steps_left and evaluates.
  [[nodiscard]] bool decides_training() const {
    return kind == Kind::decision && phase == core::Activity::train;
  }
};

/// The lines of decisions.jsonl, a newline after each.
[[nodiscard]] std::string decisions_text(const std::vector<DecisionRecord>& records);
/// Its opposite. Of what decides nothing a line may lack everything. A text that is no such log is
/// an Error of kind data with `name` and the line.
[[nodiscard]] std::vector<DecisionRecord> parse_decisions(const std::string& text,
                                                          const std::string& name);
[[nodiscard]] std::vector<DecisionRecord> read_decisions(const std::filesystem::path& path);

/// Limits in one line of JSON, the same for the same limits, and back; what is no such line is an
/// Error of kind data.
[[nodiscard]] std::string limits_text(const BudgetLimits& limits);
[[nodiscard]] BudgetLimits parse_limits(std::string_view text);

}  // namespace edgeprune::budget
