#include "edgeprune/kernels/depthwise.h"

#include "edgeprune/kernels/target.h"

#include "kernels/on_every_target.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace edgeprune::kernels {
namespace {

using testing::kGuard;
using testing::on_every_target;
using testing::Values;

struct Case {
  DepthwiseGeometry geometry;
  std::uint32_t padding_height = 0;
  std::uint32_t padding_width = 0;
  std::uint32_t height = 0;  // of the input
  std::uint32_t width = 0;
  std::uint32_t num_vectors = 1;  // of channels
  // Rows and columns of the patch before those that are needed.
  std::uint32_t margin = 0;
  // Floats between the channels of two pixels that are read.
  std::uint32_t gap = 0;

  [[nodiscard]] std::size_t channels() const {
    return std::size_t{num_vectors} * static_cast<std::size_t>(simd_lanes());
  }
  [[nodiscard]] std::uint32_t out_height() const {
    return (height + 2 * padding_height - geometry.kernel_height) / geometry.stride_height + 1;
  }
  [[nodiscard]] std::uint32_t out_width() const {
    return (width + 2 * padding_width - geometry.kernel_width) / geometry.stride_width + 1;
  }
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.height << " x " << c.width << " x " << c.num_vectors << " vectors, kernel "
       << c.geometry.kernel_height << " x " << c.geometry.kernel_width << ", stride "
       << c.geometry.stride_height << " x " << c.geometry.stride_width << ", padding "
       << c.padding_height << " x " << c.padding_width << ", margin " << c.margin << ", gap "
       << c.gap;
}

struct Image {
  std::uint32_t height;
  std::uint32_t width;
  std::size_t channels;
  std::vector<float> values;

  // Zero outside.
  [[nodiscard]] float at(std::int64_t y, std::int64_t x, std::size_t c) const {
    if (y < 0 || x < 0 || y >= height || x >= width) return 0;
    return values[static_cast<std::size_t>(y * width + x) * channels + c];
  }
  // Rows [top, bottom) and columns [left, right), zeros where they lie outside.
  [[nodiscard]] std::vector<float> patch(std::int64_t top, std::int64_t bottom, std::int64_t left,
                                         std::int64_t right) const {
    std::vector<float> pixels;
    for (std::int64_t y = top; y < bottom; ++y) {
      for (std::int64_t x = left; x < right; ++x) {
        for (std::size_t c = 0; c < channels; ++c) pixels.push_back(at(y, x, c));
      }
    }
    return pixels;
  }
};

// The same pixels, `gap` floats apart.
struct Spread {
  std::size_t stride;
  std::vector<float> values;

  Spread(const std::vector<float>& pixels, std::size_t channels, std::size_t gap)
      : stride(channels + gap) {
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      values.push_back(pixels[i]);
      if ((i + 1) % channels == 0) values.insert(values.end(), gap, kGuard);
    }
  }
  [[nodiscard]] DepthwisePixels pixels() const { return {values.data(), stride}; }
};

Image exact_image(Values& values, std::uint32_t height, std::uint32_t width, std::size_t channels) {
  return {height, width, channels, values.exact(std::size_t{height} * width * channels)};
}

// Output rows [row_begin, row_end) against the definition on the whole image. Weights lie further
// apart than the tile's channels, as those of some channels of many do.
void expect_forward(const Case& c, std::uint32_t row_begin, std::uint32_t row_end) {
  const DepthwiseGeometry& g = c.geometry;
  const std::size_t channels = c.channels();
  Values values(c.height * 100 + c.width * 10 + g.kernel_width);
  const Image x = exact_image(values, c.height, c.width, channels);
  const std::size_t weight_stride = channels + 4;
  const auto weights = values.exact(g.num_taps() * weight_stride);
  const std::int64_t top = std::int64_t{row_begin} * g.stride_height - c.padding_height;
  const std::int64_t bottom =
      std::int64_t{row_end - 1} * g.stride_height - c.padding_height + g.kernel_height;
  const std::int64_t left = -std::int64_t{c.padding_width};
  const std::int64_t right =
      left + std::int64_t{c.out_width() - 1} * g.stride_width + g.kernel_width + c.margin;
  const Spread patch(x.patch(top, bottom, left, right), channels, c.gap);
  const std::size_t num_rows = row_end - row_begin;
  std::vector<float> out(num_rows * c.out_width() * channels + 1, kGuard);
  ReadAhead nothing;
  depthwise_forward(g, {weights.data(), weight_stride}, patch.pixels(),
                    static_cast<std::size_t>(right - left), channels, num_rows, c.out_width(),
                    out.data(), {nothing, 2});
  ASSERT_EQ(out.back(), kGuard);
  for (std::size_t i = 0; i + 1 < out.size(); ++i) {
    const std::size_t k = i % channels;
    const std::size_t oy = row_begin + i / channels / c.out_width();
    const std::size_t ox = i / channels % c.out_width();
    float expected = 0;
    for (std::uint32_t r = 0; r < g.kernel_height; ++r) {
      for (std::uint32_t q = 0; q < g.kernel_width; ++q) {
        const auto y = static_cast<std::int64_t>(oy * g.stride_height + r) - c.padding_height;
        const auto column = static_cast<std::int64_t>(ox * g.stride_width + q) - c.padding_width;
        expected +=
            weights[(std::size_t{r} * g.kernel_width + q) * weight_stride + k] * x.at(y, column, k);
      }
    }
    ASSERT_EQ(out[i], expected) << oy << ", " << ox << ", channel " << k;
  }
}

