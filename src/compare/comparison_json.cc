#include "edgeprune/compare/comparison_json.h"

#include "edgeprune/core/json_text.h"

#include <nlohmann/json.hpp>

namespace edgeprune::compare {
namespace {

using Json = nlohmann::ordered_json;

Json cell_json(const CellResult& cell) {
  return {{"setting", cell.setting},
          {"strategy", cell.strategy},
          {"keep_ratio", cell.keep_ratio},
          {"seed", cell.seed},
          {"num_samples", cell.num_samples},
          {"num_kept", cell.num_kept},
          {"test_accuracy", cell.test_accuracy},
          {"test_loss", cell.test_loss},
          {"train_accuracy", cell.train_accuracy},
          {"kept_accuracy", cell.kept_accuracy},
          {"steps", cell.steps},
          {"forward_backward_samples", cell.forward_backward_samples},
          {"forward_samples", cell.forward_samples},
          {"flops", cell.flops},
          {"seconds", cell.seconds},
          {"stored_bytes", cell.stored_bytes},
          {"run", cell.run}};
}

Json difference_json(const statistics::PairedDifference& difference) {
  Json json = {{"mean", difference.mean}, {"interval_95", nullptr}};
  if (!difference.has_interval) return json;
  json["interval_95"] = {difference.mean - difference.half_width,
                         difference.mean + difference.half_width};
  json["p_value"] = difference.p_value;
  json["holm_p_value"] = difference.holm_p_value;
  json["found"] = !difference.holds_zero();
  return json;
}

Json row_json(const Row& row) {
  Json json = {{"strategy", row.strategy},
               {"num_kept", row.num_kept},
               {"test_accuracies", row.accuracies},
               {"mean", row.accuracy.mean},
               {"standard_deviation", nullptr},
               {"forward_backward_samples", row.cost.forward_backward_samples},
               {"forward_samples", row.cost.forward_samples},
               {"flops", row.cost.flops},
               {"seconds", row.cost.seconds},
               {"stored_bytes", row.cost.stored_bytes}};
  if (row.accuracy.count > 1) json["standard_deviation"] = row.accuracy.stddev;
  for (std::size_t c = 0; c < kControls.size(); ++c) {
    if (row.strategy == kControls[c]) continue;
    json["difference_to"][std::string(kControls[c])] = difference_json(row.against[c]);
  }
  return json;
}

Json group_json(const Group& group) {
  Json json = {{"setting", group.setting},
               {"keep_ratio", group.keep_ratio},
               {"num_samples", group.num_samples},
               {"seeds", group.seeds},
               {"rows", Json::array()}};
  for (const Row& row : group.rows) json["rows"].push_back(row_json(row));
  return json;
}

}  // namespace

std::string comparison_json(const std::vector<CellResult>& cells, const Summary& summary,
                            Match match, const std::vector<std::string>& verdict) {
  Json json = {{"match", name_of(match)},
               {"verdict", verdict},
               {"tests",
                {{"differences", summary.num_differences},
                 {"found", summary.num_found},
                 {"expected_by_chance", summary.expected_by_chance()},
                 {"found_after_holm", summary.num_after_holm}}},
               {"groups", Json::array()},
               {"cells", Json::array()}};
  for (const Group& group : summary.groups) json["groups"].push_back(group_json(group));
  for (const CellResult& cell : cells) json["cells"].push_back(cell_json(cell));
  return core::json_text(json, "comparison.json", 2) + "\n";
}

}  // namespace edgeprune::compare
