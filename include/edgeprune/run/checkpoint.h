#pragma once
// Everything a run needs to go on as if it had never stopped, in one file.
//
// Two files alternate, checkpoint-a.safetensors and checkpoint-b.safetensors, so that a whole one
// is always there: damage to the newer costs at most one interval. Each carries a hash of its
// content. Writing and reading take no memory beside the arrays' own: they go from and to where the
// trainer and the score keep them.

#include "edgeprune/core/directory.h"
#include "edgeprune/core/error.h"
#include "edgeprune/core/named_array.h"
#include "edgeprune/nn/model.h"
#include "edgeprune/nn/optimizer.h"
#include "edgeprune/run/run_state.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace edgeprune::run {

/// What a checkpoint holds beside the state, where it lies; gathered: by scores and samplers.
struct SavedArrays {
  const nn::Model& model;
  const nn::OptimizerState& optimizer;
  const std::vector<core::NamedArray>& gathered;
};
/// Writes state and arrays over the older of the two files, atomically, and counts `sequence` up.
void write_checkpoint(const core::Directory& run, RunState& state, const SavedArrays& arrays);

/// A whole checkpoint that is not one of this run's, though its hash fits; kind data. The other may
/// be one.
class UnfitCheckpoint : public core::Error {
 public:
  UnfitCheckpoint(const std::filesystem::path& path, const std::string& why);
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct LoadedCheckpoint {
  RunState state;
  core::FilePlace file;              // its arrays are read by restore_arrays
  std::vector<std::string> notices;  // one line for a corrupt file that was skipped
};
/// The newest whole checkpoint, or nothing where there is none at all. If both are corrupt, an
/// Error of kind run_directory says so. Those known to be `unfit` are as if they were corrupt.
[[nodiscard]] std::optional<LoadedCheckpoint> load_checkpoint(
    const core::Directory& run, const std::vector<UnfitCheckpoint>& unfit = {});

/// What restore_arrays fills; the arrays have the lengths of the run's network, optimizer and data.
struct RestoredArrays {
  nn::Model& model;
  nn::OptimizerState& optimizer;
  const std::vector<core::NamedArray>& gathered;
};
/// An array of another length or type, and one that is missing, make an UnfitCheckpoint.
void restore_arrays(const LoadedCheckpoint& checkpoint, const RestoredArrays& arrays);

}  // namespace edgeprune::run
