#include "edgeprune/budget/decision_log.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/json_input.h"
#include "edgeprune/core/json_text.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <concepts>
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
  BudgetLimits limits{.seconds = core::json_member<double>(json, "seconds"),
                      .joules = core::json_member<double>(json, "joules")};
  for (const Json& point : json.value("harvest", Json::array())) {
    limits.harvest.push_back({core::json_number<double>(point.at(0), "harvest"),
                              core::json_number<double>(point.at(1), "harvest")});
  }
  return limits;
}

// More steps than any run makes.
constexpr std::uint64_t kMostSteps = std::uint64_t{1} << 53;

// Takes what is there; a number that its place cannot hold is a JsonMismatch.
template <typename T>
void take(const Json& json, const char* name, T& value) {
  if (!json.contains(name)) return;
  if constexpr (std::same_as<T, bool> || std::same_as<T, std::string>) {
    value = json.at(name).get<T>();
  } else {
    value = core::json_member<T>(json, name);
  }
  if constexpr (std::same_as<T, std::uint64_t>) {
    if (value > kMostSteps) throw core::JsonMismatch(fmt::format("'{}' is too large", name));
  }
}

template <typename T>
void take(const Json& json, const char* name, std::optional<T>& value) {
  if (json.contains(name)) take(json, name, value.emplace());
}

Json json_of(const DecisionRecord& record) {
  Json json = {{"sequence", record.sequence},
               {"kind", name_of(record.kind)},
               {"phase", core::name_of(record.phase)},
               {"epoch", record.epoch},
               {"step", record.step}};
  if (record.batch) json["batch"] = *record.batch;
  if (record.pass_ended) json["pass_ended"] = *record.pass_ended;
  json["seconds"] = record.spent.seconds;
  json["joules"] = record.spent.joules;
  json["seconds_per_step"] = record.per_step.seconds;
  json["joules_per_step"] = record.per_step.joules;
  json["steps_left"] = record.steps_left;
  json["total_steps"] = record.step + record.steps_left;
  if (record.progress) json["progress"] = *record.progress;
  json["evaluates"] = record.evaluates;
  json["why"] = record.why;
  json["limits"] = record.limits ? limits_json(*record.limits) : Json();
  return json;
}

// Older logs say it by the reason alone, and a replay's not at all.
std::optional<bool> pass_ended_by(const std::string& why) {
  if (why.empty() || why == kReplayed) return std::nullopt;
  return why.starts_with(kPassHasEnded);
}

DecisionRecord record_from(const Json& json) {
  DecisionRecord record;
  if (json.at("kind") != name_of(record.kind)) record.kind = DecisionRecord::Kind::pause;
  record.phase = activity_named(json.at("phase"));
  if (record.decides_training()) {
    for (const char* key : {"epoch", "step", "steps_left", "evaluates"}) (void)json.at(key);
  }
  take(json, "sequence", record.sequence);
  take(json, "epoch", record.epoch);
  take(json, "step", record.step);
  take(json, "seconds", record.spent.seconds);
  take(json, "joules", record.spent.joules);
  take(json, "seconds_per_step", record.per_step.seconds);
  take(json, "joules_per_step", record.per_step.joules);
  take(json, "steps_left", record.steps_left);
  take(json, "progress", record.progress);
  take(json, "evaluates", record.evaluates);
  take(json, "why", record.why);
  take(json, "batch", record.batch);
  take(json, "pass_ended", record.pass_ended);
  if (!record.pass_ended) record.pass_ended = pass_ended_by(record.why);
  const Json limits = json.value("limits", Json());
  if (!limits.is_null()) record.limits = limits_from(limits);
  return record;
}

}  // namespace

std::string decisions_text(const std::vector<DecisionRecord>& records) {
  std::string text;
  for (const DecisionRecord& record : records)
    text += core::json_text(json_of(record), "decisions.jsonl") + "\n";
  return text;
}

std::vector<DecisionRecord> parse_decisions(const std::string& text, const std::string& name) {
  std::istringstream lines(text);
  std::vector<DecisionRecord> records;
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    records.push_back(core::read_json<Json>(line,
                                            {.name = fmt::format("{}:{}", name, number),
                                             .what = "not a line of a run's decisions.jsonl",
                                             .fix = "set budget.replay to one"},
                                            record_from));
  }
  return records;
}

std::string limits_text(const BudgetLimits& limits) {
  return core::json_text(limits_json(limits), "the limits of a budget");
}

BudgetLimits parse_limits(std::string_view text) {
  return core::read_json<Json>(
      text, {.name = "the state of a budget", .what = "not the limits of one", .fix = "restore it"},
      limits_from);
}

}  // namespace edgeprune::budget
