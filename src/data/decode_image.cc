#include "edgeprune/core/error.h"
#include "edgeprune/data/readers.h"

#include <fmt/format.h>
#include <png.h>
#include <turbojpeg.h>

#include <array>
#include <memory>
#include <utility>

namespace edgeprune::data {
namespace {

// Larger images are refused before memory is set aside for them.
constexpr std::uint64_t kMaxPixels = std::uint64_t{1} << 26;
// Deflate packs at most 1032 bytes into one and a byte of PNG holds at most 8 pixels; Huffman-coded
// JPEG packs less. A header that promises more is not believed.
constexpr std::uint64_t kMaxPixelsPerByte = 1032 * 8;

[[noreturn]] void reject(const std::string& name, std::string_view format, std::string_view why) {
  throw core::Error(
      core::ErrorKind::data,
      fmt::format("{}: not a readable {} image ({}); replace or remove it", name, format, why));
}

void check_size(std::uint64_t width, std::uint64_t height, std::size_t stored_bytes,
                const std::string& name) {
  if (width == 0 || height == 0 || width * height > kMaxPixels ||
      width * height / kMaxPixelsPerByte > stored_bytes) {
    reject(name, "JPEG or PNG",
           fmt::format("{} x {} pixels in {} bytes", width, height, stored_bytes));
  }
}

struct CloseJpeg {
  void operator()(void* handle) const { tjDestroy(handle); }
};

DecodedImage decode_jpeg(std::string_view content, const std::string& name) {
  const std::unique_ptr<void, CloseJpeg> jpeg(tjInitDecompress());
  const auto* bytes = reinterpret_cast<const unsigned char*>(content.data());
  int width = 0;
  int height = 0;
  int subsampling = 0;
  int colours = 0;
  if (tjDecompressHeader3(jpeg.get(), bytes, content.size(), &width, &height, &subsampling,
                          &colours) != 0) {
    reject(name, "JPEG", tjGetErrorStr2(jpeg.get()));
  }
  if (colours == TJCS_CMYK || colours == TJCS_YCCK) {
    reject(name, "JPEG", "it is in CMYK; convert it to RGB");
  }
  check_size(static_cast<std::uint64_t>(width), static_cast<std::uint64_t>(height), content.size(),
             name);
  const std::uint32_t channels = colours == TJCS_GRAY ? 1 : 3;
  DecodedImage image{
      .shape = {static_cast<std::uint32_t>(height), static_cast<std::uint32_t>(width), channels}};
  image.pixels.resize(image.shape.num_values());
  // A damaged stream is only a warning to the library: a partly grey image would train silently.
  if (tjDecompress2(jpeg.get(), bytes, content.size(), image.pixels.data(), width, 0, height,
                    channels == 1 ? TJPF_GRAY : TJPF_RGB,
                    TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS | TJFLAG_ACCURATEDCT) != 0) {
    reject(name, "JPEG", tjGetErrorStr2(jpeg.get()));
  }
  return image;
}

// The chunks that make pixels. Without the others libpng leaves values as they are stored: a gamma
// or a profile would have it convert them, which Pillow, whose users compare with us, does not.
std::string pixel_chunks(std::string_view content) {
  constexpr std::size_t kSignatureBytes = 8;
  std::string kept(content.substr(0, kSignatureBytes));
  content.remove_prefix(kept.size());
  while (content.size() >= 8) {
    std::size_t length = 0;
    for (const char byte : content.substr(0, 4)) {
      length = length << 8 | static_cast<unsigned char>(byte);
    }
    const std::string_view chunk = content.substr(0, length + 12);  // length, type, checksum
    const std::string_view type = content.substr(4, 4);
    const bool critical = (type[0] & 0x20) == 0;
    if (critical || type == "tRNS") kept += chunk;
    content.remove_prefix(chunk.size());
  }
  return kept;
}

// libpng's simplified reader; its memory is freed whatever happens.
class PngReader {
 public:
  explicit PngReader(const std::string& name) : name_(name) { image_.version = PNG_IMAGE_VERSION; }
  ~PngReader() { png_image_free(&image_); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  // Not in the constructor: what it allocates before refusing an image would never be freed.
  DecodedImage read(std::string_view content) {
    const std::string chunks = pixel_chunks(content);
    require(png_image_begin_read_from_memory(&image_, chunks.data(), chunks.size()));
    check_size(image_.width, image_.height, content.size(), name_);
    const std::uint32_t channels = (image_.format & PNG_FORMAT_FLAG_COLOR) != 0 ? 3 : 1;
    // With its alpha channel, so that libpng composes no background; the channel is then dropped.
    image_.format = channels == 1 ? PNG_FORMAT_GA : PNG_FORMAT_RGBA;
    image_.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;  // else 16-bit values would count as linear light
    std::vector<std::uint8_t> with_alpha(PNG_IMAGE_SIZE(image_));
    require(png_image_finish_read(&image_, nullptr, with_alpha.data(), 0, nullptr));
    DecodedImage image{.shape = {image_.height, image_.width, channels}};
    for (std::size_t at = 0; at < with_alpha.size(); at += channels + 1) {
      const auto pixel = with_alpha.begin() + static_cast<std::ptrdiff_t>(at);
      image.pixels.insert(image.pixels.end(), pixel, pixel + channels);
    }
    return image;
  }

 private:
  void require(int ok) const {
    if (ok == 0 || PNG_IMAGE_FAILED(image_)) reject(name_, "PNG", image_.message);
  }

  const std::string& name_;
  png_image image_{};
};

DecodedImage decode_as_stored(std::string_view content, const std::string& name) {
  if (content.starts_with("\xff\xd8")) return decode_jpeg(content, name);
  if (content.starts_with("\x89PNG")) return PngReader(name).read(content);
  reject(name, "JPEG or PNG", "wrong magic");
}

}  // namespace

DecodedImage decode_image(std::string_view content, std::uint32_t channels,
                          const std::string& name) {
  DecodedImage image = decode_as_stored(content, name);
  return channels == 0 ? image : convert_channels(std::move(image), channels);
}

}  // namespace edgeprune::data
