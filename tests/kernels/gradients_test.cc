// The backward half of channels.h.

#include "edgeprune/kernels/channels.h"

#include "kernels/on_every_target.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace edgeprune::kernels {
namespace {

using testing::kGuard;
using testing::kOddSizes;
using testing::on_every_target;
using testing::Values;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Everything the backward pass of a transform reads.
struct Backward {
  std::size_t pixels;
  std::size_t channels;
  std::vector<float> center, scale, shift, slope, offset, g, x;
  float low = 0;
  float high = 6;

  Backward(std::uint32_t seed, std::size_t num_pixels, std::size_t num_channels)
      : pixels(num_pixels), channels(num_channels) {
    Values values(seed);
    for (auto* coefficients : {&center, &scale, &shift, &slope, &offset}) {
      *coefficients = values.exact(channels);
    }
    g = values.exact(pixels * channels);
    x = values.exact(pixels * channels);
  }
  [[nodiscard]] ChannelTransform transform() const { return {center, scale, shift, low, high}; }
  // dz of the header: the gradient where z lies strictly between the bounds.
  [[nodiscard]] float dz(std::size_t i) const {
    const std::size_t c = i % channels;
    const float z = (x[i] - center[c]) * scale[c] + shift[c];
    return low < z && z < high ? g[i] : 0.0f;
  }
  [[nodiscard]] float centered(std::size_t i) const { return x[i] - center[i % channels]; }
};

TEST(TransformGradient, IsItsFormulaInEveryChannel) {
  on_every_target([] {
    for (const std::size_t channels : kOddSizes) {
      const Backward b(1, 13, channels);
      const std::size_t stride = channels + 3;
      std::vector<float> out(b.pixels * stride, kGuard);
      transform_gradient(b.transform(), {.slope = b.slope, .offset = b.offset}, b.g.data(),
                         b.x.data(), b.pixels, channels, out.data(), stride);
      for (std::size_t p = 0; p < b.pixels; ++p) {
        for (std::size_t c = 0; c < channels; ++c) {
          const std::size_t i = p * channels + c;
          const float expected = b.scale[c] * b.dz(i) + b.slope[c] * b.centered(i) + b.offset[c];
          ASSERT_EQ(out[p * stride + c], expected) << channels << ": " << p << ", " << c;
        }
        for (std::size_t c = channels; c < stride; ++c) ASSERT_EQ(out[p * stride + c], kGuard);
      }
    }
  });
}

TEST(TransformGradient, EmptySlopeAndOffsetAreZeros) {
  on_every_target([] {
    const Backward b(2, 13, 5);
    std::vector<float> out(b.g.size());
    transform_gradient(b.transform(), {}, b.g.data(), b.x.data(), b.pixels, 5, out.data(), 5);
    for (std::size_t i = 0; i < out.size(); ++i) ASSERT_EQ(out[i], b.scale[i % 5] * b.dz(i));
  });
}

TEST(TransformGradient, OfAnIdentityIsTheGradientItself) {
  on_every_target([] {
    const Backward b(3, 13, 5);
    std::vector<float> out(b.g.size());
    transform_gradient({}, {}, b.g.data(), b.x.data(), b.pixels, 5, out.data(), 5);
    EXPECT_EQ(out, b.g);
  });
}

// As in PyTorch, nothing passes at 0 of a ReLU, nor at 0 and 6 of a ReLU6.
TEST(TransformGradient, NothingPassesAtTheBoundsThemselves) {
  on_every_target([] {
    const std::vector<float> x = {-1, 0, 1, 6, 7};
    const std::vector<float> g(5, 1.0f);
    std::vector<float> out(5);
    transform_gradient({.low = 0, .high = kInfinity}, {}, g.data(), x.data(), 1, 5, out.data(), 5);
    EXPECT_EQ(out, (std::vector<float>{0, 0, 1, 1, 1}));
    transform_gradient({.low = 0, .high = 6}, {}, g.data(), x.data(), 1, 5, out.data(), 5);
    EXPECT_EQ(out, (std::vector<float>{0, 0, 1, 0, 0}));
  });
}

TEST(AccumulateGradientSums, SumsOntoWhatIsThere) {
  on_every_target([] {
    for (const std::size_t channels : kOddSizes) {
      const Backward b(4, 150, channels);  // more than two stretches
      std::vector<double> sum_g(channels, 1.0);
      std::vector<double> sum_gx(channels, 2.0);
      std::vector<double> expected_g = sum_g;
      std::vector<double> expected_gx = sum_gx;
      for (std::size_t i = 0; i < b.x.size(); ++i) {
        expected_g[i % channels] += static_cast<double>(b.dz(i));
        expected_gx[i % channels] += static_cast<double>(b.dz(i) * b.centered(i));
      }
      accumulate_gradient_sums(b.transform(), b.g.data(), b.x.data(), b.pixels, channels, sum_g,
                               sum_gx);
      ASSERT_EQ(sum_g, expected_g) << channels;
      ASSERT_EQ(sum_gx, expected_gx) << channels;
    }
  });
}

RC_GTEST_PROP(GradientsProperty, TheSameInputsMakeTheSameBits, (std::uint32_t seed)) {
  const auto channels = *rc::gen::inRange<std::size_t>(1, 40);
  const auto pixels = *rc::gen::inRange<std::size_t>(1, 200);
  on_every_target([&] {
    Values values(seed);
    const auto x = values.uniform(pixels * channels, -1, 1);
    const auto g = values.uniform(pixels * channels, -1, 1);
    const auto scale = values.uniform(channels, 0.5f, 2);
    const auto shift = values.uniform(channels, -1, 1);
    const ChannelTransform transform{.center = shift, .scale = scale, .shift = shift, .low = 0};
    std::vector<std::vector<double>> sums;
    for (int run = 0; run < 2; ++run) {
      sums.emplace_back(2 * channels);
      const std::span<double> both = sums.back();
      accumulate_gradient_sums(transform, g.data(), x.data(), pixels, channels,
                               both.first(channels), both.subspan(channels));
    }
    RC_ASSERT(sums[0] == sums[1]);
  });
}

}  // namespace
}  // namespace edgeprune::kernels
