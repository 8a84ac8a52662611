#pragma once
// Makes a directory ready for a new run.

#include "edgeprune/config/resolved_config.h"
#include "edgeprune/core/directory.h"
#include "edgeprune/run/phase.h"
#include "edgeprune/run/run_directory.h"
#include "edgeprune/run/run_inputs.h"

namespace edgeprune::run {

/// Makes config.run.directory ready for a new run: locks it, and writes run.json, config.toml and,
/// where model.network names a file, a copy of that, from which the run is made. Whoever holds what
/// is returned has the directory to itself, until the run is over.
///
/// A directory that exists and is not empty is an Error of kind run_directory, unless `force`: then
/// what is there is removed first, if it is a run directory and the new run can begin (its data,
/// network and first weights are read for a try). What no run wrote is never touched, with `force`
/// or without: that is every file but those of a run, and config.toml and network.toml where they
/// are not byte for byte what run.json names.
/// `inputs`: what run_pipeline will be handed over; null: nothing. Data in memory that are missing
/// are an Error of kind config before anything is written.
/// `goal`: the first phase not asked for, which a resumed run keeps to.
RunDirectory prepare_run_directory(const config::ResolvedConfig& config, bool force,
                                   const RunInputs* inputs = nullptr, Phase goal = Phase::done);

/// The run that lies in `files` under this configuration, or a new one there; `files` is locked for
/// it. For runs that belong to something larger, such as the controls of a run.
RunDirectory begin_or_continue(const core::Directory& files, const config::ResolvedConfig& config,
                               Phase goal, const RunInputs* inputs = nullptr);

/// A run of its own in `to`, an empty directory, that goes on from where the one in `from` is.
void copy_run(const core::Directory& from, const core::Directory& to,
              const config::ResolvedConfig& config);

}  // namespace edgeprune::run
