#include "edgeprune/compare/comparison_parts.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/nearest_word.h"

#include <fmt/format.h>

namespace edgeprune::compare {
namespace {

[[noreturn]] void reject_part(const std::string& complaint) {
  throw core::Error(core::ErrorKind::config, complaint);
}

}  // namespace

std::string StrategySpec::text() const {
  if (!per_class.empty()) return fmt::format("{}:{}:{}", strategy, score, per_class);
  return score.empty() ? strategy : fmt::format("{}:{}", strategy, score);
}

std::vector<std::string> StrategySpec::overrides() const {
  return {"prune.strategy=" + strategy, "prune.score=" + score,
          "prune.per_class=" + (per_class.empty() ? "none" : per_class)};
}

StrategySpec parse_strategy_spec(std::string_view text) {
  std::vector<std::string> parts = {""};
  for (const char character : text) {
    if (character == ':') {
      parts.emplace_back();
    } else {
      parts.back() += character;
    }
  }
  if (parts.size() > 3 || parts.front().empty()) {
    reject_part(
        fmt::format("compare.strategies holds \"{}\"; write strategy[:score[:per_class]], such as "
                    "\"top:el2n:proportional\"",
                    core::printable(text)));
  }
  parts.resize(3);
  return {.strategy = parts[0], .score = parts[1], .per_class = parts[2]};
}

std::string_view name_of(Match match) {
  return match == Match::kept ? "kept" : "cost";
}

Match parse_match(std::string_view text) {
  if (text == name_of(Match::kept)) return Match::kept;
  if (text == name_of(Match::cost)) return Match::cost;
  constexpr std::string_view kWords[] = {"kept", "cost"};
  reject_part(fmt::format("compare.match is \"{}\"; it must be \"kept\" or \"cost\"{}",
                          core::printable(text), core::did_you_mean(text, kWords)));
}

}  // namespace edgeprune::compare
