#include "edgeprune/data/loader.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

namespace edgeprune::data {
namespace {

std::vector<float> augmented(const std::vector<float>& image, const ImageShape& shape,
                             const AugmentationDraw& draw) {
  std::vector<float> out(image.size(), -1.0f);
  augment_image(image, shape, draw, out);
  return out;
}

// 1, 2, 3, ...: no zero, so that padding can be told apart.
std::vector<float> counting_image(const ImageShape& shape) {
  std::vector<float> image(shape.num_values());
  std::iota(image.begin(), image.end(), 1.0f);
  return image;
}

TEST(Augmentation, WithoutShiftAndFlipChangesNothing) {
  const ImageShape shape{3, 4, 3};
  EXPECT_EQ(augmented(counting_image(shape), shape, {}), counting_image(shape));
}

TEST(Augmentation, CropsFromTheZeroPaddedImage) {
  const std::vector<float> image = {1, 2, 3,  //
                                    4, 5, 6};
  const std::vector<float> down_and_right = {5, 6, 0,  //
                                             0, 0, 0};
  const std::vector<float> up_and_left = {0, 0, 0,  //
                                          0, 1, 2};
  EXPECT_EQ(augmented(image, {2, 3, 1}, {.row_shift = 1, .column_shift = 1}), down_and_right);
  EXPECT_EQ(augmented(image, {2, 3, 1}, {.row_shift = -1, .column_shift = -1}), up_and_left);
}

TEST(Augmentation, FlipsColumnsAndKeepsEachPixelsChannelsTogether) {
  const std::vector<float> image = {1, 2, 3, 4, 5, 6};  // three pixels of two channels
  const std::vector<float> mirrored = {5, 6, 3, 4, 1, 2};
  EXPECT_EQ(augmented(image, {1, 3, 2}, {.flip = true}), mirrored);
}

TEST(Augmentation, FlipsAfterTheCrop) {
  const std::vector<float> image = {1, 2, 3};
  const std::vector<float> expected = {0, 3, 2};
  EXPECT_EQ(augmented(image, {1, 3, 1}, {.column_shift = 1, .flip = true}), expected);
}

RC_GTEST_PROP(Augmentation, FlippedTwiceIsTheImageItself, ()) {
  const ImageShape shape{*rc::gen::inRange(1u, 9u), *rc::gen::inRange(1u, 9u),
                         *rc::gen::inRange(1u, 5u)};
  const std::vector<float> once = augmented(counting_image(shape), shape, {.flip = true});
  RC_ASSERT(augmented(once, shape, {.flip = true}) == counting_image(shape));
}

// The definition, pixel by pixel, with a padded image that really exists.
std::vector<float> reference(const std::vector<float>& image, const ImageShape& shape,
                             const AugmentationDraw& draw, std::int32_t padding) {
  const auto height = static_cast<std::int32_t>(shape.height);
  const auto width = static_cast<std::int32_t>(shape.width);
  const auto channels = static_cast<std::int32_t>(shape.channels);
  const std::int32_t padded_width = width + 2 * padding;
  std::vector<float> padded((height + 2 * padding) * padded_width * channels);
  for (std::int32_t y = 0; y < height; ++y) {
    std::copy_n(image.begin() + y * width * channels, width * channels,
                padded.begin() + ((y + padding) * padded_width + padding) * channels);
  }
  std::vector<float> out;
  for (std::int32_t y = 0; y < height; ++y) {
    for (std::int32_t x = 0; x < width; ++x) {
      const std::int32_t row = y + padding + draw.row_shift;
      const std::int32_t column = (draw.flip ? width - 1 - x : x) + padding + draw.column_shift;
      const auto pixel = padded.begin() + (row * padded_width + column) * channels;
      out.insert(out.end(), pixel, pixel + channels);
    }
  }
  return out;
}

RC_GTEST_PROP(Augmentation, EqualsItsDefinitionForAnyDraw, ()) {
  const ImageShape shape{*rc::gen::inRange(1u, 7u), *rc::gen::inRange(1u, 7u),
                         *rc::gen::inRange(1u, 4u)};
  const std::int32_t padding = 8;  // more than the image: all of it may be cut away
  const AugmentationDraw draw{.row_shift = *rc::gen::inRange(-padding, padding + 1),
                              .column_shift = *rc::gen::inRange(-padding, padding + 1),
                              .flip = *rc::gen::arbitrary<bool>()};
  const std::vector<float> image = counting_image(shape);
  RC_ASSERT(augmented(image, shape, draw) == reference(image, shape, draw, padding));
}

TEST(AugmentationDraw, ReachesEveryShiftWithinThePaddingAndBothFlips) {
  std::set<std::pair<std::int32_t, std::int32_t>> shifts;
  int flips = 0;
  for (std::uint32_t sample = 0; sample < 1000; ++sample) {
    const auto draw =
        draw_augmentation({.crop_padding_pixels = 2, .horizontal_flip = true}, 1, 0, sample);
    shifts.insert({draw.row_shift, draw.column_shift});
    flips += draw.flip ? 1 : 0;
  }
  EXPECT_EQ(shifts.size(), 25u);
  EXPECT_EQ(*shifts.begin(), std::make_pair(-2, -2));
  EXPECT_EQ(*shifts.rbegin(), std::make_pair(2, 2));
  EXPECT_NEAR(flips, 500, 80);  // five standard deviations of a fair coin
}

TEST(AugmentationDraw, ChangesWithSeedEpochAndSample) {
  const Augmentation augmentation{.crop_padding_pixels = 1u << 20, .horizontal_flip = false};
  const auto shift = [&](std::uint64_t seed, std::uint32_t epoch, std::uint32_t sample) {
    return draw_augmentation(augmentation, seed, epoch, sample).row_shift;
  };
  EXPECT_EQ(shift(1, 2, 3), shift(1, 2, 3));
  EXPECT_NE(shift(1, 2, 3), shift(2, 2, 3));
  EXPECT_NE(shift(1, 2, 3), shift(1, 3, 3));
  EXPECT_NE(shift(1, 2, 3), shift(1, 2, 4));
}

TEST(AugmentationDraw, CropsAlikeWithAndWithoutFlips) {
  for (std::uint32_t sample = 0; sample < 100; ++sample) {
    const auto with = draw_augmentation({4, true}, 7, 1, sample);
    const auto without = draw_augmentation({4, false}, 7, 1, sample);
    EXPECT_EQ(with.row_shift, without.row_shift);
    EXPECT_EQ(with.column_shift, without.column_shift);
    EXPECT_FALSE(without.flip);
  }
}

constexpr Augmentation kAlternating{
    .crop_padding_pixels = 4, .horizontal_flip = true, .flip_order = FlipOrder::alternating};
constexpr Augmentation kRandom{.crop_padding_pixels = 4, .horizontal_flip = true};

TEST(AugmentationDraw, AlternatesEachSamplesFlipsFromPassToPass) {
  for (std::uint32_t sample = 0; sample < 200; ++sample) {
    const bool first = draw_augmentation(kAlternating, 3, 0, sample).flip;
    EXPECT_EQ(first, draw_augmentation(kRandom, 3, 0, sample).flip);
    for (std::uint32_t epoch = 1; epoch < 40; ++epoch) {
      EXPECT_EQ(draw_augmentation(kAlternating, 3, epoch, sample).flip, first != (epoch % 2 == 1));
    }
  }
}

TEST(AugmentationDraw, AlternatingMirrorsHalfOfTheSamplesFirstAnotherHalfWithAnotherSeed) {
  int first = 0;
  int same = 0;
  for (std::uint32_t sample = 0; sample < 10'000; ++sample) {
    const bool flip = draw_augmentation(kAlternating, 1, 0, sample).flip;
    first += flip ? 1 : 0;
    same += flip == draw_augmentation(kAlternating, 2, 0, sample).flip ? 1 : 0;
  }
  EXPECT_NEAR(first, 5000, 250);  // five standard deviations of a fair coin: 5 sqrt(10^4 / 4)
  EXPECT_NEAR(same, 5000, 250);
}

TEST(AugmentationDraw, CropsAlikeInEitherOrderOfFlips) {
  for (std::uint32_t epoch = 0; epoch < 5; ++epoch) {
    for (std::uint32_t sample = 0; sample < 100; ++sample) {
      const auto alternating = draw_augmentation(kAlternating, 7, epoch, sample);
      const auto random = draw_augmentation(kRandom, 7, epoch, sample);
      EXPECT_EQ(alternating.row_shift, random.row_shift);
      EXPECT_EQ(alternating.column_shift, random.column_shift);
    }
  }
}

TEST(AugmentationDraw, AlternatingWithoutFlipsFlipsNothing) {
  Augmentation off = kAlternating;
  off.horizontal_flip = false;
  for (std::uint32_t sample = 0; sample < 100; ++sample) {
    EXPECT_FALSE(draw_augmentation(off, 7, sample % 3, sample).flip);
  }
}

// Written down before there was another order: a bit each for samples 0 to 31, of epochs 0 to 3.
TEST(AugmentationDraw, RandomKeepsItsBits) {
  std::vector<std::uint32_t> flips;
  std::int32_t shifts = 0;
  for (std::uint32_t epoch = 0; epoch < 4; ++epoch) {
    std::uint32_t bits = 0;
    for (std::uint32_t sample = 0; sample < 32; ++sample) {
      const auto draw = draw_augmentation(kRandom, 7, epoch, sample);
      bits |= static_cast<std::uint32_t>(draw.flip) << sample;
      shifts = 3 * (shifts % 1'000'003) + 9 * draw.row_shift + draw.column_shift;
    }
    flips.push_back(bits);
  }
  EXPECT_EQ(flips,
            (std::vector<std::uint32_t>{0x626438e1u, 0xfaf5bccdu, 0x5685de60u, 0x098f3162u}));
  EXPECT_EQ(shifts, -1929609);
}

}  // namespace
}  // namespace edgeprune::data
