#pragma once
// Scores over windows of J consecutive visits: the last J visits of every sample, as they come.
//
// J = min(10, passes), the authors' 10 where the warm-up lasts that long; with fewer than three
// passes windows say nothing (ScoreTable refuses). A sample visited more often than `passes` has as
// many windows more. One visited less often than J, which no warm-up of `passes` does, has a single
// window of the visits there are.

#include "edgeprune/score/score.h"

#include "observed.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace edgeprune::score {

inline constexpr std::uint32_t kMinWindow = 3;
inline constexpr std::uint32_t kLargestWindow = 10;

[[nodiscard]] inline std::uint32_t window_length(const ScoreSize& size) {
  return std::clamp(size.passes, kMinWindow, kLargestWindow);
}

/// What a window holds, in two passes over it: one pass of squares cancels where all are near 1.
struct WindowMoments {
  double mean = 0;
  double sum_squared_deviations = 0;  // sum of squared deviations from the mean
};

[[nodiscard]] inline WindowMoments moments_of(std::span<const float> window) {
  WindowMoments moments;
  for (const float value : window) moments.mean += static_cast<double>(value);
  moments.mean /= static_cast<double>(std::max<std::size_t>(window.size(), 1));
  for (const float value : window) {
    const double stddev = static_cast<double>(value) - moments.mean;
    moments.sum_squared_deviations += stddev * stddev;
  }
  return moments;
}

/// The last `length` values of every sample. A window is unordered: the oldest value is
/// overwritten.
class LastValues {
 public:
  LastValues(std::uint32_t num_samples, std::uint32_t length)
      : length_(length), values_(std::size_t{num_samples} * length) {}

  /// The value is the sample's `count`-th, from 0. Returns the values held, this one included.
  std::span<const float> push(std::uint32_t sample, std::uint32_t count, float value) {
    values_[std::size_t{sample} * length_ + count % length_] = value;
    return window(sample, count + 1);
  }
  [[nodiscard]] std::span<const float> window(std::uint32_t sample, std::uint32_t count) const {
    return std::span(values_).subspan(std::size_t{sample} * length_, std::min(count, length_));
  }
  [[nodiscard]] std::span<float> values() { return values_; }

 private:
  std::uint32_t length_;
  std::vector<float> values_;
};

/// The mean over windows of `Of`(mean, sample standard deviation) of the label's probability.
template <double (*Of)(double mean, double stddev)>
class LabelWindowScore final : public Score {
 public:
  explicit LabelWindowScore(const ScoreSize& size)
      : length_(window_length(size)),
        window_(size.num_samples, length_),
        sums_(size.num_samples),
        seen_(size.num_samples) {}

  void observe(const Observation& batch) override {
    const Rows rows(batch);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Observed row = rows[i];
      const std::uint32_t count = seen_[row.sample]++;
      const auto window = window_.push(row.sample, count, row.probabilities[row.label]);
      if (window.size() == length_) sums_[row.sample] += value_of(window);
    }
  }

  [[nodiscard]] std::vector<float> values(std::span<const std::uint32_t>) const override {
    std::vector<float> values(seen_.size());
    for (std::uint32_t n = 0; n < values.size(); ++n) {
      values[n] = static_cast<float>(seen_[n] < length_ ? value_of(window_.window(n, seen_[n]))
                                                        : sums_[n] / (seen_[n] - length_ + 1));
    }
    return values;
  }

  [[nodiscard]] std::vector<core::NamedArray> state() override {
    return {{"window", window_.values()}, {"sums", std::span(sums_)}, {"seen", std::span(seen_)}};
  }

 private:
  [[nodiscard]] static double value_of(std::span<const float> window) {
    if (window.size() < 2) return 0;
    const WindowMoments moments = moments_of(window);
    return Of(moments.mean,
              std::sqrt(moments.sum_squared_deviations / static_cast<double>(window.size() - 1)));
  }

  std::uint32_t length_;
  LastValues window_;
  std::vector<double> sums_;
  std::vector<std::uint32_t> seen_;
};

[[nodiscard]] inline std::size_t label_window_bytes(const ScoreSize& size) {
  return window_length(size) * sizeof(float) + sizeof(double) + sizeof(std::uint32_t);
}

}  // namespace edgeprune::score
