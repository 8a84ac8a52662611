#include "edgeprune/run/run_summary.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/run/run_files.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace edgeprune::run {

bool is_complete(const std::filesystem::path& run_directory) {
  return std::filesystem::exists(run_directory / kSummaryFile);
}

void record_measured_time_ratio(const std::filesystem::path& run_directory, double ratio) {
  using Json = nlohmann::ordered_json;
  const std::filesystem::path path = run_directory / kSummaryFile;
  try {
    Json json = Json::parse(core::read_file(path));
    json.at("cost_ratio").at("measured_time_against_full") = ratio;
    core::write_file_atomically(path, json.dump(2) + "\n");
  } catch (const Json::exception&) {
    throw core::Error(core::ErrorKind::run_directory,
                      fmt::format("{}: not the summary of a run; restore it", path.string()),
                      {core::ErrorReason::run_unusable, run_directory.string()});
  }
}

}  // namespace edgeprune::run
