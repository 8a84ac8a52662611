#include "edgeprune/core/error.h"

#include "image_files.h"

#include <fmt/format.h>
#include <png.h>

namespace edgeprune::data {

std::string encode_png(std::span<const std::uint8_t> pixels, const ImageShape& shape,
                       const std::string& name) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = shape.width;
  image.height = shape.height;
  image.format = shape.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string content(size, '\0');
  if (!png_image_write_to_memory(&image, content.data(), &size, 0, pixels.data(), 0, nullptr)) {
    throw core::Error(core::ErrorKind::internal,
                      fmt::format("{}: cannot encode the PNG: {}", name, image.message));
  }
  content.resize(size);
  return content;
}

}  // namespace edgeprune::data
