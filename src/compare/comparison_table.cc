#include "edgeprune/compare/comparison_table.h"

#include "edgeprune/core/printable.h"
#include "edgeprune/core/units.h"

#include <fmt/format.h>

namespace edgeprune::compare {
namespace {

std::string accuracy_text(const statistics::Spread& accuracy) {
  const std::string mean = fmt::format("{:.2f}", 100 * accuracy.mean);
  return accuracy.count < 2 ? mean : fmt::format("{} +- {:.2f}", mean, 100 * accuracy.stddev);
}

std::string difference_to(const Row& row, std::string_view control) {
  return row.strategy == control ? "" : difference_text(row.against_control(control));
}

std::string accuracies(const Group& group) {
  std::string table = fmt::format("{:<28} {:>15} {:>17} {:>17} {:>17}\n", "strategy", "test %",
                                  "- random", "- random_scratch", "- short");
  for (const Row& row : group.rows) {
    table += fmt::format("{:<28} {:>15} {:>17} {:>17} {:>17}\n", core::printable(row.strategy),
                         accuracy_text(row.accuracy), difference_to(row, "random"),
                         difference_to(row, "random_scratch"), difference_to(row, "short"));
  }
  return table;
}

std::string costs(const Group& group) {
  std::string table = fmt::format("{:<28} {:>15} {:>12} {:>14} {:>12} {:>12}\n", "strategy",
                                  "fwd+bwd samples", "fwd samples", "work", "time", "stored");
  for (const Row& row : group.rows) {
    const Cost& cost = row.cost;
    table += fmt::format("{:<28} {:>15.0f} {:>12.0f} {:>14} {:>12} {:>12}\n",
                         core::printable(row.strategy), cost.forward_backward_samples,
                         cost.forward_samples, core::format_quantity(cost.flops, "FLOP"),
                         core::format_seconds(cost.seconds), core::format_bytes(cost.stored_bytes));
  }
  return table;
}

std::string heading(const Group& group) {
  const std::uint32_t num_kept = group.row("random").num_kept;
  return fmt::format("{}; keep ratio {}: {} of {} samples; {}\n", core::printable(group.setting),
                     group.keep_ratio, core::format_count(num_kept),
                     core::format_count(group.num_samples),
                     group.seeds.size() == 1 ? "1 seed, so no spread and no intervals"
                                             : fmt::format("{} seeds", group.seeds.size()));
}

constexpr const char* kLegend =
    "test %:   mean over seeds +- standard deviation, after the last epoch\n"
    "- NAME:   difference to that control in points: mean +- half of the 95 % interval (Student's "
    "t,\n"
    "          paired by seed); * the interval does not hold 0, ** nor after Holm's correction,\n"
    "          ~ no difference found\n"
    "costs:    of learning, warm-up and selection included, evaluation apart; time is measured,\n"
    "          stored is what must stay on the device\n";

}  // namespace

std::string difference_text(const statistics::PairedDifference& difference) {
  const std::string mean = fmt::format("{:+.2f}", 100 * difference.mean);
  if (!difference.has_interval) return mean;
  const char* mark = "~ ";
  if (!difference.holds_zero()) mark = difference.holm_p_value <= 0.05 ? "**" : "* ";
  return fmt::format("{} +- {:.2f} {}", mean, 100 * difference.half_width, mark);
}

std::string tests_text(const Summary& summary) {
  if (summary.num_differences == 0) {
    return "One seed: no difference was tested; what looks better may be noise.\n";
  }
  return fmt::format(
      "{} differences were tested, {} intervals do not hold 0; {:.1f} would by chance were there "
      "no\ndifferences at all. {} outlast Holm's correction over all of them.\n",
      summary.num_differences, summary.num_found, summary.expected_by_chance(),
      summary.num_after_holm);
}

std::string comparison_table(const Summary& summary) {
  std::string text;
  for (const Group& group : summary.groups) {
    text += fmt::format("{}{}\n{}\n", heading(group), accuracies(group), costs(group));
  }
  return text + kLegend + tests_text(summary);
}

}  // namespace edgeprune::compare
