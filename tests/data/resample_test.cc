#include "resample.h"

#include "edgeprune/core/random.h"
#include "edgeprune/core/safetensors.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace edgeprune::data {
namespace {

using core::ErrorKind;
using testing::expect_error;

std::vector<float> resampled(const Resample& resample, const std::vector<float>& image) {
  std::vector<float> scratch(resample.num_scratch_values());
  std::vector<float> out(resample.shape().num_values(), -1.0f);
  resample(image, scratch, out);
  return out;
}

// golden/generate_resample.py has the same line.
std::vector<float> golden_image(const ImageShape& shape) {
  std::vector<float> image(shape.num_values());
  for (std::size_t i = 0; i < image.size(); ++i) {
    image[i] = static_cast<float>((31 * i * i + 17 * i) % 251) - 125.0f;
  }
  return image;
}

// Pillow's sums are in double, ours in float: each of the two passes rounds a handful of products
// of at most 125, 2^-17 apart in float.
TEST(Resample, IsPillowsAntialiasedBilinear) {
  const core::SafetensorsFile golden =
      core::read_safetensors(std::string(EDGEPRUNE_GOLDEN_DIR) + "/resample.safetensors");
  ASSERT_EQ(golden.tensors.size(), 13u);
  for (const auto& [name, array] : golden.tensors) {
    ImageShape from;
    std::uint32_t height = 0;
    std::uint32_t width = 0;
    ASSERT_EQ(std::sscanf(name.c_str(), "%ux%u_%ux%u", &from.height, &from.width, &height, &width),
              4);
    const auto expected = array.as<float>();
    const auto actual = resampled(Resample(from, height, width), golden_image(from));
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t at = 0; at < actual.size(); ++at) {
      EXPECT_NEAR(actual[at], expected[at], 4e-5) << name << " " << at;
    }
  }
}

TEST(Resample, AveragesBlocksWhereBothRatiosAreWhole) {
  const std::vector<float> image = {1, 2, 3, 4,  //
                                    5, 6, 7, 8};
  EXPECT_EQ(resampled(Resample({2, 4, 1}, 1, 2), image), (std::vector<float>{3.5f, 5.5f}));
  EXPECT_EQ(resampled(Resample({2, 4, 1}, 2, 2), image),
            (std::vector<float>{1.5f, 3.5f, 5.5f, 7.5f}));
  EXPECT_EQ(resampled(Resample({2, 4, 1}, 1, 4), image), (std::vector<float>{3, 4, 5, 6}));
  EXPECT_EQ(resampled(Resample({1, 6, 1}, 1, 2), {1, 2, 6, 0, 0, -3}), (std::vector<float>{3, -1}));
}

TEST(Resample, OfTheSameSizeIsTheImageItself) {
  const ImageShape shape{5, 7, 3};
  EXPECT_EQ(resampled(Resample(shape, 5, 7), golden_image(shape)), golden_image(shape));
}

TEST(Resample, LeavesAnAxisThatStaysAsItIs) {
  // Two rows, each by itself as a signal would be.
  const std::vector<float> image = golden_image({2, 10, 1});
  const std::vector<float> both = resampled(Resample({2, 10, 1}, 2, 7), image);
  const Resample signal({1, 10, 1}, 1, 7);
  std::vector<float> rows = resampled(signal, {image.begin(), image.begin() + 10});
  const std::vector<float> second = resampled(signal, {image.begin() + 10, image.end()});
  rows.insert(rows.end(), second.begin(), second.end());
  EXPECT_EQ(both, rows);
}

struct AnySize {
  ImageShape from;
  std::uint32_t height = 1;
  std::uint32_t width = 1;
};

AnySize any_size() {
  AnySize size{
      .from = {*rc::gen::inRange(1u, 20u), *rc::gen::inRange(1u, 20u), *rc::gen::inRange(1u, 5u)}};
  size.height = *rc::gen::inRange(1u, size.from.height + 1);
  size.width = *rc::gen::inRange(1u, size.from.width + 1);
  return size;
}

std::vector<float> any_image(const ImageShape& shape) {
  core::RandomStream draws({.seed = *rc::gen::arbitrary<std::uint64_t>()});
  std::vector<float> image(shape.num_values());
  for (float& value : image) value = 4 * draws.uniform() - 2;
  return image;
}

RC_GTEST_PROP(Resample, KeepsAConstantAndStaysWithinTheImagesValues, ()) {
  const AnySize size = any_size();
  const Resample resample(size.from, size.height, size.width);
  const std::vector<float> constant(size.from.num_values(), 1.0f);
  for (const float value : resampled(resample, constant)) RC_ASSERT(std::abs(value - 1) < 1e-5f);
  const std::vector<float> image = any_image(size.from);
  const auto [low, high] = std::ranges::minmax(image);
  for (const float value : resampled(resample, image)) {
    RC_ASSERT(value > low - 1e-5f && value < high + 1e-5f);
  }
}

RC_GTEST_PROP(Resample, TreatsEachChannelAsAnImageOfItsOwn, ()) {
  const AnySize size = any_size();
  const std::vector<float> image = any_image(size.from);
  const auto all = resampled(Resample(size.from, size.height, size.width), image);
  const Resample alone({size.from.height, size.from.width, 1}, size.height, size.width);
  for (std::uint32_t c = 0; c < size.from.channels; ++c) {
    std::vector<float> channel;
    for (std::size_t at = c; at < image.size(); at += size.from.channels) {
      channel.push_back(image[at]);
    }
    const auto expected = resampled(alone, channel);
    for (std::size_t at = 0; at < expected.size(); ++at) {
      RC_ASSERT(all[at * size.from.channels + c] == expected[at]);
    }
  }
}

RC_GTEST_PROP(Resample, OfAMirroredImageIsTheMirroredResult, ()) {
  AnySize size = any_size();
  size.from.channels = 1;
  const auto mirror = [](std::vector<float> image, std::uint32_t width) {
    for (std::size_t row = 0; row < image.size(); row += width) {
      std::reverse(image.begin() + row, image.begin() + row + width);
    }
    return image;
  };
  const Resample resample(size.from, size.height, size.width);
  const std::vector<float> image = any_image(size.from);
  const auto expected = mirror(resampled(resample, image), size.width);
  const auto actual = resampled(resample, mirror(image, size.from.width));
  for (std::size_t at = 0; at < expected.size(); ++at) {
    RC_ASSERT(std::abs(actual[at] - expected[at]) < 1e-5f);
  }
}

TEST(Resample, RejectsSizesAboveTheImagesAndNone) {
  expect_error(ErrorKind::config, {"32 x 28", "33 x 28", "between 1 and as many"}, [] {
    Resample({32, 28, 3}, 33, 28);
  });
  expect_error(ErrorKind::config, {"16 x 0"}, [] { Resample({32, 28, 3}, 16, 0); });
  expect_error(ErrorKind::config, {"1 x 64", "2 x 32"}, [] { Resample({1, 64, 3}, 2, 32); });
}

}  // namespace
}  // namespace edgeprune::data
