// confidence: the probability of the label, the mean over visits of p_y.
//
// S. Swayamdipta et al., "Dataset Cartography", EMNLP 2020. It is also the mean by which
// DUAL's beta sampling draws (behaapyy/dual-pruning, "pred_mean" of data_subset.py).
//
// Low = hard. O(1) per visit, 8 bytes per sample.

#include "factories.h"
#include "mean_score.h"

namespace edgeprune::score {
namespace {

double label_probability(const Observed& row) {
  return static_cast<double>(row.probabilities[row.label]);
}

}  // namespace

ScorePointer make_confidence(const ScoreSize& size) {
  return std::make_unique<MeanScore<label_probability>>(size);
}

}  // namespace edgeprune::score
