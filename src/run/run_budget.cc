#include "run_budget.h"

#include "edgeprune/core/batch_plan.h"
#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/run/run_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace edgeprune::run {
namespace {

// A forward pass beside forward and backward, where neither a timing nor a measurement says.
constexpr double kForwardShare = 1.0 / 3;
// The pace of fewer steps of a warm-up says too little to give up on.
constexpr std::uint64_t kStepsBeforeGivingUp = 3;

// A forward pass of a sample over a step of `batch_size`.
double forward_share(const cost::NetworkTiming* timing, double batch_size) {
  if (timing == nullptr) return kForwardShare / batch_size;
  return timing->forward_seconds_per_sample /
         (timing->step_overhead_seconds + batch_size * timing->step_seconds_per_sample);
}

}  // namespace

RunBudget::RunBudget(const RunSetup& setup, const cost::NetworkTiming* timing, RunState& state,
                     budget::UsageTracker& account, Hooks hooks)
    : setup_(setup),
      state_(state),
      account_(account),
      hooks_(std::move(hooks)),
      forward_share_(forward_share(timing, setup.trainer_options().batch_size)),
      watch_(setup.config.budget.limits, setup.config.budget.file),
      is_on_(!setup.config.budget.replay.empty() || !setup.config.budget.file.empty() ||
             setup.config.budget.limits.any()) {
  if (const std::string& log = setup.config.budget.replay; !log.empty()) {
    replay_.emplace(core::read_file(log), log);
  } else if (limits().limits_joules() && !account.meter().has_meter()) {
    throw core::Error(core::ErrorKind::config,
                      "a budget in joules needs a meter and this machine has none that can be "
                      "read; name one with energy.meter, or give energy.power_watts",
                      {core::ErrorReason::meter_missing});
  }
}

void RunBudget::begin() {
  if (!replay_) return;
  budget::BudgetState& budget = state_.budget;
  // Until the selection a run may be given another log.
  const bool is_same_log = budget.replayed_log == replay_->name() || state_.phase >= Phase::train;
  if (!budget.replayed_hash.empty() && budget.replayed_hash != replay_->hash() && is_same_log) {
    throw core::Error(
        core::ErrorKind::run_directory,
        fmt::format("{}: the log that it replays, {}, was edited after the run began; undo that",
                    setup_.directory.string(), replay_->name()),
        {core::ErrorReason::run_unusable, setup_.directory.string()});
  }
  budget.replayed_log = replay_->name();
  budget.replayed_hash = replay_->hash();
  replay_->go_on_behind(budget.num_replayed);
}

const budget::BudgetLimits& RunBudget::limits() {
  const budget::BudgetLimits& limits = watch_.limits();
  const std::string text = watch_.take_notice();
  if (!text.empty()) hooks_.notice({NoticeKind::budget_file, text});
  return limits;
}

std::uint32_t RunBudget::planned_pass_batches() const {
  return training_batches(setup_.config, setup_.plan.num_kept).num_batches();
}

// What a sampler drops is made up for by more passes.
bool RunBudget::counts_steps() const {
  const select::Strategy& strategy = setup_.strategy();
  return setup_.config.budget.samples > 0 && strategy.sampler != nullptr && strategy.keeps_all;
}

std::uint32_t RunBudget::epochs() const {
  return epochs_seen_from(state_.batch);
}

std::uint32_t RunBudget::epochs_seen_from(std::uint32_t batches_done) const {
  if (!counts_steps()) return setup_.plan.epochs;
  const std::uint64_t begun_at = state_.step - std::min<std::uint64_t>(state_.step, batches_done);
  const std::uint64_t left = total_steps() - std::min(begun_at, total_steps());
  const std::uint64_t batches = planned_pass_batches();
  return state_.epoch + static_cast<std::uint32_t>((left + batches - 1) / batches);
}

