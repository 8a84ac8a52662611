#include "edgeprune/kernels/channels.h"

#include "kernels/on_every_target.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

namespace edgeprune::kernels {
namespace {

using testing::kGuard;
using testing::kOddSizes;
using testing::on_every_target;
using testing::Values;

constexpr std::size_t kPixels = 13;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// A transform that owns its coefficients.
struct OwnTransform {
  std::vector<float> center;
  std::vector<float> scale;
  std::vector<float> shift;
  float low = -kInfinity;
  float high = kInfinity;

  OwnTransform(Values& values, std::size_t channels, float lowest, float highest)
      : center(values.exact(channels)),
        scale(values.exact(channels)),
        shift(values.exact(channels)),
        low(lowest),
        high(highest) {}
  [[nodiscard]] ChannelTransform view() const { return {center, scale, shift, low, high}; }
  // By the definition in the header.
  [[nodiscard]] float operator()(float x, std::size_t c) const {
    return std::min(std::max((x - center[c]) * scale[c] + shift[c], low), high);
  }
};

TEST(ApplyTransform, IsItsFormulaInEveryChannel) {
  on_every_target([] {
    for (const std::size_t channels : kOddSizes) {
      Values values(1);
      const OwnTransform transform(values, channels, -2, 6);
      const std::vector<float> x = values.exact(kPixels * channels);
      const std::size_t stride = channels + 5;
      std::vector<float> out(kPixels * stride, kGuard);
      apply_transform(transform.view(), x.data(), kPixels, channels, out.data(), stride);
      for (std::size_t p = 0; p < kPixels; ++p) {
        for (std::size_t c = 0; c < stride; ++c) {
          const float expected = c < channels ? transform(x[p * channels + c], c) : kGuard;
          ASSERT_EQ(out[p * stride + c], expected) << channels << ": " << p << ", " << c;
        }
      }
    }
  });
}

TEST(ApplyTransform, AnIdentityCopies) {
  EXPECT_TRUE(ChannelTransform().is_identity());
  on_every_target([] {
    const std::vector<float> x = Values(1).exact(kPixels * 7);
    for (const std::size_t stride : {7U, 10U}) {
      std::vector<float> out(kPixels * stride, kGuard);
      apply_transform({}, x.data(), kPixels, 7, out.data(), stride);
      for (std::size_t p = 0; p < kPixels; ++p) {
        for (std::size_t c = 0; c < stride; ++c) {
          ASSERT_EQ(out[p * stride + c], c < 7 ? x[p * 7 + c] : kGuard);
        }
      }
    }
  });
}

TEST(ApplyTransform, ClampsWithoutCoefficients) {
  on_every_target([] {
    const std::vector<float> x = {-1, 0, 0.5f, 6, 7};
    std::vector<float> out(5);
    apply_transform({.low = 0, .high = 6}, x.data(), 1, 5, out.data(), 5);
    EXPECT_EQ(out, (std::vector<float>{0, 0, 0.5f, 6, 6}));
  });
}

TEST(AddTransformed, AddsBothTransforms) {
  on_every_target([] {
    for (const std::size_t channels : kOddSizes) {
      Values values(2);
      const OwnTransform ta(values, channels, 0, kInfinity);
      const OwnTransform tb(values, channels, -1, 1);
      const std::vector<float> a = values.exact(kPixels * channels);
      const std::vector<float> b = values.exact(kPixels * channels);
      std::vector<float> out(kPixels * channels + 1, kGuard);
      add_transformed(ta.view(), a.data(), tb.view(), b.data(), kPixels, channels, out.data());
      for (std::size_t i = 0; i < a.size(); ++i) {
        ASSERT_EQ(out[i], ta(a[i], i % channels) + tb(b[i], i % channels)) << channels;
      }
      EXPECT_EQ(out.back(), kGuard);
      add_transformed({}, a.data(), {}, b.data(), kPixels, channels, out.data());
      for (std::size_t i = 0; i < a.size(); ++i) ASSERT_EQ(out[i], a[i] + b[i]) << channels;
    }
  });
}

TEST(AddBias, AddsToEveryPixel) {
  on_every_target([] {
    for (const std::size_t channels : kOddSizes) {
      Values values(3);
      const std::vector<float> bias = values.exact(channels);
      const std::vector<float> x = values.exact(kPixels * channels);
      std::vector<float> out = x;
      out.push_back(kGuard);
      add_bias(bias, out.data(), kPixels);
      for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(out[i], x[i] + bias[i % channels]);
      EXPECT_EQ(out.back(), kGuard);
    }
  });
}

TEST(AddTo, AddsEveryElementAndNoMore) {
  on_every_target([] {
    for (const std::size_t count : kOddSizes) {
      Values values(4);
      const std::vector<float> x = values.exact(count);
      std::vector<float> y(count + 1, kGuard);
      add_to(x.data(), count, y.data());
      for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(y[i], kGuard + x[i]);
      EXPECT_EQ(y.back(), kGuard);
    }
  });
}

TEST(AccumulateSums, SumsStridedRowsOntoWhatIsThere) {
  on_every_target([] {
    for (const std::size_t channels : kOddSizes) {
      constexpr std::size_t kMany = 200;  // more than one stretch
      const std::size_t stride = channels + 2;
      const std::vector<float> x = Values(5).exact(kMany * stride);
      std::vector<double> sums(channels, 1.0);
      accumulate_sums(x.data(), kMany, stride, sums);
      for (std::size_t c = 0; c < channels; ++c) {
        double expected = 1;
        for (std::size_t p = 0; p < kMany; ++p) {
          expected += static_cast<double>(x[p * stride + c]);
        }
        ASSERT_EQ(sums[c], expected) << channels << ": " << c;
      }
    }
  });
}

ChannelMoments moments_of(std::span<const float> x, std::size_t channels) {
  ChannelMoments moments;
  moments.reset(channels);
  accumulate_moments(x.data(), x.size() / channels, moments);
  return moments;
}

// Two passes in double over the same floats.
ChannelMoments exact_moments(std::span<const float> x, std::size_t channels) {
  const std::size_t pixels = x.size() / channels;
  ChannelMoments moments;
  moments.reset(channels);
  moments.count = static_cast<double>(pixels);
  for (std::size_t i = 0; i < x.size(); ++i) {
    moments.mean[i % channels] += static_cast<double>(x[i]) / moments.count;
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double deviation = static_cast<double>(x[i]) - moments.mean[i % channels];
    moments.squares[i % channels] += deviation * deviation;
  }
  return moments;
}

// Over stretches of 64 pixels about their first: deviations from it are exact or rounded once, so
// that sums err by at most 64 * 2^-24 of themselves. Values uniform in [0, 1) about an offset have
// squares about the first of up to (1 + 3) times those about the mean.
constexpr double kMeanTolerance = 64 * 0x1p-24;
constexpr double kSquaresTolerance = 4 * 64 * 0x1p-24;

void expect_moments(const ChannelMoments& moments, const ChannelMoments& expected) {
  EXPECT_EQ(moments.count, expected.count);
  for (std::size_t c = 0; c < expected.mean.size(); ++c) {
    EXPECT_NEAR(moments.mean[c], expected.mean[c], kMeanTolerance) << c;
    EXPECT_NEAR(moments.squares[c], expected.squares[c],
                kSquaresTolerance * expected.squares[c] + 1e-12)
        << c;
  }
}

TEST(Moments, AreThoseOfTwoPassesInDouble) {
  on_every_target([] {
    for (const std::size_t channels : {1U, 3U, 8U, 17U, 33U}) {
      for (const std::size_t pixels : {1U, 2U, 63U, 64U, 65U, 1000U}) {
        const auto x = Values(6).uniform(pixels * channels, -0.5f, 0.5f);
        expect_moments(moments_of(x, channels), exact_moments(x, channels));
      }
    }
  });
}

TEST(Moments, ALargeCommonOffsetCostsNoDigits) {
  on_every_target([] {
    const auto x = Values(7).uniform(std::size_t{2000} * 5, 1e4f, 1e4f + 1);
    expect_moments(moments_of(x, 5), exact_moments(x, 5));
  });
}

TEST(Moments, OfEqualValuesHaveNoSpread) {
  on_every_target([] {
    const std::vector<float> x(300, 1e4f);
    const ChannelMoments moments = moments_of(x, 3);
    EXPECT_EQ(moments.mean, (std::vector<double>(3, 1e4)));
    EXPECT_EQ(moments.squares, (std::vector<double>(3, 0.0)));
  });
}

// Tiles 1, 3 and 5, 7: means 2 and 6, squares 2 each. Together: mean 4, squares 9 + 1 + 1 + 9.
TEST(Moments, MergeAsWorkedByHand) {
  ChannelMoments left{.count = 2, .mean = {2}, .squares = {2}};
  const ChannelMoments right{.count = 2, .mean = {6}, .squares = {2}};
  left.merge(right);
  EXPECT_EQ(left.count, 4);
  EXPECT_EQ(left.mean[0], 4);
  EXPECT_EQ(left.squares[0], 20);
}

TEST(Moments, MergingNothingChangesNothing) {
  const ChannelMoments some{.count = 2, .mean = {2}, .squares = {2}};
  ChannelMoments none;
  none.reset(1);
  ChannelMoments left = some;
  left.merge(none);
  EXPECT_EQ(left.mean, some.mean);
  EXPECT_EQ(left.squares, some.squares);
  none.merge(some);
  EXPECT_EQ(none.count, 2);
  EXPECT_EQ(none.mean, some.mean);
  EXPECT_EQ(none.squares, some.squares);
  ChannelMoments empty;
  empty.reset(1);
  empty.merge(ChannelMoments{.count = 0, .mean = {0}, .squares = {0}});
  EXPECT_EQ(empty.mean[0], 0);
}

RC_GTEST_PROP(MomentsProperty, PartsMergeToTheWhole, ()) {
  const auto channels = *rc::gen::inRange<std::size_t>(1, 20);
  const auto pixels = *rc::gen::inRange<std::size_t>(1, 300);
  const auto cut = *rc::gen::inRange<std::size_t>(0, pixels + 1) * channels;
  const auto x = Values(8).uniform(pixels * channels, 99.5f, 100.5f);
  on_every_target([&] {
    ChannelMoments merged = moments_of(std::span(x).first(cut), channels);
    merged.merge(moments_of(std::span(x).subspan(cut), channels));
    const ChannelMoments expected = exact_moments(x, channels);
    RC_ASSERT(merged.count == expected.count);
    for (std::size_t c = 0; c < channels; ++c) {
      RC_ASSERT(std::abs(merged.mean[c] - expected.mean[c]) <= kMeanTolerance);
      RC_ASSERT(std::abs(merged.squares[c] - expected.squares[c]) <=
                kSquaresTolerance * expected.squares[c] + 1e-12);
    }
  });
}

}  // namespace
}  // namespace edgeprune::kernels
