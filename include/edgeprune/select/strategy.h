#pragma once
// Every strategy by name: what it does before training, which samples it keeps, how long it trains.
//
// A strategy is one row of a catalogue; each idea of ours is a page of its own, src/select/NAME.cc.
// One's own is a row added to a copy of ours:
//
//   StrategyCatalogue with_mine = strategies();
//   with_mine.add({.name = "every_third",
//                  .summary = "control: every third sample",
//                  .select = [](const SelectionInput& input) { return every_third(input); }});
//   std::vector<std::uint32_t> kept = select_samples(with_mine.named("every_third"),
//                                                    PerClass::none, {...});

#include "edgeprune/core/catalogue.h"
#include "edgeprune/core/thread_pool.h"
#include "edgeprune/select/sampler.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::select {

/// Quotas per class around a selector.
enum class PerClass {
  none,          // the selector sees all samples at once
  proportional,  // each class keeps its share of M, by largest remainder
  uniform,       // each class keeps M / C, what a small class lacks goes to the others
};
[[nodiscard]] std::string_view name_of(PerClass quota);

/// Penultimate features of the given samples, in their order: samples x width, row by row. Made on
/// demand, for as many samples as a selector asks for at once.
struct FeatureMatrix {
  std::vector<float> values;
  std::uint32_t width = 0;
};
using FeaturesOf = std::function<FeatureMatrix(std::span<const std::uint32_t> samples)>;
/// A column of the warm-up by name, one value per sample.
using ColumnOf = std::function<std::span<const float>(std::string_view name)>;

/// What single strategies can be told, by name; their pages say what it means.
using Parameters = std::map<std::string, double, std::less<>>;

struct SelectionInput {
  std::span<const float> scores;  // one per sample, turned so that high = hard; empty if not needed
  std::span<const std::int32_t> labels;  // one per sample; empty where the strategy needs none
  std::uint32_t num_classes = 0;
  std::uint32_t num_samples = 0;  // N
  std::uint32_t num_kept = 0;     // M
  std::uint64_t seed = 0;
  Parameters parameters;  // the strategies' own, those that are given
  ColumnOf column;        // for strategies that need more columns than `scores`
  FeaturesOf features;    // for strategies that need features
  /// Changes how long it takes, never the result; null: one thread.
  core::ThreadPool* pool = nullptr;

  [[nodiscard]] double parameter(std::string_view name, double otherwise) const {
    const auto given = parameters.find(name);
    return given == parameters.end() ? otherwise : given->second;
  }
};

/// Kept indices, ascending, exactly num_kept of them.
using Selector = std::function<std::vector<std::uint32_t>(const SelectionInput&)>;
/// Chooses anew each epoch.
using SamplerMaker =
    std::function<std::unique_ptr<Sampler>(const SelectionInput&, std::uint32_t epochs)>;

/// How long training on the kept samples lasts.
enum class Duration {
  epochs,       // E passes over the kept samples
  total_steps,  // as many steps as `top` takes with its warm-up (of smaller samples: as many as its
                // work comes to), whatever it trains on
};

struct Strategy {
  static constexpr std::string_view kCalled = "strategy";

  std::string name;
  std::string summary;          // one line
  std::string formula;          // of what is kept
  std::string source;           // paper and equation, or this project's page
  std::string direction;        // "high = keep", "low = keep", "none", ...
  std::string time;             // "O(N)"
  std::string memory;           // "8 bytes per sample"
  std::string score;            // the column it ranks by unless another is asked for; "": none
  std::string other_column;     // that it reads besides, "": none
  bool warms_up = false;        // T_0 steps on all data first, continued from
  bool keeps_all = false;       // M = N, whatever the keep ratio: storage is not saved
  bool needs_features = false;  // forward passes over all samples before selection, charged
  bool needs_labels = false;
  std::uint32_t pairs_of_samples = 0;  // of a class, whose similarities it holds at once, at most
  Duration duration = Duration::epochs;
  Selector select = nullptr;       // null: given from outside (`file`), or dynamic
  SamplerMaker sampler = nullptr;  // null: static
};

using StrategyCatalogue = core::Catalogue<Strategy>;

/// Those that come with edgeprune (src/select/strategies.cc).
[[nodiscard]] const StrategyCatalogue& strategies();
/// One of ours.
[[nodiscard]] inline const Strategy& strategy_named(std::string_view name) {
  return strategies().named(name);
}

/// Quotas go around a selection that is made once, before training. Where the strategy makes none,
/// they are an Error of kind config that calls them what the user does.
void require_quotas_fit(const Strategy& strategy, PerClass quota,
                        std::string_view called = "the quota per class");

/// The strategy's selection, under quotas per class where they are asked for (require_quotas_fit).
/// A strategy that selects nothing by itself, or another number of samples than num_kept, is an
/// internal Error.
[[nodiscard]] std::vector<std::uint32_t> select_samples(const Strategy& strategy, PerClass quota,
                                                        const SelectionInput& input);

}  // namespace edgeprune::select
