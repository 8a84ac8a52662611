#include "edgeprune/compare/comparison.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/nearest_word.h"
#include "edgeprune/select/strategy.h"

#include "compare_section.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace edgeprune::compare {
namespace {

constexpr std::string_view kRecipe = "train.recipe";

[[noreturn]] void fail(std::string_view complaint) {
  throw core::Error(core::ErrorKind::config, std::string(complaint));
}

// What a comparison sets itself, cell by cell.
void require_free(const Setting& setting) {
  for (const std::string& text : setting.overrides) {
    const std::string_view key = config::key_of(text);
    const config::ConfigField* field = config::find_field(key);
    if (field == nullptr || !field->is_set_by_comparison) continue;
    fail(
        fmt::format("compare.settings \"{}\" sets {}, which the comparison sets itself; leave it "
                    "out",
                    core::printable(setting.name), key));
  }
}

// Every setting under each recipe.
std::vector<Setting> under_recipes(const std::vector<Setting>& settings,
                                   const std::vector<std::string>& recipes) {
  std::vector<Setting> all;
  for (const Setting& setting : settings) {
    for (const std::string& text : setting.overrides) {
      if (config::key_of(text) != kRecipe) continue;
      fail(
          fmt::format("compare.settings \"{}\" sets {}, which the recipes of the comparison set; "
                      "leave one of them out",
                      core::printable(setting.name), kRecipe));
    }
    for (const std::string& recipe : recipes) {
      all.push_back(setting);
      all.back().name += ", recipe " + recipe;
      all.back().overrides.push_back(fmt::format("{}={}", kRecipe, recipe));
    }
  }
  return all;
}

void require_comparable(const StrategySpec& spec) {
  if (select::strategies().named(spec.strategy, "compare.strategies").name != "file") return;
  fail(fmt::format("compare.strategies holds \"{}\", which selects nothing by itself; leave it out",
                   spec.strategy));
}

std::vector<StrategySpec> with_controls(const std::vector<StrategySpec>& wanted) {
  std::vector<StrategySpec> all;
  for (const std::string_view control : kControls)
    all.push_back({.strategy = std::string(control)});
  for (const StrategySpec& spec : wanted) {
    const bool known = std::any_of(all.begin(), all.end(), [&](const StrategySpec& other) {
      return other.text() == spec.text();
    });
    if (!known) all.push_back(spec);
  }
  return all;
}

template <typename T, typename Name>
void require_different(const std::vector<T>& values, std::string_view field, Name&& name) {
  std::vector<std::string> names;
  for (const T& value : values) names.push_back(name(value));
  std::sort(names.begin(), names.end());
  const auto twin = std::adjacent_find(names.begin(), names.end());
  if (twin == names.end()) return;
  fail(fmt::format("{} holds \"{}\" twice; leave one out", field, core::printable(*twin)));
}

void check(const Comparison& comparison) {
  for (const StrategySpec& spec : comparison.strategies) require_comparable(spec);
  require_different(comparison.keep_ratios, "compare.keep_ratios",
                    [](const core::KeepRatio& ratio) { return fmt::format("{}", ratio.value()); });
  require_different(comparison.seeds, "compare.seeds",
                    [](std::uint64_t seed) { return fmt::format("{}", seed); });
  require_different(comparison.settings, "compare.settings",
                    [](const Setting& setting) { return setting.name; });
  for (const Setting& setting : comparison.settings) {
    require_free(setting);
    for (const StrategySpec& spec : comparison.strategies) {
      (void)comparison.config(setting, spec.overrides());
    }
  }
}

}  // namespace

config::Config Comparison::config(const Setting& setting,
                                  const std::vector<std::string>& more) const {
  std::vector<std::string> all = overrides;
  all.insert(all.end(), setting.overrides.begin(), setting.overrides.end());
  all.insert(all.end(), more.begin(), more.end());
  return config::parse_config(configuration, file, all);
}

Comparison read_comparison(const std::filesystem::path& path,
                           const std::vector<std::string>& overrides,
                           const std::vector<std::string>& recipes) {
  return parse_comparison(core::read_file(path), path.string(), overrides, recipes);
}

Comparison parse_comparison(std::string_view toml, const std::string& file,
                            const std::vector<std::string>& overrides,
                            const std::vector<std::string>& recipes) {
  CompareSection section = read_compare_section(toml, file);
  if (!recipes.empty()) section.recipes = recipes;
  if (!section.recipes.empty()) {
    require_different(section.recipes, "compare.recipes",
                      [](const std::string& recipe) { return recipe; });
    section.settings = under_recipes(section.settings, section.recipes);
  }
  Comparison comparison{.file = file,
                        .configuration = std::move(section.configuration),
                        .overrides = overrides,
                        .strategies = with_controls(section.strategies),
                        .keep_ratios = std::move(section.keep_ratios),
                        .seeds = std::move(section.seeds),
                        .settings = std::move(section.settings),
                        .match = section.match};
  // Mistakes in the configuration itself first, with their own lines.
  (void)config::parse_config(comparison.configuration, file, overrides);
  check(comparison);
  return comparison;
}

}  // namespace edgeprune::compare
