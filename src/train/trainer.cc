#include "edgeprune/train/trainer.h"

#include "edgeprune/core/batch_plan.h"
#include "edgeprune/core/error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace edgeprune::train {
namespace {

void require_finite(std::span<const float> losses, const data::Batch& batch, float learning_rate) {
  std::vector<std::uint32_t> bad;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    if (!std::isfinite(losses[i])) bad.push_back(batch.samples[i]);
  }
  if (bad.empty()) return;
  const std::size_t shown = std::min<std::size_t>(bad.size(), 5);
  throw core::Error(
      core::ErrorKind::numeric,
      fmt::format(
          "the loss of {} of {} samples (first: {}) is not finite at learning rate {}; lower "
          "train.learning_rate or check these samples",
          bad.size(), losses.size(), fmt::join(std::span(bad).first(shown), ", "), learning_rate));
}

}  // namespace

double Evaluation::mean_loss() const {
  return std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(losses.size());
}

double Evaluation::accuracy() const {
  return static_cast<double>(std::accumulate(correct.begin(), correct.end(), std::uint64_t{0})) /
         static_cast<double>(correct.size());
}

Trainer::Trainer(const nn::Network& network, nn::Model model, const TrainerOptions& options,
                 core::ThreadPool& pool)
    : options_(options),
      program_(network, {.max_batch = core::BatchPlan::largest_batch(options.batch_size)}, pool),
      model_(std::move(model)),
      optimizer_(options.optimizer, model_.parameters.size()),
      gradients_(model_.parameters.size()),
      losses_(core::BatchPlan::largest_batch(options.batch_size)),
      logit_gradients_(losses_.size() * network.num_classes()) {}

Trainer::Step Trainer::train_batch(const data::Batch& batch, float learning_rate,
                                   std::span<const float> weights) {
  const auto size = static_cast<std::uint32_t>(batch.samples.size());
  const auto logits = program_.forward(model_, batch.images, size, nn::Mode::training);
  const std::span losses = std::span(losses_).first(size);
  const std::span logit_gradients = std::span(logit_gradients_).first(logits.size());
  nn::softmax_cross_entropy({.logits = logits, .labels = batch.labels, .weights = weights},
                            options_.loss, {.losses = losses, .logit_gradients = logit_gradients});
  require_finite(losses, batch, learning_rate);
  const std::uint32_t correct = nn::count_correct(logits, batch.labels);
  program_.backward(model_, logit_gradients, gradients_);
  optimizer_.step(learning_rate, gradients_, model_.parameters);
  return {losses, correct};
}

Evaluation Trainer::evaluate(const data::Dataset& dataset, std::span<const std::uint32_t> samples,
                             const data::Normalisation& normalisation,
                             const std::function<bool()>& interrupted) {
  const core::BatchPlan plan(static_cast<std::uint32_t>(samples.size()), options_.batch_size);
  data::BatchLoader batches(dataset, {samples.begin(), samples.end()}, plan,
                            {.normalisation = normalisation});
  Evaluation evaluation;
  evaluation.losses.reserve(samples.size());
  const std::size_t classes = network().num_classes();
  while (const data::Batch* batch = batches.next()) {
    if (interrupted && interrupted()) {
      throw core::Error(core::ErrorKind::interrupted, "stopped during an evaluation");
    }
    const auto size = static_cast<std::uint32_t>(batch->samples.size());
    const auto logits = program_.forward(model_, batch->images, size, nn::Mode::evaluation);
    const std::span losses = std::span(losses_).first(size);
    nn::softmax_cross_entropy({.logits = logits, .labels = batch->labels}, {}, {.losses = losses});
    evaluation.losses.insert(evaluation.losses.end(), losses.begin(), losses.end());
    for (std::size_t i = 0; i < size; ++i) {
      evaluation.correct.push_back(static_cast<std::uint8_t>(nn::count_correct(
          logits.subspan(i * classes, classes), std::span(batch->labels).subspan(i, 1))));
    }
  }
  return evaluation;
}

void Trainer::restore(nn::Model model, nn::OptimizerState optimizer) {
  if (model.parameters.size() != model_.parameters.size() ||
      model.statistics.size() != model_.statistics.size()) {
    throw core::Error(core::ErrorKind::data,
                      fmt::format("the saved model has {} parameters where this network has {}",
                                  model.parameters.size(), model_.parameters.size()));
  }
  model_ = std::move(model);
  optimizer_.restore(std::move(optimizer));
}

}  // namespace edgeprune::train
