#pragma once
// Logs of a warm-up, as tests write or draw them.

#include "edgeprune/core/random.h"
#include "edgeprune/score/scores.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace edgeprune::score {

/// One batch; what a test does not fill stays empty.
struct Batch {
  std::vector<std::uint32_t> samples;
  std::vector<float> losses;
  std::vector<std::int32_t> labels;
  std::vector<float> logits;
  std::vector<float> probabilities;
  std::vector<float> features;

  [[nodiscard]] Observation observation() const {
    return {.samples = samples,
            .losses = losses,
            .labels = labels,
            .logits = logits,
            .probabilities = probabilities,
            .features = features};
  }
};
using Log = std::vector<Batch>;

/// The column of a table that saw the log.
inline std::vector<float> column_after(const std::string& name, const ScoreSize& size,
                                       const Log& log) {
  ScoreTable table({name}, size);
  for (const Batch& batch : log) table.observe(batch.observation());
  return table.column(name);
}

/// Sample 0 of two classes, label 0, visit by visit with these probabilities of the label.
inline Log visits_of_one_sample(const std::vector<float>& label_probabilities) {
  Log log;
  for (const float p : label_probabilities) {
    log.push_back({.samples = {0}, .labels = {0}, .probabilities = {p, 1 - p}});
  }
  return log;
}

inline std::vector<std::string> names_of_all_scores() {
  std::vector<std::string> names;
  for (const ScoreKind& kind : scores()) names.emplace_back(kind.name);
  return names;
}

/// Appends a sample to a batch: what a network's loss makes of its logits, and its features.
inline void append(Batch& batch, std::uint32_t sample, std::int32_t label,
                   const std::vector<float>& logits, const std::vector<float>& features) {
  const double largest = static_cast<double>(std::ranges::max(logits));
  double sum = 0;
  for (const float z : logits) sum += std::exp(static_cast<double>(z) - largest);
  const double normaliser = largest + std::log(sum);
  batch.samples.push_back(sample);
  batch.labels.push_back(label);
  const auto label_logit = static_cast<double>(logits[static_cast<std::size_t>(label)]);
  batch.losses.push_back(static_cast<float>(normaliser - label_logit));
  for (const float z : logits) {
    batch.logits.push_back(z);
    batch.probabilities.push_back(
        static_cast<float>(std::exp(static_cast<double>(z) - normaliser)));
  }
  batch.features.insert(batch.features.end(), features.begin(), features.end());
}

/// A random log: every pass visits all samples, shuffled, in batches of four. One sample in six has
/// logits so far apart that probabilities are exactly 0 and 1.
inline Log random_log(const ScoreSize& size, std::uint64_t seed) {
  Log log;
  for (std::uint32_t pass = 0; pass < size.passes; ++pass) {
    const auto order = core::random_permutation(size.num_samples, {.seed = seed, .epoch = pass});
    for (std::uint32_t i = 0; i < size.num_samples; ++i) {
      if (i % 4 == 0) log.emplace_back();
      core::RandomStream draws({.seed = seed, .epoch = pass + 1000, .index = order[i]});
      const float spread = order[i] % 6 == 0 ? 900 : 6;
      std::vector<float> logits(size.num_classes);
      for (float& z : logits) z = spread * (draws.uniform() - 0.5f);
      const std::vector<float> features = {draws.uniform(), draws.uniform()};
      append(log.back(), order[i], static_cast<std::int32_t>(order[i] % size.num_classes), logits,
             features);
    }
  }
  return log;
}

}  // namespace edgeprune::score
