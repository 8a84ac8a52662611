#include "edgeprune/plan/accuracy_curve.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/json_input.h"
#include "edgeprune/core/keep_ratio.h"
#include "edgeprune/statistics/statistics.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>

namespace edgeprune::plan {
namespace {

struct CurveCell {
  std::string setting;
  std::string strategy;
  CurveRun run;
};

constexpr std::string_view kNoTable = "not a comparison's table";
constexpr std::string_view kGiveATable =
    "give the comparison.json or comparison.csv of a comparison";

[[noreturn]] void reject(const std::filesystem::path& path) {
  core::reject_file(path.string(), fmt::format("{}; {}", kNoTable, kGiveATable));
}

// A share of right answers, and the share of the data that was kept for it.
CurveCell checked(CurveCell cell, const std::filesystem::path& path) {
  const auto is_share = [](double value) { return value >= 0 && value <= 1; };
  if (!is_share(cell.run.keep_ratio) || !is_share(cell.run.test_accuracy)) reject(path);
  return cell;
}

std::vector<CurveCell> cells_of_json(const std::filesystem::path& path, const std::string& text) {
  const core::JsonSource source{.name = path.string(), .what = kNoTable, .fix = kGiveATable};
  const auto read_cells = [&](const nlohmann::json& json) {
    std::vector<CurveCell> cells;
    for (const nlohmann::json& cell : json.at("cells")) {
      const auto ratio = core::KeepRatio::parse(cell.at("keep_ratio").get<std::string>());
      const auto accuracy = core::json_member<double>(cell, "test_accuracy");
      cells.push_back(
          checked({cell.at("setting"), cell.at("strategy"), {ratio.value(), accuracy}}, path));
    }
    return cells;
  };
  try {
    return core::read_json<nlohmann::json>(text, source, read_cells);
  } catch (const core::Error& error) {
    if (error.kind() == core::ErrorKind::data) throw;
    reject(path);  // a keep ratio that is none
  }
}

// A field in quotes may hold commas; a quote within it is written twice.
std::vector<std::string> csv_fields(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += line[++i];
    } else if (line[i] == '"') {
      quoted = !quoted;
    } else if (line[i] == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += line[i];
    }
  }
  return fields;
}

std::optional<double> number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

std::vector<CurveCell> cells_of_csv(const std::filesystem::path& path, const std::string& text) {
  std::vector<std::vector<std::string>> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(csv_fields(std::string_view(text).substr(begin, end - begin)));
    begin = end + 1;
  }
  if (lines.empty()) reject(path);
  const auto column = [&](std::string_view name) {
    const auto found = std::find(lines[0].begin(), lines[0].end(), name);
    if (found == lines[0].end()) reject(path);
    return static_cast<std::size_t>(found - lines[0].begin());
  };
  const std::size_t setting = column("setting");
  const std::size_t strategy = column("strategy");
  const std::size_t ratio = column("keep_ratio");
  const std::size_t accuracy = column("test_accuracy");
  std::vector<CurveCell> cells;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string>& fields = lines[i];
    if (fields.size() != lines[0].size()) reject(path);
    const auto keep = number(fields[ratio]);
    const auto share = number(fields[accuracy]);
    if (!keep || !share) reject(path);
    cells.push_back(checked({fields[setting], fields[strategy], {*keep, *share}}, path));
  }
  return cells;
}

[[noreturn]] void not_there(const std::filesystem::path& path, std::string_view what,
                            const std::string& wanted, const std::set<std::string>& there) {
  throw core::Error(
      core::ErrorKind::config,
      fmt::format("{}: has no {} \"{}\"; it has {}", path.string(), what, core::printable(wanted),
                  core::printable(fmt::format("{}", fmt::join(there, ", ")))));
}

std::string chosen_setting(const std::filesystem::path& path, const std::vector<CurveCell>& cells,
                           const std::string& wanted) {
  std::set<std::string> settings;
  for (const CurveCell& cell : cells) settings.insert(cell.setting);
  if (wanted.empty() && settings.size() == 1) return *settings.begin();
  if (!settings.contains(wanted)) not_there(path, "setting", wanted, settings);
  return wanted;
}

}  // namespace

std::vector<cost::CurvePoint> curve_of(const std::vector<CurveRun>& runs) {
  std::map<double, std::vector<double>> errors;
  for (const CurveRun& run : runs) errors[run.keep_ratio].push_back(1 - run.test_accuracy);
  std::vector<cost::CurvePoint> points;
  for (const auto& [keep_ratio, values] : errors) {
    const statistics::Spread spread = statistics::spread_of(values);
    points.push_back(
        {.keep_ratio = keep_ratio,
         .loss = spread.mean,
         .standard_error = spread.stddev / std::sqrt(static_cast<double>(spread.count))});
  }
  return points;
}

std::vector<cost::CurvePoint> read_accuracy_curve(const std::filesystem::path& path,
                                                  const CurveChoice& choice) {
  const std::string text = core::read_file(path);
  const std::vector<CurveCell> cells =
      path.extension() == ".csv" ? cells_of_csv(path, text) : cells_of_json(path, text);
  if (cells.empty()) reject(path);
  const std::string setting = chosen_setting(path, cells, choice.setting);
  std::vector<CurveRun> runs;
  std::vector<CurveRun> full;
  std::set<std::string> strategies;
  bool has_whole = false;
  for (const CurveCell& cell : cells) {
    strategies.insert(cell.strategy);
    if (cell.setting != setting) continue;
    if (cell.strategy == "full") full.push_back(cell.run);
    if (cell.strategy != choice.strategy) continue;
    runs.push_back(cell.run);
    has_whole = has_whole || cell.run.keep_ratio >= 1;
  }
  if (runs.empty()) not_there(path, "strategy", choice.strategy, strategies);
  if (!has_whole) runs.insert(runs.end(), full.begin(), full.end());
  return curve_of(runs);
}

}  // namespace edgeprune::plan
