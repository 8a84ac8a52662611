#include "edgeprune/plan/recommendation.h"

#include "edgeprune/core/json_text.h"
#include "edgeprune/core/printable.h"
#include "edgeprune/core/units.h"
#include "edgeprune/plan/cost_plan_table.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace edgeprune::plan {
namespace {

using Json = nlohmann::ordered_json;

cost::Device device_of(const RunCosts& costs, const FleetDevice& device,
                       const std::vector<cost::CurvePoint>& curve) {
  return {.name = device.name,
          .num_samples = device.num_samples,
          .cost_of_kept =
              [&costs, &device](std::uint32_t num_kept) {
                return costs.on(device.profile,
                                {.keep_ratio = ratio_keeping(num_kept, device.num_samples),
                                 .num_samples = device.num_samples});
              },
          .curve = curve,
          .budgets = device.budgets,
          .min_kept = min_kept(costs.run(), device.num_samples)};
}

FleetDevice only_device(const RunCosts& costs) {
  return {.name = costs.profile().name,
          .profile = costs.profile(),
          .num_samples = costs.run().data().train.num_samples(),
          .budgets = budgets_of(*costs.config())};
}

std::string range_text(const cost::Recommendation& one) {
  if (!one.range) return "not known";
  return fmt::format("{:.3f} - {:.3f}", one.range->low, one.range->high);
}

Json device_json(const cost::Recommendation& one) {
  const cost::PhaseCost total = one.cost.total();
  Json json = {
      {"device", one.device},
      {"keep_ratio", one.keep_ratio},
      {"num_kept", one.num_kept},
      {"range_90", nullptr},
      {"error", one.loss},
      {"objective", one.objective},
      {"law", {{"floor", one.law.floor}, {"scale", one.law.scale}, {"exponent", one.law.exponent}}},
      {"seconds", total.seconds},
      {"joules", nullptr},
      {"stored_bytes", one.cost.stored_bytes},
      {"binding", nullptr}};
  if (one.range) json["range_90"] = {one.range->low, one.range->high};
  if (total.joules >= 0) json["joules"] = total.joules;
  if (one.binding) json["binding"] = field_of(*one.binding);
  return json;
}

}  // namespace

Recommended recommend(const RecommendationInput& input) {
  std::vector<FleetDevice> fleet = input.fleet;
  if (fleet.empty()) fleet.push_back(only_device(input.costs));
  std::vector<cost::Device> devices;
  for (const FleetDevice& device : fleet) {
    devices.push_back(device_of(input.costs, device, input.curve));
  }
  return {.weights = input.weights,
          .curve = input.curve,
          .devices =
              cost::recommend_keep_ratios(devices, input.weights, input.costs.config()->run.seed)};
}

std::string recommendation_table(const Recommended& recommended) {
  const cost::Weights& weights = recommended.weights;
  std::string text = fmt::format(
      "\nrecommended for {:g} a second, {:g} a joule, {:g} a byte, (13)-(14):\n"
      "{:<18} {:>6} {:>9} {:>15} {:>8} {:>11} {:>11} {:>10}\n",
      weights.per_second, weights.per_joule, weights.per_byte, "device", "keep", "samples",
      "90 % range", "error %", "time", "energy", "stored");
  for (const cost::Recommendation& one : recommended.devices) {
    const cost::PhaseCost total = one.cost.total();
    text += fmt::format(
        "{:<18} {:>6.3f} {:>9} {:>15} {:>8.2f} {:>11} {:>11} {:>10}{}\n",
        core::printable(one.device), one.keep_ratio, core::format_count(one.num_kept),
        range_text(one), 100 * one.loss, core::format_seconds(total.seconds),
        joules_text(total.joules), core::format_bytes(one.cost.stored_bytes),
        one.binding ? fmt::format("\n  {} keeps it from more", field_of(*one.binding)) : "");
  }
  const cost::PowerLaw& law = recommended.devices.front().law;
  return text +
         fmt::format("error by the fitted curve {:.4f} + {:.4f} / keep^{:.3f}; all predicted\n",
                     law.floor, law.scale, law.exponent);
}

std::string recommendation_json(const Recommended& recommended) {
  const cost::Weights& weights = recommended.weights;
  Json json = {{"kind", "predicted"},
               {"lambda",
                {{"seconds", weights.per_second},
                 {"joules", weights.per_joule},
                 {"bytes", weights.per_byte}}},
               {"curve", Json::array()},
               {"devices", Json::array()}};
  for (const cost::CurvePoint& point : recommended.curve) {
    json["curve"].push_back({{"keep_ratio", point.keep_ratio},
                             {"error", point.loss},
                             {"standard_error", point.standard_error}});
  }
  for (const cost::Recommendation& one : recommended.devices) {
    json["devices"].push_back(device_json(one));
  }
  return core::json_text(json, "the recommendation", 2) + "\n";
}

}  // namespace edgeprune::plan
