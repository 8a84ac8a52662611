#include "edgeprune/train/pipeline.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/hash.h"
#include "edgeprune/core/npy.h"
#include "edgeprune/core/random.h"
#include "edgeprune/core/thread_pool.h"
#include "edgeprune/cost/equations.h"
#include "edgeprune/nn/model_file.h"
#include "edgeprune/select/manifest.h"
#include "edgeprune/select/sampler.h"
#include "edgeprune/train/precision_choice.h"
#include "edgeprune/train/run_data.h"
#include "edgeprune/train/run_directory.h"
#include "edgeprune/train/run_memory.h"
#include "edgeprune/train/run_network.h"
#include "edgeprune/train/trainer.h"

#include "records.h"
#include "run_scores.h"
#include "run_selection.h"
#include "run_warnings.h"
#include "strategy_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <memory>
#include <numeric>
#include <utility>

namespace edgeprune::train {
namespace {

using Clock = std::chrono::steady_clock;

// Adds the time it lives to a counter.
class PhaseTimer {
 public:
  explicit PhaseTimer(double& seconds) : seconds_(seconds) {}
  ~PhaseTimer() { seconds_ += std::chrono::duration<double>(Clock::now() - start_).count(); }
  PhaseTimer(const PhaseTimer&) = delete;
  PhaseTimer& operator=(const PhaseTimer&) = delete;

 private:
  double& seconds_;
  Clock::time_point start_ = Clock::now();
};

// Which pass over which samples the loop is in, with the key of its order.
struct PassKey {
  core::Purpose purpose = core::Purpose::training_order;
  std::uint32_t epoch = 0;
};

class Pipeline {
 public:
  Pipeline(const Config& config, const PipelineOptions& options)
      : config_(config),
        options_(options),
        directory_(config.run.directory),
        lock_(directory_),
        loaded_(load_checkpoint(directory_)),
        data_(open_run_data(config)),
        choice_(first_choice()),
        network_(build_run_network(config, data_.shape(), data_.train.num_classes())),
        pool_(static_cast<int>(config.run.threads)),
        given_(given_selection()),
        plan_(make_plan(loaded_ ? loaded_->state.warmup_iterations : 0)),
        recipe_(choose_recipe()),
        scores_(make_scores()),
        sampler_(make_sampler()),
        precision_(choose_precision(config.train.precision, nn::is_available(nn::Precision::bf16),
                                    nn::simd_target())),
        memory_(choose_run_memory(config, network_, data_, trainer_options())),
        trainer_(network_, first_model(), trainer_options(memory_.choice.step), pool_) {}

  RunResult run() {
    start_or_continue();
    if (wanted(Phase::score)) score();
    if (wanted(Phase::select)) select_samples();
    if (wanted(Phase::train)) train();
    return result();
  }

 private:
  [[nodiscard]] const select::Strategy& strategy() const { return *choice_.strategy; }

  // A run under way keeps what `auto` has settled on.
  [[nodiscard]] StrategyChoice first_choice() const {
    return choose(loaded_ ? loaded_->state.label_noise : LabelNoise());
  }
  [[nodiscard]] StrategyChoice choose(const LabelNoise& label_noise) const {
    return choose_run_strategy(config_, label_noise.at_least());
  }

  // `warmup_made`: iterations of a warm-up that is over; 0 before.
  [[nodiscard]] RunPlan make_plan(std::uint32_t warmup_made) const {
    return plan_run(
        config_, strategy(), data_.train.num_samples(), network_,
        {.num_selected = static_cast<std::uint32_t>(given_.size()), .warmup_made = warmup_made});
  }

  [[nodiscard]] std::optional<RunScores> make_scores() const {
    if (!strategy().warms_up) return {};
    require_features(config_, network_);
    return RunScores(config_, plan_, data_.train.num_classes());
  }

  // Static strategies get theirs once there is a selection.
  [[nodiscard]] std::unique_ptr<select::Sampler> make_sampler() const {
    if (strategy().sampler == nullptr) return nullptr;
    return strategy().sampler(sampler_input(config_, plan_, data_.train), plan_.epochs);
  }

  [[nodiscard]] std::vector<std::uint32_t> given_selection() const {
    if (strategy().select != nullptr || strategy().sampler != nullptr) return {};
    // Once a run has taken the list over, its own copy counts.
    std::filesystem::path list = directory_ / kSelectionFile;
    if (!std::filesystem::exists(list)) list = config_.prune.selection_file;
    return select::read_index_list(list, data_.train.num_samples());
  }

