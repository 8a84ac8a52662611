#include "edgeprune/budget/decision_log.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <sstream>

namespace edgeprune::budget {
namespace {

using Json = nlohmann::ordered_json;

std::string_view name_of(DecisionRecord::Kind kind) {
  return kind == DecisionRecord::Kind::decision ? "decision" : "pause";
}

// Of a phase of a run; any other word counts as none that trains.
core::Activity activity_named(const std::string& name) {
  const auto found = std::ranges::find_if(core::kWorkActivities, [&](core::Activity activity) {
    return core::name_of(activity) == name;
  });
  return found != core::kWorkActivities.end() ? *found : core::Activity::other;
}

Json limits_json(const BudgetLimits& limits) {
  Json json = {{"seconds", limits.seconds}, {"joules", limits.joules}};
  for (const HarvestPoint& point : limits.harvest) {
    json["harvest"].push_back({point.from_seconds, point.watts});
  }
  return json;
}

BudgetLimits limits_from(const Json& json) {
  BudgetLimits limits{.seconds = json.at("seconds"), .joules = json.at("joules")};
  for (const Json& point : json.value("harvest", Json::array())) {
    limits.harvest.push_back({point.at(0), point.at(1)});
  }
  return limits;
}

Json json_of(const DecisionRecord& record) {
  return {{"sequence", record.sequence},
          {"kind", name_of(record.kind)},
          {"phase", core::name_of(record.phase)},
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
          {"limits", record.limits ? limits_json(*record.limits) : Json()}};
}

DecisionRecord record_from(const Json& json) {
  DecisionRecord record;
  if (json.at("kind") != name_of(record.kind)) record.kind = DecisionRecord::Kind::pause;
  record.phase = activity_named(json.at("phase"));
  if (record.decides_training()) {
    for (const char* key : {"epoch", "step", "steps_left", "evaluates"}) (void)json.at(key);
  }
  record.sequence = json.value("sequence", record.sequence);
  record.epoch = json.value("epoch", record.epoch);
  record.step = json.value("step", record.step);
  record.spent = {json.value("seconds", 0.0), json.value("joules", 0.0)};
  record.per_step = {json.value("seconds_per_step", 0.0), json.value("joules_per_step", 0.0)};
  record.steps_left = json.value("steps_left", record.steps_left);
  record.progress = json.value("progress", record.progress);
  record.evaluates = json.value("evaluates", record.evaluates);
  record.why = json.value("why", record.why);
  const Json limits = json.value("limits", Json());
  if (!limits.is_null()) record.limits = limits_from(limits);
  return record;
}

}  // namespace

std::string decisions_text(const std::vector<DecisionRecord>& records) {
  std::string text;
  for (const DecisionRecord& record : records) text += json_of(record).dump() + "\n";
  return text;
}

std::vector<DecisionRecord> parse_decisions(const std::string& text, const std::string& name) {
  std::istringstream lines(text);
  std::vector<DecisionRecord> records;
  std::size_t number = 0;
  try {
    for (std::string line; std::getline(lines, line);) {
      ++number;
      records.push_back(record_from(Json::parse(line)));
    }
  } catch (const Json::exception&) {
    core::reject_file(fmt::format("{}:{}", name, number),
                      "not a line of a run's decisions.jsonl; set budget.replay to one");
  }
  return records;
}

std::vector<DecisionRecord> read_decisions(const std::filesystem::path& path) {
  return parse_decisions(core::read_file(path), path.string());
}

std::string limits_text(const BudgetLimits& limits) {
  return limits_json(limits).dump();
}

BudgetLimits parse_limits(std::string_view text) {
  try {
    return limits_from(Json::parse(text));
  } catch (const Json::exception&) {
    throw core::Error(core::ErrorKind::data, "not the limits of a budget");
  }
}

}  // namespace edgeprune::budget
