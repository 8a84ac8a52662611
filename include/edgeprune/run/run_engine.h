#pragma once
// What a run computes on.

#include <cstdint>
#include <string>

namespace edgeprune::run {

/// The bits of a run depend on it, beside binary and configuration.
struct Engine {
  std::string simd_target;
  std::string precision;
  std::uint32_t threads = 0;
  std::uint32_t micro_batch_size = 0;  // 0: batches are not split

  bool operator==(const Engine&) const = default;
};
/// "AVX2 in f32 with 4 threads", and its micro-batches where there are some.
[[nodiscard]] std::string text_of(const Engine& engine);

}  // namespace edgeprune::run
