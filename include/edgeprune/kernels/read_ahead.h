#pragma once
// Memory that is read next, fetched into the second cache line by line while a product keeps the
// arithmetic units busy: without it, every tile's product waits for the tile's memory. All of it is
// advice: results do not depend on it.

#include <algorithm>
#include <array>
#include <cstddef>

namespace edgeprune::kernels {

/// Up to four ranges of memory, which products take in the order in which they were added.
class ReadAhead {
 public:
  static constexpr std::size_t kLineBytes = 64;

  /// Adds memory to fetch; a fifth range is ignored.
  void add(const void* begin, std::size_t bytes) {
    if (bytes == 0 || count_ == ranges_.size()) return;
    ranges_[count_++] = {static_cast<const char*>(begin), (bytes + kLineBytes - 1) / kLineBytes};
  }

  /// Lines to fetch one after the other: `line`, then `step` bytes further each time. Some may lie
  /// beyond the range, which costs a fetch and nothing else.
  struct Lines {
    const char* line = nullptr;
    std::size_t step = 0;

    void fetch() {
      __builtin_prefetch(line, 0, 2);
      line += step;
    }
  };
  /// The next `count` lines of one range; what it has less is fetched beyond its end. Once
  /// everything has been taken: a null line again and again, which fetches nothing.
  Lines take(std::size_t count) {
    if (current_ == count_) return {};
    Range& range = ranges_[current_];
    const Lines lines{range.begin, kLineBytes};
    const std::size_t taken = std::min(count, range.lines);
    range.begin += taken * kLineBytes;
    range.lines -= taken;
    if (range.lines == 0) ++current_;
    return lines;
  }

 private:
  struct Range {
    const char* begin = nullptr;
    std::size_t lines = 0;
  };
  std::array<Range, 4> ranges_{};
  std::size_t count_ = 0;
  std::size_t current_ = 0;
};

/// Pixels of a next tile that lie apart in memory: some channels of consecutive pixels of up to
/// three tensors, fetched as a tile's results are made, `per_result` pixels for each. Pixels lie
/// pixel_bytes apart and channels channel_bytes, in all of them. Without tensors it fetches
/// nothing.
class PixelFetch {
 public:
  PixelFetch() = default;
  PixelFetch(std::size_t pixel_bytes, std::size_t channel_bytes, std::size_t per_result)
      : pixel_bytes_(pixel_bytes), channel_bytes_(channel_bytes), per_result_(per_result) {}

  /// Adds a tensor, from the first pixel and channel to fetch on; a fourth is ignored.
  void add(const void* first_pixel) {
    if (count_ < at_.size()) at_[count_++] = static_cast<const char*>(first_pixel);
  }
  /// The same from another channel on.
  [[nodiscard]] PixelFetch from_channel(std::size_t channel) const {
    PixelFetch moved = *this;
    for (std::size_t t = 0; t < count_; ++t) moved.at_[t] += channel * channel_bytes_;
    return moved;
  }
  /// For so many results more.
  void fetch(std::size_t results) {
    for (std::size_t i = 0; i < results * per_result_; ++i) {
      for (std::size_t t = 0; t < count_; ++t) {
        __builtin_prefetch(at_[t], 0, 2);
        at_[t] += pixel_bytes_;
      }
    }
  }

 private:
  std::array<const char*, 3> at_{};
  std::size_t count_ = 0;
  std::size_t pixel_bytes_ = 0;
  std::size_t channel_bytes_ = 0;
  std::size_t per_result_ = 0;
};

}  // namespace edgeprune::kernels
