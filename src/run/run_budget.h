#pragma once
// A run and its budget: measures the pace, decides when it is due (budget/budget_control.h), keeps
// the log, or follows the log of an earlier run.

#include "edgeprune/budget/budget_control.h"
#include "edgeprune/budget/budget_file.h"
#include "edgeprune/budget/decision_log.h"
#include "edgeprune/budget/usage_tracker.h"
#include "edgeprune/cost/device_profile.h"
#include "edgeprune/run/checkpoint.h"

#include "run_setup.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace edgeprune::run {

class RunBudget {
 public:
  using Notice = std::function<void(const std::string&)>;

  /// Everything must outlive it. `timing`: of this network on the device, or null; it says what a
  /// forward pass is beside a step until one is measured. budget.joules without a meter is an Error
  /// of kind config.
  RunBudget(const RunSetup& setup, const cost::NetworkTiming* timing, RunState& state,
            budget::UsageTracker& account, Notice notice);

  /// In force now.
  [[nodiscard]] const budget::BudgetLimits& limits();

  /// Before each step of the warm-up. An Error of kind budget where the warm-up, one training step
  /// and the last evaluation cannot fit any more.
  void before_warmup_step();
  /// Before each training step: whether it is to be made. Measures and decides. Where not even the
  /// first fits, an Error of kind budget.
  [[nodiscard]] bool should_continue(std::uint32_t pass_batches);
  /// After a pass whose last step is made, before its evaluation.
  void pass_ended(std::uint32_t pass_batches);

  /// Passes over the kept samples in all, as things stand: more than planned where budget.samples
  /// pays for steps and the sampler drops samples.
  [[nodiscard]] std::uint32_t epochs() const;
  /// Training steps in all, as things stand.
  [[nodiscard]] std::uint64_t total_steps() const;
  [[nodiscard]] bool evaluates_between_epochs() const { return state_.budget.evaluates; }
  /// On the planned schedule, in its steps: where the next step is.
  [[nodiscard]] double schedule_position(std::uint32_t pass_batches) const;
  /// With a harvest: what is still to come in before the run may go on, as the moment (seconds
  /// since the run began, pauses included) at which it will have; nothing where it may go on now.
  [[nodiscard]] std::optional<double> waits_until();

  /// How many batches are to be evaluated for what the last evaluation will take. Asked before each
  /// training step: some where it would have to guess, or knows it from so long ago that it is to
  /// be confirmed before the end; one where the device seems to have slowed down; mostly none.
  [[nodiscard]] std::uint32_t batches_to_measure(std::uint32_t pass_batches);
  [[nodiscard]] bool knows_cost_of_forward() const {
    return state_.budget.forward.seconds_per_sample > 0;
  }
  /// What forward passes took.
  void record_forward(const core::Usage& expense, std::uint64_t samples);
  void record_save(const core::Usage& expense);
  /// The time since the last step belongs to no step.
  void end_step_timing() { mark_.reset(); }
  /// A line of the log that decides nothing: a pause.
  void log_pause(const std::string& why);

 private:
  [[nodiscard]] bool is_replay() const { return !setup_.config.budget.replay.empty(); }
  [[nodiscard]] budget::BudgetRequest request(std::uint32_t pass_batches);
  [[nodiscard]] budget::StepCosts costs() const;
  [[nodiscard]] double evaluation_seconds() const;
  [[nodiscard]] bool needs_confirmation(std::uint32_t pass_batches);
  [[nodiscard]] std::uint64_t planned_steps_left(std::uint32_t pass_batches) const;
  [[nodiscard]] std::uint32_t planned_evaluations_left() const;
  [[nodiscard]] std::uint32_t planned_pass_batches() const;
  [[nodiscard]] std::uint32_t passes_left() const { return epochs() - state_.epoch; }
  [[nodiscard]] bool counts_steps() const;
  void measure();
  void count_step(const core::Usage& step);
  void follow_log(std::uint32_t pass_batches);
  void decide_if_due(std::uint32_t pass_batches);
  void decide_now(std::uint32_t pass_batches, std::string why);
  void apply(const budget::Decision& decision, std::uint32_t pass_batches);
  void log(budget::DecisionRecord record);
  void share_out(std::uint32_t pass_batches);
  [[noreturn]] void give_up(const core::Usage& least);

  struct Mark {
    std::uint64_t step = 0;
    core::Usage total;
  };

  const RunSetup& setup_;
  RunState& state_;
  budget::UsageTracker& account_;
  Notice notice_;
  double forward_share_;  // of a forward pass of a sample, in steps, until it is measured
  budget::BudgetWatch watch_;
  bool is_on_;  // there is something to decide
  std::vector<budget::MadeDecision> replay_;
  std::optional<Mark> mark_;    // nothing: what comes now is no part of a step
  double awaited_joules_ = 0;   // to have come in before the run goes on; 0: it does not wait
  double last_seconds_ = 0;     // of the last step
  double largest_seconds_ = 0;  // of the steps before forward passes were last measured
  double save_seconds_ = 0;     // of all so far
  std::uint32_t num_saves_ = 0;
};

}  // namespace edgeprune::run
