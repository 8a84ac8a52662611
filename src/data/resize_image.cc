#include "edgeprune/core/error.h"
#include "edgeprune/data/readers.h"

#include <fmt/format.h>

#include <algorithm>

namespace edgeprune::data {
namespace {

constexpr std::uint64_t kMaxTargetPixels = std::uint64_t{1} << 26;

void check_target(std::uint32_t height, std::uint32_t width) {
  if (height > 0 && width > 0 && std::uint64_t{height} * width <= kMaxTargetPixels) return;
  throw core::Error(core::ErrorKind::config,
                    fmt::format("data.resize_height and data.resize_width are {} and {}; they must "
                                "be at least 1 and make at most 2^26 pixels",
                                height, width));
}

// The two source pixels of a target pixel along one axis, and the weights of the first and the
// second, which add up to twice the target's extent.
struct Taps {
  std::size_t first = 0;
  std::size_t second = 0;
  std::uint64_t first_weight = 0;
  std::uint64_t second_weight = 0;
};

// Target pixel t has its centre at (t + 1/2) * from / to - 1/2 in source pixels: a fraction with
// the denominator 2 * to.
Taps taps_of(std::uint32_t target, std::uint32_t from, std::uint32_t to) {
  const std::uint64_t whole = 2 * std::uint64_t{to};
  const std::uint64_t ahead = (2 * std::uint64_t{target} + 1) * from;
  const std::uint64_t centre = ahead > to ? ahead - to : 0;
  Taps taps;
  taps.first = centre / whole;
  taps.second = std::min<std::size_t>(taps.first + 1, from - 1);
  taps.second_weight = centre % whole;
  taps.first_weight = whole - taps.second_weight;
  return taps;
}

std::vector<Taps> all_taps(std::uint32_t from, std::uint32_t to) {
  std::vector<Taps> taps(to);
  for (std::uint32_t target = 0; target < to; ++target) taps[target] = taps_of(target, from, to);
  return taps;
}

}  // namespace

DecodedImage resize_image(const DecodedImage& image, std::uint32_t height, std::uint32_t width) {
  check_target(height, width);
  if (image.pixels.empty()) {
    throw core::Error(core::ErrorKind::internal, "an image cannot be resized from nothing");
  }
  const std::size_t channels = image.shape.channels;
  DecodedImage resized;
  resized.shape = {height, width, image.shape.channels};
  resized.pixels.reserve(resized.shape.num_values());
  const std::vector<Taps> columns = all_taps(image.shape.width, width);
  const std::uint64_t whole = 4 * std::uint64_t{height} * width;
  for (const Taps& y : all_taps(image.shape.height, height)) {
    const std::uint8_t* const above = &image.pixels[y.first * image.shape.width * channels];
    const std::uint8_t* const below = &image.pixels[y.second * image.shape.width * channels];
    for (const Taps& x : columns) {
      for (std::size_t c = 0; c < channels; ++c) {
        const auto along = [&](const std::uint8_t* row) {
          return x.first_weight * row[x.first * channels + c] +
                 x.second_weight * row[x.second * channels + c];
        };
        const std::uint64_t sum = y.first_weight * along(above) + y.second_weight * along(below);
        resized.pixels.push_back(static_cast<std::uint8_t>((sum + whole / 2) / whole));
      }
    }
  }
  return resized;
}

}  // namespace edgeprune::data
