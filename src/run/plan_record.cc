#include "plan_record.h"

#include "edgeprune/core/json_text.h"
#include "edgeprune/core/version.h"
#include "edgeprune/cost/equations.h"
#include "edgeprune/nn/model.h"
#include "edgeprune/run/run_files.h"
#include "edgeprune/run/run_network.h"

namespace edgeprune::run {
namespace {

Json iterations_json(const RunPlan& plan) {
  return {{"score", plan.warmup_iterations}, {"train", plan.training_steps}};
}

Json resolutions_json(const TrainingStages& stages) {
  Json list = Json::array();
  std::uint64_t before = 0;
  for (const TrainingStage& stage : stages.stages) {
    list.push_back({{"height", stage.shape.height},
                    {"width", stage.shape.width},
                    {"iterations", stage.end - before}});
    before = stage.end;
  }
  return list;
}

Json warmup_size_json(const RunPlan& plan) {
  if (plan.warmup_iterations == 0) return nullptr;
  const core::SampleShape& shape = plan.stages.warm_up.shape;
  return {{"height", shape.height}, {"width", shape.width}};
}

// The paper's own estimates: whole batches, no evaluation, (27) without the warm-up.
Json paper_json(const config::Config& config, const RunPlan& plan) {
  const std::uint32_t batch = config.train.batch_size;
  const std::uint32_t epochs = config.train.epochs;
  return {{"scoring_flops_24",
           cost::scoring_flops(plan.warmup_iterations, plan.flops_per_sample, batch)},
          {"training_flops_26", cost::training_flops(epochs, plan.num_kept, plan.flops_per_sample)},
          {"cost_ratio_27", plan.paper_cost_ratio},
          {"cost_ratio_28", cost::cost_ratio_with_warmup(plan.num_kept, plan.num_samples,
                                                         plan.warmup_iterations, batch, epochs)}};
}

}  // namespace

StoredBytes stored_bytes(const PlanRecord& run, const std::optional<StoredSet>& stored) {
  const bool are_originals = !reencodes(run.config, *run.choice.strategy);
  const double of_one = are_originals ? run.sizes.read : run.sizes.original;
  return {.full = cost::stored_bytes(run.plan.num_samples, of_one),
          .kept = stored ? static_cast<double>(stored->bytes) : run.plan.stored_bytes,
          .jpeg_quality = stored ? stored->jpeg_quality : 0};
}

std::string plan_json(const PlanRecord& run) {
  const RunPlan& plan = run.plan;
  const Json json = {{"kind", "predicted"},
                     {"version", core::version()},
                     {"strategy", run.config.prune.strategy},
                     {"auto", auto_json(run.choice)},
                     {"recipe", recipe_json(run.choice)},
                     {"dataset", dataset_json(run.data)},
                     {"keep_ratio", keep_ratio_json(run.config, plan)},
                     {"num_samples", plan.num_samples},
                     {"num_kept", plan.num_kept},
                     {"iterations", iterations_json(plan)},
                     {"epochs", plan.epochs},
                     {"warmup_resolution", warmup_size_json(plan)},
                     {"resolutions", resolutions_json(plan.stages)},
                     {"network",
                      {{"name", network_name(run.config)},
                       {"parameters", nn::num_parameters(run.network)},
                       {"flops_per_sample", plan.flops_per_sample}}},
                     {"flops",
                      {{"score", flops(plan.scoring_work,
                                       static_cast<double>(plan.scoring_forward_samples), plan)},
                       {"train", flops(plan.training_work, 0, plan)}}},
                     {"cost_ratio", predicted_ratios_json(plan)},
                     {"paper_estimates", paper_json(run.config, plan)},
                     {"stored_bytes", storage_json(stored_bytes(run, {}))},
                     {"engine", engine_json(run.engine)},
                     {"memory", memory_json(run.memory)}};
  return core::json_text(json, kPlanFile, 2) + "\n";
}

}  // namespace edgeprune::run
