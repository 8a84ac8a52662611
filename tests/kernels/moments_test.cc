// ChannelMoments and accumulate_moments of channels.h.

#include "edgeprune/kernels/channels.h"

#include "kernels/on_every_target.h"
#include "kernels/stored.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

namespace edgeprune::kernels {
namespace {

using testing::kTypes;
using testing::name_of;
using testing::on_every_target;
using testing::Stored;
using testing::Values;

// Two passes in double over the same numbers.
ChannelMoments::Deviations two_passes(const std::vector<float>& x, std::size_t channels) {
  const std::size_t pixels = x.size() / channels;
  ChannelMoments::Deviations exact{.count = static_cast<double>(pixels),
                                   .mean = std::vector<double>(channels),
                                   .sum_squared_deviations = std::vector<double>(channels)};
  for (std::size_t i = 0; i < x.size(); ++i) exact.mean[i % channels] += double{x[i]} / exact.count;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double stddev = double{x[i]} - exact.mean[i % channels];
    exact.sum_squared_deviations[i % channels] += stddev * stddev;
  }
  return exact;
}

ChannelMoments moments_of(ConstElements x, std::size_t pixels, std::size_t channels) {
  ChannelMoments moments;
  moments.reset(channels);
  if (pixels > 0) accumulate_moments(x, pixels, moments);
  return moments;
}

// Float sums run over stretches of 64 pixels, about a pivot that is one of the values: differences
// of values in [offset, offset + 1) are exact or rounded once, so a stretch's sums err by at most
// (64 + 2) * 2^-24 of the sum of magnitudes, which is at most 1 per pixel.
constexpr double kErrorPerPixel = 66 * 0x1p-24;

bool are_close(const ChannelMoments::Deviations& moments,
               const ChannelMoments::Deviations& expected) {
  if (moments.count != expected.count) return false;
  for (std::size_t c = 0; c < expected.mean.size(); ++c) {
    // Of the squares about the mean: those about the pivot less count * (mean - pivot)^2.
    const double squares_error = 3 * kErrorPerPixel * expected.count;
    if (!(std::abs(moments.mean[c] - expected.mean[c]) <= kErrorPerPixel)) return false;
    if (!(std::abs(moments.sum_squared_deviations[c] - expected.sum_squared_deviations[c]) <=
          squares_error))
      return false;
  }
  return true;
}

TEST(Moments, AreThoseOfTwoPassesInDouble) {
  on_every_target([] {
    for (const ElementType type : kTypes) {
      for (const std::size_t channels : {1U, 3U, 8U, 17U, 33U}) {
        for (const std::size_t pixels : {1U, 2U, 63U, 64U, 65U, 1000U}) {
          const Stored x(type, Values(7).uniform(pixels * channels, -0.5f, 0.5f));
          const ChannelMoments moments = moments_of(x, pixels, channels);
          EXPECT_TRUE(
              are_close(ChannelMoments::merge({&moments, 1}), two_passes(x.floats(), channels)))
              << name_of(type) << ", " << pixels << " x " << channels;
        }
      }
    }
  });
}

// About zero, float sums of squares near 10^8 would be off by whole units.
TEST(Moments, ALargeCommonOffsetCostsNoDigits) {
  on_every_target([] {
    const auto x = Values(8).uniform(std::size_t{2000} * 5, 1e4f, 1e4f + 1);
    const ChannelMoments moments = moments_of(x.data(), 2000, 5);
    EXPECT_TRUE(are_close(ChannelMoments::merge({&moments, 1}), two_passes(x, 5)));
  });
}

TEST(Moments, OfEqualValuesHaveNoSpread) {
  on_every_target([] {
    const std::vector<float> x(300, 1e4f);
    const ChannelMoments moments = moments_of(x.data(), 100, 3);
    const auto merged = ChannelMoments::merge({&moments, 1});
    EXPECT_EQ(merged.mean, (std::vector<double>(3, 1e4)));
    EXPECT_EQ(merged.sum_squared_deviations, (std::vector<double>(3, 0.0)));
  });
}

TEST(Moments, GoOnWhereTheLastCallEnded) {
  on_every_target([] {
    const auto x = Values(9).exact(std::size_t{90} * 5);
    ChannelMoments in_two = moments_of(x.data(), 40, 5);
    accumulate_moments(x.data() + std::size_t{40} * 5, 50, in_two);
    const ChannelMoments at_once = moments_of(x.data(), 90, 5);
    EXPECT_EQ(in_two.count, 90);
    EXPECT_EQ(in_two.pivot, std::vector<float>(x.begin(), x.begin() + 5));
    EXPECT_EQ(in_two.sum, at_once.sum);
    EXPECT_EQ(in_two.sum_squared_deviations, at_once.sum_squared_deviations);
  });
}

TEST(Moments, ResetForgetsEverything) {
  const std::vector<float> x = {3, 4};
  ChannelMoments moments = moments_of(x.data(), 1, 2);
  moments.reset(3);
  EXPECT_EQ(moments.count, 0);
  EXPECT_EQ(moments.pivot, (std::vector<float>(3)));
  EXPECT_EQ(moments.sum, (std::vector<double>(3)));
  EXPECT_EQ(moments.sum_squared_deviations, (std::vector<double>(3)));
}

// 1, 3 about 1 and 5, 7 about 7: together mean 4, squares 9 + 1 + 1 + 9.
TEST(Moments, MergeAsWorkedByHand) {
  const ChannelMoments parts[] = {
      {.count = 2, .pivot = {1}, .sum = {2}, .sum_squared_deviations = {4}},
      {.count = 2, .pivot = {7}, .sum = {-2}, .sum_squared_deviations = {4}}};
  const auto merged = ChannelMoments::merge(parts);
  EXPECT_EQ(merged.count, 4);
  EXPECT_EQ(merged.mean[0], 4);
  EXPECT_EQ(merged.sum_squared_deviations[0], 20);
}

TEST(Moments, ThreadsWithoutPixelsChangeNothing) {
  ChannelMoments none;
  none.reset(1);
  const ChannelMoments some{.count = 2, .pivot = {1}, .sum = {2}, .sum_squared_deviations = {4}};
  const auto merged = ChannelMoments::merge(std::vector{none, some, none});
  EXPECT_EQ(merged.count, 2);
  EXPECT_EQ(merged.mean[0], 2);
  EXPECT_EQ(merged.sum_squared_deviations[0], 2);
  const auto empty = ChannelMoments::merge(std::vector{none, none});
  EXPECT_EQ(empty.count, 0);
  EXPECT_EQ(empty.mean[0], 0);
  EXPECT_EQ(empty.sum_squared_deviations[0], 0);
}

RC_GTEST_PROP(MomentsProperty, PartsMergeToTheWhole, (std::uint32_t seed)) {
  const auto type = *rc::gen::elementOf(std::vector<ElementType>(kTypes, std::end(kTypes)));
  const auto channels = *rc::gen::inRange<std::size_t>(1, 20);
  const auto pixels = *rc::gen::inRange<std::size_t>(1, 300);
  // BFloat16 keeps no more than 127.5 of [127, 128).
  const float offset =
      type == ElementType::f32 ? *rc::gen::element(0.0f, 100.0f, 1e4f, -1e4f) : 127.0f;
  const auto num_cuts = *rc::gen::inRange<std::size_t>(0, 4);
  std::vector<std::size_t> cuts = {0, pixels};
  for (std::size_t i = 0; i < num_cuts; ++i) {
    cuts.push_back(*rc::gen::inRange<std::size_t>(0, pixels + 1));
  }
  std::ranges::sort(cuts);
  const Stored x(type, Values(seed).uniform(pixels * channels, offset, offset + 1));
  const auto expected = two_passes(x.floats(), channels);
  on_every_target([&] {
    std::vector<ChannelMoments> parts;
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      const ConstElements from = ConstElements(x).at(cuts[i] * channels);
      parts.push_back(moments_of(from, cuts[i + 1] - cuts[i], channels));
    }
    RC_ASSERT(are_close(ChannelMoments::merge(parts), expected));
  });
}

}  // namespace
}  // namespace edgeprune::kernels
