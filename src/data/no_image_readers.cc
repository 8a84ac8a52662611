// What stands in for decode_image.cc, encode_jpeg.cc and encode_png.cc where
// EDGEPRUNE_IMAGE_READERS is off.
#include "edgeprune/core/error.h"
#include "edgeprune/data/readers.h"

#include "image_files.h"

#include <fmt/format.h>

namespace edgeprune::data {
namespace {

[[noreturn]] void refuse(const std::string& name, std::string_view what) {
  throw core::Error(
      core::ErrorKind::config,
      fmt::format("{}: this edgeprune {} no images; use a .npy pair, or build it with "
                  "EDGEPRUNE_IMAGE_READERS=ON",
                  name, what));
}

}  // namespace

DecodedImage decode_image(std::string_view /*content*/, std::uint32_t /*channels*/,
                          const std::string& name) {
  refuse(name, "reads");
}

std::string encode_jpeg(std::span<const std::uint8_t> /*pixels*/, const ImageShape& /*shape*/,
                        int /*quality*/, const std::string& name) {
  refuse(name, "writes");
}

std::string encode_png(std::span<const std::uint8_t> /*pixels*/, const ImageShape& /*shape*/,
                       const std::string& name) {
  refuse(name, "writes");
}

}  // namespace edgeprune::data
