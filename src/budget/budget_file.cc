#include "edgeprune/budget/budget_file.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/energy/plausible.h"
#include "edgeprune/toml_input/document.h"
#include "edgeprune/toml_input/message.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace edgeprune::budget {
namespace {

using toml_input::kQuantity;
using toml_input::Table;
using toml_input::Value;

constexpr toml_input::Limits kWatts = {"in [0, 100000]",
                                       [](double x) { return x >= 0 && x <= energy::kMostWatts; }};

constexpr std::string_view kKeys[] = {"seconds", "joules", "harvest"};

HarvestPoint point_of(const Value& value) {
  const std::vector<Value> pair = value.elements();
  HarvestPoint point;
  if (pair.size() != 2 || !read_value(pair[0], kQuantity, point.from_seconds).empty() ||
      !read_value(pair[1], kWatts, point.watts).empty()) {
    toml_input::fail(value.place(),
                     fmt::format("harvest holds {}; it must hold pairs [seconds, watts], such as "
                                 "[3600, 2.5], in [0, 1e15] and [0, 100000]",
                                 value.for_message()));
  }
  return point;
}

std::vector<HarvestPoint> harvest_of(const Table& table) {
  if (!table.get("harvest").is_list()) {
    table.reject("harvest", "a list of pairs [seconds, watts]");
  }
  std::vector<HarvestPoint> harvest;
  for (const Value& value : table.get("harvest").elements()) {
    harvest.push_back(point_of(value));
    if (harvest.size() > 1 && harvest.back().from_seconds <= harvest.end()[-2].from_seconds) {
      toml_input::fail(value.place(), "the seconds of harvest must ascend");
    }
  }
  return harvest;
}

}  // namespace

BudgetLimits parse_budget_file(std::string_view text, const std::string& name,
                               const BudgetLimits& configured) {
  const toml_input::Document document = toml_input::parse_document(text, name, {"a budget"});
  const Table root = document.root();
  root.reject_unknown_keys(kKeys);
  BudgetLimits limits = configured;
  (void)root.read("seconds", kQuantity, limits.seconds);
  (void)root.read("joules", kQuantity, limits.joules);
  if (root.has("harvest")) limits.harvest = harvest_of(root);
  return limits;
}

BudgetWatch::BudgetWatch(BudgetLimits configured, std::filesystem::path file)
    : configured_(std::move(configured)), limits_(configured_), file_(std::move(file)) {}

const BudgetLimits& BudgetWatch::limits() {
  if (file_.empty()) return limits_;
  try {
    std::string text = core::read_file(file_);
    if (text == text_) return limits_;
    text_ = std::move(text);
    limits_ = parse_budget_file(text_, file_.string(), configured_);
    has_complained_ = false;
  } catch (const core::Error& error) {
    if (!has_complained_) {
      notice_ = fmt::format("budget.file: {}; what it said before stays in force", error.what());
    }
    has_complained_ = true;
  }
  return limits_;
}

std::string BudgetWatch::take_notice() {
  return std::exchange(notice_, {});
}

}  // namespace edgeprune::budget
