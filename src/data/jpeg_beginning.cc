#include "image_files.h"

namespace edgeprune::data {
namespace {

std::size_t byte_at(std::string_view content, std::size_t at) {
  return static_cast<unsigned char>(content[at]);
}

constexpr std::size_t kMarkerPrefix = 0xff;
constexpr std::size_t kStartOfScan = 0xda;

}  // namespace

std::size_t jpeg_beginning(std::string_view content) {
  if (!content.starts_with("\xff\xd8")) return 0;
  std::size_t at = 2;
  // Each segment: prefix, marker, two bytes of length, which count themselves.
  while (at + 4 <= content.size() && byte_at(content, at) == kMarkerPrefix) {
    const std::size_t marker = byte_at(content, at + 1);
    const std::size_t end = at + 2 + 256 * byte_at(content, at + 2) + byte_at(content, at + 3);
    if (end > content.size()) return 0;
    if (marker == kStartOfScan) return end;
    at = end;
  }
  return 0;
}

}  // namespace edgeprune::data
