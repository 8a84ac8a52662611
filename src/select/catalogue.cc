#include "edgeprune/select/catalogue.h"

#include "edgeprune/core/json_text.h"
#include "edgeprune/score/scores.h"

#include "text_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace edgeprune::select {
namespace {

using Json = nlohmann::ordered_json;
using score::HardEnd;
using score::ScoreKind;

// What a score's memory is stated for: windowed ones grow with passes and classes.
constexpr score::ScoreSize kTypicalSize = {.num_samples = 1, .num_classes = 10, .passes = 10};

constexpr const char* kLead = R"(# Strategies

A strategy says which M = floor(rho N) of a device's N samples are trained on. It is a row of one
table, `src/select/strategies.cc`, and a page of code with its formula, source and deviations,
`src/select/NAME.cc`; a score is a row of `src/score/scores.cc` and a page likewise. This page is
made from both tables (CONTRIBUTING.md says how), and a test holds them together.

- Some rank by a score. Another one than their own can be asked for, and quotas per class put around
  any strategy that selects before training: `proportional` keeps the mix of classes (by largest
  remainder), `uniform` gives each class M / C, and what a small class lacks goes to the others.
  Which fields say so is in [configuration.md](configuration.md).
- Scores are turned before a strategy sees them: high is hard, whichever end of the score that is.
  "high = keep" therefore means that hard samples are kept.
- Strategies that choose each epoch (`rs2`, `infobatch`) save work but no storage: all samples stay
  on the device. For `infobatch` M is a nominal share; how many samples were really trained on
  depends on their losses.
- At small keep ratios the hardest samples of a barely trained network are a poor choice, and wrong
  labels are the hardest of all ([method.md](method.md#what-was-measured)). Compare with `random`,
  `random_scratch` and `short` before trusting a strategy.
- All are deterministic: a function of scores, labels, features and seed. Those that only order
  numbers select the same on every machine; `beta` evaluates logarithms, whose last bits are the C
  library's, and those on features sum products, whose last bits depend on the SIMD target.
- Memory is beside scores, labels and the ranking's 512 KiB per thread.

)";

std::string_view name_of(Duration duration) {
  return duration == Duration::epochs ? "epochs" : "total_steps";
}

// When the choice is made.
std::string_view choice_of(const Strategy& strategy) {
  if (strategy.sampler != nullptr) return "each epoch";
  return strategy.select != nullptr ? "once" : "not by itself";
}

std::vector<std::string> needs_of(const ScoreKind& kind) {
  std::vector<std::string> needs;
  if (kind.needs.losses) needs.emplace_back("losses");
  if (kind.needs.logits) needs.emplace_back("logits");
  if (kind.needs.probabilities) needs.emplace_back("probabilities");
  if (kind.needs.features) needs.emplace_back("features");
  return needs;
}

std::string passes_and_needs(const ScoreKind& kind) {
  return fmt::format("{}{}", fmt::join(needs_of(kind), ", "),
                     kind.min_passes > 1 ? fmt::format("; {} passes", kind.min_passes) : "");
}

// --- text ---

const std::vector<std::size_t> kStrategyWidths = {17, 37, 18, 22};
const std::vector<std::size_t> kScoreWidths = {17, 36, 4, 14, 21};

std::string strategies_table() {
  std::string text = table_row({"strategy", "what", "needs", "source"}, kStrategyWidths);
  for (const Strategy& strategy : strategies()) {
    text += table_row({strategy.name, strategy.summary, needs_of(strategy), strategy.source},
                      kStrategyWidths);
  }
  return text;
}

std::string scores_table() {
  std::string text = table_row({"score", "formula", "hard", "needs", "source"}, kScoreWidths);
  for (const ScoreKind& kind : score::scores()) {
    text += table_row({kind.name, kind.formula, std::string(name_of(kind.hard)),
                       passes_and_needs(kind), kind.source},
                      kScoreWidths);
  }
  return text;
}

// --- JSON ---

Json json_of(const Strategy& strategy) {
  return {{"name", strategy.name},
          {"summary", strategy.summary},
          {"formula", strategy.formula},
          {"source", strategy.source},
          {"direction", strategy.direction},
          {"time", strategy.time},
          {"memory", strategy.memory},
          {"score", strategy.score},
          {"other_column", strategy.other_column},
          {"chooses", choice_of(strategy)},
          {"warms_up", strategy.warms_up},
          {"keeps_all", strategy.keeps_all},
          {"needs_features", strategy.needs_features},
          {"needs_labels", strategy.needs_labels},
          {"duration", name_of(strategy.duration)}};
}

Json json_of(const ScoreKind& kind) {
  return {{"name", kind.name},
          {"formula", kind.formula},
          {"source", kind.source},
          {"hard", name_of(kind.hard)},
          {"least_passes", kind.min_passes},
          {"needs", needs_of(kind)},
          {"bytes_per_sample",
           {{"num_classes", kTypicalSize.num_classes},
            {"passes", kTypicalSize.passes},
            {"bytes", kind.bytes_per_sample(kTypicalSize)}}}};
}

// --- Markdown ---

// A cell must not end at a bar.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string_view or_none(std::string_view name) {
  return name.empty() ? "none" : name;
}

std::string strategies_markdown() {
  std::string text =
      "## The strategies\n\n"
      "| Name | What | Needs | Chooses | Direction | Time | Memory | Source |\n"
      "|---|---|---|---|---|---|---|---|\n";
  for (const Strategy& strategy : strategies()) {
    text += fmt::format("| `{}` | {} | {} | {} | {} | {} | {} | {} |\n", strategy.name,
                        cell(strategy.summary), cell(needs_of(strategy)), choice_of(strategy),
                        strategy.direction, strategy.time, strategy.memory, cell(strategy.source));
  }
  text += "\nWhat each keeps:\n\n| Name | Formula |\n|---|---|\n";
  for (const Strategy& strategy : strategies()) {
    text += fmt::format("| `{}` | {} |\n", strategy.name, cell(strategy.formula));
  }
  return text;
}

std::string scores_markdown() {
  std::string text = fmt::format(
      "\n## The scores\n\n"
      "\"Hard\" is the end of the score that `top` keeps. Bytes per sample are those of {} classes "
      "and {} passes of warm-up, beside the count of visits that all scores share.\n\n"
      "| Name | Formula | Hard | Needs | Passes | Bytes per sample | Source |\n"
      "|---|---|---|---|---|---|---|\n",
      kTypicalSize.num_classes, kTypicalSize.passes);
  for (const ScoreKind& kind : score::scores()) {
    text += fmt::format("| `{}` | {} | {} | {} | {} | {} | {} |\n", kind.name, cell(kind.formula),
                        name_of(kind.hard), fmt::join(needs_of(kind), ", "), kind.min_passes,
                        kind.bytes_per_sample(kTypicalSize), cell(kind.source));
  }
  return text;
}

}  // namespace

