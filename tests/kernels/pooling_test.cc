#include "edgeprune/kernels/pooling.h"

#include "kernels/channels_fixture.h"
#include "kernels/on_every_target.h"
#include "kernels/stored.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace edgeprune::kernels {
namespace {

using testing::as_kept;
using testing::kGuard;
using testing::kInfinity;
using testing::kOddSizes;
using testing::kTypes;
using testing::name_of;
using testing::on_every_target;
using testing::Stored;
using testing::Values;

struct Coefficients {
  std::vector<float> center, scale, shift;
  float low = -kInfinity;
  float high = kInfinity;
  [[nodiscard]] ChannelTransform view() const { return {center, scale, shift, low, high}; }
  [[nodiscard]] float operator()(float x, std::size_t c) const {
    const float z = scale.empty() ? x : (x - center[c]) * scale[c] + shift[c];
    return std::min(std::max(z, low), high);
  }
};

// Calls body(output index, input index, channel) for each input of each window, in row order.
template <typename Body>
void for_window_inputs(const PoolShape& s, Body&& body) {
  for (std::uint32_t y = 0; y < s.out_height(); ++y) {
    for (std::uint32_t x = 0; x < s.out_width(); ++x) {
      for (std::uint32_t dy = 0; dy < s.window_height; ++dy) {
        for (std::uint32_t dx = 0; dx < s.window_width; ++dx) {
          const std::int64_t row = std::int64_t{y} * s.stride_height + dy - s.padding_height;
          const std::int64_t column = std::int64_t{x} * s.stride_width + dx - s.padding_width;
          if (row < 0 || column < 0 || row >= s.height || column >= s.width) continue;
          for (std::uint32_t c = 0; c < s.channels; ++c) {
            body((std::size_t{y} * s.out_width() + x) * s.channels + c,
                 static_cast<std::size_t>(row * s.width + column) * s.channels + c, c);
          }
        }
      }
    }
  }
}

struct Pooled {
  std::vector<float> out;
  std::vector<std::size_t> winner;  // per output, the first input that holds the maximum
};

// Of the values as they would be stored: rounding makes ties of its own.
Pooled by_definition(ElementType type, const PoolShape& s, const Coefficients& t, const Stored& x) {
  const std::size_t size = std::size_t{s.out_height()} * s.out_width() * s.channels;
  Pooled pooled{std::vector<float>(size, -kInfinity), std::vector<std::size_t>(size)};
  for_window_inputs(s, [&](std::size_t out, std::size_t in, std::size_t c) {
    const float z = as_kept(type, t(x[in], c));
    if (z > pooled.out[out]) {
      pooled.out[out] = z;
      pooled.winner[out] = in;
    }
  });
  return pooled;
}

// Few different values make many ties within windows.
std::vector<float> with_ties_in_windows(Values& values, std::size_t size) {
  std::vector<float> x(size);
  for (float& value : x) value = static_cast<float>(values.below(4)) - 1.5f;
  return x;
}

void expect_pooling(ElementType type, const PoolShape& s, const Coefficients& t) {
  SCOPED_TRACE(name_of(type));
  Values values(s.channels * 100 + s.height * 10 + s.window_height);
  const Stored x(type, with_ties_in_windows(values, std::size_t{s.height} * s.width * s.channels));
  const Pooled expected = by_definition(type, s, t, x);
  const std::size_t size = expected.out.size();
  Stored out(type, size + 1, kGuard);
  max_pool(s, t.view(), x, out);
  for (std::size_t o = 0; o < size; ++o) ASSERT_EQ(out[o], expected.out[o]) << o;
  ASSERT_EQ(out[size], kGuard);

  const auto g_out = values.exact(size);
  std::vector<float> g_in(x.size() + 1, 1.0f);
  std::vector<float> expected_g = g_in;
  for (std::size_t o = 0; o < size; ++o) expected_g[expected.winner[o]] += g_out[o];
  max_pool_gradient(s, t.view(), x, out, g_out.data(), g_in.data());
  ASSERT_EQ(g_in, expected_g);
}

void expect_pooling(const PoolShape& s, const Coefficients& t) {
  for (const ElementType type : kTypes) ASSERT_NO_FATAL_FAILURE(expect_pooling(type, s, t));
}

PoolShape pool(std::uint32_t height, std::uint32_t width, std::uint32_t channels,
               std::uint32_t window, std::uint32_t stride, std::uint32_t padding) {
  return {height, width, channels, window, window, stride, stride, padding, padding};
}

TEST(MaxPool, TwoByTwoIsItsDefinitionForEveryNumberOfChannels) {
  on_every_target([] {
    for (const std::size_t channels : kOddSizes) {
      const auto c = static_cast<std::uint32_t>(channels);
      ASSERT_NO_FATAL_FAILURE(expect_pooling(pool(4, 6, c, 2, 2, 0), {})) << channels;
      ASSERT_NO_FATAL_FAILURE(expect_pooling(pool(5, 7, c, 2, 2, 0), {})) << channels;
    }
  });
}

TEST(MaxPool, WindowsStridesAndPaddingsMayDifferPerAxis) {
  on_every_target([] {
    ASSERT_NO_FATAL_FAILURE(expect_pooling({9, 8, 5, 3, 1, 2, 1, 1, 0}, {}));
    ASSERT_NO_FATAL_FAILURE(expect_pooling({8, 9, 5, 1, 3, 1, 2, 0, 1}, {}));
    ASSERT_NO_FATAL_FAILURE(expect_pooling({1, 20, 3, 1, 4, 1, 3, 0, 2}, {}));
  });
}

TEST(MaxPool, OverlappingWindowsWithPaddingAreTheirDefinition) {
  on_every_target([] {
    for (const std::size_t channels : kOddSizes) {
      const auto c = static_cast<std::uint32_t>(channels);
      for (const std::uint32_t size : {1U, 2U, 3U, 7U, 8U}) {
        ASSERT_NO_FATAL_FAILURE(expect_pooling(pool(size, size + 1, c, 3, 2, 1), {})) << size;
        ASSERT_NO_FATAL_FAILURE(expect_pooling(pool(size + 2, size + 2, c, 3, 1, 0), {})) << size;
      }
    }
  });
}

TEST(MaxPool, ReadsThroughATransform) {
  on_every_target([] {
    for (const std::size_t channels : kOddSizes) {
      Values values(2);
      // Scales of both signs, and a ReLU that makes whole windows zero.
      const Coefficients t{.center = values.exact(channels),
                           .scale = values.exact(channels),
                           .shift = values.exact(channels),
                           .low = 0};
      const auto c = static_cast<std::uint32_t>(channels);
      ASSERT_NO_FATAL_FAILURE(expect_pooling(pool(6, 6, c, 2, 2, 0), t)) << channels;
      ASSERT_NO_FATAL_FAILURE(expect_pooling(pool(6, 7, c, 3, 2, 1), t)) << channels;
    }
  });
}

// Transforms whose results are rounded: the winner must be found again from the same bits.
TEST(MaxPool, EveryGradientArrivesAtAWinnerWhateverTheRounding) {
  on_every_target([] {
    for (const ElementType type : kTypes) {
      Values values(3);
      constexpr std::uint32_t kChannels = 19;
      const Coefficients t{.center = values.uniform(kChannels, -1, 1),
                           .scale = values.uniform(kChannels, -2, 2),
                           .shift = values.uniform(kChannels, -1, 1)};
      const PoolShape s = pool(9, 8, kChannels, 3, 2, 1);
      const Stored x(type, values.uniform(std::size_t{9} * 8 * kChannels, -1, 1));
      Stored out(type, std::size_t{s.out_height()} * s.out_width() * kChannels, 0);
      max_pool(s, t.view(), x, out);
      const std::vector<float> g_out(out.size(), 1.0f);
      std::vector<float> g_in(x.size());
      max_pool_gradient(s, t.view(), x, out, g_out.data(), g_in.data());
      double sum = 0;
      for (const float g : g_in) sum += double{g};
      EXPECT_EQ(sum, static_cast<double>(out.size())) << name_of(type);
    }
  });
}

TEST(MaxPool, TiesGoToTheFirstInRowOrder) {
  on_every_target([] {
    const std::vector<float> x = {1, 5, 5, 5};
    float out = 0;
    max_pool(pool(2, 2, 1, 2, 2, 0), {}, x.data(), &out);
    EXPECT_EQ(out, 5);
    const float g_out = 3;
    std::vector<float> g_in(4);
    max_pool_gradient(pool(2, 2, 1, 2, 2, 0), {}, x.data(), &out, &g_out, g_in.data());
    EXPECT_EQ(g_in, (std::vector<float>{0, 3, 0, 0}));
  });
}

TEST(MaxPool, ANaNWinsWhereverItLies) {
  on_every_target([] {
    for (std::size_t place = 0; place < 4; ++place) {
      std::vector<float> x = {1, 5, 2, 5};
      x[place] = std::numeric_limits<float>::quiet_NaN();
      float out = 0;
      max_pool(pool(2, 2, 1, 2, 2, 0), {.low = 0}, x.data(), &out);
      EXPECT_TRUE(std::isnan(out)) << place;
    }
  });
}

TEST(MaxPool, PaddingNeverWins) {
  on_every_target([] {
    const std::vector<float> x(9, -7.0f);
    std::vector<float> out(4);
    max_pool(pool(3, 3, 1, 3, 2, 1), {}, x.data(), out.data());
    EXPECT_EQ(out, std::vector<float>(4, -7.0f));
  });
}

TEST(AveragePixels, IsTheMeanOfTheTransform) {
  on_every_target([] {
    for (const ElementType type : kTypes) {
      for (const std::size_t channels : kOddSizes) {
        for (const std::size_t pixels : {1U, 4U, 49U, 63U}) {
          Values values(4);
          const Coefficients t{.center = values.exact(channels),
                               .scale = values.exact(channels),
                               .shift = values.exact(channels),
                               .low = 0};
          const Stored x(type, values.exact(pixels * channels));
          std::vector<float> out(channels + 1, kGuard);
          average_pixels(t.view(), x, pixels, channels, out.data());
          for (std::size_t c = 0; c < channels; ++c) {
            float sum = 0;  // exact
            for (std::size_t p = 0; p < pixels; ++p) sum += t(x[p * channels + c], c);
            ASSERT_EQ(out[c], sum / static_cast<float>(pixels)) << channels << ": " << c;
          }
          EXPECT_EQ(out.back(), kGuard);
        }
      }
    }
  });
}

RC_GTEST_PROP(MaxPoolProperty, IsItsDefinition, ()) {
  PoolShape s;
  s.window_height = *rc::gen::inRange<std::uint32_t>(1, 5);
  s.window_width = *rc::gen::inRange<std::uint32_t>(1, 5);
  s.stride_height = *rc::gen::inRange<std::uint32_t>(1, 5);
  s.stride_width = *rc::gen::inRange<std::uint32_t>(1, 5);
  s.padding_height = *rc::gen::inRange<std::uint32_t>(0, s.window_height);
  s.padding_width = *rc::gen::inRange<std::uint32_t>(0, s.window_width);
  s.height = *rc::gen::inRange<std::uint32_t>(s.window_height, 12);
  s.width = *rc::gen::inRange<std::uint32_t>(s.window_width, 12);
  s.channels = *rc::gen::inRange<std::uint32_t>(1, 20);
  on_every_target([&] { expect_pooling(s, {}); });
  RC_ASSERT(!::testing::Test::HasFailure());
}

}  // namespace
}  // namespace edgeprune::kernels
