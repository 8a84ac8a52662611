#pragma once
// scores.npy and scores.json: what a warm-up gathered.

#include "edgeprune/config/config.h"
#include "edgeprune/core/directory.h"
#include "edgeprune/run/run_data.h"
#include "edgeprune/score/scores.h"

#include <string>

namespace edgeprune::run {

/// The two files as bytes.
struct ScoreFiles {
  std::string npy;
  std::string json;
};
[[nodiscard]] ScoreFiles score_files(const config::Config& config, const RunData& data,
                                     const score::Scores& scores);

void write_scores(const core::Directory& files, const config::Config& config, const RunData& data,
                  const score::Scores& scores);

}  // namespace edgeprune::run
