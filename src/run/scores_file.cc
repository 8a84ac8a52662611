#include "edgeprune/run/scores_file.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/json_input.h"
#include "edgeprune/core/npy.h"
#include "edgeprune/run/run_files.h"
#include "edgeprune/score/scores.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace edgeprune::run {
namespace {

using nlohmann::json;

[[noreturn]] void reject_scores(const std::filesystem::path& path, const std::string& what,
                                core::ErrorReason reason = core::ErrorReason::none) {
  throw core::Error(core::ErrorKind::data, fmt::format("{}: {}", path.string(), what),
                    {reason, path.string()});
}

// What a run says of its columns; empty where there is no scores.json beside them.
struct Columns {
  std::vector<std::string> names;
  std::vector<score::HardEnd> hard;
};

Columns columns_of(const json& about) {
  Columns columns{.names = about.at("columns")};
  for (const std::string& name : columns.names) {
    const bool is_low = about.at("hard").at(name) == name_of(score::HardEnd::low);
    columns.hard.push_back(is_low ? score::HardEnd::low : score::HardEnd::high);
  }
  return columns;
}

Columns columns_beside(const std::filesystem::path& path) {
  const std::filesystem::path manifest = path.parent_path() / kScoresManifestFile;
  if (path.filename() != kScoresFile || !std::filesystem::exists(manifest)) return {};
  return core::read_json<json>(core::read_file(manifest),
                               {.name = manifest.string(),
                                .what = "not a run's account of its scores",
                                .fix = "remove it, or score again",
                                .context = {core::ErrorReason::none, manifest.string()}},
                               columns_of);
}

std::size_t place_of(const std::filesystem::path& path, const Columns& columns,
                     const std::string& column) {
  if (column.empty() && columns.names.size() == 1) return 0;
  const auto found = std::find(columns.names.begin(), columns.names.end(), column);
  if (found == columns.names.end()) {
    reject_scores(
        path,
        fmt::format("has the columns {}; name one of them",
                    core::printable(fmt::format("{}", fmt::join(columns.names, ", ")), 1000)),
        core::ErrorReason::score_column_not_named);
  }
  return static_cast<std::size_t>(found - columns.names.begin());
}

}  // namespace

std::vector<float> read_score_column(const std::filesystem::path& path, const std::string& column) {
  const core::NpyArray array = core::read_npy(path);
  const Columns columns = columns_beside(path);
  const std::size_t width = array.shape.size() == 2 ? array.shape[1] : 1;
  const bool fits = array.shape.size() <= 2 && !array.shape.empty() &&
                    (columns.names.empty() ? width == 1 : width == columns.names.size());
  if (!fits || array.type != core::ElementType::f32 || array.num_elements() == 0) {
    reject_scores(
        path,
        "scores must be one column of float32, one per sample, or a run's scores.npy; save "
        "array.astype('<f4')");
  }
  if (columns.names.empty() && !column.empty()) {
    reject_scores(
        path,
        fmt::format("has one column without a name, not a column {}", core::printable(column)),
        core::ErrorReason::score_column_unknown);
  }
  const std::size_t place = columns.names.empty() ? 0 : place_of(path, columns, column);
  std::vector<float> scores(array.shape[0]);
  const auto table = array.as<float>();
  for (std::size_t n = 0; n < scores.size(); ++n) scores[n] = table[n * width + place];
  return columns.names.empty() ? scores : score::hardness_of(scores, columns.hard[place]);
}

}  // namespace edgeprune::run
