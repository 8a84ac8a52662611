#pragma once
// What every kernel test shares: it runs on every SIMD target of this machine, over sizes that are
// no multiples of any vector, on values that make the expected result exact.
//
// Small multiples of 1/4 have sums and products that floats hold exactly, in any order and with or
// without fused multiply-adds: tests of such values ask for equality, and no tolerance hides an
// error of a single element.

#include "edgeprune/core/random.h"
#include "edgeprune/kernels/target.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace edgeprune::kernels::testing {

template <typename Body>
void on_every_target(Body&& body) {
  for (const std::string& target : available_simd_targets()) {
    const ForcedSimdTarget forced(target);
    SCOPED_TRACE(target);
    body();
  }
}

/// Channel and column counts around the ends of vectors of 4, 8 and 16 lanes and of panels of 64.
inline const std::vector<std::size_t> kOddSizes = {1,  2,  3,  4,  5,  7,  8,  9, 15,
                                                   16, 17, 31, 33, 63, 64, 65, 70};

/// What memory that must stay untouched holds; a BFloat16 keeps it.
constexpr float kGuard = -12288.0f;

class Values {
 public:
  explicit Values(std::uint32_t index) : draws_({.seed = 20, .index = index}) {}

  /// Multiples of 1/4 in [-4, 4].
  std::vector<float> exact(std::size_t size) {
    std::vector<float> values(size);
    for (float& value : values) value = 0.25f * static_cast<float>(draws_.below(33)) - 4;
    return values;
  }
  /// In [low, high).
  std::vector<float> uniform(std::size_t size, float low, float high) {
    std::vector<float> values(size);
    for (float& value : values) value = low + (high - low) * draws_.uniform();
    return values;
  }
  std::uint32_t below(std::uint32_t bound) { return draws_.below(bound); }

 private:
  core::RandomStream draws_;
};

}  // namespace edgeprune::kernels::testing
