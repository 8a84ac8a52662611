#include "within_classes.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/random.h"

#include "largest_remainder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>

namespace edgeprune::select {
namespace {

using Samples = std::vector<std::uint32_t>;

std::vector<Samples> samples_of_classes(const SelectionInput& input) {
  std::vector<Samples> classes(std::max(1u, input.num_classes));
  for (std::uint32_t n = 0; n < input.num_samples; ++n) {
    const auto label = input.labels.empty() ? 0u : static_cast<std::uint32_t>(input.labels[n]);
    if (label >= classes.size()) {
      throw core::Error(core::ErrorKind::internal,
                        fmt::format("sample {} has label {} of {} classes", n, input.labels[n],
                                    input.num_classes));
    }
    classes[label].push_back(n);
  }
  return classes;
}

std::vector<std::uint32_t> sizes_of(const std::vector<Samples>& groups) {
  std::vector<std::uint32_t> sizes;
  for (const Samples& group : groups) sizes.push_back(static_cast<std::uint32_t>(group.size()));
  return sizes;
}

std::vector<Samples> random_blocks(const Samples& samples, std::uint32_t most,
                                   const core::RandomKey& key) {
  if (samples.size() <= most) return {samples};
  const std::size_t num_blocks = (samples.size() + most - 1) / most;
  const auto order = core::random_permutation(static_cast<std::uint32_t>(samples.size()), key);
  std::vector<Samples> blocks(num_blocks);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    blocks[i * num_blocks / samples.size()].push_back(samples[order[i]]);
  }
  for (Samples& block : blocks) std::sort(block.begin(), block.end());
  return blocks;
}

FeatureMatrix finite_features(const SelectionInput& input, std::span<const std::uint32_t> samples) {
  FeatureMatrix features = input.features(samples);
  if (features.values.size() != samples.size() * features.width) {
    throw core::Error(core::ErrorKind::internal,
                      fmt::format("{} features of {} samples, {} wide", features.values.size(),
                                  samples.size(), features.width));
  }
  const auto bad = std::find_if(features.values.begin(), features.values.end(),
                                [](float value) { return !std::isfinite(value); });
  if (bad != features.values.end()) {
    const auto row = static_cast<std::size_t>(bad - features.values.begin()) / features.width;
    throw core::Error(core::ErrorKind::numeric,
                      fmt::format("the features of sample {} are not finite; score again with a "
                                  "lower learning rate",
                                  samples[row]));
  }
  return features;
}

}  // namespace

std::vector<std::uint32_t> select_within_classes(const SelectionInput& input,
                                                 const ChooseRows& choose,
                                                 std::uint32_t max_at_once) {
  const std::vector<Samples> classes = samples_of_classes(input);
  const auto quotas = proportional_quotas(sizes_of(classes), input.num_kept);
  Samples kept;
  for (std::uint32_t c = 0; c < classes.size(); ++c) {
    const auto blocks =
        random_blocks(classes[c], max_at_once,
                      {.seed = input.seed, .purpose = core::Purpose::selection, .index = c});
    const auto shares = proportional_quotas(sizes_of(blocks), quotas[c]);
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      if (shares[b] == 0) continue;
      const auto rows = choose(finite_features(input, blocks[b]), shares[b]);
      for (const std::uint32_t row : rows) kept.push_back(blocks[b][row]);
    }
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

}  // namespace edgeprune::select
