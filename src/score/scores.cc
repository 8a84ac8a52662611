#include "edgeprune/score/scores.h"

#include "factories.h"
#include "window_score.h"

#include <deque>
#include <vector>

namespace edgeprune::score {
namespace {

std::size_t record_bytes(const ScoreSize&) {
  return sizeof(std::uint32_t);
}

std::vector<ScoreKind> of_single_visits() {
  return {
      ScoreKind{.name = "loss",
                .formula = "mean over visits of -log p_y",
                .source = "the paper, Algorithm 1 and equation (16)",
                .hard = HardEnd::high,
                .needs = {.losses = true},
                .make = make_loss},
      ScoreKind{.name = "el2n",
                .formula = "mean over visits of ||p - onehot(y)||",
                .source = "Paul et al., NeurIPS 2021",
                .hard = HardEnd::high,
                .needs = {.probabilities = true},
                .make = make_el2n},
      ScoreKind{.name = "aum",
                .formula = "mean over visits of z_y - max other z, z the logits",
                .source = "Pleiss et al., NeurIPS 2020",
                .hard = HardEnd::low,
                .needs = {.logits = true},
                .make = make_aum},
      ScoreKind{.name = "margin",
                .formula = "mean over visits of p_y - max other p",
                .source = "Zheng et al. (CCS), ICLR 2023",
                .hard = HardEnd::low,
                .needs = {.probabilities = true},
                .make = make_margin},
      ScoreKind{
          .name = "forgetting",
          .formula = "number of visits at which a correct sample turned wrong; never correct: most",
          .source = "Toneva et al., ICLR 2019",
          .hard = HardEnd::high,
          .min_passes = 2,
          .needs = {.logits = true},
          .bytes_per_sample = record_bytes,
          .make = make_forgetting},
      ScoreKind{.name = "entropy",
                .formula = "mean over visits of -sum p log p",
                .source = "Coleman et al., ICLR 2020",
                .hard = HardEnd::high,
                .needs = {.probabilities = true},
                .make = make_entropy},
      ScoreKind{.name = "confidence",
                .formula = "mean over visits of p_y",
                .source = "Swayamdipta et al., EMNLP 2020",
                .hard = HardEnd::low,
                .needs = {.probabilities = true},
                .make = make_confidence}};
}

std::vector<ScoreKind> of_several_visits() {
  return {ScoreKind{.name = "dyn_unc",
                    .formula = "mean over windows of std p_y",
                    .source = "He et al. (DynUnc), CVPR 2024 Workshops",
                    .hard = HardEnd::high,
                    .min_passes = kMinWindow,
                    .needs = {.probabilities = true},
                    .bytes_per_sample = label_window_bytes,
                    .make = make_dyn_unc},
          ScoreKind{.name = "dual",
                    .formula = "mean over windows of std p_y * (1 - mean p_y)",
                    .source = "Cho et al. (DUAL), ICML 2025",
                    .hard = HardEnd::high,
                    .min_passes = kMinWindow,
                    .needs = {.probabilities = true},
                    .bytes_per_sample = label_window_bytes,
                    .make = make_dual},
          ScoreKind{.name = "tdds",
                    .formula = "sum over windows of 0.9 * 0.1^age * ||k - mean k||, "
                               "k = sum |p log(p / previous p)|",
                    .source = "Zhang et al. (TDDS), CVPR 2024",
                    .hard = HardEnd::high,
                    .min_passes = kMinWindow,
                    .needs = {.probabilities = true},
                    .bytes_per_sample = tdds_bytes,
                    .make = make_tdds}};
}

std::vector<ScoreKind> of_features() {
  return {ScoreKind{
      .name = "grand",
      .formula = "mean over visits of ||p - onehot(y)|| * ||features||, the head's gradient",
      .source = "Paul et al., NeurIPS 2021, the last layer's part",
      .hard = HardEnd::high,
      .needs = {.probabilities = true, .features = true},
      .make = make_grand}};
}

std::deque<ScoreKind> our_scores() {
  std::deque<ScoreKind> rows;
  for (const auto& group : {of_single_visits(), of_several_visits(), of_features()}) {
    rows.insert(rows.end(), group.begin(), group.end());
  }
  return rows;
}

}  // namespace

std::string_view name_of(HardEnd hard) {
  return hard == HardEnd::high ? "high" : "low";
}

std::vector<float> hardness_of(std::span<const float> values, HardEnd hard) {
  std::vector<float> hardness(values.begin(), values.end());
  if (hard == HardEnd::low) {
    for (float& value : hardness) value = -value;
  }
  return hardness;
}

const ScoreCatalogue& scores() {
  static const ScoreCatalogue ours(our_scores());
  return ours;
}

}  // namespace edgeprune::score
