#pragma once
// Scores that are the mean over a sample's visits of one number per visit.

#include "edgeprune/score/score.h"

#include "observed.h"

#include <cstddef>
#include <vector>

namespace edgeprune::score {

/// Values are sums over visits, in double so that no visit is lost beside many.
[[nodiscard]] inline std::vector<float> mean_over_visits(std::span<const double> sums,
                                                         std::span<const std::uint32_t> visits) {
  std::vector<float> means(sums.size());
  for (std::size_t n = 0; n < sums.size(); ++n) {
    means[n] = static_cast<float>(sums[n] / visits[n]);
  }
  return means;
}

/// `Of` is what one visit adds.
template <double (*Of)(const Observed&)>
class MeanScore final : public Score {
 public:
  explicit MeanScore(const ScoreSize& size) : sums_(size.num_samples) {}

  void observe(const Observation& batch) override {
    const Rows rows(batch);
    for (std::size_t i = 0; i < rows.size(); ++i) sums_[batch.samples[i]] += Of(rows[i]);
  }

  [[nodiscard]] std::vector<float> values(std::span<const std::uint32_t> visits) const override {
    return mean_over_visits(sums_, visits);
  }

  [[nodiscard]] std::vector<core::NamedArray> state() override {
    return {{"sums", std::span(sums_)}};
  }

 private:
  std::vector<double> sums_;
};

}  // namespace edgeprune::score
