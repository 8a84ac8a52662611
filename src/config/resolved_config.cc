#include "edgeprune/config/resolved_config.h"

#include "edgeprune/config/network_file.h"
#include "edgeprune/core/error.h"
#include "edgeprune/core/thread_pool.h"
#include "edgeprune/cost/device_profile.h"

#include "config_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>

namespace edgeprune::config {
namespace {

void add_missing(std::vector<std::string>& columns, std::string_view column) {
  if (column.empty() || std::find(columns.begin(), columns.end(), column) != columns.end()) return;
  columns.emplace_back(column);
}

void resolve_columns(Config& config) {
  const std::vector<const select::Strategy*> possible = possible_strategies(config);
  for (const std::string& column : config.score.columns) {
    (void)config.catalogues.score(column, "score.columns");
  }
  select::require_quotas_fit(config.catalogues.strategy(config.prune.strategy),
                             config.prune.per_class, "prune.per_class");
  // Also of a strategy without a warm-up: prune.score must fit it.
  for (const select::Strategy* strategy : possible) {
    (void)ranking_score(config, *strategy);
  }
  for (const std::string& column : needed_columns(config)) {
    add_missing(config.score.columns, column);
  }
}

void resolve_threads(Config& config) {
  if (config.run.threads > 0) return;
  config.run.threads = static_cast<std::uint32_t>(core::available_threads());
}

// Of a field that is a path unless its value is a name.
bool is_name(std::string_view key, const std::string& value) {
  if (key == "model.network") return !is_network_file(value);
  const std::vector<std::string> shipped = cost::shipped_profiles();
  return std::find(shipped.begin(), shipped.end(), value) != shipped.end();
}

void make_absolute(std::string& path) {
  if (!path.empty()) path = std::filesystem::absolute(path).lexically_normal().string();
}

void resolve_paths(Config& config) {
  for (const FieldRow& row : field_rows()) {
    if (row.documented.path == FieldPath::none) continue;
    std::string& path = row.text(config);
    const bool may_be_name = row.documented.path == FieldPath::path_or_name;
    if (!may_be_name || !is_name(row.documented.key, path)) make_absolute(path);
  }
}

}  // namespace

ResolvedConfig resolve(Config config) {
  resolve_threads(config);
  resolve_columns(config);
  resolve_paths(config);
  return ResolvedConfig(std::move(config));
}

std::vector<const select::Strategy*> possible_strategies(const Config& config) {
  return select::possible_strategies(config.prune.strategy, config.prune.constraint,
                                     *config.catalogues.strategies, "prune.strategy");
}

std::string ranking_score(const Config& config, const select::Strategy& strategy) {
  if (config.prune.score.empty()) return strategy.score;
  (void)config.catalogues.score(config.prune.score, "prune.score");
  if (!strategy.score.empty()) return config.prune.score;
  throw core::Error(
      core::ErrorKind::config,
      fmt::format("prune.score is \"{}\" but the strategy {} ranks by no score; leave "
                  "it out, or take a strategy that does, such as top or stratified",
                  config.prune.score, strategy.name));
}

std::vector<std::string> needed_columns(const Config& config) {
  std::vector<std::string> columns;
  for (const select::Strategy* strategy : possible_strategies(config)) {
    if (!strategy->warms_up) continue;
    add_missing(columns, "loss");
    add_missing(columns, ranking_score(config, *strategy));
    add_missing(columns, strategy->other_column);
  }
  return columns;
}

std::vector<std::pair<std::string_view, std::string>> given_paths(const Config& config) {
  Config copy = config;
  std::vector<std::pair<std::string_view, std::string>> paths;
  for (const FieldRow& row : field_rows()) {
    if (row.documented.path != FieldPath::path || row.text(copy).empty()) continue;
    paths.emplace_back(row.documented.key, row.text(copy));
  }
  return paths;
}

}  // namespace edgeprune::config
