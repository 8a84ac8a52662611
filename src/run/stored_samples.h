#pragma once
// How the samples that a run keeps are stored: as they were read, or re-encoded in its file
// kept.edgeprune, on which it then trains.

#include "edgeprune/run/run_state.h"

#include "run_setup.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace edgeprune::run {

/// Re-encodes the samples within the configuration's limits, writes the file, and has the run train
/// on it. Nothing where originals are kept.
[[nodiscard]] std::optional<StoredSet> store_samples(RunSetup& setup,
                                                     std::span<const std::uint32_t> kept);

/// "kept.edgeprune: 831 samples at JPEG quality 24 in 98 kB ..."
[[nodiscard]] std::string stored_text(const RunSetup& setup, const StoredSet& stored);

/// The file of a run under way, made again from the data set. Where other bytes come of it than
/// were stored, as from another version of the JPEG library, it is an Error of kind run_directory.
[[nodiscard]] std::string stored_file(const RunSetup& setup, const RunState& state);

/// Has a run under way train on what its file holds.
void train_on_stored(RunSetup& setup, const RunState& state);

}  // namespace edgeprune::run
