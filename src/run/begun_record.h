#pragma once
// run.json: what a run is before it does anything. It is written first: how far the run goes, and
// by their hashes the files that it begins with. What it does not name, no run wrote.

#include "edgeprune/core/directory.h"
#include "edgeprune/run/phase.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::run {

struct BegunRecord {
  Phase goal = Phase::done;                // the first phase not asked for
  std::vector<std::string> config_hashes;  // of config.toml; two while one replaces the other
  std::string network_hash;                // of network.toml; empty without one

  /// Whether a run wrote the file of this name (config.toml, network.toml) with this content.
  [[nodiscard]] bool names(std::string_view file, std::string_view content) const;
};

/// Nothing where there is none, or none that can be read.
[[nodiscard]] std::optional<BegunRecord> read_begun(const core::Directory& files);
/// An Error of kind run_directory where no run was begun: there is neither a run.json nor, of an
/// earlier version, a checkpoint. A config.toml alone is anybody's.
void require_begun(const core::Directory& files);
void write_begun(const core::Directory& files, const BegunRecord& record);

}  // namespace edgeprune::run
