#include "records.h"

#include "edgeprune/core/files.h"
#include "edgeprune/core/npy.h"
#include "edgeprune/cost/equations.h"
#include "edgeprune/nn/program.h"
#include "edgeprune/run/run_files.h"
#include "edgeprune/run/run_network.h"

#include "run_scores.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace edgeprune::run {
namespace {

using Json = nlohmann::ordered_json;

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

double flops(double learning_samples, double forward_samples, const RunPlan& plan) {
  return learning_samples * plan.flops_per_sample + forward_samples * plan.forward_flops_per_sample;
}

// What `auto` settled on, and why; null where the configuration names its strategy.
Json auto_json(const StrategyChoice& choice) {
  if (choice.reason.empty()) return nullptr;
  return {{"strategy", choice.strategy->name}, {"reason", choice.reason}};
}

Json recipe_json(const StrategyChoice& choice) {
  if (choice.recipe.empty()) return nullptr;
  return choice.recipe;
}

Json iterations_json(const RunPlan& plan) {
  return {{"score", plan.warmup_iterations}, {"train", plan.training_steps}};
}

Json predicted_ratios_json(const RunPlan& plan) {
  return {{"paper_equation_27", plan.paper_cost_ratio}, {"with_warm_up", plan.cost_ratio}};
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

Json storage_json(const RunPlan& plan, const RunData& data) {
  const double sigma = data.train.stored_bytes_per_sample;
  return {{"full", cost::stored_bytes(plan.num_samples, sigma)},
          {"kept", cost::stored_bytes(plan.num_stored, sigma)}};
}

Json seconds_json(const budget::RunUsage& spent) {
  Json json;
  for (const core::Activity activity : core::kWorkActivities) {
    json[std::string(name_of(activity))] = spent.of(activity).seconds;
  }
  json["total"] = spent.total_seconds();
  json["paused"] = spent.paused_seconds;
  return json;
}

Json joules_json(const budget::RunUsage& spent) {
  Json json;
  for (const core::Activity activity : core::kWorkActivities) {
    json[std::string(name_of(activity))] = spent.of(activity).joules;
  }
  json["total"] = spent.total().joules;
  return json;
}

Json meter_json(const energy::MeterRecord& record) {
  const energy::MeterInfo& info = record.info;
  Json phases;
  for (const energy::ActivityUsage& phase : record.phases) {
    phases[std::string(name_of(phase.activity))] = phase.used.joules;
  }
  return {{"source", energy::name_of(info.source)},
          {"name", info.name},
          {"scope", energy::name_of(info.scope)},
          {"method", energy::name_of(info.method)},
          {"is_counted", info.is_counted},
          {"joules", record.joules()},
          {"phases", phases},
          {"samples", record.counts.samples},
          {"gaps", record.counts.gaps},
          {"wraps", record.counts.wraps},
          {"resolution_joules", info.resolution_joules},
          {"delay_seconds", info.delay_seconds}};
}

// The joules of the whole run, and the meters of the process that ended it.
Json energy_json(const EnergyRecord& energy, const budget::RunUsage& spent) {
  Json json;
  json["status"] = spent.is_metered ? "available" : "unavailable";
  json["joules"] = nullptr;
  if (spent.is_metered) {
    json["joules"] = joules_json(spent);
    json["uncertainty_joules"] = energy.uncertainty_joules;
  }
  json["idle_joules"] = energy.idle_joules < 0 ? Json() : Json(energy.idle_joules);
  json["meters"] = Json::array();
  for (const energy::MeterRecord& record : energy.meters) {
    json["meters"].push_back(meter_json(record));
  }
  return json;
}

Json beside_json(double predicted, double spent) {
  return {{"predicted", predicted},
          {"spent", spent},
          {"relative_error", spent > 0 ? Json(predicted / spent - 1) : Json()}};
}

// Predicted from device.profile beside spent, phase by phase; null without a profile.
Json predicted_json(const std::optional<cost::RunCost>& predicted, const budget::RunUsage& spent) {
  if (!predicted) return nullptr;
  Json json = {{"time_from", predicted->time_from}};
  const auto add = [&](std::string_view phase, const cost::PhaseCost& cost,
                       const core::Usage& usage) {
    json["seconds"][std::string(phase)] = beside_json(cost.seconds, usage.seconds);
    if (cost.joules >= 0 && spent.is_metered) {
      json["joules"][std::string(phase)] = beside_json(cost.joules, usage.joules);
    }
  };
  for (const core::Activity activity : core::kWorkActivities) {
    add(name_of(activity), predicted->of(activity), spent.of(activity));
  }
  add("total", predicted->total(), spent.total());
  return json;
}

// Null without a budget.
Json budget_json(const config::Config& config, const RunState& state) {
  if (!state.budget.limits) return nullptr;
  return {{"limits", Json::parse(budget::limits_text(*state.budget.limits))},
          {"shrink", name_of(config.budget.shrink)},
          {"decisions", state.budget.decisions.size()},
          {"used",
           {{"seconds", state.spent.total().seconds},
            {"joules", state.spent.is_metered ? Json(state.spent.total().joules) : Json()}}}};
}

Json time_json(Json json, const budget::RunUsage& spent) {
  json["total_seconds"] = spent.total().seconds;
  json["total_joules"] = spent.is_metered ? Json(spent.total().joules) : Json();
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

Json samples_json(const budget::RunUsage& spent) {
  return {{"forward_backward", spent.learning_samples},
          {"forward_scoring", spent.scoring_forward_samples},
          {"forward_evaluation", spent.evaluation_samples}};
}

void add_means(Json& json, const char* name, const std::optional<Means>& means) {
  if (!means) return;
  json[fmt::format("{}_loss", name)] = means->loss;
  json[fmt::format("{}_accuracy", name)] = means->accuracy;
}

void add_evaluation(Json& json, const EpochMetrics& metrics) {
  add_means(json, "kept", metrics.kept);
  add_means(json, "train", metrics.train);
  add_means(json, "test", metrics.test);
}

std::size_t begin_of_last_line(const std::string& metrics) {
  const std::size_t end = metrics.find_last_not_of('\n');
  if (end == std::string::npos) return metrics.size();
  const std::size_t before = metrics.rfind('\n', end);
  return before == std::string::npos ? 0 : before + 1;
}

Json last_line(const std::string& metrics) {
  const std::string line = metrics.substr(begin_of_last_line(metrics));
  return line.empty() ? Json::object() : Json::parse(line);
}

}  // namespace

Means mean_over(const train::Evaluation& evaluation, std::span<const std::uint32_t> samples) {
  Means means;
  for (const std::uint32_t n : samples) {
    means.loss += static_cast<double>(evaluation.losses[n]);
    means.accuracy += evaluation.correct[n];
  }
  means.loss /= static_cast<double>(samples.size());
  means.accuracy /= static_cast<double>(samples.size());
  return means;
}

std::string plan_json(const config::Config& config, const StrategyChoice& choice,
                      const RunPlan& plan, const RunData& data, const nn::Network& network,
                      const Engine& engine, const ChosenMemory& memory) {
  const Json json = {{"kind", "predicted"},
                     {"strategy", config.prune.strategy},
                     {"auto", auto_json(choice)},
                     {"recipe", recipe_json(choice)},
                     {"dataset", dataset_json(data)},
                     {"keep_ratio", keep_ratio_json(config, plan)},
                     {"num_samples", plan.num_samples},
                     {"num_kept", plan.num_kept},
                     {"iterations", iterations_json(plan)},
                     {"epochs", plan.epochs},
                     {"network",
                      {{"name", network_name(config)},
                       {"parameters", nn::num_parameters(network)},
                       {"flops_per_sample", plan.flops_per_sample}}},
                     {"flops",
                      {{"score", flops(static_cast<double>(plan.scoring_samples),
                                       static_cast<double>(plan.scoring_forward_samples), plan)},
                       {"train", flops(static_cast<double>(plan.training_samples), 0, plan)}}},
                     {"cost_ratio", predicted_ratios_json(plan)},
                     {"paper_estimates", paper_json(config, plan)},
                     {"stored_bytes", storage_json(plan, data)},
                     {"engine", engine_json(engine)},
                     {"memory", memory_json(memory)}};
  return json.dump(2) + "\n";
}

void write_scores(const std::filesystem::path& directory, const config::Config& config,
                  const RunData& data, const score::Scores& scores) {
  const std::vector<score::Scores::Column>& columns = scores.columns();
  const std::size_t num_samples = data.train.num_samples();
  std::vector<float> table(num_samples * columns.size());
  Json names;
  Json hard_ends;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const score::Scores::Column& column = columns[c];
    for (std::size_t n = 0; n < num_samples; ++n) table[n * columns.size() + c] = column.values[n];
    names.push_back(column.name);
    hard_ends[column.name] = name_of(column.hard);
  }
  const Json json = {{"columns", names},
                     {"hard", hard_ends},
                     {"mode", score::name_of(config.score.mode)},
                     {"dataset_hash", data.train.content_hash},
                     {"num_samples", num_samples},
                     {"seed", config.run.seed}};
  core::write_npy(directory / kScoresFile, std::span<const float>(table),
                  {num_samples, columns.size()});
  core::write_file_atomically(directory / kScoresManifestFile, json.dump(2) + "\n");
}

select::Manifest selection_manifest(const config::Config& config, const StrategyChoice& choice,
                                    const RunPlan& plan, const RunData& data) {
  const select::Strategy& strategy = *choice.strategy;
  std::string scorer = ranking_score(config, strategy);
  if (scorer == "loss") scorer = fmt::format("loss, {}", score::name_of(config.score.mode));
  return {.dataset_hash = data.train.content_hash,
          .scorer = scorer.empty() ? "none" : scorer,
          .selector = std::string(strategy.name),
          .per_class = std::string(select::name_of(choice.per_class)),
          .seed = config.run.seed,
          .keep_ratio = config.prune.keep_ratio.as_written(),
          .num_samples = plan.num_samples,
          .num_kept = strategy.sampler != nullptr ? plan.num_samples : plan.num_kept};
}

std::string warmup_line(const RunState& state, std::uint32_t num_samples) {
  const Json json = {
      {"phase", name_of(Phase::score)},
      {"epoch", state.epoch + 1},
      {"step", state.step},
      {"samples", num_samples},
      {"running_loss", state.pass_loss_sum / state.pass_samples},
      {"spent_samples", samples_json(state.spent)},
      {"time",
       time_json({{"seconds", state.spent.of(core::Activity::score).seconds}}, state.spent)}};
  return json.dump() + "\n";
}

std::string epoch_line(const RunState& state, const RunPlan& plan, const EpochMetrics& metrics) {
  Json json = {{"phase", name_of(Phase::train)},
               {"epoch", state.epoch + 1},
               {"step", state.step},
               {"learning_rate", state.learning_rate},
               {"samples", state.pass_samples},
               {"running_loss", state.pass_loss_sum / state.pass_samples}};
  add_evaluation(json, metrics);
  const budget::RunUsage& spent = state.spent;
  json["spent_samples"] = samples_json(spent);
  json["spent_flops"] =
      flops(static_cast<double>(spent.learning_samples),
            static_cast<double>(spent.scoring_forward_samples + spent.evaluation_samples), plan);
  json["time"] = time_json({{"train_seconds", spent.of(core::Activity::train).seconds},
                            {"evaluate_seconds", spent.of(core::Activity::evaluate).seconds}},
                           spent);
  return json.dump() + "\n";
}

bool is_evaluated(const std::string& metrics) {
  return last_line(metrics).contains("train_loss");
}

std::string with_last_evaluated(const std::string& metrics, const EpochMetrics& evaluation) {
  Json json = last_line(metrics);
  add_evaluation(json, evaluation);
  return metrics.substr(0, begin_of_last_line(metrics)) + json.dump() + "\n";
}

std::string summary_json(const config::Config& config, const StrategyChoice& choice,
                         const RunPlan& plan, const RunData& data, const nn::Network& network,
                         const RunState& state, const Engine& engine, const ChosenMemory& memory,
                         const EnergyRecord& energy,
                         const std::optional<cost::RunCost>& predicted) {
  const budget::RunUsage& spent = state.spent;
  Json json = {
      {"status", "complete"},
      {"strategy", config.prune.strategy},
      {"auto", auto_json(choice)},
      {"recipe", recipe_json(choice)},
      {"seed", config.run.seed},
      {"dataset", dataset_json(data)},
      {"num_samples", plan.num_samples},
      {"num_kept", plan.num_kept},
      {"keep_ratio", keep_ratio_json(config, plan)},
      {"iterations",
       {{"score", plan.warmup_iterations},
        {"train", state.budget.is_stretched ? state.step : plan.training_steps}}},
      {"parameters", nn::num_parameters(network)},
      {"seconds", seconds_json(spent)},
      {"energy", energy_json(energy, spent)},
      {"predicted", predicted_json(predicted, spent)},
      {"budget", budget_json(config, state)},
      {"samples", samples_json(spent)},
      {"flops",
       {{"learning", flops(static_cast<double>(spent.learning_samples),
                           static_cast<double>(spent.scoring_forward_samples), plan)},
        {"evaluation", flops(0, static_cast<double>(spent.evaluation_samples), plan)}}},
      {"cost_ratio",
       {{"predicted", predicted_ratios_json(plan)}, {"measured_time_against_full", nullptr}}},
      {"stored_bytes", storage_json(plan, data)},
      {"engine", engine_json(engine)},
      {"memory", memory_json(memory)}};
  json["memory"]["measured"] = {{"peak_resident_bytes", peak_resident_bytes()}};
  Json results = last_line(state.metrics);
  for (const char* name : {"kept", "train", "test"}) {
    for (const char* what : {"loss", "accuracy"}) {
      const std::string key = fmt::format("{}_{}", name, what);
      if (results.contains(key)) json["results"][key] = results[key];
    }
  }
  return json.dump(2) + "\n";
}

void take_last_accuracies(const std::string& metrics, RunResult& result) {
  const Json line = last_line(metrics);
  result.kept_accuracy = line.value("kept_accuracy", -1.0);
  result.train_accuracy = line.value("train_accuracy", -1.0);
  result.test_accuracy = line.value("test_accuracy", -1.0);
  result.test_loss = line.value("test_loss", -1.0);
}

}  // namespace edgeprune::run
