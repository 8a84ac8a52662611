#include "edgeprune/compare/grid.h"

#include "edgeprune/config/network_file.h"
#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/hash.h"
#include "edgeprune/select/strategy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cctype>
#include <map>
#include <set>
#include <utility>

namespace edgeprune::compare {
namespace {

constexpr std::string_view kWarmUps = "warm-ups";
constexpr std::string_view kCells = "cells";

// Fit for a file's name everywhere.
std::string file_name(std::string_view text) {
  constexpr std::size_t kLongest = 40;
  std::string name;
  for (const char character : text.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(character);
    const bool fits = std::isalnum(byte) != 0 || character == '.' || character == '_';
    name += fits ? character : '-';
  }
  return name.starts_with('.') ? "-" + name : name;
}

// Of everything that the run's result depends on, last bits apart.
std::string fingerprint(const config::Config& config) {
  config::Config fixed = config::with_defaults(config, [](const config::ConfigField& field) {
    return field.decides != config::Decides::bits;
  });
  if (config::is_network_file(config.model.network)) {
    fixed.model.network = core::content_hash(core::read_file(config.model.network));
  }
  return core::content_hash(config::to_toml(fixed)).substr(0, 8);
}

bool warms_up(const config::Config& config) {
  return config::possible_strategies(config).front()->warms_up;
}

class GridMaker {
 public:
  GridMaker(const Comparison& comparison, const std::filesystem::path& directory,
            std::uint32_t threads, const BudgetOf& budget_of)
      : comparison_(comparison), directory_(directory), threads_(threads), budget_of_(budget_of) {}

  Grid grid() {
    for (const Setting& setting : comparison_.settings) {
      columns_ = needed_columns(setting);
      add_warm_ups(setting);
      add_cells(setting, comparison_.strategies.front(), core::KeepRatio());
      for (const core::KeepRatio& ratio : comparison_.keep_ratios) {
        for (const StrategySpec& spec : comparison_.strategies) {
          if (spec.text() != kControls[0]) add_cells(setting, spec, ratio);
        }
      }
    }
    return std::move(grid_);
  }

 private:
  // Of all strategies that warm up.
  [[nodiscard]] std::set<std::string> needed_columns(const Setting& setting) const {
    std::set<std::string> columns;
    for (const StrategySpec& spec : comparison_.strategies) {
      const auto needed = config::needed_columns(comparison_.config(setting, spec.overrides()));
      columns.insert(needed.begin(), needed.end());
    }
    return columns;
  }

  [[nodiscard]] config::Config config(const Setting& setting, std::vector<std::string> more,
                                      std::uint64_t seed, bool has_warm_up) const {
    more.push_back(fmt::format("run.seed={}", seed));
    if (has_warm_up && columns_.size() > 1) {
      more.push_back(fmt::format("score.columns=[\"{}\"]", fmt::join(columns_, "\", \"")));
    }
    config::Config result = comparison_.config(setting, more);
    result.run.controls.clear();
    result.run.threads = threads_;
    return result;
  }

  void add_warm_ups(const Setting& setting) {
    first_warm_up_ = grid_.warm_ups.size();
    for (const std::uint64_t seed : comparison_.seeds) {
      config::Config warm_up = config(setting, {"prune.strategy=top"}, seed, true);
      warm_up.prune = {};
      grid_.warm_ups.push_back(
          {.setting = setting.name,
           .seed = seed,
           .config = placed(std::move(warm_up), kWarmUps,
                            fmt::format("{}-seed{}", file_name(setting.name), seed))});
    }
  }

  void add_cells(const Setting& setting, const StrategySpec& spec, const core::KeepRatio& ratio) {
    for (std::size_t i = 0; i < comparison_.seeds.size(); ++i) {
      add_cell(setting, spec, ratio, i);
    }
  }

  void add_cell(const Setting& setting, const StrategySpec& spec, const core::KeepRatio& ratio,
                std::size_t seed_index) {
    const std::uint64_t seed = comparison_.seeds[seed_index];
    std::vector<std::string> more = spec.overrides();
    const bool has_warm_up = warms_up(comparison_.config(setting, more));
    more.push_back("prune.keep_ratio=" + ratio.as_written());
    if (comparison_.match == Match::cost && spec.text() != kControls[0]) {
      more.push_back(fmt::format("budget.samples={}", budget(setting, ratio)));
    }
    const std::string name =
        fmt::format("{}-{}-keep{}-seed{}", file_name(setting.name), file_name(spec.text()),
                    file_name(ratio.as_written()), seed);
    Cell cell{.setting = setting.name,
              .strategy = spec.text(),
              .keep_ratio = ratio,
              .seed = seed,
              .config = placed(config(setting, more, seed, has_warm_up), kCells, name)};
    // `auto` decides by itself how long it warms up.
    if (has_warm_up && spec.strategy != "auto") cell.warm_up = first_warm_up_ + seed_index;
    grid_.cells.push_back(std::move(cell));
  }

  // Read once for all strategies and seeds: it opens the data.
  std::uint64_t budget(const Setting& setting, const core::KeepRatio& ratio) {
    const auto key = std::pair(setting.name, ratio.as_written());
    const auto known = budgets_.find(key);
    if (known != budgets_.end()) return known->second;
    return budgets_[key] = budget_of_(top(setting, ratio));
  }

  [[nodiscard]] config::ResolvedConfig top(const Setting& setting,
                                           const core::KeepRatio& ratio) const {
    return config::resolve(config(setting,
                                  {"prune.strategy=top", "prune.keep_ratio=" + ratio.as_written()},
                                  comparison_.seeds.front(), true));
  }

  // A cell reads its own score alone, whatever else the warm-up gathers.
  [[nodiscard]] config::ResolvedConfig placed(config::Config config, std::string_view kind,
                                              const std::string& name) const {
    config::Config decisive = *config::resolve(config);
    if (kind == kCells) decisive.score.columns.clear();
    const std::string unique = fmt::format("{}-{}", name, fingerprint(decisive));
    config.run.directory = (directory_ / kind / unique).string();
    return config::resolve(std::move(config));
  }

  const Comparison& comparison_;
  std::filesystem::path directory_;
  std::uint32_t threads_;
  const BudgetOf& budget_of_;
  std::set<std::string> columns_;  // of the setting under way
  std::map<std::pair<std::string, std::string>, std::uint64_t> budgets_;
  std::size_t first_warm_up_ = 0;
  Grid grid_;
};

}  // namespace

std::string Cell::label() const {
  if (is_full()) return fmt::format("{}, seed {}", strategy, seed);
  return fmt::format("{}, keep ratio {}, seed {}", strategy, keep_ratio.as_written(), seed);
}

Grid make_grid(const Comparison& comparison, const std::filesystem::path& directory,
               std::uint32_t threads, const BudgetOf& budget_of) {
  return GridMaker(comparison, directory, threads, budget_of).grid();
}

}  // namespace edgeprune::compare
