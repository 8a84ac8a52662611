#pragma once
// Randomness without state: every stream of numbers is a function of (seed, purpose, epoch, index).
//
//   RandomStream draws({.seed = 7, .purpose = Purpose::augmentation, .epoch = 3, .index = sample});
//   float flip = draws.uniform();
//
// Nothing needs saving for an exact resume, and no two purposes share numbers. The generator is
// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11).

#include <array>
#include <cstdint>
#include <vector>

namespace edgeprune::core {

/// What a stream is for. The values are part of every saved run: append, never renumber.
enum class Purpose : std::uint32_t {
  initialization = 1,
  warmup_order = 2,
  training_order = 3,
  augmentation = 4,
  selection = 5,
  test = 6,
  label_noise = 7,
  class_skew = 8,
  curve_refit = 9,
  sample_limit = 12,
};

struct RandomKey {
  std::uint64_t seed = 0;
  Purpose purpose = Purpose::test;
  std::uint32_t epoch = 0;
  std::uint32_t index = 0;
};

/// A sequence of independent uniform draws. Copyable, 32 bytes, not thread-safe (make one each).
class RandomStream {
 public:
  explicit RandomStream(const RandomKey& key);

  /// Uniform over all 32-bit values.
  [[nodiscard]] std::uint32_t next();
  /// Uniform over [0, bound) without modulo bias; bound > 0.
  [[nodiscard]] std::uint32_t below(std::uint32_t bound);
  /// Uniform over [0, 1) in steps of 2^-24: exact in float.
  [[nodiscard]] float uniform();

 private:
  RandomKey key_;
  std::array<std::uint32_t, 4> block_{};
  std::uint32_t next_block_ = 0;
  int used_ = 4;
};

/// A uniformly random order of 0..size-1 (Fisher-Yates), a function of the key alone.
[[nodiscard]] std::vector<std::uint32_t> random_permutation(std::uint32_t size,
                                                            const RandomKey& key);

}  // namespace edgeprune::core
