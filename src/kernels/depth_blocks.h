#pragma once
// How the depth of a product is cut, so that a panel's block stays in cache and sums stay short.

#include <algorithm>
#include <cstddef>

namespace edgeprune::kernels {

/// Some segments of a gathered row, or a part of one.
struct DepthBlock {
  std::size_t offset = 0;  // into a row's elements
  std::size_t num_segments = 1;
  std::size_t length = 0;  // of each
  std::size_t stride = 0;

  [[nodiscard]] std::size_t depth() const { return num_segments * length; }
};

/// Calls body(block) for blocks of at most `longest` elements, in order; `longest` is even, so that
/// pairs are not torn.
template <typename Body>
void for_depth_blocks(std::size_t num_segments, std::size_t segment_length,
                      std::size_t segment_stride, std::size_t longest, Body&& body) {
  const std::size_t together = std::max<std::size_t>(1, longest / segment_length);
  for (std::size_t s = 0; s < num_segments; s += together) {
    const std::size_t begin = s * segment_stride;
    if (segment_length <= longest) {
      body(DepthBlock{begin, std::min(together, num_segments - s), segment_length, segment_stride});
      continue;
    }
    for (std::size_t k = 0; k < segment_length; k += longest) {
      body(DepthBlock{begin + k, 1, std::min(longest, segment_length - k), 0});
    }
  }
}

}  // namespace edgeprune::kernels
