#pragma once
// Encoded images for tests, by libpng and turbojpeg themselves.

#include <png.h>
#include <turbojpeg.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace edgeprune::testing {

/// `format` is one of libpng's PNG_FORMAT_...; pixels as that format lays them out.
template <typename Component>
std::string encode_png(std::uint32_t height, std::uint32_t width, std::uint32_t format,
                       const std::vector<Component>& pixels) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = width;
  image.height = height;
  image.format = format;
  std::string content(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
  png_alloc_size_t size = content.size();
  if (png_image_write_to_memory(&image, content.data(), &size, 0, pixels.data(), 0, nullptr) == 0) {
    throw std::runtime_error(image.message);
  }
  content.resize(size);
  return content;
}

/// `format` is TJPF_GRAY, TJPF_RGB or TJPF_CMYK; full chroma, quality 100.
inline std::string encode_jpeg(int height, int width, int format,
                               const std::vector<std::uint8_t>& pixels) {
  const std::unique_ptr<void, decltype(&tjDestroy)> encoder(tjInitCompress(), &tjDestroy);
  const int subsampling = format == TJPF_GRAY ? TJSAMP_GRAY : TJSAMP_444;
  std::string content(tjBufSize(width, height, subsampling), '\0');
  auto* begin = reinterpret_cast<unsigned char*>(content.data());
  unsigned long size = content.size();
  if (tjCompress2(encoder.get(), pixels.data(), width, 0, height, format, &begin, &size,
                  subsampling, 100, TJFLAG_NOREALLOC | TJFLAG_ACCURATEDCT) != 0) {
    throw std::runtime_error(tjGetErrorStr2(encoder.get()));
  }
  content.resize(size);
  return content;
}

}  // namespace edgeprune::testing
