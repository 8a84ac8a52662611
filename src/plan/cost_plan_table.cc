#include "edgeprune/plan/cost_plan_table.h"

#include "edgeprune/core/printable.h"
#include "edgeprune/core/units.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <functional>

namespace edgeprune::plan {
namespace {

// In the order of kWorkActivities.
constexpr std::array kWidths = {10, 8, 11, 11, 9};

// One cell for each activity, a blank before each.
std::string by_activity(const std::function<std::string(core::Activity)>& cell) {
  std::string cells;
  for (std::size_t i = 0; i < kWidths.size(); ++i) {
    cells += fmt::format(" {:>{}}", cell(core::kWorkActivities[i]), kWidths[i]);
  }
  return cells;
}

std::string times(const CostPlan& plan) {
  const auto name = [](core::Activity activity) { return std::string(name_of(activity)); };
  std::string table = fmt::format("{:<7} {:>9}{} {:>11} {:>11}\n", "keep", "samples",
                                  by_activity(name), "total", "energy");
  for (const CostRow& row : plan.rows) {
    const cost::RunCost& cost = row.cost;
    const cost::PhaseCost total = cost.total();
    const auto seconds = [&cost](core::Activity activity) {
      return core::format_seconds(cost.of(activity).seconds);
    };
    table += fmt::format("{:<7} {:>9}{} {:>11} {:>11}\n", row.keep_ratio.as_written(),
                         core::format_count(row.num_kept), by_activity(seconds),
                         core::format_seconds(total.seconds), joules_text(total.joules));
  }
  return table;
}

// Without the section of the configuration.
std::string_view short_name(cost::BudgetKind kind) {
  switch (kind) {
    case cost::BudgetKind::seconds:
      return "seconds";
    case cost::BudgetKind::joules:
      return "joules";
    case cost::BudgetKind::stored_bytes:
      return "bytes";
    case cost::BudgetKind::memory_bytes:
      return "memory_bytes";
  }
  return "";
}

std::string fits_text(const CostRow& row) {
  if (row.uses.empty()) return "";
  std::vector<std::string_view> broken;
  for (const cost::BudgetUse& use : row.uses) {
    if (!use.fits()) broken.push_back(short_name(use.kind));
  }
  if (broken.empty()) return "fit";
  if (broken.size() == 1) return fmt::format("over {}", broken.front());
  return fmt::format("over {} and {} more", broken.front(), broken.size() - 1);
}

std::string sizes(const CostPlan& plan) {
  std::string table =
      fmt::format("{:<7} {:>11} {:>9} {:>9} {:>9} {:>7} {:>7}   {}\n", "keep", "work", "stored",
                  "at most", "memory", "(27)", "true", plan.largest_keep ? "budgets" : "");
  for (const CostRow& row : plan.rows) {
    const cost::RunCost& cost = row.cost;
    std::string line = fmt::format(
        "{:<7} {:>11} {:>9} {:>9} {:>9} {:>7.3f} {:>7.3f}   {}", row.keep_ratio.as_written(),
        core::format_quantity(cost.total().flops, "FLOP"), core::format_bytes(cost.stored_bytes),
        core::format_bytes(cost.peak_stored_bytes),
        core::format_bytes(static_cast<double>(cost.memory_bytes)), cost.paper_ratio,
        cost.ratio_with_warmup, fits_text(row));
    line.erase(line.find_last_not_of(' ') + 1);
    table += line + "\n";
  }
  return table;
}

std::string amount(cost::BudgetKind kind, double value) {
  if (kind == cost::BudgetKind::seconds) return core::format_seconds(value);
  if (kind == cost::BudgetKind::joules) return core::format_quantity(value, "J");
  return core::format_bytes(value);
}

std::string uses_text(const cost::Fit& fit) {
  std::string text;
  for (const cost::BudgetUse& use : fit.uses) {
    text += fmt::format("  {:<20} {:>10} of {:>10}, {:5.1f} %{}\n", field_of(use.kind),
                        amount(use.kind, use.used), amount(use.kind, use.limit),
                        100 * use.used / use.limit, use.kind == fit.binding ? "  binds" : "");
  }
  return text;
}

std::string budgets_text(const CostPlan& plan) {
  if (!plan.largest_keep) return "";
  const std::uint32_t kept = plan.largest_keep->value;
  std::string text = fmt::format(
      "\nlargest keep ratio within the budgets, at {} epochs: {} ({} of {} samples)\n{}",
      plan.epochs, ratio_text(kept, plan.num_samples), core::format_count(kept),
      core::format_count(plan.num_samples), uses_text(*plan.largest_keep));
  if (!plan.why_no_epochs.empty()) {
    return text + fmt::format("at keep ratio {} not even one epoch fits: {}\n",
                              plan.keep_ratio.as_written(), plan.why_no_epochs);
  }
  if (!plan.max_epochs) {
    return text + fmt::format("at keep ratio {} no budget limits the epochs\n",
                              plan.keep_ratio.as_written());
  }
  return text + fmt::format("most epochs within the budgets, at keep ratio {}: {}\n{}",
                            plan.keep_ratio.as_written(), plan.max_epochs->value,
                            uses_text(*plan.max_epochs));
}

// A line of its own, broken at blanks before column 100 and set in.
std::string remark(const char* label, const std::string& text) {
  constexpr std::size_t kIndent = 9;
  constexpr std::size_t kWidth = 100 - kIndent;
  std::string lines = fmt::format("{:<{}}", label, kIndent);
  const std::string line = core::printable(text, core::kNoLimit);
  std::string_view rest = line;
  while (rest.size() > kWidth) {
    std::size_t end = rest.rfind(' ', kWidth);
    if (end == std::string_view::npos || end == 0) end = rest.find(' ');
    if (end == std::string_view::npos) break;
    lines += fmt::format("{}\n{:{}}", rest.substr(0, end), "", kIndent);
    rest.remove_prefix(end + 1);
  }
  return lines + std::string(rest) + "\n";
}

}  // namespace

std::string joules_text(double joules) {
  return joules < 0 ? "-" : core::format_quantity(joules, "J");
}

std::string cost_plan_table(const CostPlan& plan) {
  std::string text = fmt::format(
      "{} on {}, {} samples, {} epochs, strategy {}\ndevice {}\n", core::printable(plan.network),
      core::printable(std::filesystem::path(plan.dataset).filename().string()),
      core::format_count(plan.num_samples), plan.epochs, plan.strategy,
      core::printable(plan.from.device, core::kNoLimit));
  text += fmt::format("\n{}\n{}{}\nAll numbers are predicted.\n", times(plan), sizes(plan),
                      budgets_text(plan));
  text += remark("time:", plan.from.time);
  text += remark("energy:", "time x power; power " + plan.from.power);
  text += remark("memory:", plan.from.memory);
  text += remark("stored:", "after selection; at most: before it, with all data");
  return text + remark("(27):",
                       "the paper's cost ratio, without the warm-up; true: with it, over "
                       "full training");
}

}  // namespace edgeprune::plan
