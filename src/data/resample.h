#pragma once
// Images and signals at a lower size, in float: what training at a rising resolution reads.
//
//   const Resample resample({32, 32, 3}, 24, 24);
//   std::vector<float> rows(resample.num_scratch_values());
//   resample(image, rows, smaller);   // H x W x C, to 24 x 24 x C
//
// Where both ratios are whole numbers, each value is the mean of its block (mean pooling).
// Otherwise the filter is Pillow's BILINEAR: a triangle as wide as the ratio demands (antialiased),
// pixel centres at i + 1/2, cut off at the borders, weights that add up to 1, rows and columns
// apart. Weights are computed once, in double; the sums are in float.

#include "edgeprune/data/dataset.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace edgeprune::data {

/// The neighbours along one axis of which each target is the weighted sum.
struct ResampleAxis {
  std::uint32_t num_taps = 0;         // per target
  std::vector<std::uint32_t> firsts;  // per target: its first neighbour
  std::vector<float> weights;         // target x tap, zeros where a target has fewer
};

/// Immutable once made: any thread may use it.
class Resample {
 public:
  /// An extent of 0, or one above the image's, is an Error of kind config: so an axis of 1 (a
  /// signal's) stays 1.
  Resample(const ImageShape& from, std::uint32_t height, std::uint32_t width);

  /// Of the result.
  [[nodiscard]] const ImageShape& shape() const { return to_; }
  [[nodiscard]] std::size_t num_scratch_values() const {
    return std::size_t{from_.width} * from_.channels;
  }
  /// `image` is `from`, `out` shape(), `scratch` num_scratch_values(); none overlap.
  void operator()(std::span<const float> image, std::span<float> scratch,
                  std::span<float> out) const;

 private:
  ImageShape from_;
  ImageShape to_;
  ResampleAxis rows_;
  ResampleAxis columns_;
};

}  // namespace edgeprune::data
