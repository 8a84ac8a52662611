#pragma once
// Memory that is read or written next, fetched into the second cache line by line while a product
// keeps the arithmetic units busy: without it, every tile's product waits for the tile's memory.
// All of it is advice: results do not depend on it.

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
  /// Lines not yet taken.
  [[nodiscard]] std::size_t lines() const {
    std::size_t left = 0;
    for (std::size_t i = current_; i < count_; ++i) left += ranges_[i].lines;
    return left;
  }
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

}  // namespace edgeprune::kernels
