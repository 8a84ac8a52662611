#pragma once
// How a training step is made to fit into a given memory: the decision alone, from predictions.
//
//   const MemoryChoice choice = choose_memory(
//       {.limit_bytes = 400'000'000, .batch_size = 64},
//       [](const StepMemory& step) { return predicted_bytes(step); });
//
// Three ways to run a step. `keep` keeps every activation for the backward pass. `recompute` keeps
// few and computes the rest again: the same bits, more time. `accumulate` runs a batch in
// micro-batches and adds up their gradients before the one update: batch norm then sees each
// micro-batch alone.

#include <cstdint>
#include <functional>
#include <string_view>

namespace edgeprune::train {

enum class MemoryMode { automatic, keep, recompute, accumulate };
/// "auto", "keep", "recompute", "accumulate".
[[nodiscard]] std::string_view name_of(MemoryMode mode);

struct MemoryRequest {
  MemoryMode mode = MemoryMode::automatic;  // train.memory
  std::uint64_t limit_bytes = 0;            // limits.memory_bytes; 0: none
  std::uint32_t batch_size = 64;
  std::uint32_t micro_batch_size = 0;  // train.micro_batch_size; 0: the largest that fits
  std::uint32_t min_micro_batch = 1;   // 2 where batch norm averages over the batch
};

struct StepMemory {
  bool recompute = false;
  std::uint32_t micro_batch_size = 64;  // the batch size: not split
};

struct MemoryChoice {
  MemoryMode mode = MemoryMode::keep;  // never `automatic`
  StepMemory step;
  std::uint64_t predicted_bytes = 0;
};

/// The peak of a run whose steps are made so.
using PredictBytes = std::function<std::uint64_t(const StepMemory&)>;

/// `automatic` takes the first that fits of: keep, recompute, recompute in micro-batches, as few
/// and as equal ones as fit. A way that was asked for and does not fit, a limit that nothing fits,
/// and accumulation with nothing to choose the micro-batch by are Errors of kind config that say
/// what would do.
[[nodiscard]] MemoryChoice choose_memory(const MemoryRequest& request, const PredictBytes& predict);

}  // namespace edgeprune::train
