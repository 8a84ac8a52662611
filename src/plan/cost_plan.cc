#include "edgeprune/plan/cost_plan.h"

#include "edgeprune/core/error.h"
#include "edgeprune/run/run_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace edgeprune::plan {
namespace {

// Nobody trains for longer; where this many fit, no budget limits them.
constexpr std::uint32_t kMaxEpochs = 100'000;

std::string sourced(const cost::SourcedNumber& number) {
  return fmt::format("{}: {}", cost::name_of(number.kind), number.source);
}

std::string time_text(const cost::DeviceProfile& profile, const cost::NetworkTiming* timing) {
  if (timing != nullptr) {
    return fmt::format("a step of {} measured on the device at batches of {}, {} threads ({})",
                       timing->network, timing->batch_size, timing->threads, timing->date);
  }
  return fmt::format("FLOPs over {:.3g} FLOP/s ({})", profile.flops_per_second.value,
                     sourced(profile.flops_per_second));
}

std::string power_text(const cost::DeviceProfile& profile, const cost::NetworkTiming* timing) {
  if (timing != nullptr && timing->power_watts >= 0) {
    return fmt::format("{:.2f} W, measured while this network trained", timing->power_watts);
  }
  if (!profile.operating_watts.is_known()) return "not known: the profile has no power";
  return fmt::format("{:.2f} W ({})", profile.operating_watts.value,
                     sourced(profile.operating_watts));
}

// A run short of time or energy leaves out what it evaluates between epochs before anything else.
bool leaves_out_evaluations(const cost::Budgets& budgets) {
  return budgets.seconds > 0 || budgets.joules > 0;
}

cost::CostOf cost_of_kept(const RunCosts& costs, const cost::Budgets& budgets) {
  return [&costs, last_only = leaves_out_evaluations(budgets),
          num_samples = costs.run().data().train.num_samples()](std::uint32_t num_kept) {
    return costs.at(
        {.keep_ratio = ratio_keeping(num_kept, num_samples), .last_evaluation_only = last_only});
  };
}

CostRow row_at(const RunCosts& costs, const core::KeepRatio& keep_ratio,
               const cost::Budgets& budgets) {
  CostRow row{.keep_ratio = keep_ratio, .cost = costs.at({.keep_ratio = keep_ratio})};
  row.num_kept = costs.run().work({.keep_ratio = keep_ratio}).num_kept;
  row.uses = cost::budget_uses(budgets, row.cost);
  return row;
}

bool any(const cost::Budgets& budgets) {
  return budgets.seconds > 0 || budgets.joules > 0 || budgets.stored_bytes > 0 ||
         budgets.memory_bytes > 0;
}

void fit_epochs(const RunCosts& costs, const cost::Budgets& budgets, CostPlan& plan) {
  try {
    plan.max_epochs = cost::largest_that_fits(
        kMaxEpochs, budgets,
        [&costs, last_only = leaves_out_evaluations(budgets)](std::uint32_t epochs) {
          return costs.at({.epochs = epochs, .last_evaluation_only = last_only});
        });
    if (plan.max_epochs->value == kMaxEpochs) plan.max_epochs.reset();
  } catch (const core::Error& error) {
    if (error.kind() != core::ErrorKind::config) throw;
    plan.why_no_epochs = error.what();
  }
}

}  // namespace

std::uint32_t min_kept(const run::PlannedRun& run, std::uint32_t num_samples) {
  return std::min(num_samples, run.network().has_batch_norm() ? 2u : 1u);
}

core::KeepRatio ratio_keeping(std::uint32_t num_kept, std::uint32_t num_samples) {
  if (num_kept >= num_samples) return {};
  // Half a sample more, so that floor(rho N) is M whatever the last digit rounds to.
  return core::KeepRatio::from_double((num_kept + 0.5) / num_samples);
}

std::string ratio_text(std::uint32_t num_kept, std::uint32_t num_samples) {
  // Rounded down to four decimals, so that what is copied never keeps more.
  const auto tenthousandths =
      static_cast<std::uint32_t>(std::uint64_t{10'000} * num_kept / num_samples);
  if (tenthousandths == 0) return ratio_keeping(num_kept, num_samples).as_written();
  return fmt::format("{}", tenthousandths / 10'000.0);
}

RunCosts::RunCosts(const config::ResolvedConfig& config, cost::DeviceProfile profile)
    : config_(config), profile_(std::move(profile)), run_(config) {}

cost::RunCost RunCosts::at(const run::PlanVariant& variant) const {
  return on(profile_, variant);
}

cost::RunCost RunCosts::on(const cost::DeviceProfile& profile,
                           const run::PlanVariant& variant) const {
  const cost::NetworkTiming* timing = cost::timing_for(profile, run_.timing_request());
  return cost::predict_run_cost(run_.work(variant), {.profile = profile, .timing = timing});
}

Provenance RunCosts::provenance() const {
  const cost::NetworkTiming* timing = cost::timing_for(profile_, run_.timing_request());
  return {.device = profile_.name,
          .time = time_text(profile_, timing),
          .power = power_text(profile_, timing),
          .memory = run_.memory_text()};
}

cost::Budgets budgets_of(const config::Config& config) {
  return {.seconds = config.budget.limits.seconds,
          .joules = config.budget.limits.joules,
          .stored_bytes = static_cast<double>(config.budget.bytes.count),
          .memory_bytes = static_cast<double>(config.limits.memory_bytes.count)};
}

CostPlan make_cost_plan(const RunCosts& costs, const std::vector<core::KeepRatio>& keep_ratios) {
  const config::Config& config = *costs.config();
  const data::Dataset& data = costs.run().data().train;
  const cost::Budgets budgets = budgets_of(config);
  CostPlan plan{.from = costs.provenance(),
                .network = run::network_name(config),
                .dataset = data.name,
                .strategy = config.prune.strategy,
                .num_samples = data.num_samples(),
                .epochs = config.train.epochs,
                .keep_ratio = config.prune.keep_ratio};
  for (const core::KeepRatio& keep_ratio : keep_ratios) {
    plan.rows.push_back(row_at(costs, keep_ratio, budgets));
  }
  if (!any(budgets)) return plan;
  plan.largest_keep =
      cost::largest_that_fits(data.num_samples(), budgets, cost_of_kept(costs, budgets),
                              min_kept(costs.run(), data.num_samples()));
  fit_epochs(costs, budgets, plan);
  return plan;
}

}  // namespace edgeprune::plan
