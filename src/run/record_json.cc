#include "record_json.h"

#include "edgeprune/cost/equations.h"

namespace edgeprune::run {
Json dataset_json(const RunData& data) {
  Json json = {{"name", data.train.name},
               {"hash", data.train.content_hash},
               {"num_samples", data.train.num_samples()},
               {"num_classes", data.train.num_classes()},
               {"height", data.train.shape.height},
               {"width", data.train.shape.width},
               {"channels", data.train.shape.channels},
               {"stored_bytes_per_sample", data.train.stored_bytes_per_sample}};
  if (data.test) {
    json["num_test_samples"] = data.test->num_samples();
    json["test_hash"] = data.test_hash();
  }
  return json;
}

Json keep_ratio_json(const config::Config& config, const RunPlan& plan) {
  return {{"as_written", config.prune.keep_ratio.as_written()},
          {"realised", cost::paper_cost_ratio(plan.num_kept, plan.num_samples)},
          {"is_lowered_by_budget_bytes",
           config.budget.bytes.count > 0 &&
               plan.num_stored < config.prune.keep_ratio.num_kept(plan.num_samples)}};
}

Json auto_json(const StrategyChoice& choice) {
  if (choice.reason.empty()) return nullptr;
  return {{"strategy", choice.strategy->name}, {"reason", choice.reason}};
}

Json recipe_json(const StrategyChoice& choice) {
  if (choice.recipe.empty()) return nullptr;
  return choice.recipe;
}

Json predicted_ratios_json(const RunPlan& plan) {
  return {{"paper_equation_27", plan.paper_cost_ratio}, {"with_warm_up", plan.cost_ratio}};
}

Json storage_json(const StoredBytes& bytes) {
  Json json = {{"full", bytes.full}, {"kept", bytes.kept}};
  if (bytes.jpeg_quality > 0) json["jpeg_quality"] = bytes.jpeg_quality;
  return json;
}

Json engine_json(const Engine& engine) {
  return {{"simd_target", engine.simd_target},
          {"precision", engine.precision},
          {"threads", engine.threads}};
}

Json memory_json(const ChosenMemory& memory) {
  const RunMemory& parts = memory.predicted;
  return {{"mode", name_of(memory.choice.mode)},
          {"recompute", memory.choice.step.recompute},
          {"micro_batch_size", memory.choice.step.micro_batch_size},
          {"predicted",
           {{"peak_resident_bytes", parts.total()},
            {"base", parts.base},
            {"data", parts.data},
            {"reading", parts.reading},
            {"batches", parts.batches},
            {"model", parts.model},
            {"gradients", parts.gradients},
            {"optimizer", parts.optimizer},
            {"arena", parts.arena},
            {"scratch", parts.scratch},
            {"saving", parts.saving},
            {"scores", parts.scores},
            {"selection", parts.selection}}}};
}

double flops(double learning_work, double forward_samples, const RunPlan& plan) {
  return learning_work * plan.flops_per_sample + forward_samples * plan.forward_flops_per_sample;
}

}  // namespace edgeprune::run
