#pragma once
// What the tests of channels.h share.

#include "edgeprune/kernels/channels.h"

#include "kernels/on_every_target.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

namespace edgeprune::kernels::testing {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// A transform that owns its coefficients.
struct OwnTransform {
  std::vector<float> center;
  std::vector<float> scale;
  std::vector<float> shift;
  float low = -kInfinity;
  float high = kInfinity;

  OwnTransform(Values& values, std::size_t channels, float lowest, float highest)
      : center(values.exact(channels)),
        scale(values.exact(channels)),
        shift(values.exact(channels)),
        low(lowest),
        high(highest) {}
  [[nodiscard]] ChannelTransform view() const { return {center, scale, shift, low, high}; }
  /// By the definition in the header.
  [[nodiscard]] float unclamped(float x, std::size_t c) const {
    return (x - center[c]) * scale[c] + shift[c];
  }
  [[nodiscard]] float operator()(float x, std::size_t c) const {
    return std::min(std::max(unclamped(x, c), low), high);
  }
  [[nodiscard]] bool passes(float x, std::size_t c) const {
    return low < unclamped(x, c) && unclamped(x, c) < high;
  }
};

/// Whole numbers in [256, 512), of which BFloat16 keeps the even ones: every odd one is a tie.
inline std::vector<float> with_ties(Values& values, std::size_t size) {
  std::vector<float> all(size);
  for (float& value : all) value = static_cast<float>(256 + values.below(256));
  return all;
}

/// Results of a product for some channels of some pixels, in panels of `num_vectors` vectors.
class Results {
 public:
  Results(std::vector<float> values, std::size_t rows, std::size_t channels,
          std::size_t first_channel, std::size_t num_vectors)
      : values_(std::move(values)), rows_(rows), channels_(channels), first_(first_channel) {
    const auto n = static_cast<std::size_t>(simd_lanes());
    for (std::size_t c = 0; c < channels; c += num_vectors * n) {
      const std::size_t count = std::min(num_vectors * n, channels - c);
      const std::size_t width = (count + n - 1) / n * n;
      Panel panel{c, count, std::vector<float>(rows * width, kGuard)};
      for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t j = 0; j < count; ++j) panel.results[r * width + j] = at(r, c + j);
      }
      panels_.push_back(std::move(panel));
    }
  }

  [[nodiscard]] float at(std::size_t r, std::size_t c) const { return values_[r * channels_ + c]; }
  /// Calls body for each panel.
  template <typename Body>
  void for_panels(Body&& body) const {
    for (const Panel& panel : panels_) {
      body(ResultPanel{.results = panel.results.data(),
                       .num_rows = rows_,
                       .first_channel = first_ + panel.first,
                       .num_channels = panel.count});
    }
  }

 private:
  struct Panel {
    std::size_t first = 0;
    std::size_t count = 0;
    std::vector<float> results;
  };
  std::vector<float> values_;
  std::size_t rows_;
  std::size_t channels_;
  std::size_t first_;
  std::vector<Panel> panels_;
};

}  // namespace edgeprune::kernels::testing
