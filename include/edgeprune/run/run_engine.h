#pragma once
// What a run computes on.

#include <cstdint>
#include <string>

namespace edgeprune::run {

/// The bits of a run depend on it, beside binary and configuration; not on the threads.
struct Engine {
  std::string simd_target;
  std::string precision;
  std::uint32_t threads = 0;
  std::uint32_t micro_batch_size = 0;  // 0: batches are not split

  bool operator==(const Engine&) const = default;
};
/// Whether both compute the same bits.
[[nodiscard]] bool computes_alike(const Engine& a, const Engine& b);
/// "AVX2 in f32", and its micro-batches where there are some.
[[nodiscard]] std::string text_of(const Engine& engine);

}  // namespace edgeprune::run
