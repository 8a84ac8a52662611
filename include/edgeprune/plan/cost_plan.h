#pragma once
// What a configured run will cost on a device, for several keep ratios, and which keep ratio or how
// many epochs its budgets allow. Everything is predicted; nothing is trained.
//
//   RunCosts costs(config::resolve(config), cost::read_device_profile("raspberry-pi-5"));
//   const CostPlan plan = make_cost_plan(costs, {core::KeepRatio::parse("0.1")});
//
// The costs are those of module cost; here they are asked for and put side by side.
// cost_plan_table.h, cost_plan_json.h and cost_plan_page.h show them.

#include "edgeprune/core/keep_ratio.h"
#include "edgeprune/cost/device_profile.h"
#include "edgeprune/cost/planner.h"
#include "edgeprune/cost/run_cost.h"
#include "edgeprune/run/planned_run.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace edgeprune::plan {

/// The keep ratio that keeps exactly M of N samples, 1 <= M <= N.
[[nodiscard]] core::KeepRatio ratio_keeping(std::uint32_t num_kept, std::uint32_t num_samples);

/// The fewest samples that a run can keep: batch norm cannot use a batch of one.
[[nodiscard]] std::uint32_t min_kept(const run::PlannedRun& run, std::uint32_t num_samples);

/// M / N as a keep ratio to copy, rounded down to four decimals.
[[nodiscard]] std::string ratio_text(std::uint32_t num_kept, std::uint32_t num_samples);

/// Where predicted numbers come from, in words.
struct Provenance {
  std::string device;  // the profile's name
  std::string time;    // "timing measured for cnn at batch 64, 2 threads (2026-11-25)", or FLOPs
  std::string power;   // "operating_watts 6.8 W (measured: USB meter)", "none: ..."
  std::string memory;  // how the run keeps within it: ChosenMemory::text()
};

/// The costs of one run, and of its variants, on one device.
class RunCosts {
 public:
  /// Opens the data.
  RunCosts(const config::ResolvedConfig& config, cost::DeviceProfile profile);

  [[nodiscard]] cost::RunCost at(const run::PlanVariant& variant = {}) const;
  /// The same run on another device, by its profile's timing or FLOPs.
  [[nodiscard]] cost::RunCost on(const cost::DeviceProfile& profile,
                                 const run::PlanVariant& variant) const;
  [[nodiscard]] const run::PlannedRun& run() const { return run_; }
  [[nodiscard]] const config::ResolvedConfig& config() const { return config_; }  // with budgets
  [[nodiscard]] const cost::DeviceProfile& profile() const { return profile_; }
  [[nodiscard]] Provenance provenance() const;

 private:
  config::ResolvedConfig config_;
  cost::DeviceProfile profile_;
  run::PlannedRun run_;
};

struct CostRow {
  core::KeepRatio keep_ratio;
  std::uint32_t num_kept = 0;
  cost::RunCost cost;
  std::vector<cost::BudgetUse> uses;  // of each budget that is set
};

struct CostPlan {
  Provenance from;
  std::string network;
  std::string dataset;
  std::string strategy;
  std::uint32_t num_samples = 0;
  std::uint32_t epochs = 0;
  core::KeepRatio keep_ratio;  // as configured
  std::vector<CostRow> rows;
  // With budgets alone:
  std::optional<cost::Fit> largest_keep;  // num_kept, at the configured epochs
  std::optional<cost::Fit> max_epochs;    // at the configured keep ratio
  std::string why_no_epochs;              // one line where not even one epoch fits
};

/// budget.seconds, joules, bytes and limits.memory_bytes.
[[nodiscard]] cost::Budgets budgets_of(const config::Config& config);

/// With a budget that no keep ratio keeps within, the Error of cost::largest_that_fits. Epochs
/// that no budget limits are left out.
[[nodiscard]] CostPlan make_cost_plan(const RunCosts& costs,
                                      const std::vector<core::KeepRatio>& keep_ratios);

}  // namespace edgeprune::plan
