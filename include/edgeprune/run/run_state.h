#pragma once
// Where a run is: what a checkpoint holds beside its arrays.
//
//   const std::string text = to_json(state);
//   RunState same = parse_run_state(text, "checkpoint-a.safetensors");

#include "edgeprune/budget/budget_state.h"
#include "edgeprune/budget/run_usage.h"
#include "edgeprune/run/metrics.h"
#include "edgeprune/run/phase.h"
#include "edgeprune/run/run_engine.h"
#include "edgeprune/score/label_noise.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::run {

/// The re-encoded samples of a selection: the file kept.edgeprune.
struct StoredSet {
  std::uint32_t jpeg_quality = 0;  // 0: no images
  std::uint64_t bytes = 0;
  std::string hash;  // of the file
};

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
  std::uint32_t expected_epochs = 0;    // by the sampler, of the pass under way; 0: not yet asked
  float learning_rate = 0;              // of the last step
  std::uint32_t warmup_iterations = 0;  // done, for the summary
  std::uint32_t num_samples = 0;        // N
  std::string dataset_hash;
  std::string test_hash;  // empty without a test set
  Engine engine;
  std::string configuration;                     // hash of the fields that must not change any more
  std::optional<score::LabelNoise> label_noise;  // once the warm-up is over
  std::vector<PassRecord> metrics;               // of the passes so far
  std::optional<StoredSet> stored;               // once re-encoded
  budget::RunUsage spent;
  budget::BudgetState budget;
  std::vector<std::uint32_t> kept;  // empty before selection; an array of the checkpoint
  // As of the last checkpoint: counts that belong to the model's and the optimizer's arrays.
  std::uint64_t num_batches_tracked = 0;
  std::uint64_t optimizer_step = 0;
};

/// One line of JSON: everything but `kept`.
[[nodiscard]] std::string to_json(const RunState& state);

/// The way back, from memory. `name` stands for the checkpoint in messages. A number that is out of
/// its range, anything that is missing, nested too deep or not what to_json writes, and the state
/// of another version are Errors of kind data.
[[nodiscard]] RunState parse_run_state(std::string_view json, const std::string& name);

/// An Error of kind data where `kept` holds what cannot be a selection of the state's samples:
/// an index of no sample, one that is there twice, none at all once there is a selection.
void require_selection(const RunState& state, const std::string& name);

}  // namespace edgeprune::run
