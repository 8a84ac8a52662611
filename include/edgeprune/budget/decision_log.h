#pragma once
// decisions.jsonl: what a run with a budget decided, and when; and the way back, to replay it.
//
//   write_file(path, decisions_text(records));
//   std::vector<DecisionRecord> again = parse_decisions(read_file(path), path);

#include "edgeprune/budget/budget_control.h"
#include "edgeprune/core/usage.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::budget {

/// Why a decision taken at the end of a pass was taken; what binds follows it.
inline constexpr std::string_view kPassHasEnded = "a pass has ended";
/// Why a replay took a decision.
inline constexpr std::string_view kReplayed = "replayed";

struct DecisionRecord {
  enum class Kind { decision, pause };  // a pause decides nothing

  std::uint64_t sequence = 0;  // 1, 2, ...
  Kind kind = Kind::decision;
  core::Activity phase = core::Activity::train;  // or score, select
  std::uint32_t epoch = 0;                       // 1, 2, ...
  std::uint64_t step = 0;                        // steps done within the phase
  std::optional<std::uint32_t> batch;            // batches done of the pass
  // Whether no more batches of that pass come: at the end of a shortened pass it matters.
  std::optional<bool> pass_ended;
  core::Usage spent;
  core::Usage per_step;
  std::uint64_t steps_left = 0;
  std::optional<double> progress;  // of the schedule, in [0, 1]
  bool evaluates = true;
  std::string why;
  std::optional<BudgetLimits> limits;  // in force; nothing before the first decision, in a replay

  /// One that a replay takes again (budget/decision_replay.h): the bits depend on its epoch, step,
  /// batch, pass_ended and steps_left.
  [[nodiscard]] bool decides_training() const {
    return kind == Kind::decision && phase == core::Activity::train;
  }
};

/// The lines of decisions.jsonl, a newline after each.
[[nodiscard]] std::string decisions_text(const std::vector<DecisionRecord>& records);
/// Its opposite. Of what decides nothing a line may lack everything, and every line may lack
/// `batch` and `pass_ended`, which older logs do not have; `why` then tells the latter, unless the
/// decision was a replayed one. A text that is no such log is an Error of kind data with `name` and
/// the line.
[[nodiscard]] std::vector<DecisionRecord> parse_decisions(const std::string& text,
                                                          const std::string& name);

/// Limits in one line of JSON, the same for the same limits, and back; what is no such line is an
/// Error of kind data.
[[nodiscard]] std::string limits_text(const BudgetLimits& limits);
[[nodiscard]] BudgetLimits parse_limits(std::string_view text);

}  // namespace edgeprune::budget
