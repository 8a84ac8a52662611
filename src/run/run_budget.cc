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
// How much longer than the last one measured the last evaluation may take: machines are not quiet.
constexpr double kLongerEvaluation = 1.1;
// Few, so that they cost little; more than one, for the first warms caches up.
constexpr std::uint32_t kBatchesToMeasure = 4;
// A step so many times as long as the longest before hints at a device that has slowed down.
constexpr double kSlowedDown = 1.25;
// The model, the last checkpoint and the summary, beside a checkpoint of now.
constexpr double kSavesAtTheEnd = 2;
// The pace of fewer steps of a warm-up says too little to give up on.
constexpr std::uint64_t kStepsBeforeGivingUp = 3;

budget::BudgetLimits configured_limits(const config::Config::Budget& budget) {
  return {.seconds = budget.seconds, .joules = budget.joules};
}

// A forward pass of a sample over a step of `batch_size`.
double forward_share(const cost::NetworkTiming* timing, double batch_size) {
  if (timing == nullptr) return kForwardShare / batch_size;
  return timing->forward_seconds_per_sample /
         (timing->step_overhead_seconds + batch_size * timing->step_seconds_per_sample);
}

}  // namespace

RunBudget::RunBudget(const RunSetup& setup, const cost::NetworkTiming* timing, RunState& state,
                     budget::UsageTracker& account, Notice notice)
    : setup_(setup),
      state_(state),
      account_(account),
      notice_(std::move(notice)),
      forward_share_(forward_share(timing, setup.trainer_options().batch_size)),
      watch_(configured_limits(setup.config.budget), setup.config.budget.file),
      is_on_(is_replay() || !setup.config.budget.file.empty() ||
             configured_limits(setup.config.budget).any()) {
  if (is_replay()) {
    replay_ = budget::read_decisions(setup.config.budget.replay);
  } else if (limits().limits_joules() && !account.meter().has_meter()) {
    throw core::Error(core::ErrorKind::config,
                      "a budget in joules needs a meter and this machine has none that can be "
                      "read (`edgeprune doctor` says why); name one with energy.meter, or give "
                      "energy.power_watts");
  }
}

const budget::BudgetLimits& RunBudget::limits() {
  const budget::BudgetLimits& limits = watch_.limits();
  const std::string text = watch_.take_notice();
  if (!text.empty()) notice_(text);
  return limits;
}

// --- what things cost ---

// What comes between two steps, such as the beginning of a pass, belongs to the later one.
void RunBudget::measure() {
  const core::Usage now = account_.total();
  if (mark_ && mark_->step == state_.step) return;
  if (mark_) count_step(now - mark_->total);
  mark_ = Mark{state_.step, now};
}

void RunBudget::count_step(const core::Usage& step) {
  last_seconds_ = step.seconds;
  state_.budget.pace.add(step);
  state_.budget.forward.add_step(step.seconds);
}

std::uint32_t RunBudget::batches_to_measure(std::uint32_t pass_batches) {
  if (!is_on_ || is_replay()) return 0;
  if (!knows_cost_of_forward()) return kBatchesToMeasure;
  measure();
  const bool has_slowed_down =
      largest_seconds_ > 0 && last_seconds_ > kSlowedDown * largest_seconds_;
  const bool confirms = needs_confirmation(pass_batches);
  if (!has_slowed_down && !confirms) return 0;
  state_.budget.forward.is_confirmed |= confirms;
  state_.budget.next_decision = state_.step;
  return confirms ? kBatchesToMeasure : 1;
}

// Once, when the last measurement lies further back than the end lies ahead, all the steps that are
// left take no longer than the evaluation, and there is no room for it twice.
bool RunBudget::needs_confirmation(std::uint32_t pass_batches) {
  const budget::ForwardPace& forward = state_.budget.forward;
  const std::uint64_t left = total_steps() - std::min(state_.step, total_steps());
  if (forward.is_confirmed || left == 0 || forward.steps_since < left) return false;
  const double seconds = static_cast<double>(left) * state_.budget.pace.per_step().seconds;
  if (seconds > evaluation_seconds()) return false;
  budget::BudgetRequest twice = request(pass_batches);
  twice.spent += twice.costs.evaluation;
  return !budget::fits(twice, left);
}