  [[nodiscard]] TrainerOptions trainer_options(const StepMemory& step = {}) const {
    nn::OptimizerOptions optimizer = config_.train.optimizer;
    optimizer.beta2 = recipe_.beta2;
    // No batch is larger than the data, whatever the configuration allows.
    return {.batch_size = std::min(config_.train.batch_size, data_.train.num_samples()),
            .optimizer = optimizer,
            .loss = {.label_smoothing = recipe_.label_smoothing},
            .freeze = config_.model.freeze,
            .precision = precision_.precision,
            .recompute = step.recompute,
            .micro_batch_size = step.micro_batch_size};
  }

  // A run under way has its weights in the checkpoint and needs `model.init` no more.
  [[nodiscard]] nn::Model first_model() const {
    nn::Model fresh = nn::initial_model(network_, config_.run.seed);
    const std::string& path = config_.model.init;
    if (path.empty() || loaded_) return fresh;
    nn::StartingModel start = nn::read_starting_model(path, network_, std::move(fresh));
    if (start.replaced_classes > 0) {
      notice(
          fmt::format("model.init {} is for {} classes, the data have {}: its {} is left out and "
                      "starts from random weights",
                      path, start.replaced_classes, network_.num_classes(), network_.head()->name));
    }
    return std::move(start.model);
  }

  [[nodiscard]] bool wanted(Phase phase) const {
    return state_.phase == phase && state_.phase < state_.goal;
  }

  void notice(const std::string& text) const {
    if (options_.events != nullptr) options_.events->on_notice(text);
  }

  [[nodiscard]] bool stop_requested() const {
    return options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed);
  }

  void start_or_continue() {
    describe_recipe();
    if (loaded_) {
      for (const std::string& text : loaded_->notices) notice(text);
      restore(*loaded_);
      loaded_.reset();
    } else {
      state_.num_samples = data_.train.num_samples();
      state_.dataset_hash = data_.train.content_hash;
      state_.engine = engine();
      state_.configuration = configuration(Phase::score);
      for (const std::string& warning : data_.warnings(config_.train.batch_size)) notice(warning);
      for (const std::string& warning :
           plan_warnings(config_, strategy(), plan_, data_.train.stored_bytes_per_sample)) {
        notice(warning);
      }
    }
    if (state_.phase == Phase::done) require_results();
    if (state_.phase != Phase::done) announce_choices();
    if (options_.goal) state_.goal = *options_.goal;
    if (state_.phase >= state_.goal) return;
    // A selection asked for with another keep ratio than scoring was begun with plans anew.
    write_plan();
    save();
  }

  void write_plan() const {
    core::write_file_atomically(
        directory_ / kPlanFile,
        plan_json(config_, choice_, plan_, data_, network_, engine_of_run(), memory_));
  }

  void describe_recipe() {
    if (config_.train.recipe == Recipe::automatic) choice_.recipe = recipe_.text();
  }

  void announce_choices() const {
    if (!precision_.notice.empty()) notice(precision_.notice);
    notice(fmt::format("memory: {}", memory_.text()));
    if (!choice_.reason.empty()) announce_choice();
    if (!choice_.recipe.empty()) notice("recipe: " + choice_.recipe);
  }

  void announce_choice() const {
    notice(fmt::format("auto: {}: {}", strategy().name, choice_.reason));
  }

  void require_results() const {
    for (const std::string_view name : {kSelectionFile, kMetricsFile, kModelFile, kSummaryFile}) {
      if (std::filesystem::exists(directory_ / name)) continue;
      throw core::Error(
          core::ErrorKind::run_directory,
          fmt::format("{}: the run is finished but its {} is gone; put it back, or start "
                      "again with --force",
                      directory_.string(), name));
    }
  }

  // What the promise of equal bits depends on besides binary and configuration.
  [[nodiscard]] std::string engine() const {
    const Engine engine = engine_of_run();
    const std::string parts = engine.micro_batch_size > 0
                                  ? fmt::format(" in micro-batches of {}", engine.micro_batch_size)
                                  : "";
    return fmt::format("{} in {} with {} threads{}", engine.simd_target, engine.precision,
                       engine.threads, parts);
  }
  [[nodiscard]] Engine engine_of_run() const {
    return {.simd_target = nn::simd_target(),
            .precision = std::string(name_of(precision_.precision)),
            .threads = config_.run.threads,
            .micro_batch_size = trainer_options(memory_.choice.step).is_split()
                                    ? memory_.choice.step.micro_batch_size
                                    : 0};
  }

