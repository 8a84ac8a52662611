#include "edgeprune/budget/decision_log.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <sstream>

namespace edgeprune::budget {

using Json = nlohmann::ordered_json;

std::string decision_line(const DecisionRecord& record) {
  const Json json = {{"sequence", record.sequence},
                     {"kind", record.kind},
                     {"phase", record.phase},
                     {"epoch", record.epoch},
                     {"step", record.step},
                     {"seconds", record.spent.seconds},
                     {"joules", record.spent.joules},
                     {"seconds_per_step", record.per_step.seconds},
                     {"joules_per_step", record.per_step.joules},
                     {"steps_left", record.steps_left},
                     {"total_steps", record.step + record.steps_left},
                     {"progress", record.progress},
                     {"evaluates", record.evaluates},
                     {"why", record.why},
                     {"limits", Json::parse(record.limits.empty() ? "null" : record.limits)}};
  return json.dump() + "\n";
}

std::vector<MadeDecision> read_decisions(const std::filesystem::path& path) {
  std::istringstream lines(core::read_file(path));
  std::vector<MadeDecision> decisions;
  std::size_t number = 0;
  try {
    for (std::string line; std::getline(lines, line);) {
      ++number;
      const Json json = Json::parse(line);
      if (json.at("kind") != "decision" || json.at("phase") != "train") continue;
      decisions.push_back({.epoch = json.at("epoch"),
                           .step = json.at("step"),
                           .steps_left = json.at("steps_left"),
                           .evaluates = json.at("evaluates")});
    }
  } catch (const Json::exception&) {
    core::reject_file(fmt::format("{}:{}", path.string(), number),
                      "not a line of a run's decisions.jsonl; set budget.replay to one");
  }
  return decisions;
}

}  // namespace edgeprune::budget
