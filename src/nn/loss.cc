#include "edgeprune/nn/loss.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace edgeprune::nn {
namespace {

double log_sum_exp(std::span<const float> logits) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - largest);
  return largest + std::log(sum);
}

}  // namespace

void softmax_cross_entropy(const LossInput& input, const LossOptions& options,
                           const LossOutput& output) {
  const std::size_t samples = input.labels.size();
  const std::size_t classes = input.logits.size() / samples;
  const auto divisor = static_cast<double>(input.batch_samples > 0 ? input.batch_samples : samples);
  const double smoothing = options.label_smoothing;
  for (std::size_t n = 0; n < samples; ++n) {
    const auto logits = input.logits.subspan(n * classes, classes);
    const auto label = static_cast<std::size_t>(input.labels[n]);
    const double normaliser = log_sum_exp(logits);
    if (!output.losses.empty()) {
      output.losses[n] = static_cast<float>(normaliser - static_cast<double>(logits[label]));
    }
    const double weight = input.weights.empty() ? 1.0 : static_cast<double>(input.weights[n]);
    for (std::size_t c = 0; c < classes; ++c) {
      const double p = std::exp(static_cast<double>(logits[c]) - normaliser);
      const double target =
          (c == label ? 1.0 - smoothing : 0.0) + smoothing / static_cast<double>(classes);
      if (!output.probabilities.empty()) {
        output.probabilities[n * classes + c] = static_cast<float>(p);
      }
      if (!output.logit_gradients.empty()) {
        output.logit_gradients[n * classes + c] =
            static_cast<float>(weight * (p - target) / divisor);
      }
    }
  }
}

std::uint32_t count_correct(std::span<const float> logits, std::span<const std::int32_t> labels) {
  const std::size_t classes = logits.size() / labels.size();
  std::uint32_t correct = 0;
  for (std::size_t n = 0; n < labels.size(); ++n) {
    const auto row = logits.subspan(n * classes, classes);
    const auto best = std::max_element(row.begin(), row.end()) - row.begin();
    correct += best == labels[n];
  }
  return correct;
}

}  // namespace edgeprune::nn
