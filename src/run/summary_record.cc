#include "summary_record.h"

#include "edgeprune/budget/decision_log.h"
#include "edgeprune/core/json_input.h"
#include "edgeprune/core/json_text.h"
#include "edgeprune/core/version.h"
#include "edgeprune/nn/model.h"
#include "edgeprune/run/run_files.h"

#include "metrics_record.h"
#include "record_json.h"

namespace edgeprune::run {
namespace {

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
  Json json = {{"source", energy::name_of(info.source)},
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
  if (!record.absurd.empty()) json["absurd_reading"] = record.absurd;
  return json;
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

Json limits_json(const budget::BudgetLimits& limits) {
  return core::read_json<Json>(
      budget::limits_text(limits),
      {.name = "the run's budget", .what = "not limits", .fix = "report this"},
      [](const Json& json) { return json; });
}

// Null without a budget.
Json budget_json(const config::Config& config, const RunState& state) {
  if (!state.budget.limits) return nullptr;
  return {{"limits", limits_json(*state.budget.limits)},
          {"shrink", name_of(config.budget.shrink)},
          {"decisions", state.budget.decisions.size()},
          {"measuring_samples", state.spent.measuring_samples},
          {"used",
           {{"seconds", state.spent.total().seconds},
            {"joules", state.spent.is_metered ? Json(state.spent.total().joules) : Json()}}}};
}

// Losses and accuracies of the last epoch.
void add_results(Json& json, const RunState& state) {
  Json results;
  if (!state.metrics.empty()) add_evaluation(results, state.metrics.back().evaluation);
  if (!results.empty()) json["results"] = results;
}

}  // namespace

std::string summary_json(const SummaryRecord& summary) {
  const PlanRecord& run = summary.run;
  const RunPlan& plan = run.plan;
  const budget::RunUsage& spent = summary.state.spent;
  Json json = {
      {"status", "complete"},
      {"version", core::version()},
      {"strategy", run.config.prune.strategy},
      {"auto", auto_json(run.choice)},
      {"recipe", recipe_json(run.choice)},
      {"seed", run.config.run.seed},
      {"dataset", dataset_json(run.data)},
      {"num_samples", plan.num_samples},
      {"num_kept", plan.num_kept},
      {"keep_ratio", keep_ratio_json(run.config, plan)},
      {"iterations",
       {{"score", plan.warmup_iterations},
        {"train", summary.state.budget.is_stretched ? summary.state.step : plan.training_steps}}},
      {"parameters", nn::num_parameters(run.network)},
      {"seconds", seconds_json(spent)},
      {"energy", energy_json(summary.energy, spent)},
      {"predicted", predicted_json(summary.predicted, spent)},
      {"budget", budget_json(run.config, summary.state)},
      {"samples", samples_json(spent)},
      {"flops",
       {{"learning",
         flops(spent.learning_work, static_cast<double>(spent.scoring_forward_samples), plan)},
        {"evaluation", flops(0, static_cast<double>(spent.evaluation_samples), plan)}}},
      {"cost_ratio",
       {{"predicted", predicted_ratios_json(plan)}, {"measured_time_against_full", nullptr}}},
      {"stored_bytes", storage_json(stored_bytes(run, summary.state.stored))},
      {"engine", engine_json(run.engine)},
      {"memory", memory_json(run.memory)}};
  json["memory"]["measured"] = {{"peak_resident_bytes", peak_resident_bytes()}};
  add_results(json, summary.state);
  return core::json_text(json, kSummaryFile, 2) + "\n";
}

}  // namespace edgeprune::run
