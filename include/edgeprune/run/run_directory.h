#pragma once
// The run directory: the contract between stages, and with other tools. docs/architecture.md lists
// its files, run_files.h their names.

#include "edgeprune/config/resolved_config.h"
#include "edgeprune/core/directory.h"
#include "edgeprune/run/checkpoint.h"
#include "edgeprune/run/run_files.h"

#include <filesystem>
#include <string>
#include <vector>

namespace edgeprune::run {

/// A run's directory, locked: while a copy of this lives, nobody else prepares, changes or carries
/// out the run, and all that the run reads and writes in it goes by this open directory.
struct RunDirectory {
  core::Directory files;
  config::ResolvedConfig config;
};

/// config.toml: every field, after a line that says which version wrote it.
[[nodiscard]] std::string run_config_text(const config::ResolvedConfig& config);

/// The configuration of an existing run, with run.directory set to where it lies now, for whoever
/// only looks at it. An Error of kind run_directory where there is none, or one that another
/// version wrote with names that have changed since; no run is rewritten.
/// `catalogues`: what its names stand for, where the run was begun with a program's own.
[[nodiscard]] config::ResolvedConfig read_run_config(const std::filesystem::path& directory,
                                                     const config::Catalogues& catalogues = {});
/// The same in a directory that is open.
[[nodiscard]] config::ResolvedConfig run_config_in(const core::Directory& files,
                                                   const config::Catalogues& catalogues = {});

/// An existing run, to go on with; errors as those of read_run_config. Temporary files that killed
/// processes left in it are removed.
[[nodiscard]] RunDirectory open_run_directory(const std::filesystem::path& directory,
                                              const config::Catalogues& catalogues = {});

/// The same with overrides ("prune.keep_ratio=0.1") written into its config.toml, before the run
/// has selected: fields whose MayChange is not `never`. Any other is an Error of kind config that
/// lists those. A config.toml that no run wrote, or that was edited since, is not replaced: an
/// Error of kind run_directory.
[[nodiscard]] RunDirectory change_selection(const std::filesystem::path& directory,
                                            const std::vector<std::string>& overrides,
                                            const config::Catalogues& catalogues = {});

/// The same at any time, for fields that may change always: limits of time and energy, pauses,
/// meters, memory and how often it saves.
[[nodiscard]] RunDirectory change_limits(const std::filesystem::path& directory,
                                         const std::vector<std::string>& overrides,
                                         const config::Catalogues& catalogues = {});

/// An Error of kind config where the configured strategy cannot go on from the state: one without a
/// warm-up from warmed-up weights, or one with from a run without.
void require_resumable(const RunState& state, const config::Config& config);

}  // namespace edgeprune::run
