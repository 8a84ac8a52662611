#pragma once
// Everything a run needs to go on as if it had never stopped, in one file.
//
// Two files alternate, checkpoint-a.safetensors and checkpoint-b.safetensors, so that a whole one
// is always there: damage to the newer costs at most one interval. Each carries a hash of its
// content. Writing and reading take no memory beside the arrays' own: they go from and to where the
// trainer and the score keep them.

#include "edgeprune/budget/budget_state.h"
#include "edgeprune/budget/run_usage.h"
#include "edgeprune/core/named_array.h"
#include "edgeprune/nn/model.h"
#include "edgeprune/nn/optimizer.h"
#include "edgeprune/run/phase.h"
#include "edgeprune/score/label_noise.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace edgeprune::run {

/// Where a run is, and its selection. Its arrays belong to the trainer and the score.
struct RunState {
  std::uint64_t sequence = 0;  // grows with every checkpoint written
  Phase goal = Phase::done;    // the first phase not asked for: `score` alone has the goal select
  Phase phase = Phase::score;
  std::uint32_t epoch = 0;   // passes completed within the phase
  std::uint32_t batch = 0;   // batches done of the pass under way
  std::uint64_t step = 0;    // steps done within the phase
  double pass_loss_sum = 0;  // of the pass under way
  std::uint32_t pass_samples = 0;
  float learning_rate = 0;              // of the last step
  std::uint32_t warmup_iterations = 0;  // done, for the summary
  std::uint32_t num_samples = 0;        // N
  std::string dataset_hash;
  std::string test_hash;      // empty without a test set, and where an earlier version wrote it
  std::string engine;         // SIMD target and threads it runs on
  std::string configuration;  // hash of the fields that must not change any more
  std::optional<score::LabelNoise> label_noise;  // once the warm-up is over
  std::string metrics;                           // the lines of metrics.jsonl so far
  budget::RunUsage spent;
  budget::BudgetState budget;
  std::vector<std::uint32_t> kept;  // empty before selection
};

/// What a checkpoint holds beside the state, where it lies; gathered: by scores and samplers.
struct SavedArrays {
  const nn::Model& model;
  const nn::OptimizerState& optimizer;
  const std::vector<core::NamedArray>& gathered;
};
/// Writes state and arrays over the older of the two files, atomically, and counts `sequence` up.
void write_checkpoint(const std::filesystem::path& run_directory, RunState& state,
                      const SavedArrays& arrays);

struct LoadedCheckpoint {
  RunState state;
  std::filesystem::path path;        // its arrays are read by restore_arrays
  std::vector<std::string> notices;  // a damaged file that was passed over
};
/// The newest whole checkpoint, or nothing where there is none at all. If both are damaged, an
/// Error of kind run_directory says so.
[[nodiscard]] std::optional<LoadedCheckpoint> load_checkpoint(
    const std::filesystem::path& run_directory);

/// What restore_arrays fills; the arrays have the lengths of the run's network, optimizer and data.
struct RestoredArrays {
  nn::Model& model;
  nn::OptimizerState& optimizer;
  const std::vector<core::NamedArray>& gathered;
};
/// An array of another length, and one that is missing, are Errors of kind data.
void restore_arrays(const LoadedCheckpoint& checkpoint, const RestoredArrays& arrays);

}  // namespace edgeprune::run