void RunBudget::record_forward(const core::Usage& expense, std::uint64_t samples) {
  if (samples == 0) return;
  state_.budget.forward.take(expense.seconds, samples);
  largest_seconds_ = std::max(state_.budget.pace.largest().seconds, last_seconds_);
}

void RunBudget::record_save(const core::Usage& expense) {
  if (expense.seconds <= 0) return;
  save_seconds_ += expense.seconds;
  ++num_saves_;
}

double RunBudget::evaluation_seconds() const {
  const budget::BudgetState& budget = state_.budget;
  const double step = budget.pace.per_step().seconds;
  const double forward = budget.forward.seconds_per_sample > 0 ? budget.forward.seconds_now(step)
                                                               : forward_share_ * step;
  return kLongerEvaluation * static_cast<double>(setup_.data.num_evaluated()) * forward;
}

budget::StepCosts RunBudget::costs() const {
  const budget::StepPace& pace = state_.budget.pace;
  const double save = num_saves_ > 0 ? save_seconds_ / num_saves_ : 0;
  return {.step = pace.per_step(),
          .largest_step = pace.largest(),
          .evaluation = pace.of_seconds(evaluation_seconds()),
          .finish = pace.of_seconds(kSavesAtTheEnd * save)};
}

std::uint32_t RunBudget::planned_pass_batches() const {
  return core::BatchPlan(setup_.plan.num_kept, setup_.config.train.batch_size).num_batches();
}

// What a sampler drops is made up for by more passes.
bool RunBudget::counts_steps() const {
  const select::Strategy& strategy = setup_.strategy();
  return setup_.config.budget.samples > 0 && strategy.sampler != nullptr && strategy.keeps_all;
}

std::uint32_t RunBudget::epochs() const {
  if (!counts_steps()) return setup_.plan.epochs;
  const std::uint64_t begun_at = state_.step - std::min<std::uint64_t>(state_.step, state_.batch);
  const std::uint64_t left = total_steps() - std::min(begun_at, total_steps());
  const std::uint64_t batches = planned_pass_batches();
  return state_.epoch + static_cast<std::uint32_t>((left + batches - 1) / batches);
}

std::uint64_t RunBudget::planned_steps_left(std::uint32_t pass_batches) const {
  if (counts_steps()) return setup_.plan.training_steps - state_.step;
  const std::uint64_t of_passes =
      pass_batches - state_.batch + std::uint64_t{passes_left() - 1} * planned_pass_batches();
  return std::min(of_passes, setup_.plan.training_steps - state_.step);
}

std::uint32_t RunBudget::planned_evaluations_left() const {
  const std::uint32_t every = setup_.config.train.evaluate_every_epochs;
  return every == 0 ? 0 : (epochs() - 1) / every - state_.epoch / every;
}

budget::BudgetRequest RunBudget::request(std::uint32_t pass_batches) {
  return {.limits = limits(),
          .spent = account_.total(),
          .paused_seconds = state_.spent.paused_seconds,
          .costs = costs(),
          .planned_steps = planned_steps_left(pass_batches),
          .planned_evaluations = planned_evaluations_left()};
}

// --- the warm-up ---

