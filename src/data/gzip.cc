#include "edgeprune/core/error.h"
#include "edgeprune/data/readers.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>

namespace edgeprune::data {
namespace {

// Far above any data set that fits a device, far below what a crafted file could ask for.
constexpr std::size_t kMaxBytes = std::size_t{4} << 30;

bool is_gzip(std::string_view content) {
  return content.starts_with("\x1f\x8b");
}

// Decompresses one gzip member, chunk by chunk.
class Inflater {
 public:
  Inflater() {
    constexpr int kGzipOnly = 16;
    if (inflateInit2(&stream_, MAX_WBITS + kGzipOnly) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Appends the member that `content` begins with to `out` and returns what follows it.
  std::string_view inflate_member(std::string_view content, std::string& out,
                                  const std::string& name) {
    int code = Z_OK;
    while (code != Z_STREAM_END) {
      const std::size_t offered = feed(content);
      code = inflate(&stream_, Z_NO_FLUSH);
      content.remove_prefix(offered - stream_.avail_in);
      if (code == Z_BUF_ERROR)
        core::reject_file(name, "the gzip stream ends early; copy the file again");
      if (code != Z_OK && code != Z_STREAM_END) {
        core::reject_file(name, fmt::format("the gzip stream is damaged ({}); copy the file again",
                                            stream_.msg != nullptr ? stream_.msg : zError(code)));
      }
      append_to(out, name);
    }
    return content;
  }

 private:
  std::size_t feed(std::string_view content) {
    const std::size_t size =
        std::min<std::size_t>(content.size(), std::numeric_limits<uInt>::max());
    // zlib's interface predates const; it only reads.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
    stream_.avail_in = static_cast<uInt>(size);
    stream_.next_out = chunk_.data();
    stream_.avail_out = static_cast<uInt>(chunk_.size());
    return size;
  }

  void append_to(std::string& out, const std::string& name) {
    const std::size_t made = chunk_.size() - stream_.avail_out;
    if (made > kMaxBytes - out.size()) {
      core::reject_file(
          name,
          "expands to more than 4 GiB; split the data set or check that it is the right file");
    }
    out.append(reinterpret_cast<const char*>(chunk_.data()), made);
  }

  z_stream stream_{};
  std::array<Bytef, 1 << 16> chunk_;
};

}  // namespace

std::string gunzip(std::string_view content, const std::string& name) {
  if (!is_gzip(content)) return std::string(content);
  std::string out;
  // Some writers pad the file with zeros.
  while (content.find_first_not_of('\0') != std::string_view::npos) {
    if (!is_gzip(content)) {
      core::reject_file(
          name,
          fmt::format("{} bytes that are not gzip follow the gzip stream; copy the file again",
                      content.size()));
    }
    content = Inflater().inflate_member(content, out, name);
  }
  return out;
}

}  // namespace edgeprune::data