std::int64_t floor_divided(std::int64_t value, std::int64_t by) {
  return value >= 0 ? value / by : -((by - 1 - value) / by);
}

// Outputs [first, last] whose windows of `kernel` reach inputs [begin, end).
struct Reach {
  std::int64_t first;
  std::int64_t last;

  Reach(std::uint32_t begin, std::uint32_t end, std::uint32_t padding, std::uint32_t kernel,
        std::uint32_t stride)
      : first(floor_divided(std::int64_t{begin} + padding + 1 - kernel, stride)),
        last((std::int64_t{end} - 1 + padding) / stride) {}
};

// Input rows [row_begin, row_end): every gradient against its definition over the whole output.
void expect_backward(const Case& c, std::uint32_t row_begin, std::uint32_t row_end) {
  const DepthwiseGeometry& k = c.geometry;
  const std::size_t channels = c.channels();
  Values values(c.height * 100 + c.width * 10 + k.kernel_width + 1);
  const Image dy = exact_image(values, c.out_height(), c.out_width(), channels);
  const std::size_t weight_stride = channels + 4;
  const std::size_t gradient_stride = channels + 8;
  const auto weights = values.exact(k.num_taps() * weight_stride);
  const std::size_t pixels = std::size_t{row_end - row_begin} * c.width;
  const auto z = values.exact(pixels * channels);

  const Reach rows(row_begin, row_end, c.padding_height, k.kernel_height, k.stride_height);
  const Reach columns(0, c.width, c.padding_width, k.kernel_width, k.stride_width);
  const DepthwiseBackwardTile tile{
      .row_begin = row_begin,
      .num_rows = row_end - row_begin,
      .num_columns = c.width,
      .padding_height = c.padding_height,
      .padding_width = c.padding_width,
      .patch_first_row = static_cast<std::int32_t>(rows.first - c.margin),
      .patch_first_column = static_cast<std::int32_t>(columns.first - c.margin),
      .patch_columns = static_cast<std::uint32_t>(columns.last - columns.first + 1 + c.margin)};
  const Spread patch(
      dy.patch(tile.patch_first_row, rows.last + 1, tile.patch_first_column, columns.last + 1),
      channels, c.gap);
  const Spread in(z, channels, c.gap);
  std::vector<float> g(z.size() + 1, kGuard);
  std::vector<float> dw(k.num_taps() * gradient_stride, 2.0f);
  std::vector<float> expected_g(z.size());
  std::vector<float> expected_dw = dw;
  ReadAhead nothing;
  depthwise_backward(k, {weights.data(), weight_stride}, tile, patch.pixels(), in.pixels(),
                     channels, g.data(), dw.data(), gradient_stride, {nothing, 1});

  for (std::size_t i = 0; i < z.size(); ++i) {
    const std::int64_t y = row_begin + static_cast<std::int64_t>(i / channels / c.width);
    const auto x = static_cast<std::int64_t>(i / channels % c.width);
    const std::size_t channel = i % channels;
    for (std::uint32_t r = 0; r < k.kernel_height; ++r) {
      for (std::uint32_t q = 0; q < k.kernel_width; ++q) {
        const std::int64_t down = y + c.padding_height - r;
        const std::int64_t across = x + c.padding_width - q;
        if (down < 0 || down % k.stride_height != 0) continue;
        if (across < 0 || across % k.stride_width != 0) continue;
        const float from = dy.at(down / k.stride_height, across / k.stride_width, channel);
        const std::size_t tap = std::size_t{r} * k.kernel_width + q;
        expected_g[i] += weights[tap * weight_stride + channel] * from;
        expected_dw[tap * gradient_stride + channel] += from * z[i];
      }
    }
  }
  ASSERT_EQ(g.back(), kGuard);
  g.pop_back();
  ASSERT_EQ(g, expected_g);
  ASSERT_EQ(dw, expected_dw);
}

// The whole image at once, and its rows cut in two unequal tiles.
void expect_definition(const Case& c) {
  SCOPED_TRACE(::testing::PrintToString(c));
  ASSERT_NO_FATAL_FAILURE(expect_forward(c, 0, c.out_height()));
  ASSERT_NO_FATAL_FAILURE(expect_backward(c, 0, c.height));
  const std::uint32_t out_cut = c.out_height() / 3;
  if (out_cut > 0) {
    ASSERT_NO_FATAL_FAILURE(expect_forward(c, 0, out_cut));
    ASSERT_NO_FATAL_FAILURE(expect_forward(c, out_cut, c.out_height()));
  }
  const std::uint32_t cut = c.height / 3;
  if (cut > 0) {
    ASSERT_NO_FATAL_FAILURE(expect_backward(c, 0, cut));
    ASSERT_NO_FATAL_FAILURE(expect_backward(c, cut, c.height));
  }
}

