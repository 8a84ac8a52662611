#include "edgeprune/core/error.h"

#include "image_files.h"

#include <fmt/format.h>
#include <turbojpeg.h>

#include <memory>

namespace edgeprune::data {
namespace {

struct CloseJpeg {
  void operator()(void* handle) const { tjDestroy(handle); }
};

}  // namespace

std::string encode_jpeg(std::span<const std::uint8_t> pixels, const ImageShape& shape, int quality,
                        const std::string& name) {
  const std::unique_ptr<void, CloseJpeg> jpeg(tjInitCompress());
  const bool grey = shape.channels == 1;
  const auto width = static_cast<int>(shape.width);
  const auto height = static_cast<int>(shape.height);
  const int subsampling = grey ? TJSAMP_GRAY : TJSAMP_420;
  std::string content(tjBufSize(width, height, subsampling), '\0');
  auto* buffer = reinterpret_cast<unsigned char*>(content.data());
  unsigned long size = content.size();
  if (tjCompress2(jpeg.get(), pixels.data(), width, 0, height, grey ? TJPF_GRAY : TJPF_RGB, &buffer,
                  &size, subsampling, quality, TJFLAG_NOREALLOC | TJFLAG_ACCURATEDCT) != 0) {
    throw core::Error(core::ErrorKind::data,
                      fmt::format("{}: {} x {} pixels cannot be encoded as JPEG: {}", name,
                                  shape.width, shape.height, tjGetErrorStr2(jpeg.get())));
  }
  content.resize(size);
  return content;
}

}  // namespace edgeprune::data
