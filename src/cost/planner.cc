#include "edgeprune/cost/planner.h"

#include "edgeprune/core/error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace edgeprune::cost {
namespace {

double joules_of(const RunCost& cost, std::string_view asked_by) {
  const double joules = cost.total().joules;
  if (joules >= 0) return joules;
  throw core::Error(core::ErrorKind::config,
                    fmt::format("{} needs joules, which are not known without watts; add "
                                "power.operating_watts to the device profile",
                                asked_by));
}

bool fits_all(const std::vector<BudgetUse>& uses) {
  return std::all_of(uses.begin(), uses.end(), [](const BudgetUse& use) { return use.fits(); });
}

// The one that is overdrawn the most.
BudgetKind broken_budget(const std::vector<BudgetUse>& uses) {
  const auto overdraws_less = [](const BudgetUse& a, const BudgetUse& b) {
    return a.used / a.limit < b.used / b.limit;
  };
  return std::max_element(uses.begin(), uses.end(), overdraws_less)->kind;
}

// " (score 31, train 8, ...)" in seconds or joules.
std::string by_phase(const RunCost& cost, double PhaseCost::*amount) {
  std::vector<std::string> parts;
  for (const core::Activity activity : core::kWorkActivities) {
    parts.push_back(fmt::format("{} {:.3g}", name_of(activity), cost.of(activity).*amount));
  }
  return fmt::format(" ({})", fmt::join(parts, ", "));
}

std::string phases_of(const BudgetUse& use, const RunCost& cost) {
  if (use.kind == BudgetKind::seconds) return by_phase(cost, &PhaseCost::seconds);
  if (use.kind == BudgetKind::joules) return by_phase(cost, &PhaseCost::joules);
  return {};
}

[[noreturn]] void reject_budgets(const std::vector<BudgetUse>& uses, const RunCost& cost) {
  std::vector<std::string> complaints;
  for (const BudgetUse& use : uses) {
    if (use.fits()) continue;
    complaints.push_back(fmt::format("{} is {:.6g}; the minimum is {:.6g}{}", field_of(use.kind),
                                     use.limit, use.used, phases_of(use, cost)));
  }
  throw core::Error(core::ErrorKind::config, fmt::format("{}", fmt::join(complaints, "; ")));
}

}  // namespace

std::string_view field_of(BudgetKind kind) {
  switch (kind) {
    case BudgetKind::seconds:
      return "budget.seconds";
    case BudgetKind::joules:
      return "budget.joules";
    case BudgetKind::stored_bytes:
      return "budget.bytes";
    case BudgetKind::memory_bytes:
      return "limits.memory_bytes";
  }
  return "";
}

std::vector<BudgetUse> budget_uses(const Budgets& budgets, const RunCost& cost) {
  std::vector<BudgetUse> uses;
  if (budgets.seconds > 0) {
    uses.push_back({BudgetKind::seconds, budgets.seconds, cost.total().seconds});
  }
  if (budgets.joules > 0) {
    uses.push_back(
        {BudgetKind::joules, budgets.joules, joules_of(cost, field_of(BudgetKind::joules))});
  }
  if (budgets.stored_bytes > 0) {
    uses.push_back({BudgetKind::stored_bytes, budgets.stored_bytes, cost.stored_bytes});
  }
  if (budgets.memory_bytes > 0) {
    uses.push_back(
        {BudgetKind::memory_bytes, budgets.memory_bytes, static_cast<double>(cost.memory_bytes)});
  }
  return uses;
}

Fit largest_that_fits(std::uint32_t most, const Budgets& budgets, const CostOf& cost_of,
                      std::uint32_t least) {
  if (most < least) {
    throw core::Error(
        core::ErrorKind::config,
        fmt::format("there is no more than {} to choose from; it takes {}", most, least));
  }
  const auto try_value = [&](std::uint32_t value) {
    Fit fit{.value = value, .cost = cost_of(value)};
    fit.uses = budget_uses(budgets, fit.cost);
    return fit;
  };
  Fit largest = try_value(most);
  if (fits_all(largest.uses)) return largest;
  Fit broken = std::move(largest);
  largest = try_value(least);
  if (!fits_all(largest.uses)) reject_budgets(largest.uses, largest.cost);
  while (broken.value - largest.value > 1) {
    Fit middle = try_value(largest.value + (broken.value - largest.value) / 2);
    (fits_all(middle.uses) ? largest : broken) = std::move(middle);
  }
  largest.binding = broken_budget(broken.uses);
  return largest;
}

double weighted_cost(const Weights& weights, const RunCost& cost) {
  const double joules = weights.per_joule > 0 ? joules_of(cost, "the price of a joule") : 0;
  return weights.per_second * cost.total().seconds + weights.per_joule * joules +
         weights.per_byte * cost.stored_bytes;
}

}  // namespace edgeprune::cost