std::uint64_t RunBudget::planned_steps_left(const Pass& pass) const {
  if (counts_steps()) return setup_.plan.training_steps - state_.step;
  const std::uint64_t of_passes =
      pass.batches - pass.done + std::uint64_t{passes_left(pass) - 1} * planned_pass_batches();
  return std::min(of_passes, setup_.plan.training_steps - state_.step);
}

bool RunBudget::evaluates_this_epoch() const {
  if (state_.step >= total_steps()) return true;
  const std::uint32_t every = setup_.config.train.evaluate_every_epochs;
  return is_evaluated_after(state_.epoch + 1, epochs(), state_.budget.evaluates ? every : 0);
}

budget::BudgetRequest RunBudget::request(const Pass& pass) {
  const std::uint32_t evaluations = evaluations_left(state_.epoch, epochs_seen_from(pass.done),
                                                     setup_.config.train.evaluate_every_epochs);
  return {.limits = in_force_,
          .spent = used(),
          .paused_seconds = state_.spent.paused_seconds,
          .costs = costs(),
          .planned_steps = planned_steps_left(pass),
          .planned_evaluations = evaluations - std::min(evaluations, 1u)};
}

// --- the warm-up ---

void RunBudget::before_warmup_step() {
  if (!is_on_) return;
  count_step();
  if (is_replay() || state_.step < kStepsBeforeGivingUp) return;
  const RunPlan& plan = setup_.plan;
  budget::BudgetRequest now{.limits = in_force_,
                            .spent = used(),
                            .paused_seconds = state_.spent.paused_seconds,
                            .costs = costs(),
                            .planned_steps = plan.warmup_iterations - state_.step + 1};
  const std::uint64_t scored = state_.spent.scoring_forward_samples;
  const double to_score = static_cast<double>(plan.scoring_forward_samples -
                                              std::min(scored, plan.scoring_forward_samples));
  now.spent += to_score / static_cast<double>(setup_.data.num_evaluated()) * now.costs.evaluation;
  if (budget::decide(now).steps < now.planned_steps)
    give_up(budget::min_expense(now, now.planned_steps));
}

void RunBudget::give_up(const core::Usage& least) const {
  const budget::BudgetLimits& limit = in_force_;
  const bool of_time = limit.seconds > 0 && least.seconds > limit.seconds;
  const double needed = of_time ? least.seconds : least.joules;
  const std::string_view unit = of_time ? "seconds" : "joules";
  // Rounded up to three digits, so that what is said surely does.
  const double step = std::pow(10.0, std::floor(std::log10(needed)) - 2);
  const double enough = std::ceil(1.02 * needed / step) * step;
  throw core::Error(
      core::ErrorKind::budget,
      fmt::format("budget.{0} is {1:g}, which is not enough to select, train a step and evaluate; "
                  "the run needs at least {2:g} and can be resumed",
                  unit, of_time ? limit.seconds : limit.joules, enough),
      {core::ErrorReason::run_resumable, setup_.directory.string(),
       fmt::format("budget.{}={:g}", unit, enough)});
}

// --- training ---

std::uint64_t RunBudget::total_steps() const {
  return state_.budget.is_stretched ? state_.budget.horizon.end() : setup_.plan.training_steps;
}

// Where a sampler drops samples, its passes are shorter than planned and the schedule moves faster.
double RunBudget::schedule_position(std::uint32_t pass_batches, std::uint32_t ahead) const {
  return position_on_schedule(pass_under_way(pass_batches), ahead);
}

// Every step moves it by as much as the last, whatever the pass has dropped.
double RunBudget::position_by_steps(std::uint32_t ahead) const {
  const std::uint64_t step = state_.step + ahead;
  const budget::BudgetState& budget = state_.budget;
  return budget.is_stretched ? budget.horizon.position_at(step, setup_.plan.training_steps)
                             : static_cast<double>(step);
}

