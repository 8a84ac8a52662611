#pragma once
// One sample of a batch at a time, for the pages of scores.

#include "edgeprune/score/score.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace edgeprune::score {

/// Spans that the batch lacks are empty.
struct Observed {
  std::uint32_t sample = 0;
  std::size_t label = 0;
  std::span<const float> logits;
  std::span<const float> probabilities;
  std::span<const float> features;
};

/// A batch cut into its samples: rows[i] is the i-th.
class Rows {
 public:
  explicit Rows(const Observation& batch)
      : batch_(batch),
        logits_(width(batch.logits)),
        probabilities_(width(batch.probabilities)),
        features_(width(batch.features)) {}

  [[nodiscard]] std::size_t size() const { return batch_.samples.size(); }

  [[nodiscard]] Observed operator[](std::size_t i) const {
    return {.sample = batch_.samples[i],
            .label = batch_.labels.empty() ? 0 : static_cast<std::size_t>(batch_.labels[i]),
            .logits = batch_.logits.subspan(i * logits_, logits_),
            .probabilities = batch_.probabilities.subspan(i * probabilities_, probabilities_),
            .features = batch_.features.subspan(i * features_, features_)};
  }

 private:
  [[nodiscard]] std::size_t width(std::span<const float> values) const {
    return batch_.samples.empty() ? 0 : values.size() / batch_.samples.size();
  }

  const Observation& batch_;
  std::size_t logits_;
  std::size_t probabilities_;
  std::size_t features_;
};

/// The label's value less the largest of the other classes'; two classes at least.
[[nodiscard]] inline double margin_of(std::span<const float> row, std::size_t label) {
  float other = std::numeric_limits<float>::lowest();
  for (std::size_t c = 0; c < row.size(); ++c) {
    if (c != label) other = std::max(other, row[c]);
  }
  return static_cast<double>(row[label]) - static_cast<double>(other);
}

/// ||p - onehot(label)||^2, without the cancellation of ||p||^2 - 2 p_y + 1.
[[nodiscard]] inline double squared_error_of(std::span<const float> probabilities,
                                             std::size_t label) {
  double sum = 0;
  for (std::size_t c = 0; c < probabilities.size(); ++c) {
    const double error = static_cast<double>(probabilities[c]) - (c == label ? 1.0 : 0.0);
    sum += error * error;
  }
  return sum;
}

}  // namespace edgeprune::score
