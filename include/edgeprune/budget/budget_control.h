#pragma once
// How many more training steps fit a budget, and where the learning rate then is. Decisions alone:
// no clock, no meter, no file.
//
//   const Decision decision = decide({.limits = {.seconds = 600},
//                                     .spent = {.seconds = 100},
//                                     .costs = {.step = {.seconds = 0.1}, .evaluation = {3}},
//                                     .planned_steps = 10'000});
//   decision.steps;         // 4970: (600 - 100 - 3) / 0.1
//
// The policy, docs/costs.md#a-budget-while-running:
// - Everything counts: what was spent, the steps to come, the last evaluation, writing the model.
// - Where all that is planned fits, nothing changes. Where it does not, evaluations between epochs
//   are left out first, for they teach nothing, and then as many steps are made as fit.
// - The schedule is stretched over the steps that are left: it never jumps, and its last step has
//   the learning rate of the planned last step.
// - A decision is due at the end of every pass, when half of the steps that were left at the one
//   before are made, so that the last covers a handful of steps, and at once where half of what is
//   left would not fit any more.

#include "edgeprune/core/usage.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace edgeprune::budget {

/// How a run that is short of time or energy makes do.
enum class Shrink {
  epochs,  // fewer passes over the kept samples, the last one cut
  share,   // as many passes, each over a fresh share of the kept samples
};
/// "epochs", "share".
[[nodiscard]] std::string_view name_of(Shrink shrink);

/// Watts that come in from a moment on, until the next point.
struct HarvestPoint {
  double from_seconds = 0;  // since the run began, pauses included
  double watts = 0;

  bool operator==(const HarvestPoint&) const = default;
};

/// What the whole run may take. Limits of 0 are none; with a harvest, joules are what there is at
/// the beginning, and 0 of them is a limit.
struct BudgetLimits {
  double seconds = 0;
  double joules = 0;
  std::vector<HarvestPoint> harvest;  // ascending

  bool operator==(const BudgetLimits&) const = default;
  [[nodiscard]] bool limits_joules() const { return joules > 0 || !harvest.empty(); }
  [[nodiscard]] bool any() const { return seconds > 0 || limits_joules(); }
  /// What has come in by a moment: joules plus the integral of the harvest.
  [[nodiscard]] double joules_by(double seconds_since_begin) const;
  /// The first moment, not before `now`, at which so many joules will have come in; nothing where
  /// they never do.
  [[nodiscard]] std::optional<double> moment_of(double wanted_joules, double now) const;
};

/// What single things are expected to take.
struct StepCosts {
  core::Usage step;          // mean of the recent ones
  core::Usage largest_step;  // of the recent ones; the last one to come is taken to be as large
  core::Usage evaluation;    // of all the data that an evaluation goes over
  core::Usage finish;        // the model, the summary and the last checkpoint written
};

struct BudgetRequest {
  BudgetLimits limits;
  core::Usage spent;
  double paused_seconds = 0;  // so far, not part of what was spent
  StepCosts costs;
  std::uint64_t planned_steps = 0;        // still to come by the plan
  std::uint32_t planned_evaluations = 0;  // still to come before the last one
};

struct Decision {
  std::uint64_t steps = 0;  // to come
  bool evaluates = true;    // between epochs, as configured
  std::string_view binds;   // "budget.seconds" or "budget.joules"; empty: all that is planned fits
};
[[nodiscard]] Decision decide(const BudgetRequest& request);

/// What the whole run takes at the least if so many steps are still made.
[[nodiscard]] core::Usage min_expense(const BudgetRequest& request, std::uint64_t steps);

/// Whether that is within the limits. Before every step a run asks it of no step at all, the end
/// alone: so a budget is never exceeded by more than one step.
[[nodiscard]] bool fits(const BudgetRequest& request, std::uint64_t steps);

/// Where the learning rate is: a position on the planned schedule, in its steps. `steps` steps from
/// step `from` on lead from `position` to the planned last step.
struct Horizon {
  std::uint64_t from = 0;
  double position = 0;
  std::uint64_t steps = 0;

  [[nodiscard]] std::uint64_t end() const { return from + steps; }
  [[nodiscard]] double position_at(std::uint64_t step, std::uint64_t planned_steps) const;
};

/// After which step the next decision is due: when half of those left are made.
[[nodiscard]] std::uint64_t next_decision(std::uint64_t step, std::uint64_t steps_left);

/// Shrink::share: the batches that the pass under way makes in all, where `done` are made and
/// steps_left are to be spread evenly over it and the passes after it.
[[nodiscard]] std::uint32_t share_of_pass(std::uint64_t steps_left, std::uint32_t done,
                                          std::uint32_t passes_left);

/// How long steps take: a mean that follows the device, and the largest of the recent ones. Joules
/// go by the mean power of some hundred steps, so that a coarse meter does no harm.
struct StepPace {
  double mean_seconds = 0;   // as of the last decision
  double since_seconds = 0;  // since then
  std::uint64_t steps_since = 0;
  double largest_seconds = 0;
  core::Usage faded;  // all steps summed up, each fading away with those after it

  void add(const core::Usage& step);
  /// At a decision: from now on the mean is what it is now.
  void settle();
  [[nodiscard]] bool is_known() const { return steps_since > 0 || mean_seconds > 0; }
  [[nodiscard]] core::Usage per_step() const;
  [[nodiscard]] core::Usage largest() const;
  /// What so many seconds of work take, at the mean power.
  [[nodiscard]] core::Usage of_seconds(double seconds) const;
};

/// What forward passes took when they were last measured, and how fast the device was then.
struct ForwardPace {
  double seconds_per_sample = 0;  // 0: never measured
  std::uint64_t steps_since = 0;
  double first_seconds = 0;   // of the first steps after it, summed up
  bool is_confirmed = false;  // measured anew for the last evaluation

  void take(double seconds, std::uint64_t samples);
  void add_step(double seconds);
  /// Where steps have slowed down since, forward passes have too.
  [[nodiscard]] double seconds_now(double seconds_per_step) const;
};

}  // namespace edgeprune::budget