double RunBudget::position_on_schedule(const Pass& pass, std::uint32_t ahead) const {
  if (state_.budget.is_stretched) return position_by_steps(ahead);
  const std::uint64_t steps = setup_.plan.training_steps;
  const std::uint64_t planned = planned_pass_batches();
  const std::uint64_t step =
      counts_steps() ? state_.step + ahead
                     : state_.epoch * planned + (pass.done + ahead) * planned / pass.batches;
  return static_cast<double>(std::min(step, steps - 1));
}

bool RunBudget::should_continue(std::uint32_t pass_batches) {
  if (state_.budget.pass_has_ended) return false;
  const Pass pass = pass_under_way(pass_batches);
  if (is_on_) {
    count_step();
    if (!is_replay()) measure_forward_if_due(pass);
  }
  if (state_.step >= total_steps() || pass.is_over()) return false;
  if (!is_on_) return true;
  if (pass.done == 0) share_out(pass);
  if (is_replay()) {
    follow_log(pass);
  } else {
    decide_if_due(pass);
  }
  const std::uint32_t end = state_.budget.pass_end;
  return state_.step < total_steps() && (end == 0 || state_.batch < end);
}

// What a shortened pass has left out is not made up for. A run that is stopped in the evaluation
// after it has its decision already.
void RunBudget::pass_ended(std::uint32_t pass_batches) {
  if (!is_on_ || state_.budget.pass_has_ended || state_.step >= total_steps()) return;
  const bool is_last = passes_left(pass_under_way(pass_batches)) == 1 && !counts_steps();
  if (!is_last) decide_at_pass_end({.batches = pass_batches, .done = pass_batches});
  state_.budget.pass_has_ended = true;
}

void RunBudget::decide_at_pass_end(const Pass& pass) {
  if (is_replay()) {
    follow_log(pass);
  } else if (state_.budget.pace.is_known()) {
    decide_now(pass, std::string(budget::kPassHasEnded));
  }
}

void RunBudget::follow_log(const Pass& pass) {
  const budget::DecisionMoment now{.epoch = state_.epoch + 1,
                                   .step = state_.step,
                                   .batch = state_.batch,
                                   .pass_ended = pass.is_over()};
  for (const budget::DecisionRecord& made : replay_->due(now)) {
    Pass at = pass;
    if (made.pass_ended.value_or(false)) at.done = at.batches;
    apply({.steps = made.steps_left, .evaluates = made.evaluates}, at);
    log({.steps_left = made.steps_left,
         .evaluates = made.evaluates,
         .why = std::string(budget::kReplayed)},
        at);
    replay_->require_progress(made, state_.budget.decisions.back().progress.value_or(0));
  }
  state_.budget.num_replayed = replay_->taken();
}

void RunBudget::decide_if_due(const Pass& pass) {
  budget::BudgetState& budget = state_.budget;
  const budget::BudgetRequest now = request(pass);
  const std::uint64_t left = total_steps() - state_.step;
  const bool is_first = budget.decisions.empty();
  if (!is_first && budget.limits != now.limits) {
    decide_now(pass, "the budget has changed");
  } else if (budget.pace.is_known() && state_.step >= budget.next_decision) {
    decide_now(pass, is_first ? "training begins" : "half is done");
  } else if (now.limits.harvest.empty() && !budget::fits(now, (left + 1) / 2)) {
    decide_now(pass, "half of what is left does not fit");
  }
  if (state_.step >= total_steps() || budget::fits(now, 0)) return;
  // What comes in meanwhile may pay for more steps where it does not for fewer.
  if (!now.limits.harvest.empty() && budget::fits(now, total_steps() - state_.step)) return;
  if (state_.step == 0) give_up(budget::min_expense(now, 1));
  apply({.steps = 0, .evaluates = false}, pass);
  log({.evaluates = false, .why = "one more step would go over"}, pass);
}

