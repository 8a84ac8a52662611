#include "edgeprune/core/error.h"
#include "edgeprune/data/readers.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <new>
#include <utility>

namespace edgeprune::data {
namespace {

// Far above any data set that fits a device, far below what a crafted file could ask for.
constexpr std::size_t kMaxBytes = std::size_t{4} << 30;
// Deflate packs at most so many bytes into one.
constexpr std::uint64_t kMaxRatio = 1032;

bool is_gzip(std::string_view content) {
  return content.starts_with("\x1f\x8b");
}

// What is unpacked, and how much of it there may be.
class Unpacked {
 public:
  Unpacked(std::size_t packed_bytes, const std::string& name, const PromisedSize& promised)
      : packed_bytes_(packed_bytes), name_(name), promised_(promised) {}

  void append(std::string_view bytes) {
    if (!is_promised_ && promised_) {
      // A few bytes hold a header: they are looked at before the rest is kept.
      content_.append(bytes.substr(0, kHeaderBytes));
      bytes.remove_prefix(std::min(bytes.size(), kHeaderBytes));
      if (const auto size = promised_(content_)) expect(*size);
    }
    if (bytes.size() > limit_ - std::min<std::uint64_t>(content_.size(), limit_)) too_many();
    content_.append(bytes);
  }

  [[nodiscard]] std::string take() { return std::move(content_); }

 private:
  static constexpr std::size_t kHeaderBytes = 4096;

  void expect(std::uint64_t size) {
    if (size > kMaxBytes) too_many();
    if (size / kMaxRatio > packed_bytes_) {
      core::reject_file(name_, fmt::format("its header promises {} bytes, which {} packed bytes "
                                           "cannot hold; it is truncated or damaged, copy it again",
                                           size, packed_bytes_));
    }
    is_promised_ = true;
    limit_ = size;
    content_.reserve(size);
    if (content_.size() > limit_) too_many();
  }

  [[noreturn]] void too_many() const {
    core::reject_file(
        name_, is_promised_
                   ? fmt::format("expands to more than the {} bytes that its header promises; it "
                                 "is damaged, copy it again",
                                 limit_)
                   : "expands to more than 4 GiB; split the data set or check that it is the right "
                     "file");
  }

  std::size_t packed_bytes_;
  const std::string& name_;
  const PromisedSize& promised_;
  bool is_promised_ = false;
  std::uint64_t limit_ = kMaxBytes;
  std::string content_;
};

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
  std::string_view inflate_member(std::string_view content, Unpacked& out,
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
      out.append({reinterpret_cast<const char*>(chunk_.data()), chunk_.size() - stream_.avail_out});
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

  z_stream stream_{};
  std::array<Bytef, 1 << 16> chunk_;
};

}  // namespace

std::string gunzip(std::string_view content, const std::string& name,
                   const PromisedSize& promised) {
  if (!is_gzip(content)) return std::string(content);
  Unpacked out(content.size(), name, promised);
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
  return out.take();
}

}  // namespace edgeprune::data
