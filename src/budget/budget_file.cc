#include "edgeprune/budget/budget_file.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <cmath>
#include <utility>

namespace edgeprune::budget {
namespace {

constexpr std::size_t kLargestBudget = 64 * 1024;

struct Place {
  const std::string& file;
  const toml::node& node;
};

[[noreturn]] void reject(const Place& place, std::string_view what) {
  throw core::Error(core::ErrorKind::config,
                    fmt::format("{}:{}: {}", place.file, place.node.source().begin.line, what));
}

double number_of(const Place& place, std::string_view what) {
  const std::optional<double> value = place.node.value<double>();
  if (!value || !std::isfinite(*value) || *value < 0) {
    reject(place, fmt::format("{} must be a number of at least 0", what));
  }
  return *value;
}

HarvestPoint point_of(const Place& place) {
  const toml::array* pair = place.node.as_array();
  if (pair == nullptr || pair->size() != 2) reject(place, "harvest holds pairs [seconds, watts]");
  return {number_of({place.file, *pair->get(0)}, "seconds"),
          number_of({place.file, *pair->get(1)}, "watts")};
}

std::vector<HarvestPoint> harvest_of(const Place& place) {
  const toml::array* list = place.node.as_array();
  if (list == nullptr) reject(place, "harvest must be a list of pairs [seconds, watts]");
  std::vector<HarvestPoint> harvest;
  for (const toml::node& node : *list) {
    harvest.push_back(point_of({place.file, node}));
    if (harvest.size() > 1 && harvest.back().from_seconds <= harvest.end()[-2].from_seconds) {
      reject({place.file, node}, "the seconds of harvest must ascend");
    }
  }
  return harvest;
}

toml::table parsed(std::string_view text, const std::string& name) {
  if (text.size() > kLargestBudget) {
    throw core::Error(
        core::ErrorKind::config,
        fmt::format("{}: longer than {} bytes; is it the right file?", name, kLargestBudget));
  }
  try {
    return toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    throw core::Error(core::ErrorKind::config,
                      fmt::format("{}:{}: not valid TOML: {}", name, error.source().begin.line,
                                  core::printable(error.description())));
  }
}

}  // namespace

BudgetLimits parse_budget_file(std::string_view text, const std::string& name,
                               const BudgetLimits& configured) {
  BudgetLimits limits = configured;
  for (const auto& [key, node] : parsed(text, name)) {
    const Place place{name, node};
    if (key == "seconds") {
      limits.seconds = number_of(place, "seconds");
    } else if (key == "joules") {
      limits.joules = number_of(place, "joules");
    } else if (key == "harvest") {
      limits.harvest = harvest_of(place);
    } else {
      reject(place,
             fmt::format("{} is not one of seconds, joules, harvest", core::printable(key.str())));
    }
  }
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