  // The hash of what must not change once a run has begun: the sections prune and budget may, until
  // there is a selection; where the run lies, how often it saves, what it is compared with and how
  // much memory it may take always may.
  [[nodiscard]] std::string configuration(Phase phase) const {
    Config fixed = config_;
    fixed.run = {.seed = config_.run.seed};
    fixed.limits = {};
    fixed.score.columns.clear();  // a checkpoint holds what was gathered
    // While `auto` warms up, how long it does depends on both.
    const bool is_open =
        phase == Phase::select || (phase == Phase::score && config_.prune.strategy != "auto");
    if (is_open) {
      fixed.prune = {};
      fixed.budget = {};
    }
    // A network's file may move, but not change.
    const std::filesystem::path file = network_file_of(config_);
    if (!file.empty()) fixed.model.network = core::content_hash(core::read_file(file));
    return core::content_hash(to_toml(fixed));
  }

  void restore(const LoadedCheckpoint& checkpoint) {
    RunState state = checkpoint.state;
    if (state.dataset_hash != data_.train.content_hash) {
      throw core::Error(core::ErrorKind::run_directory,
                        fmt::format("{}: the data set has changed since the run began; start again "
                                    "with --force",
                                    directory_.string()));
    }
    if (state.configuration != configuration(state.phase)) {
      throw core::Error(
          core::ErrorKind::run_directory,
          fmt::format("{}: its configuration ({}{}) was edited after the run began; undo that, "
                      "or start again with --force",
                      directory_.string(), kConfigFile,
                      network_file_of(config_).empty() ? "" : ", network.toml"));
    }
    require_resumable(state, config_);
    if (state.engine != engine()) {
      notice(
          fmt::format("the run began on {} and goes on with {}: its bits may differ from those of "
                      "an uninterrupted run",
                      state.engine, engine()));
      state.engine = engine();
    }
    trainer_.restore([&](nn::Model& model, nn::OptimizerState& optimizer) {
      restore_arrays(checkpoint, {.model = model, .optimizer = optimizer, .gathered = gathered()});
    });
    state_ = std::move(state);
  }

  // What scores and a dynamic strategy's sampler know, in place.
  [[nodiscard]] std::vector<GatheredArray> gathered() {
    std::vector<GatheredArray> arrays;
    if (scores_) arrays = scores_->state();
    if (strategy().sampler == nullptr) return arrays;
    for (const select::SamplerState& state : sampler_->state()) {
      arrays.push_back({fmt::format("sampler.{}", state.name), state.values});
    }
    return arrays;
  }

  void save() {
    write_checkpoint(directory_, state_,
                     {.model = trainer_.model(),
                      .optimizer = trainer_.optimizer_state(),
                      .gathered = gathered()});
    last_save_ = Clock::now();
  }

  void save_if_due() {
    const double age = std::chrono::duration<double>(Clock::now() - last_save_).count();
    if (age >= config_.run.checkpoint_seconds) save();
  }

  // Leaves a resumable run behind.
  [[noreturn]] void interrupt() {
    save();
    throw core::Error(
        core::ErrorKind::interrupted,
        fmt::format("stopped; continue with `edgeprune resume {}`", directory_.string()));
  }

  // Work that asks stop_check(): stopped, it is done anew by who resumes.
  template <typename Work>
  auto unless_stopped(Work&& work) {
    try {
      return work();
    } catch (const core::Error& error) {
      if (error.kind() == core::ErrorKind::interrupted) interrupt();
      throw;
    }
  }

  [[nodiscard]] std::function<bool()> stop_check() const {
    return [this] { return stop_requested(); };
  }

