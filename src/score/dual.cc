// dual: difficulty times uncertainty, the mean over windows of J visits of
// (1 - mean p_y) * deviation of p_y.
//
// Y. Cho, B. Shin, C. Kang, C. Yun, "Lightweight Dataset Pruning without Full Training via Example
// Difficulty and Prediction Uncertainty", ICML 2025. As in its code (behaapyy/dual-pruning,
// importance_evaluation.py) the deviation is the sample's, over J - 1; the code's factor of 10,
// which neither ranking nor beta sampling sees, is left out.
//
// High = hard. O(J) per visit, 4 J + 12 bytes per sample.

#include "factories.h"
#include "window_score.h"

namespace edgeprune::score {
namespace {

double difficulty_and_uncertainty(double mean, double stddev) {
  return (1 - mean) * stddev;
}

}  // namespace

ScorePointer make_dual(const ScoreSize& size) {
  return std::make_unique<LabelWindowScore<difficulty_and_uncertainty>>(size);
}

}  // namespace edgeprune::score
