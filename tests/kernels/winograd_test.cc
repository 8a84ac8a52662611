#include "edgeprune/kernels/winograd.h"

#include "edgeprune/core/aligned_buffer.h"
#include "edgeprune/kernels/products.h"

#include "kernels/on_every_target.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace edgeprune::kernels {
namespace {

using testing::kGuard;
using testing::kOddSizes;
using testing::on_every_target;
using testing::Values;

constexpr std::size_t kPositions = winograd_positions();
// Rows of a panel; behind the matrices, something that must stay untouched.
constexpr std::size_t kBehind = 16;

struct Channels {
  std::size_t in = 0;
  std::size_t out = 0;
};

// 16 matrices and their memory.
struct Matrices {
  std::size_t position_stride;
  std::size_t row_stride;
  std::vector<float> values;

  Matrices(std::size_t rows, std::size_t channels)
      : position_stride(rows * padded_columns(channels) + kBehind),
        row_stride(padded_columns(channels)),
        values(kPositions * position_stride, kGuard) {}
  [[nodiscard]] WinogradMatrices<float> all() {
    return {values.data(), position_stride, row_stride};
  }
  [[nodiscard]] const float* row(std::size_t position, std::size_t tile) const {
    return values.data() + position * position_stride + tile * row_stride;
  }
  // Whole vectors are written: zeros behind the channels, nothing behind those.
  void expect_padding(std::size_t rows, std::size_t channels) const {
    for (std::size_t i = 0; i < kPositions; ++i) {
      for (std::size_t tile = 0; tile < rows; ++tile) {
        for (std::size_t c = channels; c < row_stride; ++c) ASSERT_EQ(row(i, tile)[c], 0.0f);
      }
      for (std::size_t c = 0; c < kBehind; ++c) ASSERT_EQ(row(i, rows)[c], kGuard);
    }
  }
  // The rows of one position as the left operand of a product.
  [[nodiscard]] std::vector<const float*> rows_of(std::size_t position, std::size_t count) const {
    std::vector<const float*> rows;
    for (std::size_t tile = 0; tile < count; ++tile) rows.push_back(row(position, tile));
    return rows;
  }
};

// Pixels of a patch or of a gradient, as wide as given.
struct Pixels {
  std::size_t columns;
  std::size_t channels;
  std::vector<float> values;

