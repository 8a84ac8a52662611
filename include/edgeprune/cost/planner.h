#pragma once
// Which keep ratio, or how many epochs, fit a budget, and which keep ratio the weighted objective
// (13)-(14) asks for.

#include "edgeprune/cost/run_cost.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::cost {

/// 0: no such budget.
struct Budgets {
  double seconds = 0;
  double joules = 0;
  double stored_bytes = 0;  // after selection
  double memory_bytes = 0;
};

enum class BudgetKind { seconds, joules, stored_bytes, memory_bytes };
/// As a configuration names it: "budget.seconds", "budget.joules", "budget.bytes",
/// "limits.memory_bytes".
[[nodiscard]] std::string_view field_of(BudgetKind kind);

/// One budget beside what a run takes of it.
struct BudgetUse {
  BudgetKind kind = BudgetKind::seconds;
  double limit = 0;
  double used = 0;

  [[nodiscard]] bool fits() const { return used <= limit; }
};
/// Of every budget that is set. A budget in joules with a cost that knows none is an Error of kind
/// config.
[[nodiscard]] std::vector<BudgetUse> budget_uses(const Budgets& budgets, const RunCost& cost);

/// The cost of a run that keeps M samples, or trains for so many epochs.
using CostOf = std::function<RunCost(std::uint32_t)>;

struct Fit {
  std::uint32_t value = 0;  // M, or epochs: the largest that fits
  RunCost cost;
  std::vector<BudgetUse> uses;
  std::optional<BudgetKind> binding;  // the budget that one more would break; nothing: none does
};
/// The largest value in [least, most] whose cost fits every budget. Costs must not fall with the
/// value; asks for about log2(most) of them. Where not even `least` fits, an Error of kind config
/// names each budget that fails and the minimum:
/// "budget.seconds is 10; the minimum is 42 (score 31, select 0, train 8, evaluate 2, other 1)". So
/// is a `most` below `least`.
[[nodiscard]] Fit largest_that_fits(std::uint32_t most, const Budgets& budgets,
                                    const CostOf& cost_of, std::uint32_t least = 1);

/// A point of an accuracy curve: the error (1 - accuracy) or loss F at a keep ratio, over seeds.
struct CurvePoint {
  double keep_ratio = 1;
  double loss = 0;            // mean over the runs
  double standard_error = 0;  // of the mean; 0: one run
};

/// loss = floor + scale * rho^-exponent.
struct PowerLaw {
  double floor = 0;
  double scale = 0;
  double exponent = 0.5;
  [[nodiscard]] double at(double keep_ratio) const;
};
/// Least squares, weighted by the standard errors where all points have one; scale and floor are at
/// least 0. With two different keep ratios the exponent is `exponent_if_two`, with more it is found
/// in [0.01, 10]. Fewer than two, a keep ratio outside (0, 1] and a loss that is not finite are
/// Errors of kind config.
[[nodiscard]] PowerLaw fit_power_law(std::span<const CurvePoint> points,
                                     double exponent_if_two = 0.5);

/// The lambdas of (13).
struct Weights {
  double per_second = 0;
  double per_joule = 0;
  double per_byte = 0;
};
/// (13) of one device: lambda_tau tau + lambda_E E + lambda_S S. A price on joules with a cost that
/// knows none is an Error of kind config.
[[nodiscard]] double weighted_cost(const Weights& weights, const RunCost& cost);

struct Device {
  std::string name;
  std::uint32_t num_samples = 0;  // N_k
  CostOf cost_of_kept;
  std::vector<CurvePoint> curve;
  Budgets budgets;
  std::uint32_t min_kept = 1;  // 2 for networks with batch norm
};

struct KeepRatioRange {
  double low = 0;
  double high = 1;
};

struct Recommendation {
  std::string device;
  std::uint32_t num_kept = 0;
  double keep_ratio = 1;
  /// Where 90 % of 500 recommendations lie, each by a curve fitted to points drawn about the law by
  /// their standard errors, or where not all points have one by the scatter of the points about the
  /// law. Nothing: not known, as one run at each of so few keep ratios tells nothing of it.
  std::optional<KeepRatioRange> range;
  PowerLaw law;
  double loss = 0;       // by the law
  double objective = 0;  // p_k * loss + weighted cost
  RunCost cost;
  std::optional<BudgetKind> binding;  // that keeps it from more; nothing: the objective itself
};
/// (13)-(14): minimises sum_k p_k F_k(rho_k) + C over all rho_k, p_k = N_k / sum N_j, each within
/// its device's budgets. As each device trains weights of its own on its own samples, (21), every
/// term of the sum and of (13) depends on one rho_k, so that each is found by itself and the answer
/// holds for all of them together.
///
/// Every M is tried where a device has at most 2000 to choose from; else 2000 evenly spaced ones,
/// then every one between the neighbours of the best. Of equals the smallest. An Error of a
/// device's budgets or curve begins with "device NAME: ".
[[nodiscard]] std::vector<Recommendation> recommend_keep_ratios(std::span<const Device> devices,
                                                                const Weights& weights,
                                                                std::uint64_t seed);

}  // namespace edgeprune::cost
