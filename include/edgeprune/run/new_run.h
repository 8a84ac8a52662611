#pragma once
// Makes a directory ready for a new run.

#include "edgeprune/config/resolved_config.h"
#include "edgeprune/run/run_inputs.h"

namespace edgeprune::run {

/// Makes config.run.directory ready for a new run: writes its config.toml and, where model.network
/// names a file, a copy of that, from which the run is made. A directory that exists and is not
/// empty is an Error of kind run_directory, unless `force`: then what is there is removed first, if
/// it is a run directory and the new run can begin (its data, network and first weights are read
/// for a try); anything else is never touched.
/// `inputs`: what run_pipeline will be handed over; null: nothing. Data in memory that are missing
/// are an Error of kind config before anything is written.
void prepare_run_directory(const config::ResolvedConfig& config, bool force,
                           const RunInputs* inputs = nullptr);

}  // namespace edgeprune::run
