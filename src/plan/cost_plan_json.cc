#include "edgeprune/plan/cost_plan_json.h"

#include "edgeprune/core/json_text.h"

#include <nlohmann/json.hpp>

namespace edgeprune::plan {
namespace {

using Json = nlohmann::ordered_json;

Json joules_json(double joules) {
  if (joules < 0) return nullptr;
  return joules;
}

Json phase_json(const cost::PhaseCost& phase) {
  return {
      {"seconds", phase.seconds}, {"joules", joules_json(phase.joules)}, {"flops", phase.flops}};
}

Json cost_json(const cost::RunCost& cost) {
  Json json;
  for (const core::Activity activity : core::kWorkActivities) {
    json[std::string(name_of(activity))] = phase_json(cost.of(activity));
  }
  json["total"] = phase_json(cost.total());
  json["stored_bytes"] = cost.stored_bytes;
  json["peak_stored_bytes"] = cost.peak_stored_bytes;
  json["memory_bytes"] = cost.memory_bytes;
  json["cost_ratio"] = {{"paper_equation_27", cost.paper_ratio},
                        {"with_warm_up", cost.ratio_with_warmup}};
  json["time_from"] = cost.time_from;
  return json;
}

Json uses_json(const std::vector<cost::BudgetUse>& uses) {
  Json json = Json::array();
  for (const cost::BudgetUse& use : uses) {
    json.push_back({{"budget", field_of(use.kind)},
                    {"limit", use.limit},
                    {"used", use.used},
                    {"percent", 100 * use.used / use.limit},
                    {"fits", use.fits()}});
  }
  return json;
}

Json fit_json(const cost::Fit& fit) {
  Json json = {
      {"cost", cost_json(fit.cost)}, {"budgets", uses_json(fit.uses)}, {"binding", nullptr}};
  if (fit.binding) json["binding"] = field_of(*fit.binding);
  return json;
}

Json row_json(const CostRow& row) {
  Json json = {{"keep_ratio", row.keep_ratio.as_written()}, {"num_kept", row.num_kept}};
  json.update(cost_json(row.cost));
  json["budgets"] = uses_json(row.uses);
  return json;
}

Json largest_keep_json(const CostPlan& plan) {
  if (!plan.largest_keep) return nullptr;
  Json json = {{"num_kept", plan.largest_keep->value},
               {"keep_ratio", ratio_text(plan.largest_keep->value, plan.num_samples)},
               {"epochs", plan.epochs}};
  json.update(fit_json(*plan.largest_keep));
  return json;
}

Json max_epochs_json(const CostPlan& plan) {
  if (!plan.why_no_epochs.empty()) {
    return {
        {"epochs", 0}, {"keep_ratio", plan.keep_ratio.as_written()}, {"why", plan.why_no_epochs}};
  }
  if (!plan.max_epochs) return nullptr;
  Json json = {{"epochs", plan.max_epochs->value}, {"keep_ratio", plan.keep_ratio.as_written()}};
  json.update(fit_json(*plan.max_epochs));
  return json;
}

}  // namespace

std::string cost_plan_json(const CostPlan& plan) {
  Json json = {
      {"kind", "predicted"},
      {"device", plan.from.device},
      {"from",
       {{"time", plan.from.time}, {"power", plan.from.power}, {"memory", plan.from.memory}}},
      {"network", plan.network},
      {"dataset", plan.dataset},
      {"strategy", plan.strategy},
      {"num_samples", plan.num_samples},
      {"epochs", plan.epochs},
      {"keep_ratio", plan.keep_ratio.as_written()},
      {"rows", Json::array()},
      {"largest_keep", largest_keep_json(plan)},
      {"most_epochs", max_epochs_json(plan)}};
  for (const CostRow& row : plan.rows) json["rows"].push_back(row_json(row));
  return core::json_text(json, "the plan", 2) + "\n";
}

}  // namespace edgeprune::plan
