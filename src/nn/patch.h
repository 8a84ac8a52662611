#pragma once
// A rectangle of an image with what lies around it, written to cache for a convolution to read.

#include "step.h"

#include <cstddef>
#include <cstdint>

namespace edgeprune::nn {

struct Patch {
  std::int64_t first_row = 0;  // of the image; may lie outside
  std::int64_t first_column = 0;
  std::uint32_t rows = 0;
  std::uint32_t columns = 0;
  std::uint32_t channels = 0;

  [[nodiscard]] std::size_t row_values() const { return std::size_t{columns} * channels; }
  [[nodiscard]] std::size_t values() const { return rows * row_values(); }
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

/// Writes the patch of image `image`, its values transformed, zeros outside the image, as
/// contiguous pixels of all the activation's channels (patch.channels).
void write_values(const Activation& activation, std::uint32_t image, const Patch& patch,
                  kernels::Elements to);
/// Likewise the gradient with respect to the value as it is stored, before its transform.
void write_gradient(const Activation& activation, std::uint32_t image, const Patch& patch,
                    kernels::Elements to);

/// Elements of any type whose bits are all zero.
void fill_zeros(kernels::Elements to, std::size_t count);

}  // namespace edgeprune::nn
