// margin: AUM on probabilities, the mean over visits of p_y - max over c != y of p_c; in [-1, 1].
//
// What H. Zheng, R. Liu, F. Lai, A. Prakash, "Coverage-centric Coreset Selection for High Pruning
// Rates", ICLR 2023, call AUM: their code ("accumulated_margin" of generate_importance_score.py)
// takes it from probabilities and sums over epochs. Ours is theirs divided by the visits.
//
// Low = hard. O(C) per visit, 8 bytes per sample.

#include "factories.h"
#include "mean_score.h"

namespace edgeprune::score {
namespace {

double probability_margin(const Observed& row) {
  return margin_of(row.probabilities, row.label);
}

}  // namespace

ScorePointer make_margin(const ScoreSize& size) {
  return std::make_unique<MeanScore<probability_margin>>(size);
}

}  // namespace edgeprune::score
