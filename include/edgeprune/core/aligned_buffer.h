#pragma once
// Floats that begin on a cache line. Fixed size, zeroed, movable.

#include <cstddef>
#include <memory>
#include <new>
#include <span>

namespace edgeprune::core {

class AlignedBuffer {
 public:
  static constexpr std::size_t kAlignmentBytes = 64;

  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t size) : size_(size) {
    const std::align_val_t alignment{kAlignmentBytes};
    floats_.reset(static_cast<float*>(::operator new(size * sizeof(float), alignment)));
    std::uninitialized_fill_n(floats_.get(), size, 0.0f);
  }

  [[nodiscard]] float* data() { return floats_.get(); }
  [[nodiscard]] const float* data() const { return floats_.get(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::span<float> span() { return {floats_.get(), size_}; }

 private:
  struct Free {
    void operator()(float* floats) const {
      ::operator delete (floats, std::align_val_t{kAlignmentBytes});
    }
  };
  std::unique_ptr<float, Free> floats_;
  std::size_t size_ = 0;
};

}  // namespace edgeprune::core