  // The batches of one pass from state_.batch on, at most until state_.step reaches last_step.
  // on_batch sees each batch's result.
  template <typename OnBatch>
  void run_pass(const select::Pass& pass, const PassKey& key, std::uint64_t last_step,
                double& seconds, OnBatch&& on_batch) {
    const auto size = static_cast<std::uint32_t>(pass.samples.size());
    const auto order = core::random_permutation(
        size, {.seed = config_.run.seed, .purpose = key.purpose, .epoch = key.epoch});
    const core::BatchPlan batches(size, config_.train.batch_size);
    data::LoaderOptions loader{.normalisation = data_.normalisation,
                               .seed = config_.run.seed,
                               .epoch = key.epoch,
                               .first_batch = state_.batch};
    if (state_.phase == Phase::train) loader.augmentation = config_.train.augmentation;
    data::BatchLoader source(data_.train, ordered(pass.samples, order), batches, loader);
    while (state_.step < last_step) {
      if (stop_requested()) interrupt();
      std::uint32_t batch_samples = 0;
      {
        const PhaseTimer timer(seconds);
        const data::Batch* batch = source.next();
        if (batch == nullptr) break;
        batch_samples = static_cast<std::uint32_t>(batch->samples.size());
        const auto weights = batch_weights(pass, order, batches.batch(state_.batch));
        state_.learning_rate = learning_rate(batches.num_batches());
        const auto step =
            trainer_.train_batch(*batch, state_.learning_rate, weights, observed_of_steps());
        count_step(step.observation);
        on_batch(step.observation);
      }
      announce_step(batch_samples);
      save_if_due();
    }
  }

  static std::vector<std::uint32_t> ordered(const std::vector<std::uint32_t>& samples,
                                            const std::vector<std::uint32_t>& order) {
    std::vector<std::uint32_t> result(samples.size());
    for (std::size_t i = 0; i < order.size(); ++i) result[i] = samples[order[i]];
    return result;
  }

  static std::vector<float> batch_weights(const select::Pass& pass,
                                          const std::vector<std::uint32_t>& order,
                                          const core::BatchRange& range) {
    std::vector<float> weights;
    if (pass.weights.empty()) return weights;
    for (std::uint32_t i = range.begin; i < range.begin + range.size; ++i) {
      weights.push_back(pass.weights[order[i]]);
    }
    return weights;
  }

  [[nodiscard]] score::ScoreNeeds observed_of_steps() const {
    if (state_.phase != Phase::score) return {};
    const bool from_steps = config_.score.mode != score::LossScoreMode::checkpoints;
    return from_steps ? scores_->needs() : RunScores::needs_of_label_noise();
  }

  // The warm-up runs at the base learning rate; the schedule spans the steps after selection. Where
  // a sampler drops samples, its passes are shorter than planned and the schedule moves faster.
  [[nodiscard]] float learning_rate(std::uint32_t pass_batches) const {
    if (state_.phase == Phase::score) return recipe_.schedule.base_learning_rate;
    const std::uint64_t planned = planned_pass_batches();
    const std::uint64_t step = state_.epoch * planned + state_.batch * planned / pass_batches;
    return recipe_.schedule.at(std::min(step, plan_.training_steps - 1), plan_.training_steps);
  }
  [[nodiscard]] std::uint32_t planned_pass_batches() const {
    return core::BatchPlan(plan_.num_kept, config_.train.batch_size).num_batches();
  }

  void count_step(const score::Observation& step) {
    const auto size = static_cast<std::uint32_t>(step.samples.size());
    state_.pass_loss_sum += std::accumulate(step.losses.begin(), step.losses.end(), 0.0);
    state_.pass_samples += size;
    state_.spent.learning_samples += size;
    ++state_.step;
    ++state_.batch;
  }

  void announce_step(std::uint32_t batch_samples) const {
    if (options_.events == nullptr) return;
    options_.events->on_step(state_.phase, state_.step, total_steps(), batch_samples);
  }

  [[nodiscard]] std::uint64_t total_steps() const {
    return state_.phase == Phase::score ? plan_.warmup_iterations : plan_.training_steps;
  }

  void announce() const {
    if (options_.events != nullptr) options_.events->on_phase(state_.phase, total_steps());
  }

  void begin_pass(std::uint32_t epoch) {
    state_.epoch = epoch;
    state_.batch = 0;
    state_.pass_loss_sum = 0;
    state_.pass_samples = 0;
  }

  void enter(Phase phase) {
    state_.phase = phase;
    state_.configuration = configuration(phase);
    state_.step = 0;
    begin_pass(0);
    save();
  }

  void write_metrics(const std::string& line) {
    state_.metrics += line;
    core::write_file_atomically(directory_ / kMetricsFile, state_.metrics);
  }

  // --- score: Algorithm 1, phase 1 ---

  void score() {
    if (strategy().warms_up) {
      announce();
      select::StaticSampler all(data::all_samples(data_.train));
      // A pass under way whose steps are all done still has its line to write.
      while (state_.step < plan_.warmup_iterations || state_.batch > 0) {
        score_pass(all.pass(state_.epoch));
        write_metrics(warmup_line(state_, data_.train.num_samples()));
        begin_pass(state_.epoch + 1);
      }
      score_unseen();
      state_.warmup_iterations = plan_.warmup_iterations;
      state_.label_noise = scores_->label_noise();
      write_scores(directory_, config_, data_, scores_->table());
    }
    enter(Phase::select);
  }

