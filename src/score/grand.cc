// grand: the norm of the loss's gradient with respect to the head's weights, the mean over visits
// of ||p - onehot(y)||_2 * ||f||_2, f being what the head reads.
//
// M. Paul, S. Ganguli, G. Dziugaite, "Deep Learning on a Data Diet", NeurIPS 2021,
// takes the gradient with respect to all weights, at initialization, averaged over ten networks.
// The head's part is an outer product, (p - onehot(y)) f^T, so that its norm needs forward outputs
// only; the bias's part, p - onehot(y) itself, is left out: el2n is just that.
//
// High = hard. O(C + features) per visit, 8 bytes per sample.

#include "factories.h"
#include "mean_score.h"

#include <cmath>
#include <functional>
#include <numeric>

namespace edgeprune::score {
namespace {

double squared_length(std::span<const float> values) {
  return std::transform_reduce(values.begin(), values.end(), 0.0, std::plus<>(), [](float value) {
    return static_cast<double>(value) * static_cast<double>(value);
  });
}

double head_gradient(const Observed& row) {
  return std::sqrt(squared_error_of(row.probabilities, row.label) * squared_length(row.features));
}

}  // namespace

ScorePointer make_grand(const ScoreSize& size) {
  return std::make_unique<MeanScore<head_gradient>>(size);
}

}  // namespace edgeprune::score
