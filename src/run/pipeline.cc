#include "edgeprune/run/pipeline.h"

#include "edgeprune/budget/pause_watch.h"
#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/cost/equations.h"
#include "edgeprune/nn/model_file.h"
#include "edgeprune/run/run_directory.h"
#include "edgeprune/run/run_files.h"
#include "edgeprune/run/run_network.h"
#include "edgeprune/select/manifest.h"
#include "edgeprune/train/training_pass.h"

#include "device_prediction.h"
#include "records.h"
#include "run_budget.h"
#include "run_progress.h"
#include "run_selection.h"
#include "run_setup.h"
#include "run_warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <utility>

namespace edgeprune::run {
namespace {

constexpr double kPauseSeconds = 1;

class Pipeline {
 public:
  Pipeline(const config::ResolvedConfig& config, const PipelineOptions& options)
      : options_(options),
        device_(device_of(*config)),
        own_spending_(options.spending == nullptr
                          ? budget::measured_usage(with_power_of(device_, config->energy))
                          : nullptr),
        spending_(own_spending_ ? *own_spending_ : *options.spending),
        lock_(config->run.directory),
        loaded_(load_checkpoint(config->run.directory)),
        setup_(config, loaded_ ? &loaded_->state : nullptr, options.data),
        predicted_(predicted_cost(setup_, device_)),
        run_(setup_, first_model(), spending_),
        pauses_(setup_.config.pause, options.device_state),
        budget_(setup_, timing_of(setup_, device_), run_.state, run_.account,
                {.notice = [this](const std::string& text) { notice(text); },
                 .measure_forward = [this](std::uint32_t batches,
                                           int times) { measure_forward(batches, times); }}) {}

  RunResult run() {
    start_or_continue();
    try {
      if (wanted(Phase::score)) score();
      if (wanted(Phase::select)) select_samples();
      if (wanted(Phase::train)) train();
    } catch (const core::Error& error) {
      if (error.kind() == core::ErrorKind::budget) save();
      throw;
    }
    return result();
  }

 private:
  // A run under way has its weights in the checkpoint and needs `model.init` no more.
  [[nodiscard]] nn::Model first_model() const {
    if (loaded_) return nn::initial_model(setup_.network, setup_.config.run.seed);
    std::string text;
    nn::Model model = setup_.first_model(text);
    if (!text.empty()) notice(text);
    return model;
  }

  [[nodiscard]] bool wanted(Phase phase) const {
    return state_.phase == phase && state_.phase < state_.goal;
  }

  void notice(const std::string& text) const {
    if (options_.events != nullptr) options_.events->on_notice(text);
  }
  void notices(const std::vector<std::string>& texts) const {
    for (const std::string& text : texts) notice(text);
  }

  void start_or_continue() {
    if (loaded_) {
      notices(loaded_->notices);
      const std::string text = run_.continue_from(*loaded_);
      if (!text.empty()) notice(text);
      loaded_.reset();
    } else {
      notices(setup_.warnings());
    }
    if (state_.phase == Phase::done) run_.require_results();
    if (state_.phase != Phase::done) notices(setup_.choices());
    if (options_.goal) state_.goal = *options_.goal;
    if (state_.phase >= state_.goal) return;
    // A selection asked for with another keep ratio than scoring was begun with plans anew.
    setup_.write_plan();
    save();
  }

  void save() { budget_.record_save(run_.save()); }