  void score_pass(const select::Pass& all) {
    const bool from_steps = config_.score.mode != score::LossScoreMode::checkpoints;
    const auto evaluate_after =
        checkpoint_iterations(plan_.warmup_iterations, config_.score.checkpoints);
    run_pass(all, {core::Purpose::warmup_order, state_.epoch}, plan_.warmup_iterations,
             state_.spent.score_seconds, [&](const score::Observation& step) {
               scores_->observe_step(step, from_steps);
               if (!from_steps &&
                   std::binary_search(evaluate_after.begin(), evaluate_after.end(), state_.step)) {
                 score_by_forward(all.samples);
               }
             });
  }

  void score_unseen() {
    const auto unseen = scores_->table().unseen();
    if (unseen.empty()) return;
    const PhaseTimer timer(state_.spent.score_seconds);
    notice(
        fmt::format("{} samples were not drawn in {} warm-up iterations; scored by one forward "
                    "pass",
                    unseen.size(), plan_.warmup_iterations));
    score_by_forward(unseen);
  }

  void score_by_forward(const std::vector<std::uint32_t>& samples) {
    (void)trainer_.evaluate(data_.train, samples, data_.normalisation,
                            {.observed = scores_->needs(), .on_batch = [this](const auto& batch) {
                               scores_->table().observe(batch);
                             }});
    state_.spent.scoring_forward_samples += samples.size();
  }

  // --- select: Algorithm 1, phase 2 ---

  void select_samples() {
    announce();
    if (scores_) settle();
    {
      const PhaseTimer timer(state_.spent.select_seconds);
      state_.kept = unless_stopped([this] { return selection(); });
    }
    select::write_selection(directory_, state_.kept,
                            selection_manifest(config_, choice_, plan_, data_));
    for (const std::string& warning : vanished_classes(data_.train, state_.kept)) notice(warning);
    enter(Phase::train);
  }

  // After the warm-up: what `auto` makes of it, and what is to be said of the scores.
  void settle() {
    const std::string score = ranking_score(config_, strategy());
    std::vector<float> values;
    if (!score.empty()) values = scores_->table().column(score);
    for (const std::string& warning : score_warnings(
             strategy(), {.score = score, .values = values, .label_noise = state_.label_noise})) {
      notice(warning);
    }
    if (choice_.reason.empty()) return;
    choice_ = choose(state_.label_noise);
    describe_recipe();
    plan_ = make_plan(state_.warmup_iterations);
    write_plan();
    announce_choice();
  }

  [[nodiscard]] std::vector<std::uint32_t> selection() {
    // A dynamic strategy chooses each epoch: everything stays.
    if (strategy().sampler != nullptr) return data::all_samples(data_.train);
    if (strategy().select == nullptr) return given_;
    return make_selection({.config = config_,
                           .choice = choice_,
                           .plan = plan_,
                           .dataset = data_.train,
                           .scores = scores_ ? &*scores_ : nullptr,
                           .pool = &pool_,
                           .features = [this](auto samples) { return features_of(samples); }});
  }

  [[nodiscard]] select::FeatureMatrix features_of(std::span<const std::uint32_t> samples) {
    select::FeatureMatrix matrix{.width = static_cast<std::uint32_t>(network_.num_features())};
    matrix.values.reserve(samples.size() * matrix.width);
    const auto append = [&](const score::Observation& batch) {
      matrix.values.insert(matrix.values.end(), batch.features.begin(), batch.features.end());
    };
    (void)trainer_.evaluate(
        data_.train, samples, data_.normalisation,
        {.interrupted = stop_check(), .observed = {.features = true}, .on_batch = append});
    state_.spent.scoring_forward_samples += samples.size();
    return matrix;
  }

  // --- train: Algorithm 1, phase 3 ---

  void train() {
    announce();
    if (!sampler_) sampler_ = std::make_unique<select::StaticSampler>(state_.kept);
    while (state_.epoch < plan_.epochs) {
      run_pass(
          sampler_->pass(state_.epoch), {core::Purpose::training_order, state_.epoch},
          plan_.training_steps, state_.spent.train_seconds,
          [this](const score::Observation& step) { sampler_->observe(step.samples, step.losses); });
      finish_epoch();
      begin_pass(state_.epoch + 1);
      save_if_due();
    }
    nn::write_model(directory_ / kModelFile, network_, trainer_.model(),
                    {{"format", "pt"}, {"network", network_name(config_)}});
    core::write_file_atomically(
        directory_ / kSummaryFile,
        summary_json(config_, choice_, plan_, data_, network_, state_, engine_of_run(), memory_));
    enter(Phase::done);
  }

