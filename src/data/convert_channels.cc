#include "edgeprune/core/error.h"
#include "edgeprune/data/readers.h"

#include <fmt/format.h>

namespace edgeprune::data {
namespace {

std::vector<std::uint8_t> repeat_grey(const std::vector<std::uint8_t>& grey) {
  std::vector<std::uint8_t> colours;
  colours.reserve(grey.size() * 3);
  for (const std::uint8_t value : grey) colours.insert(colours.end(), 3, value);
  return colours;
}

// The luma of ITU-R BT.601 in 16-bit fixed point, as Pillow's convert("L"): libpng would weigh in
// linear light and libjpeg would not, and one colour would have two greys.
std::vector<std::uint8_t> luma(const std::vector<std::uint8_t>& colours) {
  std::vector<std::uint8_t> grey;
  grey.reserve(colours.size() / 3);
  for (std::size_t at = 0; at < colours.size(); at += 3) {
    const std::uint32_t sum =
        19595U * colours[at] + 38470U * colours[at + 1] + 7471U * colours[at + 2];
    grey.push_back(static_cast<std::uint8_t>((sum + 0x8000U) >> 16));
  }
  return grey;
}

}  // namespace

DecodedImage convert_channels(DecodedImage image, std::uint32_t channels) {
  if (channels != 1 && channels != 3) {
    throw core::Error(core::ErrorKind::config,
                      fmt::format("data.channels is {}; it must be 1 or 3", channels));
  }
  if (image.shape.channels == channels) return image;
  image.pixels = channels == 3 ? repeat_grey(image.pixels) : luma(image.pixels);
  image.shape.channels = channels;
  return image;
}

}  // namespace edgeprune::data
