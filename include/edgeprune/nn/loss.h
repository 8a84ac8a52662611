#pragma once
// Softmax cross-entropy with one loss per sample.

#include <cstddef>
#include <cstdint>
#include <span>

namespace edgeprune::nn {

struct LossOptions {
  float label_smoothing = 0;  // epsilon in [0, 1): the target is (1 - epsilon) onehot + epsilon / C
};

/// What comes in: logits (samples x classes, row by row), labels (one per sample, each in [0,
/// classes), unchecked) and, optionally, weights (one per sample; empty: all 1).
struct LossInput {
  std::span<const float> logits;
  std::span<const std::int32_t> labels;
  std::span<const float> weights;
  std::size_t batch_samples = 0;  // of a batch that comes in parts; 0: these samples are all
};

/// Where results go; an empty span is not computed.
struct LossOutput {
  std::span<float> losses;         // unweighted, unsmoothed: -log p_label, one per sample
  std::span<float> probabilities;  // softmax, samples x classes
  /// Gradient with respect to the logits of sum_n weight_n * smoothed loss_n / samples,
  /// equation (6): the divisor is the batch's true size, whatever the weights and the parts.
  std::span<float> logit_gradients;
};

/// Of at least one sample. Computed in double, returned in float.
void softmax_cross_entropy(const LossInput& input, const LossOptions& options,
                           const LossOutput& output);

/// The number of samples whose largest logit (the first of equals) is their label; of at least one
/// sample.
[[nodiscard]] std::uint32_t count_correct(std::span<const float> logits,
                                          std::span<const std::int32_t> labels);

}  // namespace edgeprune::nn
