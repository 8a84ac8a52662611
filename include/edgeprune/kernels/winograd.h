#pragma once
// Winograd's minimal filtering F(2x2, 3x3): a convolution of 3x3, stride 1 and padding 1, with 16
// products per 2x2 outputs instead of 36 (Lavin and Gray, "Fast Algorithms for Convolutional Neural
// Networks", 2016, equations 8 to 10).
//
//   Y = A' [(G W G') . (B' D B)] A      per tile and channel, ' for transposed, with
//       |1  0 -1  0|        | 1    0    0 |         |1  1  1  0|
//   B' =|0  1  1  0|    G = |1/2  1/2  1/2|    A' = |0  1 -1 -1|
//       |0 -1  1  0|        |1/2 -1/2  1/2|
//       |0  1  0 -1|        | 0    0    1 |
//
// D is a tile's 4x4 patch of the input, W the 3x3 kernel, Y the tile's 2x2 outputs; tiles' patches
// overlap by two. For all channels at once the dots become, for each of the 16 positions of a 4x4
// matrix, a product of (tiles x channels in) and (channels in x channels out) (products.h). The
// data gradient is the same with flipped kernels, channels exchanged; the weight gradient is the
// transposed map,  dW = G' [sum over tiles of (B' D B) . (A dY A')] G.
//
// Plain functions on plain memory, single-threaded; nothing is allocated. Everything is float: sums
// of four and halves, exact for small whole numbers.

#include <cstddef>

namespace edgeprune::kernels {

constexpr std::size_t winograd_positions() {
  return 16;
}

/// A rectangle of tiles, numbered row by row. Their outputs are a rectangle of 2 rows x 2 columns
/// pixels; the patches that make them one of (2 rows + 2) x (2 columns + 2).
struct WinogradTiles {
  std::size_t rows = 0;
  std::size_t columns = 0;

  [[nodiscard]] std::size_t count() const { return rows * columns; }
  [[nodiscard]] std::size_t patch_columns() const { return 2 * columns + 2; }
};

/// 16 matrices, one per position (4 * row + column of the 4x4 matrix), of one row per tile: whole
/// vectors of channels. No alignment is asked for.
template <typename T>
struct WinogradMatrices {
  T* data = nullptr;
  std::size_t position_stride = 0;
  std::size_t row_stride = 0;
};

/// B' D B of each tile, from a patch of contiguous pixels; zeros behind `channels` up to the end of
/// a vector.
void winograd_input(const float* patch, const WinogradTiles& tiles, std::size_t channels,
                    const WinogradMatrices<float>& out);

/// A dY A' of each tile, likewise, from contiguous pixels: 2 rows x 2 columns of them, zeros
/// outside the image.
void winograd_output_gradient(const float* dy, const WinogradTiles& tiles, std::size_t channels,
                              const WinogradMatrices<float>& out);

/// A' M A: the outputs of which the first `out_rows` x `out_columns` pixels are kept, contiguous,
/// `channels` floats each, a multiple of a vector.
void winograd_output(const WinogradMatrices<const float>& products, const WinogradTiles& tiles,
                     std::size_t channels, std::size_t out_rows, std::size_t out_columns,
                     float* out);

/// Kernels in memory: tap t = 3 * row + column of channels (i, j) lies at
/// data[t * tap_stride + i * row_stride + j * column_stride]. `flipped` ones are read from the last
/// tap to the first.
struct WinogradTaps {
  const float* data = nullptr;
  std::size_t tap_stride = 0;
  std::size_t row_stride = 0;
  std::size_t column_stride = 1;
  bool flipped = false;
};

/// G W G' of `rows` x `columns` kernels, columns <= panel_columns(): 16 packed panels (products.h),
/// position_stride apart.
void pack_winograd_panel(const WinogradTaps& taps, std::size_t rows, std::size_t columns,
                         float* packed, std::size_t position_stride);

/// G' S G of one row of channels: sums[position * position_stride + c] makes
/// taps[t * tap_stride + c].
void winograd_weight_gradient(const float* sums, std::size_t position_stride, std::size_t channels,
                              float* taps, std::size_t tap_stride);

}  // namespace edgeprune::kernels
