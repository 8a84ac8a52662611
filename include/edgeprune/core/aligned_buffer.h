#pragma once
// Floats that begin on a cache line. Fixed size, zeroed, movable. Large buffers ask the system for
// large pages: a training step walks hundreds of megabytes and would spend much of its time on page
// tables.

#include <cstddef>
#include <memory>
#include <span>

namespace edgeprune::core {

class AlignedBuffer {
 public:
  static constexpr std::size_t kAlignmentBytes = 64;

  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t size);

  [[nodiscard]] float* data() { return floats_.get(); }
  [[nodiscard]] const float* data() const { return floats_.get(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::span<float> span() { return {floats_.get(), size_}; }

 private:
  struct Free {
    Free() : mapped_bytes(0) {}
    explicit Free(std::size_t bytes) : mapped_bytes(bytes) {}
    void operator()(float* floats) const;
    std::size_t mapped_bytes;  // 0: from the allocator
  };
  std::unique_ptr<float, Free> floats_;
  std::size_t size_ = 0;
};

}  // namespace edgeprune::core
