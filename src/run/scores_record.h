#pragma once
// scores.npy and scores.json: what a warm-up gathered.

#include "edgeprune/config/config.h"
#include "edgeprune/run/run_data.h"
#include "edgeprune/score/scores.h"

#include <filesystem>

namespace edgeprune::run {

void write_scores(const std::filesystem::path& directory, const config::Config& config,
                  const RunData& data, const score::Scores& scores);

}  // namespace edgeprune::run
