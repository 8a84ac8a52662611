#pragma once
// Which instruction set the kernels run on. It is chosen at run time, once, from what the CPU has.

#include <memory>
#include <string>
#include <vector>

namespace edgeprune::kernels {

/// The instruction set in use, by its name in Highway, such as "AVX3" (AVX-512), "AVX2", "SSE4",
/// "SSSE3", "NEON", or "SCALAR" (the plain path). Other versions of Highway know others.
[[nodiscard]] std::string simd_target();

/// Every target this binary holds and this CPU can run, best first.
[[nodiscard]] std::vector<std::string> available_simd_targets();

/// How many floats one vector of the target in use holds.
[[nodiscard]] int simd_lanes();

/// Forces one of available_simd_targets() while it lives (another name is an Error of kind config),
/// then goes back to the best: for tests and benchmarks, not beside running kernels, one at a time.
/// Packed matrices made under one target must not be used under another.
class ForcedSimdTarget {
 public:
  explicit ForcedSimdTarget(const std::string& name);
  ~ForcedSimdTarget();
  ForcedSimdTarget(const ForcedSimdTarget&) = delete;
  ForcedSimdTarget& operator=(const ForcedSimdTarget&) = delete;
};

}  // namespace edgeprune::kernels
