#pragma once
// The memory a run takes at its peak, predicted before any of it is allocated.

#include "edgeprune/config/resolved_config.h"
#include "edgeprune/nn/network.h"
#include "edgeprune/run/run_data.h"
#include "edgeprune/train/memory_choice.h"
#include "edgeprune/train/trainer.h"

#include <algorithm>
#include <cstdint>
#include <string>

namespace edgeprune::run {

/// Bytes by part. The whole is what the operating system counts as resident (peak RSS).
struct RunMemory {
  std::uint64_t base = 0;       // program, libraries, stacks and small things: measured, a constant
  std::uint64_t data = 0;       // both data sets, and what is kept per sample
  std::uint64_t reading = 0;    // while the data are read, before there is anything else
  std::uint64_t batches = 0;    // made ready ahead
  std::uint64_t model = 0;      // weights and running statistics
  std::uint64_t gradients = 0;  // twice the weights where micro-batches are added up
  std::uint64_t optimizer = 0;
  std::uint64_t arena = 0;      // activations and their gradients
  std::uint64_t scratch = 0;    // tiles of all threads
  std::uint64_t saving = 0;     // model and checkpoint files: one tensor at a time
  std::uint64_t scores = 0;     // what scores gather per sample
  std::uint64_t selection = 0;  // features of the largest class, and its pairs

  [[nodiscard]] std::uint64_t total() const {
    const std::uint64_t training =
        batches + model + gradients + optimizer + arena + scratch + saving + selection;
    return base + data + std::max(reading, training + scores);
  }
};

[[nodiscard]] RunMemory predict_run_memory(const nn::Network& network, const RunData& data,
                                           const train::TrainerOptions& options, int num_threads);
/// The parts `scores` and `selection` alone, of the strategies that the run may come to follow.
[[nodiscard]] RunMemory selection_memory(const config::ResolvedConfig& config,
                                         const nn::Network& network, const data::Dataset& dataset);

struct ChosenMemory {
  train::MemoryChoice choice;
  RunMemory predicted;

  /// One line: "412 MB predicted; every activation is kept".
  [[nodiscard]] std::string text() const;
};
/// Decides how `options` (its `recompute` and `micro_batch_size` do not count) keeps within the
/// configuration's limits; Errors as choose_memory.
[[nodiscard]] ChosenMemory choose_run_memory(const config::ResolvedConfig& config,
                                             const nn::Network& network, const RunData& data,
                                             const train::TrainerOptions& options);

/// The most that this process has had resident so far.
[[nodiscard]] std::uint64_t peak_resident_bytes();

}  // namespace edgeprune::run
