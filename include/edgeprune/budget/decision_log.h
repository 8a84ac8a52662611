#pragma once
// decisions.jsonl: what a run with a budget decided, and when; and the way back, to replay it.

#include "edgeprune/budget/budget_control.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::budget {

struct DecisionRecord {
  std::uint64_t sequence = 0;
  std::string_view kind = "decision";  // or "pause"
  std::string_view phase = "train";    // or "score", "select"
  std::uint32_t epoch = 0;             // 1, 2, ...
  std::uint64_t step = 0;              // steps done within the phase
  core::Usage spent;
  core::Usage per_step;
  std::uint64_t steps_left = 0;
  double progress = 0;  // of the schedule, in [0, 1]
  bool evaluates = true;
  std::string why;
  std::string limits;  // JSON, as budget_file.h writes it
};
/// One line, newline included.
[[nodiscard]] std::string decision_line(const DecisionRecord& record);

/// What of a decision the bits depend on.
struct MadeDecision {
  std::uint32_t epoch = 0;
  std::uint64_t step = 0;
  std::uint64_t steps_left = 0;
  bool evaluates = true;
};
/// Those of training, in order. A file that is no such log is an Error of kind data.
[[nodiscard]] std::vector<MadeDecision> read_decisions(const std::filesystem::path& path);

}  // namespace edgeprune::budget
