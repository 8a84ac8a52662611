#include "edgeprune/run/select_after.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/safetensors.h"
#include "edgeprune/nn/model_file.h"
#include "edgeprune/run/checkpoint.h"
#include "edgeprune/train/trainer.h"

#include "last_losses.h"
#include "run_setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace edgeprune::run {
namespace {

[[noreturn]] void refuse_run(const RunDirectory& run, std::string_view why) {
  throw core::Error(core::ErrorKind::run_directory,
                    fmt::format("{}: {}", run.files.path().string(), why));
}

LoadedCheckpoint checkpoint_of(const RunDirectory& run) {
  std::optional<LoadedCheckpoint> checkpoint = load_checkpoint(run.files);
  if (!checkpoint || checkpoint->state.phase != Phase::done) {
    refuse_run(run, "not complete; resume it first");
  }
  return *std::move(checkpoint);
}

// Only what a loss and features decide: there is no warm-up to gather anything else.
const select::Strategy& strategy_of(const RunDirectory& run, const std::string& name) {
  const select::Strategy& strategy = run.config->catalogues.strategy(name);
  const bool has_its_score = strategy.score.empty() || strategy.score == "loss";
  if (strategy.select == nullptr || strategy.keeps_all || !has_its_score ||
      !strategy.other_column.empty()) {
    throw core::Error(core::ErrorKind::config,
                      fmt::format("{} does not select by losses or features; take a strategy such "
                                  "as top, stratified, random or facility_location",
                                  strategy.name),
                      {core::ErrorReason::strategy_unfit});
  }
  return strategy;
}

class After {
 public:
  After(const RunDirectory& run, const SelectAfterOptions& options)
      : run_(run),
        options_(options),
        strategy_(strategy_of(run, options.strategy)),
        checkpoint_(checkpoint_of(run)),
        setup_(run.config, &checkpoint_.state, {nullptr, options.inputs, &run.files}),
        trainer_(setup_.network, nn::read_model(run.files / kModelFile, setup_.network),
                 setup_.trainer_options(), setup_.pool) {
    const bool has_same_data = checkpoint_.state.dataset_hash == setup_.data.train.content_hash;
    if (!has_same_data) refuse_run(run, "the data set has changed since the run; restore it");
    if (!LastLosses::are_kept_by(setup_.strategy())) {
      refuse_run(run, fmt::format("prune.strategy {} has stored the kept samples alone; they are "
                                  "its selection",
                                  setup_.strategy().name));
    }
  }

  SelectionAfter select() {
    const data::Dataset& dataset = setup_.data.train;
    const std::vector<float> losses = all_losses();
    const select::SelectionInput input = {
        .scores = losses,
        .labels = dataset.labels,
        .num_classes = dataset.num_classes(),
        .num_samples = dataset.num_samples(),
        .num_kept = options_.keep_ratio.num_kept(dataset.num_samples()),
        .seed = run_.config->run.seed,
        .parameters = run_.config->prune.parameters,
        .features = [this](auto samples) { return features_of(samples); },
        .pool = &setup_.pool};
    result_.kept = select::select_samples(strategy_, options_.per_class, input);
    result_.flops =
        static_cast<double>(result_.forward_samples) * setup_.network.forward_flops_per_sample();
    result_.manifest = {.dataset_hash = dataset.content_hash,
                        .scorer = strategy_.score.empty() ? "none" : "last loss",
                        .selector = strategy_.name,
                        .per_class = std::string(select::name_of(options_.per_class)),
                        .seed = run_.config->run.seed,
                        .keep_ratio = options_.keep_ratio.as_written(),
                        .num_samples = dataset.num_samples(),
                        .num_kept = static_cast<std::uint32_t>(result_.kept.size())};
    return result_;
  }

 private:
  std::vector<float> all_losses() {
    std::vector<float> losses(setup_.data.train.num_samples());
    core::SafetensorsReader(checkpoint_.file)
        .read(std::string(LastLosses::kName), std::as_writable_bytes(std::span(losses)));
    std::vector<std::uint32_t> unseen;
    for (std::uint32_t n = 0; n < losses.size(); ++n) {
      if (losses[n] == LastLosses::kUnseen) unseen.push_back(n);
    }
    // A strategy that ranks by nothing needs none.
    if (unseen.empty() || strategy_.score.empty()) return losses;
    (void)evaluate(unseen, {.on_batch = [&](const score::Observation& batch) {
                     for (std::size_t i = 0; i < batch.samples.size(); ++i) {
                       losses[batch.samples[i]] = batch.losses[i];
                     }
                   }});
    result_.num_scored = static_cast<std::uint32_t>(unseen.size());
    return losses;
  }

  select::FeatureMatrix features_of(std::span<const std::uint32_t> samples) {
    select::FeatureMatrix matrix{.width =
                                     static_cast<std::uint32_t>(setup_.network.num_features())};
    matrix.values.reserve(samples.size() * matrix.width);
    (void)evaluate(
        samples, {.observed = {.features = true}, .on_batch = [&](const score::Observation& batch) {
                    matrix.values.insert(matrix.values.end(), batch.features.begin(),
                                         batch.features.end());
                  }});
    return matrix;
  }

  train::Evaluation evaluate(std::span<const std::uint32_t> samples,
                             const train::EvaluateOptions& options) {
    result_.forward_samples += samples.size();
    return trainer_.evaluate(setup_.data.train, samples, setup_.data.normalisation, options);
  }

  const RunDirectory& run_;
  const SelectAfterOptions& options_;
  const select::Strategy& strategy_;
  LoadedCheckpoint checkpoint_;
  RunSetup setup_;
  train::Trainer trainer_;
  SelectionAfter result_;
};

}  // namespace

SelectionAfter select_after(const RunDirectory& run, const SelectAfterOptions& options) {
  return After(run, options).select();
}

}  // namespace edgeprune::run
