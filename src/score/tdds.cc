// tdds: temporal dual-depth scoring, how unsteadily the network's answer moves.
//
//   k_t = sum over c of |p_t(c) log(p_t(c) / p_t-1(c))|               between two visits
//   w_t = || (k_t-J+2 .. k_t) - their mean ||_2                        in a window of J visits
//   score = sum over windows of 0.9 * 0.1^age * w                      the newest has age 0
//
// X. Zhang, J. Du, Y. Li, W. Xie, J. Zhou, "Spanning Training Progress: Temporal Dual-Depth Scoring
// (TDDS) for Enhanced Dataset Pruning", CVPR 2024. As in its code
// (zhangxin-xd/Dataset-Pruning-TDDS, importance_evaluation.py): both logarithms' arguments are
// raised by 1e-8, which also makes of a probability of 0 a finite number, the norm is not divided
// by J, and the weight of 0.9 falls tenfold per window. (DUAL's code for TDDS forgets to move the
// window; ours follows its authors.)
//
// High = hard. O(C) logarithms and O(J) per visit, 4 C + 4 (J - 1) + 12 bytes per sample.

#include "factories.h"
#include "window_score.h"

#include <cmath>

namespace edgeprune::score {
namespace {

constexpr double kDecay = 0.9;
constexpr double kFloor = 1e-8;

double movement(std::span<const float> before, std::span<const float> now) {
  double sum = 0;
  for (std::size_t c = 0; c < now.size(); ++c) {
    const auto p = static_cast<double>(now[c]);
    sum += std::abs(p * std::log((p + kFloor) / (static_cast<double>(before[c]) + kFloor)));
  }
  return sum;
}

double unsteadiness(std::span<const float> window) {
  return std::sqrt(moments_of(window).sum_squared_deviations);
}

class TddsScore final : public Score {
 public:
  explicit TddsScore(const ScoreSize& size)
      : classes_(size.num_classes),
        moves_(window_length(size) - 1),
        before_(std::size_t{size.num_samples} * classes_),
        window_(size.num_samples, moves_),
        sums_(size.num_samples),
        seen_(size.num_samples) {}

  void observe(const Observation& batch) override {
    const Rows rows(batch);
    for (std::size_t i = 0; i < rows.size(); ++i) visit(rows[i]);
  }

  [[nodiscard]] std::vector<float> values(std::span<const std::uint32_t>) const override {
    std::vector<float> values(seen_.size());
    for (std::uint32_t n = 0; n < values.size(); ++n) {
      const std::uint32_t moves = std::max(seen_[n], 1u) - 1;
      values[n] = static_cast<float>(
          moves < moves_ ? kDecay * unsteadiness(window_.window(n, moves)) : sums_[n]);
    }
    return values;
  }

  [[nodiscard]] std::vector<core::NamedArray> state() override {
    return {{"before", std::span(before_)},
            {"window", window_.values()},
            {"sums", std::span(sums_)},
            {"seen", std::span(seen_)}};
  }

 private:
  void visit(const Observed& row) {
    const auto before = std::span(before_).subspan(std::size_t{row.sample} * classes_, classes_);
    const std::uint32_t visits = seen_[row.sample]++;
    if (visits > 0) {
      const auto move = static_cast<float>(movement(before, row.probabilities));
      const auto window = window_.push(row.sample, visits - 1, move);
      if (window.size() == moves_) {
        double& sum = sums_[row.sample];
        sum = (1 - kDecay) * sum + kDecay * unsteadiness(window);
      }
    }
    std::copy(row.probabilities.begin(), row.probabilities.end(), before.begin());
  }

  std::uint32_t classes_;
  std::uint32_t moves_;  // between the visits of a window
  std::vector<float> before_;
  LastValues window_;
  std::vector<double> sums_;
  std::vector<std::uint32_t> seen_;
};

}  // namespace

ScorePointer make_tdds(const ScoreSize& size) {
  return std::make_unique<TddsScore>(size);
}

std::size_t tdds_bytes(const ScoreSize& size) {
  return (size.num_classes + window_length(size) - 1) * sizeof(float) + sizeof(double) +
         sizeof(std::uint32_t);
}

}  // namespace edgeprune::score
