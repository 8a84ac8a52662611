#pragma once
// Where a compiled network's activations and gradients lie, and which activations are computed
// again going backward.
//
// Time runs through the forward steps 0 .. S - 1 and then back through S - 1 .. 0. An activation is
// kept from the step that writes it to the last that reads it, which with a backward pass is the
// backward step of its writer; its gradient from the last reader's backward step to the writer's.
// What is not alive at the same time shares memory.

#include "arena.h"
#include "compile.h"

#include <cstddef>
#include <vector>

namespace edgeprune::nn {

/// Steps whose inner activations are dropped after the forward pass and computed again
/// before the segment's backward pass.
struct Segment {
  std::size_t begin = 0;
  std::size_t end = 0;  // past the last
};

struct MemoryPlan {
  struct Place {               // in bytes from the arena's beginning
    std::size_t forward = 0;   // of the values
    std::size_t backward = 0;  // of the values once computed again; else the same
    std::size_t gradient = 0;  // unused where none is wanted
    bool recomputed = false;
  };
  std::vector<Place> places;      // one per activation; the input's is unused
  std::vector<Segment> segments;  // that are computed again, in forward order
  std::size_t bytes = 0;          // of the arena
};

/// With `recompute`, segments are chosen among the cuts that one activation crosses, so that
/// `bytes` is least.
[[nodiscard]] MemoryPlan plan_memory(const CompiledNetwork& network, const ProgramOptions& options);

}  // namespace edgeprune::nn
