#pragma once
// A run and its budget: measures the pace, decides when it is due (budget/budget_control.h), keeps
// the log, or follows the log of an earlier run.
//
//   budget.look();                                      // before each step
//   if (const auto moment = budget.waits_until()) ...   // wait, and look again
//   if (!budget.should_continue(pass_batches)) ...      // decides by what it saw

#include "edgeprune/budget/budget_control.h"
#include "edgeprune/budget/budget_file.h"
#include "edgeprune/budget/decision_log.h"
#include "edgeprune/budget/decision_replay.h"
#include "edgeprune/budget/usage_tracker.h"
#include "edgeprune/cost/device_profile.h"
#include "edgeprune/run/notice.h"
#include "edgeprune/run/run_state.h"

#include "run_setup.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace edgeprune::run {

class RunBudget {
 public:
  struct Hooks {
    std::function<void(const Notice&)> notice;
    /// Evaluates so many batches, so many times over; what that takes comes by record_forward().
    std::function<void(std::uint32_t batches, int times)> measure_forward;
  };

  /// Everything must outlive it. `timing`: of this network on the device, or null; it says what a
  /// forward pass is beside a step until one is measured. budget.joules without a meter is an Error
  /// of kind config.
  RunBudget(const RunSetup& setup, const cost::NetworkTiming* timing, RunState& state,
            budget::UsageTracker& account, Hooks hooks);

  /// Once the state is that of the run, before its first step: with budget.replay, takes up the log
  /// where a resumed run left it. A log with another content is then an Error of kind
  /// run_directory.
  void begin();

  /// In force now.
  [[nodiscard]] const budget::BudgetLimits& limits();

  /// From now on what is decided goes by the limits and the meter as they are now: before each
  /// step, and again where time has passed since. The meter is asked when it is first needed, once.
  void look();
  /// Before each step of the warm-up. An Error of kind budget where the warm-up, one training step
  /// and the last evaluation cannot fit any more.
  void before_warmup_step();
  /// Before each training step: whether it is to be made. Has forward passes measured where the
  /// last evaluation would have to be guessed, or is known from so long ago that it is to be
  /// confirmed before the end, or where the device seems to have slowed down. Where not even the
  /// first step fits, an Error of kind budget.
  [[nodiscard]] bool should_continue(std::uint32_t pass_batches);
  /// After a pass whose last step is made, before its evaluation.
  void pass_ended(std::uint32_t pass_batches);

  /// Passes over the kept samples in all, as things stand: more than planned where budget.samples
  /// pays for steps and the sampler drops samples.
  [[nodiscard]] std::uint32_t epochs() const;
  /// Training steps in all, as things stand.
  [[nodiscard]] std::uint64_t total_steps() const;
  /// Whether the epoch under way, whose last step is made, is to be evaluated.
  [[nodiscard]] bool evaluates_this_epoch() const;
  /// On the planned schedule, in its steps: where the step is that comes so many steps of this pass
  /// after the next one, as things stand.
  [[nodiscard]] double schedule_position(std::uint32_t pass_batches, std::uint32_t ahead = 0) const;
  /// With a harvest: what is still to come in before the run may go on, as the moment (seconds
  /// since the run began, pauses included) at which it will have; nothing where it may go on now.
  [[nodiscard]] std::optional<double> waits_until();
  /// After the last step: an Error of kind data where not all of budget.replay was taken.
  void require_replayed() const;

  /// What forward passes took.
  void record_forward(const core::Usage& expense, std::uint64_t samples);
  void record_save(const core::Usage& expense);
  /// The time since the last step belongs to no step.
  void end_step_timing() { mark_.reset(); }
  /// A line of the log that decides nothing: a pause.
  void log_pause(const std::string& why);

 private:
  // A pass and how far it is. One that has ended, its rest left out, counts as made in full.
  struct Pass {
    std::uint32_t batches = 0;
    std::uint32_t done = 0;

    [[nodiscard]] bool is_over() const { return done >= batches; }
  };
  struct Mark {
    std::uint64_t step = 0;
    std::uint64_t samples = 0;
    double work = 0;
    core::Usage total;
  };
  [[nodiscard]] bool is_replay() const { return replay_.has_value(); }
  [[nodiscard]] Pass pass_under_way(std::uint32_t batches) const {
    return {batches, state_.budget.pass_has_ended ? batches : state_.batch};
  }
  [[nodiscard]] const core::Usage& used();
  [[nodiscard]] budget::BudgetRequest request(const Pass& pass);
  [[nodiscard]] budget::StepCosts costs() const;
  [[nodiscard]] double evaluation_seconds() const;
  [[nodiscard]] bool knows_cost_of_forward() const {
    return state_.budget.forward.seconds_per_sample > 0;
  }
  void measure_forward_if_due(const Pass& pass);
  [[nodiscard]] std::uint32_t batches_to_measure(const Pass& pass);
  [[nodiscard]] bool needs_confirmation(const Pass& pass);
  [[nodiscard]] std::uint32_t epochs_seen_from(std::uint32_t batches_done) const;
  [[nodiscard]] std::uint32_t passes_left(const Pass& pass) const {
    return epochs_seen_from(pass.done) - state_.epoch;
  }
  [[nodiscard]] std::uint64_t planned_steps_left(const Pass& pass) const;
  [[nodiscard]] std::uint32_t planned_pass_batches() const;
  [[nodiscard]] double position_on_schedule(const Pass& pass, std::uint32_t ahead = 0) const;
  [[nodiscard]] double position_by_steps(std::uint32_t ahead = 0) const;
  [[nodiscard]] double mean_share_left() const;
  [[nodiscard]] bool counts_steps() const;
  [[nodiscard]] double share_since(const Mark& mark) const;
  void count_step();
  void decide_at_pass_end(const Pass& pass);
  void follow_log(const Pass& pass);
  void decide_if_due(const Pass& pass);
  void decide_now(const Pass& pass, std::string why);
  void apply(const budget::Decision& decision, const Pass& pass);
  void log(budget::DecisionRecord record, const Pass& pass);
  void share_out(const Pass& pass);
  [[noreturn]] void give_up(const core::Usage& least) const;

  const RunSetup& setup_;
  RunState& state_;
  budget::UsageTracker& account_;
  Hooks hooks_;
  double forward_share_;  // of a forward pass of a sample, in steps, until it is measured
  budget::BudgetWatch watch_;
  bool is_on_;                                    // there is something to decide
  std::optional<budget::DecisionReplay> replay_;  // with budget.replay
  budget::BudgetLimits in_force_;                 // as of the last look
  std::optional<core::Usage> used_;               // by the meter since then; nothing: not asked yet
  std::optional<Mark> mark_;                      // nothing: what comes now is no part of a step
  double awaited_joules_ = 0;   // to have come in before the run goes on; 0: it does not wait
  double last_seconds_ = 0;     // of the last step
  double largest_seconds_ = 0;  // of the steps before forward passes were last measured
  double save_seconds_ = 0;     // of all so far
  std::uint32_t num_saves_ = 0;
};

}  // namespace edgeprune::run
