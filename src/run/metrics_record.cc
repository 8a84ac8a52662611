#include "metrics_record.h"

#include "edgeprune/core/json_text.h"
#include "edgeprune/run/run_files.h"

#include <fmt/format.h>

#include <optional>

namespace edgeprune::run {
namespace {

Json time_json(Json json, const budget::RunUsage& spent) {
  json["total_seconds"] = spent.total().seconds;
  json["total_joules"] = spent.is_metered ? Json(spent.total().joules) : Json();
  return json;
}

Json warmup_json(const PassRecord& record) {
  const double seconds = record.spent.of(core::Activity::score).seconds;
  return {{"phase", name_of(record.phase)},
          {"epoch", record.epoch},
          {"step", record.step},
          {"samples", record.samples},
          {"running_loss", record.running_loss},
          {"spent_samples", samples_json(record.spent)},
          {"time", time_json({{"seconds", seconds}}, record.spent)}};
}

Json epoch_json(const PassRecord& record) {
  Json json = {{"phase", name_of(record.phase)},
               {"epoch", record.epoch},
               {"step", record.step},
               {"learning_rate", record.learning_rate},
               {"samples", record.samples},
               {"running_loss", record.running_loss}};
  if (!record.is_evaluated_late) add_evaluation(json, record.evaluation);
  const budget::RunUsage& spent = record.spent;
  json["spent_samples"] = samples_json(spent);
  json["spent_flops"] = record.spent_flops;
  json["time"] = time_json({{"train_seconds", spent.of(core::Activity::train).seconds},
                            {"evaluate_seconds", spent.of(core::Activity::evaluate).seconds}},
                           spent);
  return json;
}

void add_means(Json& json, const char* name, const std::optional<Means>& means) {
  if (!means) return;
  json[fmt::format("{}_loss", name)] = means->loss;
  json[fmt::format("{}_accuracy", name)] = means->accuracy;
}

}  // namespace

Json samples_json(const budget::RunUsage& spent) {
  return {{"forward_backward", spent.learning_samples},
          {"forward_scoring", spent.scoring_forward_samples},
          {"forward_evaluation", spent.evaluation_samples}};
}

void add_evaluation(Json& json, const EpochMetrics& metrics) {
  add_means(json, "kept", metrics.kept);
  add_means(json, "train", metrics.train);
  add_means(json, "test", metrics.test);
}

std::string metrics_line(const PassRecord& record) {
  Json json = record.phase == Phase::score ? warmup_json(record) : epoch_json(record);
  if (record.is_evaluated_late) add_evaluation(json, record.evaluation);
  return core::json_text(json, kMetricsFile) + "\n";
}

std::string metrics_text(const std::vector<PassRecord>& passes) {
  std::string lines;
  for (const PassRecord& pass : passes) lines += metrics_line(pass);
  return lines;
}

}  // namespace edgeprune::run
