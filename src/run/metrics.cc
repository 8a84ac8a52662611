#include "edgeprune/run/metrics.h"

namespace edgeprune::run {

Means mean_over(const train::Evaluation& evaluation, std::span<const std::uint32_t> samples) {
  Means means;
  for (const std::uint32_t n : samples) {
    means.loss += static_cast<double>(evaluation.losses[n]);
    means.accuracy += evaluation.correct[n];
  }
  means.loss /= static_cast<double>(samples.size());
  means.accuracy /= static_cast<double>(samples.size());
  return means;
}

}  // namespace edgeprune::run
