#include "edgeprune/core/aligned_buffer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace edgeprune::core {
namespace {

constexpr std::size_t kLargePageBytes = std::size_t{2} << 20;
constexpr std::size_t kLargeBytes = 2 * kLargePageBytes;

// Fresh pages are zero already, and are not touched here: whoever works on them first does that, on
// all threads.
float* mapped_floats(std::size_t bytes, std::size_t& mapped_bytes) {
#ifdef __linux__
  if (bytes < kLargeBytes) return nullptr;
  const std::size_t whole = (bytes + kLargePageBytes - 1) / kLargePageBytes * kLargePageBytes;
  const std::size_t reserved = whole + kLargePageBytes;
  void* memory =
      mmap(nullptr, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  // Give back what lies before and behind whole large pages.
  auto* begin = static_cast<std::byte*>(memory);
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  const std::size_t before = (kLargePageBytes - address % kLargePageBytes) % kLargePageBytes;
  if (before > 0) munmap(begin, before);
  munmap(begin + before + whole, reserved - before - whole);
  // Advice: where it is refused, small pages do.
  madvise(begin + before, whole, MADV_HUGEPAGE);
  mapped_bytes = whole;
  return reinterpret_cast<float*>(begin + before);
#else
  static_cast<void>(bytes);
  static_cast<void>(mapped_bytes);
  return nullptr;
#endif
}

}  // namespace

AlignedBuffer::AlignedBuffer(std::size_t size) : size_(size) {
  const std::size_t bytes = size * sizeof(float);
  std::size_t mapped_bytes = 0;
  if (float* mapped = mapped_floats(bytes, mapped_bytes)) {
    floats_ = std::unique_ptr<float, Free>(mapped, Free(mapped_bytes));
    return;
  }
  const std::size_t whole =
      std::max<std::size_t>((bytes + kAlignmentBytes - 1) / kAlignmentBytes, 1) * kAlignmentBytes;
  floats_.reset(static_cast<float*>(std::aligned_alloc(kAlignmentBytes, whole)));
  if (!floats_) throw std::bad_alloc();
  std::uninitialized_fill_n(floats_.get(), size, 0.0f);
}

void AlignedBuffer::Free::operator()(float* floats) const {
#ifdef __linux__
  if (mapped_bytes > 0) {
    munmap(floats, mapped_bytes);
    return;
  }
#endif
  std::free(floats);
}

}  // namespace edgeprune::core
