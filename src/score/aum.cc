// aum: the area under the margin, the mean over visits of z_y - max over c != y of z_c, z the
// logits.
//
// G. Pleiss, T. Zhang, E. Elenberg, K. Weinberger, "Identifying Mislabeled Data using the Area
// Under the Margin Ranking", NeurIPS 2020. As in its code
// (asappresearch/aum), every visit counts alike.
//
// Low = hard: a mislabelled sample's largest logit is another class's. O(C) per visit, 8 bytes per
// sample.

#include "factories.h"
#include "mean_score.h"

namespace edgeprune::score {
namespace {

double logit_margin(const Observed& row) {
  return margin_of(row.logits, row.label);
}

}  // namespace

ScorePointer make_aum(const ScoreSize& size) {
  return std::make_unique<MeanScore<logit_margin>>(size);
}

}  // namespace edgeprune::score
