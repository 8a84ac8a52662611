#include "edgeprune/compare/cell_result.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/json_input.h"
#include "edgeprune/core/usage.h"
#include "edgeprune/run/run_directory.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <filesystem>

namespace edgeprune::compare {
namespace {

namespace fs = std::filesystem;

using core::json_member;

CellResult result_of(const Cell& cell, const nlohmann::json& summary) {
  const fs::path directory = cell.config->run.directory;
  const nlohmann::json& results = summary.at("results");
  const nlohmann::json& samples = summary.at("samples");
  const nlohmann::json& iterations = summary.at("iterations");
  double learning_seconds = 0;
  for (const core::Activity activity :
       {core::Activity::score, core::Activity::select, core::Activity::train}) {
    learning_seconds +=
        json_member<double>(summary.at("seconds"), std::string(name_of(activity)).c_str());
  }
  return {.setting = cell.setting,
          .strategy = cell.strategy,
          .keep_ratio = cell.keep_ratio.as_written(),
          .seed = cell.seed,
          .run = (directory.parent_path().filename() / directory.filename()).string(),
          .dataset_hash = summary.at("dataset").at("hash"),
          .test_hash = summary.at("dataset").value("test_hash", ""),
          .num_samples = json_member<std::uint32_t>(summary, "num_samples"),
          .num_kept = json_member<std::uint32_t>(summary, "num_kept"),
          .test_accuracy = json_member<double>(results, "test_accuracy"),
          .test_loss = json_member<double>(results, "test_loss"),
          .train_accuracy = json_member<double>(results, "train_accuracy"),
          .kept_accuracy = json_member<double>(results, "kept_accuracy"),
          .steps = std::uint64_t{json_member<std::uint32_t>(iterations, "score")} +
                   json_member<std::uint64_t>(iterations, "train"),
          .forward_backward_samples = json_member<std::uint64_t>(samples, "forward_backward"),
          .forward_samples = json_member<std::uint64_t>(samples, "forward_scoring"),
          .flops = json_member<double>(summary.at("flops"), "learning"),
          .seconds = learning_seconds,
          .stored_bytes = json_member<double>(summary.at("stored_bytes"), "kept")};
}

std::string csv_text(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char character : text) {
    quoted += character;
    if (character == '"') quoted += '"';
  }
  return quoted + "\"";
}

}  // namespace

CellResult read_cell_result(const Cell& cell) {
  const fs::path path = fs::path(cell.config->run.directory) / run::kSummaryFile;
  return core::read_json<nlohmann::json>(
      core::read_file(path),
      {.name = path.string(),
       .what = "not the summary of a run",
       .fix = "remove that cell's directory and compare again",
       .kind = core::ErrorKind::run_directory},
      [&](const nlohmann::json& summary) {
        if (summary.at("results").contains("test_accuracy")) return result_of(cell, summary);
        throw core::Error(core::ErrorKind::data,
                          "the data have no test set, so there is nothing to compare; name one in "
                          "the section data (docs/configuration.md)");
      });
}

std::string cells_csv(const std::vector<CellResult>& cells) {
  std::string csv =
      "setting,strategy,keep_ratio,seed,num_samples,num_kept,test_accuracy,test_loss,"
      "train_accuracy,kept_accuracy,steps,forward_backward_samples,forward_samples,flops,seconds,"
      "stored_bytes,run\n";
  for (const CellResult& cell : cells) {
    csv += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n",
                       csv_text(cell.setting), csv_text(cell.strategy), cell.keep_ratio, cell.seed,
                       cell.num_samples, cell.num_kept, cell.test_accuracy, cell.test_loss,
                       cell.train_accuracy, cell.kept_accuracy, cell.steps,
                       cell.forward_backward_samples, cell.forward_samples, cell.flops,
                       cell.seconds, cell.stored_bytes, csv_text(cell.run));
  }
  return csv;
}

}  // namespace edgeprune::compare
