#include "edgeprune/data/readers.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace edgeprune::data {
namespace {

using core::ErrorKind;
using testing::expect_error;
using Bytes = std::vector<std::uint8_t>;

TEST(ResizeImage, DoublesARowWithHalfPixelCentres) {
  // Positions 0.5 / 2 - 0.5 = -0.25 (held at 0), 0.25, 0.75, 1.25 (held at 1).
  const DecodedImage image{{1, 2, 1}, {0, 100}};
  EXPECT_EQ(resize_image(image, 1, 4).pixels, (Bytes{0, 25, 75, 100}));
}

TEST(ResizeImage, HalvesByAveragingThePixelsAroundTheCentre) {
  // Position (0 + 0.5) * 2 - 0.5 = 0.5 in both directions.
  const DecodedImage image{{2, 2, 1}, {10, 20, 30, 43}};
  // (10 + 20 + 30 + 43) / 4 = 25.75.
  EXPECT_EQ(resize_image(image, 1, 1).pixels, (Bytes{26}));
}

TEST(ResizeImage, ShrinksWithoutAntialiasing) {
  // Positions (0 + 0.5) * 3 - 0.5 = 1 and (1 + 0.5) * 3 - 0.5 = 4: those pixels alone.
  const DecodedImage image{{1, 6, 1}, {9, 50, 9, 9, 200, 9}};
  EXPECT_EQ(resize_image(image, 1, 2).pixels, (Bytes{50, 200}));
}

TEST(ResizeImage, KeepsChannelsApart) {
  const DecodedImage image{{1, 2, 3}, {0, 10, 200, 100, 10, 0}};
  EXPECT_EQ(resize_image(image, 1, 4).pixels,
            (Bytes{0, 10, 200, 25, 10, 150, 75, 10, 50, 100, 10, 0}));
}

TEST(ResizeImage, ToItsOwnSizeChangesNothing) {
  const DecodedImage image{{2, 2, 1}, {1, 2, 3, 4}};
  EXPECT_EQ(resize_image(image, 2, 2).pixels, image.pixels);
}

TEST(ResizeImage, ToNothingIsAnError) {
  const DecodedImage image{{1, 1, 1}, {7}};
  expect_error(ErrorKind::config,
               {"data.resize_height and data.resize_width are 0 and 4", "at least 1"},
               [&] { (void)resize_image(image, 0, 4); });
  expect_error(ErrorKind::config, {"are 4294967295 and 4294967295", "at most 2^26 pixels"},
               [&] { (void)resize_image(image, 0xffffffff, 0xffffffff); });
}

RC_GTEST_PROP(ResizeImage, StaysWithinTheValuesOfItsImage, ()) {
  const auto extent = [] { return *rc::gen::inRange<std::uint32_t>(1, 20); };
  DecodedImage image{{extent(), extent(), 1}, {}};
  image.pixels =
      *rc::gen::container<Bytes>(image.shape.num_values(), rc::gen::arbitrary<std::uint8_t>());
  const DecodedImage resized = resize_image(image, extent(), extent());
  const auto [low, high] = std::ranges::minmax(image.pixels);
  const auto [resized_low, resized_high] = std::ranges::minmax(resized.pixels);
  RC_ASSERT(resized.pixels.size() == resized.shape.num_values());
  RC_ASSERT(resized_low >= low);
  RC_ASSERT(resized_high <= high);
}

}  // namespace
}  // namespace edgeprune::data
