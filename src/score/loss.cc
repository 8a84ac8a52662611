// loss: the importance score of the paper, a sample's average training loss over the warm-up.
//
//   observed:     alpha_n = 1/V_n sum over the V_n visits of l_n               Algorithm 1
//   evaluations:  the same; the caller feeds forward passes over all samples   equation (16)
//   detrended:    observed, of l_n less the mean loss of its batch             ours
//
// The loss falls during a warm-up, so that `observed` depends on when a sample was drawn;
// `detrended` takes most of that away, but depends on who shares a batch.
//
// High = hard. O(1) per visit, 8 bytes per sample.

#include "factories.h"
#include "mean_score.h"

#include <numeric>

namespace edgeprune::score {

std::string_view name_of(LossScoreMode mode) {
  switch (mode) {
    case LossScoreMode::observed:
      return "observed";
    case LossScoreMode::evaluations:
      return "evaluations";
    case LossScoreMode::detrended:
      return "detrended";
  }
  return "observed";
}

namespace {

double mean(std::span<const float> losses) {
  return std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(losses.size());
}

class LossScore final : public Score {
 public:
  explicit LossScore(const ScoreSize& size) : mode_(size.loss_mode), sums_(size.num_samples) {}

  void observe(const Observation& batch) override {
    const double baseline = mode_ == LossScoreMode::detrended ? mean(batch.losses) : 0.0;
    for (std::size_t i = 0; i < batch.samples.size(); ++i) {
      sums_[batch.samples[i]] += static_cast<double>(batch.losses[i]) - baseline;
    }
  }

  [[nodiscard]] std::vector<float> values(std::span<const std::uint32_t> visits) const override {
    return mean_over_visits(sums_, visits);
  }

  [[nodiscard]] std::vector<core::NamedArray> state() override {
    return {{"sums", std::span(sums_)}};
  }

 private:
  LossScoreMode mode_;
  std::vector<double> sums_;
};

}  // namespace

ScorePointer make_loss(const ScoreSize& size) {
  return std::make_unique<LossScore>(size);
}

}  // namespace edgeprune::score
