#pragma once
// Depthwise convolutions: each channel of an image with a kernel of its own.
//
// They work on a tile: some rows of one image and some of its channels, in floats, laid out by the
// caller with its border of zeros. Channels of a tile fill whole vectors (padded_columns in
// products.h): `channels` below is such a multiple. What is read may hold more channels than the
// tile has; results are contiguous. Weights and weight gradients are read and written in whole
// vectors too: their rows reach to the end of the last vector. No alignment is asked for. Plain
// functions on plain memory, single-threaded; nothing is allocated. 3x3 kernels of stride 1 and 2
// have paths of their own (backward, stride 2: with padding 1, even rows and an even width).

#include "edgeprune/kernels/read_ahead.h"

#include <cstddef>
#include <cstdint>

namespace edgeprune::kernels {

struct DepthwiseGeometry {
  std::uint32_t kernel_height = 3;
  std::uint32_t kernel_width = 3;
  std::uint32_t stride_height = 1;
  std::uint32_t stride_width = 1;

  [[nodiscard]] std::size_t num_taps() const { return std::size_t{kernel_height} * kernel_width; }
};

/// From the tile's first channel on: one row per tap, row by row of the kernel, `stride` floats
/// from tap to tap.
struct DepthwiseWeights {
  const float* values = nullptr;
  std::size_t stride = 0;
};

/// Pixels in memory, from the tile's first pixel and channel on: `stride` floats from one to the
/// next, whole rows after each other.
struct DepthwisePixels {
  const float* values = nullptr;
  std::size_t stride = 0;
};

/// Memory to fetch meanwhile: so many lines for every kResults results of a row of one vector of
/// channels. Advice.
struct DepthwiseFetch {
  static constexpr std::size_t kResults = 4;

  ReadAhead& ahead;
  std::size_t lines = 0;
};

/// out[y][x][c] = sum over taps of weight[r][q][c] * patch[y * s_h + r][x * s_w + q][c], with the
/// strides s_h and s_w, for out_rows x out_columns pixels of `channels`, `out` contiguous. x and y
/// count from the tile's corner. The patch has (out_rows - 1) * s_h + kernel_height rows of
/// patch_columns pixels, at least (out_columns - 1) * s_w + kernel_width.
void depthwise_forward(const DepthwiseGeometry& geometry, const DepthwiseWeights& weights,
                       const DepthwisePixels& patch, std::size_t patch_columns,
                       std::size_t channels, std::size_t out_rows, std::size_t out_columns,
                       float* out, const DepthwiseFetch& fetch);

/// Rows and columns of a tile of the backward pass. Input row y of the image takes part in the
/// window of output row (y + p - r) / s for each tap r where that is whole; p and s are padding and
/// stride of the axis, and likewise for columns.
///
/// The patch of the output's gradient must hold all of these, inside the image or not, with zeros
/// outside: rows from floor((row_begin + p - (kernel_height - 1)) / s), its patch_first_row, to
/// floor((row_begin + num_rows - 1 + p) / s); columns from floor((p - (kernel_width - 1)) / s), its
/// patch_first_column, to floor((num_columns - 1 + p) / s).
struct DepthwiseBackwardTile {
  std::uint32_t row_begin = 0;  // of the input
  std::uint32_t num_rows = 0;
  std::uint32_t num_columns = 0;  // the whole width of the input
  std::uint32_t padding_height = 0;
  std::uint32_t padding_width = 0;
  // Of the output; they may lie outside the image.
  std::int32_t patch_first_row = 0;
  std::int32_t patch_first_column = 0;
  std::uint32_t patch_columns = 0;
};
/// Both gradients in one pass over a tile:
///   g[y][x][c] = sum over taps of weight[r][q][c] * dy[(y + p - r) / s][(x + p - q) / s][c],
///   weight_gradient[r][q][c] += the same dy * z[y][x][c],
/// where y and dy's indices count in the image, p and s are those of the axis. z (the input as the
/// convolution read it) and g: num_rows x num_columns pixels from row_begin on, apart from each
/// other; weight_gradient: from the tile's first channel on, num_taps() rows, gradient_stride
/// floats from tap to tap.
void depthwise_backward(const DepthwiseGeometry& geometry, const DepthwiseWeights& weights,
                        const DepthwiseBackwardTile& tile, const DepthwisePixels& dy_patch,
                        const DepthwisePixels& z, std::size_t channels, float* g,
                        float* weight_gradient, std::size_t gradient_stride,
                        const DepthwiseFetch& fetch);

}  // namespace edgeprune::kernels