  [[nodiscard]] TrainingRecipe choose_recipe() const {
    const Config::Train& train = config_.train;
    if (train.recipe == Recipe::as_given) {
      return {train.schedule, train.label_smoothing, train.optimizer.beta2};
    }
    return automatic_recipe({.warms_up = strategy().warms_up,
                             .steps = plan_.training_steps,
                             .base_learning_rate = train.schedule.base_learning_rate});
  }

  [[nodiscard]] bool evaluates_this_epoch() const {
    const std::uint32_t every = config_.train.evaluate_every_epochs;
    const std::uint32_t epoch = state_.epoch + 1;
    return epoch == plan_.epochs || (every > 0 && epoch % every == 0);
  }

  void finish_epoch() {
    EpochMetrics metrics;
    if (evaluates_this_epoch()) {
      const PhaseTimer timer(state_.spent.evaluate_seconds);
      metrics = unless_stopped([this] { return evaluate_epoch(); });
    }
    write_metrics(epoch_line(state_, plan_, metrics));
    if (options_.events == nullptr) return;
    options_.events->on_epoch({.phase = Phase::train,
                               .epoch = state_.epoch + 1,
                               .epochs = plan_.epochs,
                               .running_loss = state_.pass_loss_sum / state_.pass_samples,
                               .kept_accuracy = metrics.kept ? metrics.kept->accuracy : -1,
                               .test_accuracy = metrics.test ? metrics.test->accuracy : -1});
  }

  EpochMetrics evaluate_epoch() {
    const auto all = data::all_samples(data_.train);
    const Evaluation train =
        trainer_.evaluate(data_.train, all, data_.normalisation, {stop_check()});
    EpochMetrics metrics{.kept = mean_over(train, state_.kept), .train = mean_over(train, all)};
    if (!std::isfinite(metrics.train->loss)) {
      throw core::Error(core::ErrorKind::numeric,
                        fmt::format("the model's loss is not finite after step {}; lower "
                                    "train.learning_rate",
                                    state_.step));
    }
    std::uint64_t samples = all.size();
    if (data_.test) {
      const auto test_samples = data::all_samples(*data_.test);
      const Evaluation test =
          trainer_.evaluate(*data_.test, test_samples, data_.normalisation, {stop_check()});
      metrics.test = mean_over(test, test_samples);
      samples += test_samples.size();
    }
    state_.spent.evaluation_samples += samples;
    return metrics;
  }

  [[nodiscard]] RunResult result() const {
    RunResult result{.reached = state_.phase,
                     .plan = plan_,
                     .spent = state_.spent,
                     .strategy = config_.prune.strategy,
                     .stored_bytes_full =
                         cost::stored_bytes(plan_.num_samples, data_.train.stored_bytes_per_sample),
                     .stored_bytes_kept =
                         cost::stored_bytes(plan_.num_stored, data_.train.stored_bytes_per_sample)};
    if (state_.phase == Phase::done) take_last_accuracies(state_.metrics, result);
    return result;
  }

  Config config_;
  PipelineOptions options_;
  std::filesystem::path directory_;
  core::DirectoryLock lock_;
  std::optional<LoadedCheckpoint> loaded_;  // until the run goes on from it
  RunData data_;
  StrategyChoice choice_;
  nn::Network network_;
  core::ThreadPool pool_;
  std::vector<std::uint32_t> given_;
  RunPlan plan_;
  TrainingRecipe recipe_;
  std::optional<RunScores> scores_;  // where the strategy warms up
  std::unique_ptr<select::Sampler> sampler_;
  ChosenPrecision precision_;
  ChosenMemory memory_;
  Trainer trainer_;
  RunState state_;
  Clock::time_point last_save_ = Clock::now();
};

}  // namespace

RunResult run_pipeline(const Config& config, const PipelineOptions& options) {
  return Pipeline(with_resolved_columns(with_resolved_threads(config)), options).run();
}

bool is_complete(const std::string& run_directory) {
  return std::filesystem::exists(std::filesystem::path(run_directory) / kSummaryFile);
}

}  // namespace edgeprune::train
