#include "edgeprune/select/auto_strategy.h"

#include <fmt/format.h>

namespace edgeprune::select {
namespace {

// Up to here few samples must stand for many, and which ones matters; beyond, random ones did as
// well as any in docs/choosing.md.
constexpr double kFewKept = 0.35;

}  // namespace

std::string_view name_of(Constraint constraint) {
  return constraint == Constraint::compute ? "compute" : "storage";
}

std::vector<std::string_view> auto_candidates(Constraint constraint) {
  if (constraint == Constraint::compute) return {"short"};
  return {"random", "facility_location", "moderate"};
}

std::vector<const Strategy*> possible_strategies(std::string_view name, Constraint constraint,
                                                 const StrategyCatalogue& catalogue,
                                                 std::string_view called) {
  if (name != "auto") return {&catalogue.named(name, called)};
  std::vector<const Strategy*> rows;
  for (const std::string_view candidate : auto_candidates(constraint)) {
    rows.push_back(&catalogue.named(candidate));
  }
  return rows;
}

AutoChoice choose_strategy(const AutoRequest& request) {
  if (request.constraint == Constraint::compute) {
    return {.strategy = "short",
            .reason =
                "short of compute, not of room: all samples, for as many steps as pruning to "
                "this keep ratio would take"};
  }
  if (request.reencodes) {
    return {.strategy = "random",
            .reason =
                "short of storage, and among many re-encoded samples nothing beats random "
                "ones"};
  }
  if (request.keep_ratio > kFewKept) {
    return {.strategy = "random",
            .reason = fmt::format("short of storage, and at keep ratio {} nothing beats random "
                                  "samples",
                                  request.keep_ratio)};
  }
  if (request.label_noise_lower_bound.value_or(0) >= kMuchLabelNoise) {
    return {
        .strategy = "moderate",
        .reason = fmt::format("short of storage, keep ratio {}, at least {:.0f} % of the labels "
                              "look wrong: samples near the middle of their class",
                              request.keep_ratio, 100 * *request.label_noise_lower_bound)};
  }
  return {
      .strategy = "facility_location",
      .reason = fmt::format("short of storage, keep ratio {}: samples that stand for the others "
                            "of their class",
                            request.keep_ratio)};
}

}  // namespace edgeprune::select
