// entropy: how undecided the network is, whatever the label: the mean over visits of
// -sum over c of p_c log p_c, in nats, 0 log 0 being 0.
//
// C. Coleman et al., "Selection via Proxy", ICLR 2020. CCS's and DUAL's code take it
// once, after training; a warm-up has no such moment, so ours is the mean over visits.
//
// High = hard. O(C) logarithms per visit, 8 bytes per sample.

#include "factories.h"
#include "mean_score.h"

#include <cmath>

namespace edgeprune::score {
namespace {

double entropy(const Observed& row) {
  double sum = 0;
  for (const float p : row.probabilities) {
    if (p > 0) sum -= static_cast<double>(p * std::log(p));
  }
  return sum;
}

}  // namespace

ScorePointer make_entropy(const ScoreSize& size) {
  return std::make_unique<MeanScore<entropy>>(size);
}

}  // namespace edgeprune::score
