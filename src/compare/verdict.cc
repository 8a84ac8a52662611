#include "edgeprune/compare/verdict.h"

#include "edgeprune/core/printable.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>

namespace edgeprune::compare {
namespace {

// A batch more or less is the same cost.
constexpr double kSame = 1.01;

using Rows = std::vector<const Row*>;

Rows rows_where(const Group& group, const std::function<bool(const Row&)>& holds) {
  Rows rows;
  for (const Row& row : group.rows) {
    if (holds(row)) rows.push_back(&row);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row* a, const Row* b) { return a->accuracy.mean > b->accuracy.mean; });
  return rows;
}

std::string list(const std::vector<std::string>& names) {
  if (names.size() < 2) return names.empty() ? "" : names.front();
  return fmt::format("{} and {}", fmt::join(names.begin(), names.end() - 1, ", "), names.back());
}

std::string percent(double share) {
  return fmt::format("{:.1f} %", 100 * share);
}

std::string points(const statistics::PairedDifference& difference) {
  if (!difference.has_interval) return fmt::format("{:+.1f} points", 100 * difference.mean);
  return fmt::format("{:+.1f} +- {:.1f} points", 100 * difference.mean,
                     100 * difference.half_width);
}

bool is_found(const statistics::PairedDifference& difference) {
  return difference.has_interval && !difference.holds_zero();
}

// Strategies whose accuracy the leader's cannot be told from.
std::vector<std::string> ties(const Rows& rows) {
  std::vector<std::string> names;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const auto difference = statistics::paired_difference(rows[0]->accuracies, rows[i]->accuracies);
    if (!is_found(difference)) names.push_back(rows[i]->strategy);
  }
  return names;
}

std::string best(const std::string& constraint, const Rows& rows) {
  const Row& leader = *rows.front();
  std::string text = fmt::format("{}: {} is highest with {}", constraint, leader.strategy,
                                 percent(leader.accuracy.mean));
  if (leader.accuracy.count < 2) return text + " (one seed: the order may be noise).";
  const std::vector<std::string> tied = ties(rows);
  if (tied.empty()) return text + ", ahead of every other one.";
  return text + fmt::format("; no difference found to {}.", list(tied));
}

std::string costs_times(const Row& row, const Row& other) {
  const double ratio = row.cost.flops / other.cost.flops;
  if (ratio < kSame && ratio > 1 / kSame) return "at the same work";
  return fmt::format("at {:.2f} times its work", ratio);
}

// Whether the best pruned strategy is worth it beside all data for as much work.
std::string pruning_or_short(const Row& pruned, const Row& short_run) {
  const statistics::PairedDifference& difference = pruned.against_control("short");
  const std::string measured = fmt::format("{} {} ({})", points(difference),
                                           costs_times(pruned, short_run), pruned.strategy);
  if (!difference.has_interval) {
    return fmt::format("Against short, all data in fewer steps: {}; untested.", measured);
  }
  if (difference.holds_zero()) {
    return fmt::format(
        "Against short, all data in fewer steps, pruning shows no difference: {}. It saves "
        "storage; "
        "with {} seeds a loss of up to {:.1f} points is not ruled out.",
        measured, difference.pairs, 100 * (difference.half_width - difference.mean));
  }
  if (difference.mean > 0) {
    return fmt::format("Pruning helps: against short, all data in fewer steps, {}.", measured);
  }
  return fmt::format(
      "Pruning does not help accuracy: against short, all data in fewer steps, {}. Prune only if "
      "storage is short.",
      measured);
}

std::string against_full(const Row& pruned, const Row& full) {
  const statistics::PairedDifference& difference = pruned.against_control("full");
  const std::string measured = fmt::format("{} {}", points(difference), costs_times(pruned, full));
  if (difference.has_interval && difference.holds_zero()) {
    return fmt::format("Against full ({}), {} shows no difference: {}.",
                       percent(full.accuracy.mean), pruned.strategy, measured);
  }
  return fmt::format("Against full ({}), {} comes to {}.", percent(full.accuracy.mean),
                     pruned.strategy, measured);
}

