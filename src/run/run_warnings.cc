#include "run_warnings.h"

#include "edgeprune/core/units.h"
#include "edgeprune/statistics/statistics.h"

#include <fmt/format.h>

#include <cmath>

namespace edgeprune::run {
namespace {

// Below this share of their mean, differences between scores are mostly rounding and chance.
constexpr double kConstantSpread = 0.01;

}  // namespace

std::vector<std::string> plan_warnings(const config::Config& config,
                                       const select::Strategy& strategy, const RunPlan& plan,
                                       double stored_bytes_per_sample) {
  std::vector<std::string> lines;
  const bool may_choose = config.budget.samples == 0 && config.prune.strategy != "auto";
  if (strategy.warms_up && may_choose && plan.cost_ratio >= 1) {
    lines.push_back(
        fmt::format("the warm-up costs more than pruning saves: {:.2f} of the work of training on "
                    "all samples; shorten score.warmup_iterations or lower prune.keep_ratio",
                    plan.cost_ratio));
  }
  if (config.prune.constraint == select::Constraint::storage &&
      plan.num_stored == plan.num_samples && config.prune.keep_ratio.value() < 1) {
    const std::uint32_t kept = config.prune.keep_ratio.num_kept(plan.num_samples);
    lines.push_back(fmt::format(
        "prune.constraint is storage, but {} keeps all {} samples stored ({}); a static strategy "
        "such as random would keep {} ({})",
        strategy.name, core::format_count(plan.num_samples),
        core::format_bytes(plan.num_samples * stored_bytes_per_sample), core::format_count(kept),
        core::format_bytes(kept * stored_bytes_per_sample)));
  }
  return lines;
}

std::vector<std::string> score_warnings(const select::Strategy& strategy,
                                        const ScoreFindings& findings) {
  if (findings.score.empty()) return {};
  std::vector<std::string> lines;
  const statistics::Spread spread = statistics::spread_of(findings.values);
  if (spread.stddev <= kConstantSpread * std::abs(spread.mean)) {
    lines.push_back(
        fmt::format("the score {} is nearly constant (mean {:.4g}, standard deviation {:.2g}): "
                    "ranking by it is close to chance; raise score.warmup_iterations",
                    findings.score, spread.mean, spread.stddev));
  }
  const std::optional<score::LabelNoise>& noise = findings.label_noise;
  if (strategy.name == "top" && noise && noise->lower_bound() >= select::kMuchLabelNoise) {
    lines.push_back(
        fmt::format("{:.0f} % of the labels look wrong (standard error {:.0f} %), and the strategy "
                    "top keeps wrong labels first; take stratified, or auto with "
                    "prune.constraint storage",
                    100 * noise->share, 100 * noise->standard_error));
  }
  return lines;
}

}  // namespace edgeprune::run
