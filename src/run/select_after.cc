#include "edgeprune/run/select_after.h"

#include "edgeprune/budget/usage_meter.h"
#include "edgeprune/core/error.h"
#include "edgeprune/nn/model.h"
#include "edgeprune/run/checkpoint.h"

#include "run_progress.h"
#include "run_selection.h"
#include "selection_record.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace edgeprune::run {
namespace {

[[noreturn]] void refuse_run(const RunDirectory& run, std::string_view why) {
  throw core::Error(core::ErrorKind::run_directory,
                    fmt::format("{}: {}", run.files.path().string(), why));
}

LoadedCheckpoint last_checkpoint(const RunDirectory& run) {
  std::optional<LoadedCheckpoint> checkpoint = load_checkpoint(run.files);
  if (!checkpoint || checkpoint->state.phase != Phase::done) {
    refuse_run(run, "not complete; resume it first");
  }
  return *std::move(checkpoint);
}

// Only what a loss and features decide: there is no warm-up to gather anything else.
const select::Strategy& strategy_of(const RunDirectory& run, const std::string& name) {
  const select::Strategy& strategy = run.config->catalogues.strategies->named(name);
  const bool has_its_score = strategy.score.empty() || strategy.score == "loss";
  if (strategy.select == nullptr || strategy.keeps_all || !has_its_score ||
      !strategy.other_column.empty()) {
    throw core::Error(core::ErrorKind::config,
                      fmt::format("{} does not select by losses or features alone; take a strategy "
                                  "such as top, random or facility_location",
                                  strategy.name),
                      {core::ErrorReason::strategy_unfit});
  }
  return strategy;
}

// The run as its last checkpoint leaves it, with all that is checked when a run goes on.
class EndedRun {
 public:
  EndedRun(const RunDirectory& run, const RunInputs* inputs)
      : checkpoint_(last_checkpoint(run)),
        setup_(run.config, &checkpoint_.state, {nullptr, inputs, &run.files}),
        progress_(setup_, nn::initial_model(setup_.network, setup_.config.run.seed), *meter_) {
    (void)progress_.continue_from(checkpoint_);
    if (progress_.last_losses) return;
    refuse_run(run, fmt::format("prune.strategy {} has stored the kept samples alone; they are its "
                                "selection",
                                setup_.strategy().name));
  }

  [[nodiscard]] RunSetup& setup() { return setup_; }
  [[nodiscard]] const LastLosses& losses() const { return *progress_.last_losses; }
  [[nodiscard]] std::uint64_t forward_samples() const { return forward_samples_; }

  /// Samples that were never trained on get the loss that they have now. Returns how many.
  std::size_t score_unseen() {
    const std::vector<std::uint32_t> unseen = losses().unseen();
    if (unseen.empty()) return 0;
    evaluate(unseen, {.on_batch = [this](const score::Observation& batch) {
               progress_.last_losses->observe(batch);
             }});
    return unseen.size();
  }

  select::FeatureMatrix features_of(std::span<const std::uint32_t> samples) {
    return gather_features(
        setup_.network, samples.size(),
        [&](const train::EvaluateOptions& options) { evaluate(samples, options); });
  }

 private:
  void evaluate(std::span<const std::uint32_t> samples, const train::EvaluateOptions& options) {
    forward_samples_ += samples.size();
    (void)progress_.trainer.evaluate(setup_.data.train, samples, setup_.data.normalisation,
                                     options);
  }

  LoadedCheckpoint checkpoint_;
  RunSetup setup_;
  std::unique_ptr<budget::UsageMeter> meter_ = budget::no_usage();
  RunProgress progress_;
  std::uint64_t forward_samples_ = 0;
};

}  // namespace

SelectionAfter select_after(const RunDirectory& run, const SelectAfterOptions& options) {
  const select::Strategy& strategy = strategy_of(run, options.strategy);
  select::require_quotas_fit(strategy, run.config->prune.per_class);
  EndedRun ended(run, options.inputs);
  RunSetup& setup = ended.setup();
  config::Config config = *run.config;
  config.prune.keep_ratio = options.keep_ratio;
  SelectionAfter after;
  if (!strategy.score.empty()) after.num_scored = ended.score_unseen();
  select::SelectionInput input = sampler_input(config, setup.plan, setup.data.train);
  input.scores = ended.losses().values();
  input.features = [&](auto samples) { return ended.features_of(samples); };
  input.pool = &setup.pool;
  after.kept = select::select_samples(strategy, config.prune.per_class, input);
  RunPlan plan = setup.plan;
  plan.num_kept = input.num_kept;
  const StrategyChoice choice{.strategy = &strategy, .per_class = config.prune.per_class};
  after.manifest = selection_manifest({.config = config,
                                       .choice = choice,
                                       .plan = plan,
                                       .data = setup.data,
                                       .sizes = setup.sizes,
                                       .network = setup.network,
                                       .engine = setup.engine(),
                                       .memory = setup.memory},
                                      {});
  after.manifest.scorer = strategy.score.empty() ? "none" : "last loss";
  after.forward_samples = ended.forward_samples();
  after.flops =
      static_cast<double>(after.forward_samples) * setup.network.forward_flops_per_sample();
  return after;
}

}  // namespace edgeprune::run
