#include "scores_record.h"

#include "edgeprune/core/files.h"
#include "edgeprune/core/json_text.h"
#include "edgeprune/core/npy.h"
#include "edgeprune/core/version.h"
#include "edgeprune/run/run_files.h"

#include "record_json.h"

#include <span>
#include <string>
#include <vector>

namespace edgeprune::run {

ScoreFiles score_files(const config::Config& config, const RunData& data,
                       const score::Scores& scores) {
  const std::vector<score::Scores::Column>& columns = scores.columns();
  const std::size_t num_samples = data.train.num_samples();
  std::vector<float> table(num_samples * columns.size());
  Json names;
  Json hard_ends;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const score::Scores::Column& column = columns[c];
    for (std::size_t n = 0; n < num_samples; ++n) table[n * columns.size() + c] = column.values[n];
    names.push_back(column.name);
    hard_ends[column.name] = name_of(column.hard);
  }
  const Json json = {{"columns", names},
                     {"hard", hard_ends},
                     {"mode", score::name_of(config.score.mode)},
                     {"dataset_hash", data.train.content_hash},
                     {"num_samples", num_samples},
                     {"seed", config.run.seed},
                     {"version", core::version()}};
  return {core::npy_bytes(std::as_bytes(std::span(table)), core::ElementType::f32,
                          {num_samples, columns.size()}),
          core::json_text(json, kScoresManifestFile, 2) + "\n"};
}

void write_scores(const core::Directory& files, const config::Config& config, const RunData& data,
                  const score::Scores& scores) {
  const ScoreFiles written = score_files(config, data, scores);
  core::write_file_atomically(files / kScoresFile, written.npy);
  core::write_file_atomically(files / kScoresManifestFile, written.json);
}

}  // namespace edgeprune::run