void RunBudget::before_warmup_step() {
  if (!is_on_) return;
  measure();
  if (is_replay() || state_.step < kStepsBeforeGivingUp) return;
  const RunPlan& plan = setup_.plan;
  budget::BudgetRequest now{.limits = limits(),
                            .spent = account_.total(),
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

void RunBudget::give_up(const core::Usage& least) {
  const budget::BudgetLimits& limit = limits();
  const bool of_time = limit.seconds > 0 && least.seconds > limit.seconds;
  const double needed = of_time ? least.seconds : least.joules;
  const std::string_view unit = of_time ? "seconds" : "joules";
  // Rounded up to three digits, so that what is said surely does.
  const double step = std::pow(10.0, std::floor(std::log10(needed)) - 2);
  const double enough = std::ceil(1.02 * needed / step) * step;
  throw core::Error(
      core::ErrorKind::budget,
      fmt::format("budget.{0} is {1:g}, which is not enough to select, train a step and evaluate; "
                  "at least {2:g} {0} would do: `edgeprune resume {3} --set budget.{0}={2:g}`",
                  unit, of_time ? limit.seconds : limit.joules, enough, setup_.directory.string()));
}

// --- training ---

std::uint64_t RunBudget::total_steps() const {
  return state_.budget.is_stretched ? state_.budget.horizon.end() : setup_.plan.training_steps;
}

// Where a sampler drops samples, its passes are shorter than planned and the schedule moves faster.
double RunBudget::schedule_position(std::uint32_t pass_batches) const {
  const std::uint64_t steps = setup_.plan.training_steps;
  if (state_.budget.is_stretched) return state_.budget.horizon.position_at(state_.step, steps);
  const std::uint64_t planned = planned_pass_batches();
  const std::uint64_t step =
      counts_steps() ? state_.step : state_.epoch * planned + state_.batch * planned / pass_batches;
  return static_cast<double>(std::min(step, steps - 1));
}

bool RunBudget::should_continue(std::uint32_t pass_batches) {
  if (state_.step >= total_steps() || state_.batch >= pass_batches) return false;
  if (!is_on_) return true;
  if (state_.batch == 0) share_out(pass_batches);
  measure();
  if (is_replay()) {
    follow_log(pass_batches);
  } else {
    decide_if_due(pass_batches);
  }
  const std::uint32_t end = state_.budget.pass_end;
  return state_.step < total_steps() && (end == 0 || state_.batch < end);
}

void RunBudget::pass_ended(std::uint32_t pass_batches) {
  if (!is_on_ || state_.step >= total_steps() || (passes_left() == 1 && !counts_steps())) return;
  measure();
  // What a shortened pass has left out is not made up for.
  const std::uint32_t done = std::exchange(state_.batch, pass_batches);
  if (is_replay()) {
    follow_log(pass_batches);
  } else if (state_.budget.pace.is_known()) {
    decide_now(pass_batches, "a pass has ended");
  }
  state_.batch = done;
}

void RunBudget::follow_log(std::uint32_t pass_batches) {
  for (const budget::MadeDecision& made : replay_) {
    // At the end of a pass and at the beginning of the next the step is the same.
    if (made.step != state_.step || made.epoch != state_.epoch + 1) continue;
    const budget::Decision decision{.steps = made.steps_left, .evaluates = made.evaluates};
    apply(decision, pass_batches);
    log({.steps_left = made.steps_left, .evaluates = made.evaluates, .why = "replayed"});
  }
}

void RunBudget::decide_if_due(std::uint32_t pass_batches) {
  budget::BudgetState& budget = state_.budget;
  const budget::BudgetRequest now = request(pass_batches);
  const std::uint64_t left = total_steps() - state_.step;
  if (budget.num_decisions > 0 && budget::limits_text(now.limits) != budget.limits) {
    decide_now(pass_batches, "the budget has changed");
  } else if (budget.pace.is_known() && state_.step >= budget.next_decision) {
    decide_now(pass_batches, budget.num_decisions == 0 ? "training begins" : "half is done");
  } else if (now.limits.harvest.empty() && !budget::fits(now, (left + 1) / 2)) {
    decide_now(pass_batches, "half of what is left does not fit");
  }
  if (state_.step >= total_steps() || budget::fits(now, 0)) return;
  // What comes in meanwhile may pay for more steps where it does not for fewer.
  if (!now.limits.harvest.empty() && budget::fits(now, total_steps() - state_.step)) return;
  if (state_.step == 0) give_up(budget::min_expense(now, 1));
  apply({.steps = 0, .evaluates = false}, pass_batches);
  log({.evaluates = false, .why = "one more step would go over"});
}

// As long as the end itself fits a last step is made, so that the learning rate reaches its end.
void RunBudget::decide_now(std::uint32_t pass_batches, std::string why) {
  const budget::BudgetRequest now = request(pass_batches);
  budget::Decision decision = budget::decide(now);
  if (decision.steps == 0 && state_.step == 0) give_up(budget::min_expense(now, 1));
  if (now.planned_steps > 0 && budget::fits(now, 0)) {
    decision.steps = std::max<std::uint64_t>(decision.steps, 1);
  }
  if (!decision.binds.empty()) why += fmt::format("; {} binds", decision.binds);
  state_.budget.pace.settle();
  state_.budget.limits = budget::limits_text(now.limits);
  state_.budget.next_decision = budget::next_decision(state_.step, decision.steps);
  apply(decision, pass_batches);
  log({.steps_left = decision.steps, .evaluates = decision.evaluates, .why = std::move(why)});
}

void RunBudget::apply(const budget::Decision& decision, std::uint32_t pass_batches) {
  budget::BudgetState& budget = state_.budget;
  budget.evaluates = decision.evaluates;
  const std::uint64_t left =
      budget.is_stretched ? budget.horizon.end() - state_.step : planned_steps_left(pass_batches);
  if (decision.steps != left) {
    budget.horizon = {state_.step, schedule_position(pass_batches), decision.steps};
    budget.is_stretched = true;
  }
  if (state_.batch < pass_batches) share_out(pass_batches);
}

void RunBudget::share_out(std::uint32_t pass_batches) {
  budget::BudgetState& budget = state_.budget;
  budget.pass_end = 0;
  if (!budget.is_stretched || setup_.config.budget.shrink != budget::Shrink::share) return;
  budget.pass_end = std::min(pass_batches, budget::share_of_pass(budget.horizon.end() - state_.step,
                                                                 state_.batch, passes_left()));
}

// Once it waits, it does for the next stretch, so that it does not wait again at every step.
std::optional<double> RunBudget::waits_until() {
  if (!is_on_ || is_replay()) return {};
  const budget::BudgetLimits& in_force = limits();
  if (in_force.harvest.empty()) return {};
  const core::Usage spent = account_.total();
  const double now = spent.seconds + state_.spent.paused_seconds;
  const double come_in = in_force.joules_by(now);
  if (awaited_joules_ == 0 && spent.joules > come_in) {
    const std::uint64_t next = state_.budget.next_decision;
    const auto stretch = static_cast<double>(next > state_.step ? next - state_.step : 1);
    awaited_joules_ = spent.joules + stretch * state_.budget.pace.per_step().joules;
  }
  std::optional<double> moment;
  if (awaited_joules_ > come_in) moment = in_force.moment_of(awaited_joules_, now);
  if (!moment && spent.joules > come_in) moment = in_force.moment_of(spent.joules, now);
  if (!moment) awaited_joules_ = 0;
  return moment;
}

// --- the log ---

void RunBudget::log(budget::DecisionRecord record) {
  record.sequence = ++state_.budget.num_decisions;
  record.phase = name_of(state_.phase);
  record.epoch = state_.epoch + 1;
  record.step = state_.step;
  record.spent = state_.spent.total();
  record.per_step = state_.budget.pace.per_step();
  if (state_.phase == Phase::train) {
    record.progress = state_.budget.is_stretched ? state_.budget.horizon.position_at(
                                                       state_.step, setup_.plan.training_steps)
                                                 : static_cast<double>(state_.step);
    record.progress /= static_cast<double>(setup_.plan.training_steps);
  }
  record.limits = state_.budget.limits;
  state_.budget.decisions += budget::decision_line(record);
  core::write_file_atomically(setup_.directory / kDecisionsFile, state_.budget.decisions);
}

void RunBudget::log_pause(const std::string& why) {
  log({.kind = "pause",
       .steps_left = state_.phase == Phase::train ? total_steps() - state_.step : 0,
       .evaluates = state_.budget.evaluates,
       .why = why});
}

}  // namespace edgeprune::run
