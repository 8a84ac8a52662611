#pragma once
// A rectangle of an image with what lies around it, written to cache for a convolution to read.

#include "step.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace edgeprune::nn {

struct Patch {
  std::int64_t first_row = 0;  // of the image; may lie outside
  std::int64_t first_column = 0;
  std::uint32_t rows = 0;
  std::uint32_t columns = 0;
  std::uint32_t channels = 0;  // elements from pixel to pixel
  // The first rows that are in memory already, there from row kept_from on.
  std::uint32_t kept = 0;
  std::uint32_t kept_from = 0;

  [[nodiscard]] std::size_t row_values() const { return std::size_t{columns} * channels; }
  [[nodiscard]] std::size_t values() const { return rows * row_values(); }
  [[nodiscard]] std::int64_t end_row() const { return first_row + rows; }
  /// This patch, written over one that begins further up: it keeps the rows they share.
  [[nodiscard]] Patch below(const Patch& above) const;
};

/// Output positions whose windows reach some input positions, along one axis; the first may lie
/// outside the image.
struct Reach {
  std::int64_t first = 0;
  std::uint32_t count = 0;
};
/// Of input positions [begin, begin + count).
[[nodiscard]] Reach reach_of(std::uint32_t begin, std::uint32_t count, std::uint32_t padding,
                             std::uint32_t kernel, std::uint32_t stride);

/// What the windows of a convolution's output rows [row_begin, row_begin + num_rows) cover of its
/// input; `out` is the output's shape, `channels` what a pixel of the patch takes.
[[nodiscard]] Patch patch_of_windows(const Operation& operation, const Shape& out,
                                     std::uint32_t row_begin, std::uint32_t num_rows,
                                     std::uint32_t channels);
/// The outputs whose windows reach rows [row_begin, row_begin + num_rows) of its input, of shape
/// `in`.
[[nodiscard]] Patch patch_of_reach(const Operation& operation, const Shape& in,
                                   std::uint32_t row_begin, std::uint32_t num_rows,
                                   std::uint32_t channels);

/// Elements of any type whose bits are all zero.
void fill_zeros(kernels::Elements to, std::size_t count);

/// Writes a patch of an image of `shape`, zeros outside; fill_row(pixel, count, to) writes the real
/// pixels of a row, the first of them `pixel` within the image.
template <typename FillRow>
void write_patch(const Patch& patch, const Shape& shape, kernels::Elements to, FillRow&& fill_row) {
  const auto left = static_cast<std::size_t>(-std::min<std::int64_t>(patch.first_column, 0));
  const auto from = static_cast<std::size_t>(std::max<std::int64_t>(patch.first_column, 0));
  const std::size_t count = std::min<std::size_t>(patch.columns - left, shape.width - from);
  std::memmove(to.data, to.at(patch.kept_from * patch.row_values()).data,
               patch.kept * patch.row_values() * kernels::size_of(to.type));
  for (std::uint32_t row = patch.kept; row < patch.rows; ++row) {
    const kernels::Elements line = to.at(row * patch.row_values());
    const std::int64_t y = patch.first_row + row;
    if (y < 0 || y >= shape.height) {
      fill_zeros(line, patch.row_values());
      continue;
    }
    fill_zeros(line, left * patch.channels);
    fill_row(static_cast<std::size_t>(y) * shape.width + from, count,
             line.at(left * patch.channels));
    fill_zeros(line.at((left + count) * patch.channels),
               (patch.columns - left - count) * patch.channels);
  }
}

/// Writes the patch of image `image`, its values transformed, zeros outside the image, as
/// contiguous pixels of all the activation's channels (patch.channels).
void write_values(const Activation& activation, std::uint32_t image, const Patch& patch,
                  kernels::Elements to);
/// Likewise the gradient with respect to the value as it is stored, before its transform.
void write_gradient(const Activation& activation, std::uint32_t image, const Patch& patch,
                    kernels::Elements to);

}  // namespace edgeprune::nn
