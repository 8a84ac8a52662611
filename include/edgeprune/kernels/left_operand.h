#pragma once
// The left operand A of the products in products.h: gathered, not copied.
//
// Row r is num_segments runs of segment_length elements, the first at rows[r], each segment_stride
// elements after the one before. For a convolution a row is an output pixel, rows[r] points at its
// window's corner in a padded image, and a segment is one row of the window. A plain matrix has one
// segment.

#include <cstddef>

namespace edgeprune::kernels {

/// All counts are at least 1. Rows may overlap and repeat.
template <typename T>
struct GatheredRows {
  const T* const* rows = nullptr;
  std::size_t num_rows = 0;
  std::size_t num_segments = 1;
  std::size_t segment_length = 0;
  std::size_t segment_stride = 0;

  [[nodiscard]] std::size_t depth() const { return num_segments * segment_length; }
};

/// Strips of the left operand: whole vectors and whole register tiles of every target.
inline constexpr std::size_t kLeftStrip = 48;

}  // namespace edgeprune::kernels