  [[nodiscard]] bool stop_requested() const {
    return options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::function<bool()> stop_check() const {
    return [this] { return stop_requested(); };
  }

  // Work that asks stop_check(): stopped, it is done anew by who resumes.
  template <typename Work>
  auto unless_stopped(Work&& work) {
    try {
      return work();
    } catch (const core::Error& error) {
      if (error.kind() == core::ErrorKind::interrupted) run_.interrupt();
      throw;
    }
  }

  // --- pauses, between two batches ---

  [[nodiscard]] std::string reason_to_pause() {
    if (options_.pause != nullptr && options_.pause->load(std::memory_order_relaxed)) {
      return "it was asked to (SIGUSR1; SIGUSR2 lets it go on)";
    }
    std::string reason = pauses_.reason();
    const std::optional<double> moment = budget_.waits_until();
    if (reason.empty() && moment) {
      reason = fmt::format(
          "not enough energy has come in yet; it will have after {:.0f} s of the "
          "run",
          *moment);
    }
    return reason;
  }

  // Before each step: stops, or waits, where there is a reason to.
  void stop_or_pause() {
    if (stop_requested()) run_.interrupt();
    budget_.look();
    const std::string reason = reason_to_pause();
    if (!reason.empty()) pause(reason);
  }

  void pause(const std::string& reason) {
    budget_.log_pause(reason);
    save();
    if (setup_.config.pause.stops) {
      throw core::Error(core::ErrorKind::paused,
                        fmt::format("stopped, for {}; continue with `edgeprune resume {}`", reason,
                                    setup_.directory.string()));
    }
    notice(fmt::format("paused: {}", reason));
    {
      const auto pausing = run_.account.during(core::Activity::pause);
      pauses_.begin();
      while (!reason_to_pause().empty()) {
        if (stop_requested()) run_.interrupt();
        spending_.wait(kPauseSeconds);
        run_.account.flush();
        budget_.look();
      }
      pauses_.end();
    }
    budget_.end_step_timing();
    budget_.look();
    notice("goes on");
  }

  // --- one pass over samples, in any phase ---

  // The batches from state_.batch on, as long as should_continue (asked with the batches of the
  // pass) says so. on_batch sees each batch's result.
  template <typename GoesOn, typename OnBatch>
  std::uint32_t run_pass(const select::Pass& samples, GoesOn&& should_continue,
                         OnBatch&& on_batch) {
    train::TrainingPass pass(setup_.data.train, samples, pass_options());
    while (true) {
      stop_or_pause();
      if (!should_continue(pass.num_batches())) break;
      const data::Batch* batch = pass.next();
      if (batch == nullptr) break;
      const auto batch_samples = static_cast<std::uint32_t>(batch->samples.size());
      state_.learning_rate = learning_rate(pass.num_batches());
      const auto step = run_.trainer.train_batch(*batch, state_.learning_rate,
                                                 pass.weights(state_.batch), observed_of_steps());
      spending_.worked(budget::Work::step, batch_samples);
      run_.count_step(step.observation);
      on_batch(step.observation);
      announce_step(batch_samples);
      budget_.record_save(run_.save_if_due());
    }
    return pass.num_batches();
  }

  [[nodiscard]] train::PassOptions pass_options() const {
    const bool trains = state_.phase == Phase::train;
    data::LoaderOptions loader{.normalisation = setup_.data.normalisation,
                               .seed = setup_.config.run.seed,
                               .epoch = state_.epoch,
                               .first_batch = state_.batch,
                               .pool = run_.trainer.loading_pool()};
    if (trains) loader.augmentation = setup_.config.train.augmentation;
    return {.purpose = trains ? core::Purpose::training_order : core::Purpose::warmup_order,
            .batch_size = setup_.config.train.batch_size,
            .loader = loader};
  }

  [[nodiscard]] score::ScoreNeeds observed_of_steps() const {
    if (state_.phase != Phase::score) return {};
    return run_.scores->needs_of_steps();
  }

  // The warm-up runs at the base learning rate; the schedule spans the steps after selection.
  [[nodiscard]] float learning_rate(std::uint32_t pass_batches) const {
    const nn::Schedule& schedule = setup_.recipe.schedule;
    if (state_.phase == Phase::score) return schedule.base_learning_rate;
    return schedule.at(budget_.schedule_position(pass_batches),
                       static_cast<double>(setup_.plan.training_steps));
  }

  void announce_step(std::uint32_t batch_samples) const {
    if (options_.events == nullptr) return;
    options_.events->on_step(state_.phase, state_.step, total_steps(), batch_samples);
  }

  [[nodiscard]] std::uint64_t total_steps() const {
    return state_.phase == Phase::score ? setup_.plan.warmup_iterations : budget_.total_steps();
  }

  void announce() const {
    if (options_.events != nullptr) options_.events->on_phase(state_.phase, total_steps());
  }

  // --- score: Algorithm 1, phase 1 ---

  void score() {
    const auto scoring = run_.account.during(core::Activity::score);
    if (setup_.strategy().warms_up) {
      announce();
      warm_up();
      score_unseen();
      state_.warmup_iterations = setup_.plan.warmup_iterations;
      state_.label_noise = run_.scores->label_noise();
      scores_ = run_.scores->finish();
      write_scores(setup_.directory, setup_.config, setup_.data, *scores_);
    }
    run_.enter(Phase::select);
  }

  void warm_up() {
    select::StaticSampler all(data::all_samples(setup_.data.train));
    // A pass under way whose steps are all done still has its line to write.
    while (state_.step < setup_.plan.warmup_iterations || state_.batch > 0) {
      score_pass(all.pass(state_.epoch));
      run_.write_metrics(warmup_line(state_, setup_.data.train.num_samples()));
      run_.begin_pass(state_.epoch + 1);
    }
  }

  void score_pass(const select::Pass& all) {
    const auto evaluate_after =
        evaluation_iterations(setup_.plan.warmup_iterations, setup_.config.score.evaluations);
    const auto should_continue = [this](std::uint32_t) {
      if (state_.step >= setup_.plan.warmup_iterations) return false;
      budget_.before_warmup_step();
      return true;
    };
    run_pass(all, should_continue, [&](const score::Observation& step) {
      run_.scores->observe(step);
      if (!run_.scores->steps_score() &&
          std::binary_search(evaluate_after.begin(), evaluate_after.end(), state_.step)) {
        score_by_forward(all.samples);
      }
    });
  }

  void score_unseen() {
    const auto unseen = run_.scores->unseen();
    if (unseen.empty()) return;
    notice(
        fmt::format("{} samples were not drawn in {} warm-up iterations; scored by one forward "
                    "pass",
                    unseen.size(), setup_.plan.warmup_iterations));
    score_by_forward(unseen);
  }

  void score_by_forward(const std::vector<std::uint32_t>& samples) {
    (void)evaluate(setup_.data.train, samples,
                   {.observed = run_.scores->needs_of_forward_passes(),
                    .on_batch = [this](const auto& batch) { run_.scores->observe(batch); }});
    state_.spent.scoring_forward_samples += samples.size();
  }

  // Forward passes, whose cost the budget learns from.
  train::Evaluation evaluate(const data::Dataset& dataset, std::span<const std::uint32_t> samples,
                             const train::EvaluateOptions& options) {
    const core::Usage before = run_.account.total();
    train::Evaluation evaluation =
        run_.trainer.evaluate(dataset, samples, setup_.data.normalisation, options);
    spending_.worked(budget::Work::forward, samples.size());
    budget_.record_forward(run_.account.total() - before, samples.size());
    budget_.end_step_timing();
    return evaluation;
  }

  // --- select: Algorithm 1, phase 2 ---

  void select_samples() {
    announce();
    if (run_.scores) {
      if (!scores_) scores_ = run_.scores->finish();
      settle();
    }
    {
      const auto selecting = run_.account.during(core::Activity::select);
      state_.kept = unless_stopped([this] { return selection(); });
    }
    select::write_selection(
        setup_.directory, state_.kept,
        selection_manifest(setup_.config, setup_.choice, setup_.plan, setup_.data));
    notices(vanished_classes(setup_.data.train, state_.kept));
    scores_.reset();
    run_.enter(Phase::train);
  }

  // After the warm-up: what `auto` makes of it, and what is to be said of the scores.
  void settle() {
    const std::string score = config::ranking_score(setup_.config, setup_.strategy());
    std::span<const float> values;
    if (!score.empty()) values = scores_->column(score);
    notices(score_warnings(setup_.strategy(),
                           {.score = score, .values = values, .label_noise = state_.label_noise}));
    if (setup_.choice.reason.empty()) return;
    setup_.settle(state_.label_noise, state_.warmup_iterations);
    setup_.write_plan();
    notice(setup_.strategy_text());
  }

  [[nodiscard]] std::vector<std::uint32_t> selection() {
    // A dynamic strategy chooses each epoch: everything stays.
    if (setup_.strategy().sampler != nullptr) return data::all_samples(setup_.data.train);
    if (setup_.strategy().select == nullptr) return setup_.given;
    return make_selection({.config = setup_.config,
                           .choice = setup_.choice,
                           .plan = setup_.plan,
                           .dataset = setup_.data.train,
                           .scores = scores_ ? &*scores_ : nullptr,
                           .pool = &setup_.pool,
                           .features = [this](auto samples) { return features_of(samples); }});
  }

  [[nodiscard]] select::FeatureMatrix features_of(std::span<const std::uint32_t> samples) {
    select::FeatureMatrix matrix{.width =
                                     static_cast<std::uint32_t>(setup_.network.num_features())};
    matrix.values.reserve(samples.size() * matrix.width);
    const auto append = [&](const score::Observation& batch) {
      matrix.values.insert(matrix.values.end(), batch.features.begin(), batch.features.end());
    };
    (void)evaluate(
        setup_.data.train, samples,
        {.interrupted = stop_check(), .observed = {.features = true}, .on_batch = append});
    state_.spent.scoring_forward_samples += samples.size();
    return matrix;
  }

  // --- train: Algorithm 1, phase 3 ---

  void train() {
    announce();
    if (!run_.sampler) run_.sampler = std::make_unique<select::StaticSampler>(state_.kept);
    budget_.end_step_timing();
    {
      const auto training = run_.account.during(core::Activity::train);
      // A pass under way whose steps are all done still has its line to write.
      while (state_.epoch < budget_.epochs() &&
             (state_.step < budget_.total_steps() || state_.batch > 0)) {
        if (!train_pass()) break;
      }
      if (!is_evaluated(state_.metrics)) evaluate_at_last();
    }
    finish();
  }

  // False where the budget has left nothing of the pass.
  bool train_pass() {
    run_.sampler->expect_epochs(budget_.epochs());
    const std::uint32_t pass_batches = run_pass(
        run_.sampler->pass(state_.epoch),
        [this](std::uint32_t batches) { return budget_.should_continue(batches); },
        [this](const score::Observation& step) { run_.sampler->observe(step); });
    if (state_.batch == 0) return false;
    budget_.pass_ended(pass_batches);
    finish_epoch();
    run_.begin_pass(state_.epoch + 1);
    budget_.record_save(run_.save_if_due());
    return true;
  }

  // For a budget, which has to know what its last evaluation will take.
  void measure_forward(std::uint32_t batches, int times) {
    const auto evaluating = run_.account.during(core::Activity::evaluate);
    auto samples = data::all_samples(setup_.data.train);
    samples.resize(std::min<std::size_t>(samples.size(),
                                         std::size_t{batches} * setup_.config.train.batch_size));
    for (int i = 0; i < times; ++i) {
      (void)evaluate(setup_.data.train, samples, {stop_check()});
      state_.spent.evaluation_samples += samples.size();
    }
  }

  // The budget ended the run after an epoch that was not evaluated.
  void evaluate_at_last() {
    const auto evaluating = run_.account.during(core::Activity::evaluate);
    const EpochMetrics metrics = unless_stopped([this] { return evaluate_epoch(); });
    state_.metrics = with_last_evaluated(state_.metrics, metrics);
    run_.write_metrics("");
  }

  void finish() {
    nn::write_model(setup_.directory / kModelFile, setup_.network, run_.trainer.model(),
                    {{"format", "pt"}, {"network", network_name(setup_.config)}});
    run_.account.flush();
    core::write_file_atomically(setup_.directory / kSummaryFile,
                                summary_json(setup_.config, setup_.choice, setup_.plan, setup_.data,
                                             setup_.network, state_, setup_.engine(), setup_.memory,
                                             {.meters = spending_.records(),
                                              .idle_joules = spending_.idle_joules(),
                                              .uncertainty_joules = spending_.uncertainty_joules()},
                                             predicted_));
    run_.enter(Phase::done);
  }

  void finish_epoch() {
    EpochMetrics metrics;
    if (budget_.evaluates_this_epoch()) {
      const auto evaluating = run_.account.during(core::Activity::evaluate);
      metrics = unless_stopped([this] { return evaluate_epoch(); });
    }
    run_.account.flush();
    run_.write_metrics(epoch_line(state_, setup_.plan, metrics));
    if (options_.events == nullptr) return;
    options_.events->on_epoch({.phase = Phase::train,
                               .epoch = state_.epoch + 1,
                               .epochs = budget_.epochs(),
                               .running_loss = state_.pass_loss_sum / state_.pass_samples,
                               .kept_accuracy = metrics.kept ? metrics.kept->accuracy : -1,
                               .test_accuracy = metrics.test ? metrics.test->accuracy : -1});
  }

  EpochMetrics evaluate_epoch() {
    const auto all = data::all_samples(setup_.data.train);
    const train::Evaluation train = evaluate(setup_.data.train, all, {stop_check()});
    EpochMetrics metrics{.kept = mean_over(train, state_.kept), .train = mean_over(train, all)};
    if (!std::isfinite(metrics.train->loss)) {
      throw core::Error(core::ErrorKind::numeric,
                        fmt::format("the model's loss is not finite after step {}; lower "
                                    "train.learning_rate",
                                    state_.step));
    }
    std::uint64_t samples = all.size();
    if (setup_.data.test) {
      const auto test_samples = data::all_samples(*setup_.data.test);
      metrics.test =
          mean_over(evaluate(*setup_.data.test, test_samples, {stop_check()}), test_samples);
      samples += test_samples.size();
    }
    state_.spent.evaluation_samples += samples;
    return metrics;
  }

  [[nodiscard]] RunResult result() {
    const RunPlan& plan = setup_.plan;
    const double sigma = setup_.data.train.stored_bytes_per_sample;
    RunResult result{.reached = state_.phase,
                     .plan = plan,
                     .spent = state_.spent,
                     .strategy = setup_.config.prune.strategy,
                     .training_steps = budget_.total_steps(),
                     .meters = spending_.meters(),
                     .limits = budget_.limits(),
                     .stored_bytes_full = cost::stored_bytes(plan.num_samples, sigma),
                     .stored_bytes_kept = cost::stored_bytes(plan.num_stored, sigma)};
    if (state_.phase == Phase::done) take_last_accuracies(state_.metrics, result);
    return result;
  }

  PipelineOptions options_;
  std::optional<cost::DeviceProfile> device_;
  std::unique_ptr<budget::UsageMeter> own_spending_;
  budget::UsageMeter& spending_;
  core::DirectoryLock lock_;
  std::optional<LoadedCheckpoint> loaded_;  // until the run goes on from it
  RunSetup setup_;
  std::optional<cost::RunCost> predicted_;
  RunProgress run_;
  RunState& state_ = run_.state;
  std::optional<score::Scores> scores_;  // from the end of the warm-up to the selection
  budget::PauseWatch pauses_;
  RunBudget budget_;
};

}  // namespace

RunResult run_pipeline(const config::ResolvedConfig& config, const PipelineOptions& options) {
  return Pipeline(config, options).run();
}

}  // namespace edgeprune::run
