#include "edgeprune/run/run_summary.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/json_input.h"
#include "edgeprune/core/json_text.h"
#include "edgeprune/run/run_files.h"

#include <nlohmann/json.hpp>

namespace edgeprune::run {

bool is_complete(const std::filesystem::path& run_directory) {
  return std::filesystem::exists(run_directory / kSummaryFile);
}

void record_measured_time_ratio(const core::Directory& run, double ratio) {
  const core::FilePlace place = run / kSummaryFile;
  const auto with_ratio = [ratio](nlohmann::ordered_json json) {
    json.at("cost_ratio").at("measured_time_against_full") = ratio;
    return json;
  };
  const auto summary = core::read_json<nlohmann::ordered_json>(
      core::read_file(place),
      {.name = place.text(),
       .what = "not the summary of a run",
       .fix = "restore it",
       .kind = core::ErrorKind::run_directory,
       .context = {core::ErrorReason::run_unusable, run.path().string()}},
      with_ratio);
  core::write_file_atomically(place, core::json_text(summary, kSummaryFile, 2) + "\n");
}

}  // namespace edgeprune::run
