#pragma once
// What a run says once, with its number, where a setting works against its user.

#include "edgeprune/config/config.h"
#include "edgeprune/run/run_plan.h"
#include "edgeprune/score/label_noise.h"
#include "edgeprune/select/strategy.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace edgeprune::run {

/// Before anything is spent: a warm-up that costs more than pruning saves, a strategy that stores
/// everything where storage is short. One line each.
[[nodiscard]] std::vector<std::string> plan_warnings(const config::Config& config,
                                                     const select::Strategy& strategy,
                                                     const RunPlan& plan,
                                                     double stored_bytes_per_sample);

struct ScoreFindings {
  std::string_view score;         // that the strategy ranks by; empty: none
  std::span<const float> values;  // of that score
  std::optional<score::LabelNoise> label_noise;
};
/// After the warm-up: scores that are nearly constant, the hardest samples kept although many
/// labels look wrong.
[[nodiscard]] std::vector<std::string> score_warnings(const select::Strategy& strategy,
                                                      const ScoreFindings& findings);

}  // namespace edgeprune::run