// How each strategy compares with a random choice after the same warm-up.
std::vector<std::string> against_random(const Group& group) {
  std::vector<std::string> better;
  std::vector<std::string> by_chance;
  std::vector<std::string> none;
  std::vector<std::string> worse;
  for (const Row& row : group.rows) {
    if (row.is_control()) continue;
    const statistics::PairedDifference& difference = row.against_control("random");
    if (!difference.has_interval) continue;
    const std::string name = fmt::format("{} ({})", row.strategy, points(difference));
    if (difference.holds_zero()) {
      none.push_back(name);
    } else if (difference.mean < 0) {
      worse.push_back(name);
    } else {
      (difference.holm_p_value <= 0.05 ? better : by_chance).push_back(name);
    }
  }
  std::vector<std::string> sentences;
  if (!better.empty()) {
    sentences.push_back(
        fmt::format("Better than random, after Holm's correction too: {}.", list(better)));
  }
  if (!by_chance.empty()) {
    sentences.push_back(fmt::format(
        "Better than random by its own interval, not after Holm's correction: {}; more seeds would "
        "tell.",
        list(by_chance)));
  }
  if (!none.empty()) {
    sentences.push_back(fmt::format("Only noise was seen against random: {}.", list(none)));
  }
  if (!worse.empty()) sentences.push_back(fmt::format("Worse than random: {}.", list(worse)));
  return sentences;
}

// "- sentence", broken at blanks.
std::string as_item(const std::string& sentence) {
  constexpr std::size_t kWidth = 98;
  std::string text = "- ";
  std::size_t begin = 0;
  while (sentence.size() - begin > kWidth) {
    const std::size_t blank = sentence.rfind(' ', begin + kWidth);
    if (blank == std::string::npos || blank <= begin) break;
    text += sentence.substr(begin, blank - begin) + "\n  ";
    begin = blank + 1;
  }
  return text + sentence.substr(begin) + "\n";
}

}  // namespace

Verdict verdict_on(const Group& group) {
  const Row& short_run = group.row("short");
  const Row& random = group.row("random");
  const Rows affordable = rows_where(
      group, [&](const Row& row) { return row.cost.flops <= kSame * short_run.cost.flops; });
  const Rows small = rows_where(group, [&](const Row& row) {
    return row.cost.stored_bytes <= kSame * random.cost.stored_bytes;
  });
  Verdict verdict{.setting = group.setting, .keep_ratio = group.keep_ratio};
  verdict.sentences = {best("Compute-bound (work of at most short's, any storage)", affordable),
                       best("Storage-bound (only the kept samples stored)", small),
                       pruning_or_short(*small.front(), short_run),
                       against_full(*small.front(), group.row("full"))};
  for (std::string& sentence : against_random(group)) {
    verdict.sentences.push_back(std::move(sentence));
  }
  return verdict;
}

std::vector<std::string> verdict_lines(const Summary& summary) {
  std::vector<std::string> lines;
  for (const Group& group : summary.groups) {
    const Verdict verdict = verdict_on(group);
    for (const std::string& sentence : verdict.sentences) {
      lines.push_back(fmt::format("{}, keep ratio {}. {}", core::printable(verdict.setting),
                                  verdict.keep_ratio, sentence));
    }
  }
  return lines;
}

std::string verdict_text(const Summary& summary) {
  std::string text;
  for (const Group& group : summary.groups) {
    const Verdict verdict = verdict_on(group);
    text += fmt::format("Verdict on {}, keep ratio {}:\n", core::printable(verdict.setting),
                        verdict.keep_ratio);
    for (const std::string& sentence : verdict.sentences) text += as_item(sentence);
  }
  return text;
}

}  // namespace edgeprune::compare
