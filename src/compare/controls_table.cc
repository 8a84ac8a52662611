#include "edgeprune/compare/controls_table.h"

#include "edgeprune/core/json_text.h"
#include "edgeprune/core/printable.h"
#include "edgeprune/core/units.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace edgeprune::compare {
namespace {

std::string percent_or_dash(double share) {
  return share < 0 ? "-" : fmt::format("{:.1f}", 100 * share);
}
std::string ratio(double value) {
  return value < 0 ? "-" : fmt::format("{:.2f}", value);
}

}  // namespace

std::string controls_table(const std::vector<ControlsRow>& rows) {
  std::string table =
      fmt::format("{:<15} {:>7} {:>7} {:>17} {:>8} {:>9} {:>10} {:>10}\n", "strategy", "test %",
                  "train %", "kept M of N", "steps", "seconds", "cost ratio", "time ratio");
  for (const ControlsRow& row : rows) {
    const run::RunPlan& plan = row.result.plan;
    table += fmt::format("{:<15} {:>7} {:>7} {:>17} {:>8} {:>9.2f} {:>10} {:>10}\n",
                         core::printable(row.strategy), percent_or_dash(row.result.test_accuracy),
                         percent_or_dash(row.result.train_accuracy),
                         fmt::format("{} of {}", core::format_count(plan.num_kept),
                                     core::format_count(plan.num_samples)),
                         plan.warmup_iterations + plan.training_steps, row.learning_seconds,
                         ratio(plan.cost_ratio), ratio(row.time_ratio));
  }
  return table +
         "test %, train %: accuracy on the test set and on all N samples after the last epoch\n"
         "steps, seconds:  warm-up included, evaluation apart (measured)\n"
         "cost ratio:      work of scoring and training against `full` (predicted)\n"
         "time ratio:      seconds against `full` (measured)\n";
}

std::string controls_json(const std::vector<ControlsRow>& rows) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  const auto known = [](double value) -> nlohmann::ordered_json {
    if (value < 0) return nullptr;
    return value;
  };
  for (const ControlsRow& row : rows) {
    const run::RunPlan& plan = row.result.plan;
    json.push_back(
        {{"strategy", row.strategy},
         {"test_accuracy", known(row.result.test_accuracy)},
         {"test_loss", known(row.result.test_loss)},
         {"train_accuracy", known(row.result.train_accuracy)},
         {"kept_accuracy", known(row.result.kept_accuracy)},
         {"num_kept", plan.num_kept},
         {"num_samples", plan.num_samples},
         {"iterations", {{"score", plan.warmup_iterations}, {"train", plan.training_steps}}},
         {"learning_seconds", row.learning_seconds},
         {"paper_cost_ratio", plan.paper_cost_ratio},
         {"cost_ratio", plan.cost_ratio},
         {"measured_time_ratio", known(row.time_ratio)}});
  }
  return core::json_text(json, "controls.json", 2) + "\n";
}

}  // namespace edgeprune::compare