  [[nodiscard]] double at(std::size_t y, std::size_t x, std::size_t c) const {
    return static_cast<double>(values[(y * columns + x) * channels + c]);
  }
};

Pixels patch_of(const WinogradTiles& tiles, std::size_t channels, Values& values) {
  return {tiles.patch_columns(), channels,
          values.exact((2 * tiles.rows + 2) * tiles.patch_columns() * channels)};
}

double convolved(const Pixels& patch, const std::vector<float>& weight, const Channels& channels,
                 std::size_t y, std::size_t x, std::size_t o) {
  double sum = 0;
  for (std::size_t t = 0; t < 9; ++t) {
    for (std::size_t c = 0; c < channels.in; ++c) {
      sum += patch.at(y + t / 3, x + t % 3, c) *
             static_cast<double>(weight[(t * channels.in + c) * channels.out + o]);
    }
  }
  return sum;
}

// Of at most panel_columns() output channels; the last row and column of outputs may be cut off.
void expect_exact_convolution(const WinogradTiles& tiles, const Channels& channels,
                              std::size_t out_rows, std::size_t out_columns) {
  Values values(static_cast<std::uint32_t>(channels.in * 71 + channels.out + tiles.count()));
  const Pixels patch = patch_of(tiles, channels.in, values);
  const std::vector<float> weight = values.exact(9 * channels.in * channels.out);
  Matrices mapped(tiles.count(), channels.in);
  winograd_input(patch.values.data(), tiles, channels.in, mapped.all());
  mapped.expect_padding(tiles.count(), channels.in);

  const std::size_t width = padded_columns(channels.out);
  const std::size_t panel = channels.in * width;
  core::AlignedBuffer packed(kPositions * panel);
  pack_winograd_panel(
      {.data = weight.data(), .tap_stride = channels.in * channels.out, .row_stride = channels.out},
      channels.in, channels.out, packed.data(), panel);
  Matrices products(tiles.count(), channels.out);
  for (std::size_t i = 0; i < kPositions; ++i) {
    const auto rows = mapped.rows_of(i, tiles.count());
    ReadAhead nothing;
    product_panel(
        GatheredRows<float>{
            .rows = rows.data(), .num_rows = rows.size(), .segment_length = channels.in},
        packed.data() + i * panel, channels.out,
        products.values.data() + i * products.position_stride, nothing);
  }
  std::vector<float> out((out_rows * out_columns + 1) * width, kGuard);
  winograd_output({products.values.data(), products.position_stride, products.row_stride}, tiles,
                  width, out_rows, out_columns, out.data());
  for (std::size_t y = 0; y < out_rows; ++y) {
    for (std::size_t x = 0; x < out_columns; ++x) {
      for (std::size_t o = 0; o < channels.out; ++o) {
        ASSERT_EQ(static_cast<double>(out[(y * out_columns + x) * width + o]),
                  convolved(patch, weight, channels, y, x, o))
            << y << ", " << x << ", " << o;
      }
    }
  }
  for (std::size_t c = 0; c < width; ++c)
    ASSERT_EQ(out[out_rows * out_columns * width + c], kGuard);
}

TEST(Winograd, IsAConvolutionForAllChannels) {
  on_every_target([] {
    for (const std::size_t in : kOddSizes) {
      expect_exact_convolution({2, 3}, {in, std::min<std::size_t>(panel_columns(), 17)}, 4, 6);
    }
    for (const std::size_t out : kOddSizes) {
      if (out <= panel_columns()) expect_exact_convolution({2, 1}, {5, out}, 4, 2);
    }
  });
}

TEST(Winograd, CutsOddOutputs) {
  on_every_target([] {
    const Channels channels{3, std::min<std::size_t>(panel_columns(), 5)};
    for (std::size_t rows = 1; rows <= 6; ++rows) {
      for (std::size_t columns = 1; columns <= 7; ++columns) {
        expect_exact_convolution({(rows + 1) / 2, (columns + 1) / 2}, channels, rows, columns);
      }
    }
  });
}

// The data gradient's weights, against a flipped and transposed copy.
TEST(Winograd, PacksFlippedAndTransposedKernels) {
  on_every_target([] {
    constexpr std::size_t kColumns = 35;  // channels in of a convolution of 33 channels out
    const std::size_t columns = std::min(panel_columns(), kColumns);
    for (const std::size_t rows : {1U, 15U, 16U, 33U}) {
      Values values(static_cast<std::uint32_t>(rows));
      const std::vector<float> weight = values.exact(9 * kColumns * rows);
      std::vector<float> copy(weight.size());
      for (std::size_t t = 0; t < 9; ++t) {
        for (std::size_t i = 0; i < rows; ++i) {
          for (std::size_t j = 0; j < kColumns; ++j) {
            copy[(t * rows + i) * kColumns + j] = weight[((8 - t) * kColumns + j) * rows + i];
          }
        }
      }
      const std::size_t panel = rows * padded_columns(columns);
      std::vector<float> expected(kPositions * panel + kBehind, kGuard);
      std::vector<float> packed = expected;
      pack_winograd_panel(
          {.data = copy.data(), .tap_stride = rows * kColumns, .row_stride = kColumns}, rows,
          columns, expected.data(), panel);
      pack_winograd_panel({.data = weight.data(),
                           .tap_stride = rows * kColumns,
                           .row_stride = 1,
                           .column_stride = rows,
                           .flipped = true},
                          rows, columns, packed.data(), panel);
      ASSERT_EQ(packed, expected);
      ASSERT_EQ(packed.back(), kGuard);
    }
  });
}

void expect_exact_weight_gradient(const WinogradTiles& tiles, const Channels& channels) {
  Values values(static_cast<std::uint32_t>(channels.in * 73 + channels.out));
  const Pixels patch = patch_of(tiles, channels.in, values);
  const Pixels dy{2 * tiles.columns, channels.out, values.exact(4 * tiles.count() * channels.out)};
  Matrices a(tiles.count(), channels.in);
  Matrices g(tiles.count(), channels.out);
  winograd_input(patch.values.data(), tiles, channels.in, a.all());
  winograd_output_gradient(dy.values.data(), tiles, channels.out, g.all());
  g.expect_padding(tiles.count(), channels.out);
  const std::size_t position_stride = channels.in * g.row_stride;
  std::vector<float> sums(kPositions * position_stride, kGuard);
  for (std::size_t i = 0; i < kPositions; ++i) {
    const auto rows = a.rows_of(i, tiles.count());
    ReadAhead nothing;
    outer_product({.rows = rows.data(), .num_rows = rows.size(), .segment_length = channels.in},
                  g.row(i, 0), g.row_stride, g.row_stride, sums.data() + i * position_stride,
                  g.row_stride, false, nothing);
  }
  std::vector<float> taps(9 * channels.in * channels.out + 1, kGuard);
  for (std::size_t c = 0; c < channels.in; ++c) {
    winograd_weight_gradient(sums.data() + c * g.row_stride, position_stride, channels.out,
                             taps.data() + c * channels.out, channels.in * channels.out);
  }
  for (std::size_t t = 0; t < 9; ++t) {
    for (std::size_t c = 0; c < channels.in; ++c) {
      for (std::size_t o = 0; o < channels.out; ++o) {
        double expected = 0;
        for (std::size_t y = 0; y < 2 * tiles.rows; ++y) {
          for (std::size_t x = 0; x < 2 * tiles.columns; ++x) {
            expected += patch.at(y + t / 3, x + t % 3, c) * dy.at(y, x, o);
          }
        }
        ASSERT_EQ(static_cast<double>(taps[(t * channels.in + c) * channels.out + o]), expected)
            << t << ", " << c << ", " << o;
      }
    }
  }
  ASSERT_EQ(taps.back(), kGuard);
}

TEST(Winograd, MakesTheWeightGradientForAllChannels) {
  on_every_target([] {
    for (const std::size_t channels : kOddSizes) {
      expect_exact_weight_gradient({2, 3}, {5, channels});
      expect_exact_weight_gradient({3, 1}, {channels, 7});
    }
  });
}

}  // namespace
}  // namespace edgeprune::kernels