// As long as the end itself fits a last step is made, so that the learning rate reaches its end.
void RunBudget::decide_now(const Pass& pass, std::string why) {
  const budget::BudgetRequest now = request(pass);
  budget::Decision decision = budget::decide(now);
  if (decision.steps == 0 && state_.step == 0) give_up(budget::min_expense(now, 1));
  if (now.planned_steps > 0 && budget::fits(now, 0)) {
    decision.steps = std::max<std::uint64_t>(decision.steps, 1);
  }
  if (!decision.binds.empty()) why += fmt::format("; {} binds", decision.binds);
  state_.budget.pace.settle();
  state_.budget.limits = now.limits;
  state_.budget.next_decision = budget::next_decision(state_.step, decision.steps);
  apply(decision, pass);
  log({.steps_left = decision.steps, .evaluates = decision.evaluates, .why = std::move(why)}, pass);
}

void RunBudget::apply(const budget::Decision& decision, const Pass& pass) {
  budget::BudgetState& budget = state_.budget;
  budget.evaluates = decision.evaluates;
  const std::uint64_t left =
      budget.is_stretched ? budget.horizon.end() - state_.step : planned_steps_left(pass);
  if (decision.steps != left) {
    budget.horizon = {state_.step, position_on_schedule(pass), decision.steps};
    budget.is_stretched = true;
  }
  if (!pass.is_over()) share_out(pass);
}

void RunBudget::share_out(const Pass& pass) {
  budget::BudgetState& budget = state_.budget;
  budget.pass_end = 0;
  if (!budget.is_stretched || setup_.config.budget.shrink != budget::Shrink::share) return;
  budget.pass_end = std::min(pass.batches, budget::share_of_pass(budget.horizon.end() - state_.step,
                                                                 pass.done, passes_left(pass)));
}

// Once it waits, it does for the next stretch, so that it does not wait again at every step.
std::optional<double> RunBudget::waits_until() {
  if (!is_on_ || is_replay()) return {};
  if (in_force_.harvest.empty()) return {};
  const core::Usage& spent = used();
  const double now = spent.seconds + state_.spent.paused_seconds;
  const double come_in = in_force_.joules_by(now);
  if (awaited_joules_ == 0 && spent.joules > come_in) {
    const std::uint64_t next = state_.budget.next_decision;
    const auto stretch = static_cast<double>(next > state_.step ? next - state_.step : 1);
    awaited_joules_ = spent.joules + stretch * costs().step.joules;
  }
  std::optional<double> moment;
  if (awaited_joules_ > come_in) moment = in_force_.moment_of(awaited_joules_, now);
  if (!moment && spent.joules > come_in) moment = in_force_.moment_of(spent.joules, now);
  if (!moment) awaited_joules_ = 0;
  return moment;
}

// --- the log ---

void RunBudget::log(budget::DecisionRecord record, const Pass& pass) {
  budget::BudgetState& budget = state_.budget;
  record.sequence = budget.decisions.size() + 1;
  record.phase = activity_of(state_.phase);
  record.epoch = state_.epoch + 1;
  record.step = state_.step;
  record.batch = state_.batch;
  record.pass_ended = pass.is_over();
  record.spent = state_.spent.total();
  record.per_step = budget.pace.per_step();
  record.progress = 0;
  if (state_.phase == Phase::train) {
    record.progress = position_by_steps() / static_cast<double>(setup_.plan.training_steps);
  }
  record.limits = budget.limits;
  budget.decisions.push_back(std::move(record));
  core::write_file_atomically(setup_.files() / kDecisionsFile,
                              budget::decisions_text(budget.decisions));
}

// Before a step of a pass, or of the warm-up.
void RunBudget::log_pause(const std::string& why) {
  log({.kind = budget::DecisionRecord::Kind::pause,
       .steps_left = state_.phase == Phase::train ? total_steps() - state_.step : 0,
       .evaluates = state_.budget.evaluates,
       .why = why},
      {.batches = state_.batch + 1, .done = state_.batch});
}

void RunBudget::require_replayed() const {
  if (replay_) replay_->require_all_taken();
}

}  // namespace edgeprune::run
