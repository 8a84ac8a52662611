#pragma once
// Where tensors lie in one block of memory, so that those that are never needed at the same time
// share it.

#include <cstddef>
#include <span>
#include <vector>

namespace edgeprune::nn {

/// A tensor that holds something from moment `begin` to moment `end`, both included. Moments are
/// numbers that only their order gives a meaning.
struct Lifetime {
  std::size_t bytes = 0;
  std::size_t begin = 0;
  std::size_t end = 0;

  [[nodiscard]] bool meets(const Lifetime& other) const {
    return begin <= other.end && other.begin <= end;
  }
};

struct ArenaPlan {
  std::vector<std::size_t> offsets;  // in bytes, one per tensor, on cache lines
  std::size_t bytes = 0;
};

/// Places the largest first, each at the lowest offset that is free for its whole life. Behind each
/// some cache lines stay free. Quadratic in the number of tensors.
[[nodiscard]] ArenaPlan plan_arena(std::span<const Lifetime> tensors);

}  // namespace edgeprune::nn
