// el2n: the length of the error, the mean over visits of ||p - onehot(y)||_2.
//
// M. Paul, S. Ganguli, G. Dziugaite, "Deep Learning on a Data Diet", NeurIPS 2021. Its
// code (mansheej/data_diet, scores.py, "l2_error") takes one moment early in training and
// averages over ten networks; CCS (haizhongzheng/Coverage-centric-coreset-selection) sums over the
// first ten epochs of one network. Ours is CCS's divided by the visits, over a warm-up.
//
// High = hard. O(C) per visit, 8 bytes per sample.

#include "factories.h"
#include "mean_score.h"

#include <cmath>

namespace edgeprune::score {
namespace {

double error_length(const Observed& row) {
  return std::sqrt(squared_error_of(row.probabilities, row.label));
}

}  // namespace

ScorePointer make_el2n(const ScoreSize& size) {
  return std::make_unique<MeanScore<error_length>>(size);
}

}  // namespace edgeprune::score
