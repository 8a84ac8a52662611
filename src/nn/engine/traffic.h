#pragma once
// The bytes that a step must move, from the shapes and types of what it reads and writes.
//
// Every tensor counts once for each pass over it, whole, whatever the caches kept of it, and with
// it parameters and their gradients. Not counted are what stays in cache by design (tiles, packed
// weights, tasks' sums), borders that neighbouring tiles both read, and what is kept per channel.

#include "step.h"

#include <cstddef>
#include <cstdint>

namespace edgeprune::nn {

struct Traffic {
  std::size_t forward = 0;
  std::size_t backward = 0;  // 0 where nobody wants a gradient
};
/// In training mode, for a batch of so many samples; inputs() and gradients as compile() left them.
[[nodiscard]] Traffic traffic_of(Step& step, std::uint32_t batch);

}  // namespace edgeprune::nn