std::string needs_of(const Strategy& strategy) {
  if (strategy.sampler != nullptr || strategy.keeps_all) return "all data stored";
  if (strategy.name == "auto") return "what the chosen one needs";
  if (strategy.select == nullptr) return "an index list";
  std::vector<std::string_view> needs;
  if (!strategy.score.empty()) needs.emplace_back(strategy.score);
  if (!strategy.other_column.empty()) needs.emplace_back(strategy.other_column);
  if (strategy.needs_features) needs.emplace_back("features");
  if (strategy.needs_labels) needs.emplace_back("labels");
  if (!strategy.warms_up)
    return needs.empty() ? "nothing" : fmt::format("{}", fmt::join(needs, ", "));
  return needs.empty() ? "warm-up" : fmt::format("warm-up: {}", fmt::join(needs, ", "));
}

std::string catalogue_text() {
  return fmt::format(
      "{}\n{}\n\"hard\" is the end of a score that is hard; strategies see scores turned, so that "
      "high is hard.\n",
      strategies_table(), scores_table());
}

std::string catalogue_json() {
  Json json = {{"strategies", Json::array()}, {"scores", Json::array()}};
  for (const Strategy& strategy : strategies()) json["strategies"].push_back(json_of(strategy));
  for (const ScoreKind& kind : score::scores()) json["scores"].push_back(json_of(kind));
  return core::json_text(json, "the catalogue", 2) + "\n";
}

std::string catalogue_markdown() {
  return kLead + strategies_markdown() + scores_markdown();
}

std::string strategy_text(const Strategy& strategy) {
  const std::vector<std::pair<std::string, std::string_view>> lines = {
      {"formula", strategy.formula},
      {"source", strategy.source},
      {"direction", strategy.direction},
      {"score", or_none(strategy.score)},
      {"other column", or_none(strategy.other_column)},
      {"warm-up", strategy.warms_up ? "yes" : "no"},
      {"features", strategy.needs_features ? "yes" : "no"},
      {"labels", strategy.needs_labels ? "yes" : "no"},
      {"chooses", choice_of(strategy)},
      {"keeps all", strategy.keeps_all ? "yes, whatever the keep ratio" : "no"},
      {"trains for", strategy.duration == Duration::epochs
                         ? "E epochs of what is kept"
                         : "as many steps as `top` takes with its warm-up"},
      {"time", strategy.time},
      {"memory", strategy.memory}};
  std::string text = fmt::format("{}: {}\n\n", strategy.name, strategy.summary);
  for (const auto& [field, value] : lines) {
    text += table_row({field, std::string(value)}, {12, 84});
  }
  return text;
}

std::string strategy_json(const Strategy& strategy) {
  return core::json_text(json_of(strategy), "the strategy", 2) + "\n";
}

}  // namespace edgeprune::select
