// dyn_unc: dynamic uncertainty, how much the probability of the label moves: the mean over windows
// of J visits of the standard deviation of p_y.
//
// M. He, S. Yang, T. Huang, B. Zhao, "Large-scale Dataset Pruning with Dynamic Uncertainty", CVPR
// 2024 Workshops. As in its code (BAAI-DCAI/Dataset-Pruning, get_coreset.py) the deviation is the
// sample's, over J - 1. The code also multiplies by 10, which no ranking sees, and leaves the last
// window out, of which a short warm-up has too few: we do neither.
//
// High = hard. O(J) per visit, 4 J + 12 bytes per sample.

#include "factories.h"
#include "window_score.h"

namespace edgeprune::score {
namespace {

double uncertainty(double /*mean*/, double stddev) {
  return stddev;
}

}  // namespace

ScorePointer make_dyn_unc(const ScoreSize& size) {
  return std::make_unique<LabelWindowScore<uncertainty>>(size);
}

}  // namespace edgeprune::score
