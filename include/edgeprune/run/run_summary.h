#pragma once
// The summary of a finished run, as other runs and programs see it.

#include "edgeprune/core/directory.h"

#include <filesystem>

namespace edgeprune::run {

/// Whether the run in the directory has finished (it has its summary).
[[nodiscard]] bool is_complete(const std::filesystem::path& run_directory);

/// Writes `ratio`, the run's learning seconds over those of `full` (evaluation apart), into the
/// summary of a finished run, beside its predicted cost ratios.
void record_measured_time_ratio(const core::Directory& run, double ratio);

}  // namespace edgeprune::run
