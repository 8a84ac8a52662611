#include "run_selection.h"

#include <string>

namespace edgeprune::run {

select::SelectionInput sampler_input(const config::Config& config, const RunPlan& plan,
                                     const data::Dataset& dataset) {
  return {.labels = dataset.labels,
          .num_classes = dataset.num_classes(),
          .num_samples = plan.num_samples,
          .num_kept = config.prune.keep_ratio.num_kept(plan.num_samples),
          .seed = config.run.seed,
          .parameters = config.prune.parameters};
}

select::FeatureMatrix gather_features(
    const nn::Network& network, std::size_t num_samples,
    const std::function<void(const train::EvaluateOptions&)>& evaluate) {
  select::FeatureMatrix matrix{.width = static_cast<std::uint32_t>(network.num_features())};
  matrix.values.reserve(num_samples * matrix.width);
  evaluate({.observed = {.features = true}, .on_batch = [&](const score::Observation& batch) {
              matrix.values.insert(matrix.values.end(), batch.features.begin(),
                                   batch.features.end());
            }});
  return matrix;
}

std::vector<std::uint32_t> make_selection(const SelectionTask& task) {
  const select::Strategy& strategy = *task.choice.strategy;
  select::SelectionInput input = sampler_input(task.config, task.plan, task.dataset);
  input.num_kept = task.plan.num_kept;
  input.features = task.features;
  input.pool = task.pool;
  std::vector<float> ranked;
  const std::string score = config::ranking_score(task.config, strategy);
  if (!score.empty()) ranked = task.scores->hardness(score);
  input.scores = ranked;
  input.column = [&](std::string_view name) { return task.scores->column(name); };
  return select::select_samples(strategy, task.choice.per_class, input);
}

}  // namespace edgeprune::run
