#pragma once
// A run and its controls side by side, as text and as JSON.

#include "edgeprune/run/pipeline.h"

#include <string>
#include <vector>

namespace edgeprune::compare {

/// The configured run or one of its controls.
struct ControlsRow {
  std::string strategy;
  run::RunResult result;
  double learning_seconds = 0;  // score + select + train; evaluation apart
  double time_ratio = -1;       // learning_seconds over those of `full`; -1 where full was not run
};

/// The table as fixed-width text, one row per strategy, with a line on how to read it.
[[nodiscard]] std::string controls_table(const std::vector<ControlsRow>& rows);
/// The same as JSON.
[[nodiscard]] std::string controls_json(const std::vector<ControlsRow>& rows);

}  // namespace edgeprune::compare
