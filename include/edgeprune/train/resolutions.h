#pragma once
// Rising resolution: training begins on small samples, which are cheap, and ends on whole ones.
//
//   train.resolutions = [[0.5, 0.2], [0.75, 0.3], [1.0, 0.5]]
//
// spends the first fifth of the work at half the height and width, 0.3 of it at three quarters and
// the second half at full size. Source: progressive resizing (Howard, DAWNBench 2018; Tan and Le,
// EfficientNetV2, arXiv 2104.00298); docs/choosing.md has our measurements.

#include "edgeprune/core/sample_shape.h"

#include <span>
#include <string>

namespace edgeprune::train {

/// A stretch of the training at one size of the samples.
struct Resolution {
  double size = 1;  // height and width over those of the samples as they are
  double work = 1;  // its share of the work (FLOPs) of all training

  bool operator==(const Resolution&) const = default;
};

/// "" where the list is one: sizes in (0, 1], each above the one before, the last 1; shares of the
/// work above 0 whose sum is 1. Empty means all at full size. Else what it must be.
[[nodiscard]] std::string check_resolutions(std::span<const Resolution> resolutions);

/// A sample's shape at such a size: rounded, at least 1. An axis of one (a signal's) stays so.
[[nodiscard]] core::SampleShape shape_at(const core::SampleShape& full, double size);

}  // namespace edgeprune::train