TEST(DepthwiseGeometry, CountsItsTaps) {
  EXPECT_EQ(DepthwiseGeometry().num_taps(), 9U);
  EXPECT_EQ((DepthwiseGeometry{.kernel_height = 1, .kernel_width = 7}.num_taps()), 7U);
}

TEST(Depthwise, ThreeByThreeIsItsDefinitionForEverySize) {
  on_every_target([] {
    for (const std::uint32_t stride : {1U, 2U}) {
      for (const std::uint32_t height : {1U, 2U, 3U, 7U, 8U}) {
        for (const std::uint32_t width : {1U, 2U, 5U, 9U, 12U, 13U}) {
          for (const std::uint32_t num_vectors : {1U, 3U}) {
            ASSERT_NO_FATAL_FAILURE(
                expect_definition({{3, 3, stride, stride}, 1, 1, height, width, num_vectors}));
          }
        }
      }
    }
  });
}

TEST(Depthwise, EveryKernelAndStrideIsItsDefinition) {
  on_every_target([] {
    for (std::uint32_t kernel = 1; kernel <= 5; ++kernel) {
      for (std::uint32_t stride = 1; stride <= 3; ++stride) {
        for (std::uint32_t padding = 0; padding < kernel; ++padding) {
          ASSERT_NO_FATAL_FAILURE(
              expect_definition({{kernel, kernel, stride, stride}, padding, padding, 7, 9, 2}));
        }
      }
    }
  });
}

TEST(Depthwise, KernelsStridesAndPaddingsMayDifferPerAxis) {
  on_every_target([] {
    ASSERT_NO_FATAL_FAILURE(expect_definition({{1, 7, 1, 1}, 0, 3, 3, 11, 1}));
    ASSERT_NO_FATAL_FAILURE(expect_definition({{7, 1, 2, 1}, 3, 0, 11, 3, 2}));
    ASSERT_NO_FATAL_FAILURE(expect_definition({{3, 3, 1, 2}, 1, 1, 7, 9, 1}));
    ASSERT_NO_FATAL_FAILURE(expect_definition({{3, 3, 2, 1}, 1, 0, 7, 9, 1}));
    ASSERT_NO_FATAL_FAILURE(expect_definition({{2, 4, 3, 1}, 1, 2, 7, 9, 1}));
  });
}

TEST(Depthwise, APatchMayHoldMoreThanIsNeeded) {
  on_every_target([] {
    for (const std::uint32_t stride : {1U, 2U, 3U}) {
      ASSERT_NO_FATAL_FAILURE(expect_definition({{3, 3, stride, stride}, 1, 1, 7, 9, 1, 2}));
      ASSERT_NO_FATAL_FAILURE(expect_definition({{5, 5, stride, stride}, 2, 2, 7, 9, 1, 2}));
    }
  });
}

TEST(Depthwise, PixelsMayHoldMoreChannels) {
  on_every_target([] {
    for (const std::uint32_t stride : {1U, 2U, 3U}) {
      ASSERT_NO_FATAL_FAILURE(expect_definition({{3, 3, stride, stride}, 1, 1, 8, 10, 2, 0, 5}));
      ASSERT_NO_FATAL_FAILURE(expect_definition({{5, 3, stride, 1}, 2, 1, 7, 9, 1, 0, 16}));
    }
  });
}

RC_GTEST_PROP(DepthwiseProperty, IsItsDefinition, ()) {
  Case c;
  c.geometry = {.kernel_height = *rc::gen::inRange<std::uint32_t>(1, 6),
                .kernel_width = *rc::gen::inRange<std::uint32_t>(1, 8),
                .stride_height = *rc::gen::inRange<std::uint32_t>(1, 4),
                .stride_width = *rc::gen::inRange<std::uint32_t>(1, 4)};
  c.padding_height = *rc::gen::inRange<std::uint32_t>(0, c.geometry.kernel_height);
  c.padding_width = *rc::gen::inRange<std::uint32_t>(0, c.geometry.kernel_width);
  c.height = *rc::gen::inRange<std::uint32_t>(c.geometry.kernel_height, 14);
  c.width = *rc::gen::inRange<std::uint32_t>(c.geometry.kernel_width, 14);
  c.num_vectors = *rc::gen::inRange<std::uint32_t>(1, 4);
  c.gap = *rc::gen::inRange<std::uint32_t>(0, 9);
  on_every_target([&] { expect_definition(c); });
  RC_ASSERT(!::testing::Test::HasFailure());
}

}  // namespace
}  // namespace edgeprune::kernels
