#pragma once
// Every strategy by name: what it does before training, which samples it keeps, how long it trains.
//
// A strategy is one row of the table in src/select/strategies.cc; each idea is a page of its own,
// src/select/NAME.cc. Adding one touches its page, its declaration here, its row and its test.

#include "edgeprune/core/thread_pool.h"
#include "edgeprune/select/sampler.h"

#include <cstdint>
#include <functional>
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

struct SelectionInput {
  std::span<const float> scores;  // one per sample, turned so that high = hard; empty if not needed
  std::span<const std::int32_t> labels;  // one per sample; empty where the strategy needs none
  std::uint32_t num_classes = 0;
  std::uint32_t num_samples = 0;  // N
  std::uint32_t num_kept = 0;     // M
  std::uint64_t seed = 0;
  double hard_cutoff = -1;  // `stratified`: the share of hardest samples left out; -1: by M / N
  ColumnOf column;          // for strategies that need more columns than `scores`
  FeaturesOf features;      // for strategies that need features
  /// Changes how long it takes, never the result; null: one thread.
  core::ThreadPool* pool = nullptr;
};

/// Kept indices, ascending, exactly num_kept of them.
using Selector = std::vector<std::uint32_t> (*)(const SelectionInput&);
/// Chooses anew each epoch.
using SamplerMaker = std::unique_ptr<Sampler> (*)(const SelectionInput&, std::uint32_t epochs);

/// How long training on the kept samples lasts.
enum class Duration {
  epochs,       // E passes over the kept samples
  total_steps,  // as many steps as `top` takes with its warm-up, whatever it trains on
};

struct Strategy {
  std::string_view name;
  std::string_view summary;    // one line
  std::string_view formula;    // of what is kept
  std::string_view source;     // paper and equation, or this project's page
  std::string_view direction;  // "high = keep", "low = keep", "none", ...
  std::string_view time;       // "O(N)"
  std::string_view memory;     // "8 bytes per sample"
  std::string_view score;      // the column it ranks by unless prune.score names another; "": none
  std::string_view other_column;  // that it reads besides, "": none
  bool warms_up = false;          // T_0 steps on all data first, continued from
  bool keeps_all = false;         // M = N, whatever the keep ratio: storage is not saved
  bool needs_features = false;    // forward passes over all samples before selection, charged
  bool needs_labels = false;
  std::uint32_t pairs_of_samples = 0;  // of a class, whose similarities it holds at once, at most
  Duration duration = Duration::epochs;
  Selector select = nullptr;       // null: given from outside (`file`), or dynamic
  SamplerMaker sampler = nullptr;  // null: static
};

[[nodiscard]] std::span<const Strategy> strategies();
/// An unknown name is an Error of kind config that lists the known ones and the nearest.
[[nodiscard]] const Strategy& strategy_named(std::string_view name);

/// The strategy's selection, under quotas per class where they are asked for.
[[nodiscard]] std::vector<std::uint32_t> select_samples(const Strategy& strategy, PerClass quota,
                                                        const SelectionInput& input);

}  // namespace edgeprune::select
