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

// Before the update number `step`.
void require_finite(std::span<const float> losses, std::span<const std::uint32_t> samples,
                    std::uint64_t step, float learning_rate) {
  std::vector<std::uint32_t> bad;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    if (!std::isfinite(losses[i])) bad.push_back(samples[i]);
  }
  if (bad.empty()) return;
  const std::size_t shown = std::min<std::size_t>(bad.size(), 5);
  throw core::Error(
      core::ErrorKind::numeric,
      fmt::format(
          "the loss of {} of {} samples (first: {}) is not finite at step {}, learning rate {}; "
          "lower train.learning_rate or check these samples",
          bad.size(), losses.size(), fmt::join(std::span(bad).first(shown), ", "), step,
          learning_rate));
}

}  // namespace

double Evaluation::mean_loss() const {
  return std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(losses.size());
}

double Evaluation::accuracy() const {
  return static_cast<double>(std::accumulate(correct.begin(), correct.end(), std::uint64_t{0})) /
         static_cast<double>(correct.size());
}

nn::ProgramOptions program_options(const TrainerOptions& options) {
  return {.max_batch = core::BatchPlan::largest_batch(options.samples_at_once()),
          .precision = options.precision,
          .recompute = options.recompute,
          .freeze = options.freeze};
}

std::vector<nn::Network> networks_by_size(const nn::Network& network,
                                          const TrainerOptions& options) {
  std::vector<nn::Network> networks = {network};
  for (const core::SampleShape& size : options.other_sizes) {
    networks.push_back(network.resized(size));
  }
  return networks;
}

Trainer::Trainer(const nn::Network& network, nn::Model model, const TrainerOptions& options,
                 core::ThreadPool& pool)
    : options_(options),
      pool_(pool),
      programs_(
          nn::make_programs(networks_by_size(network, options), program_options(options), pool)),
      model_(std::move(model)),
      optimizer_(options.optimizer, network, options.freeze),
      gradients_(model_.parameters.size()),
      part_gradients_(options.is_split() ? gradients_.size() : 0),
      losses_(core::BatchPlan::largest_batch(options.batch_size)),
      logit_gradients_(losses_.size() * network.num_classes()) {}

nn::Program& Trainer::program_for(std::size_t sample_values) {
  const auto found = std::find_if(programs_.begin(), programs_.end(), [&](const auto& program) {
    return program.network().shape(program.network().input()).num_values() == sample_values;
  });
  if (found != programs_.end()) return *found;
  throw core::Error(
      core::ErrorKind::internal,
      fmt::format("samples of {} values are of no size of this trainer", sample_values));
}

void Trainer::reserve(const score::ScoreNeeds& observed) {
  const auto grow = [this](std::vector<float>& values, std::size_t per_sample) {
    if (values.size() < losses_.size() * per_sample) values.resize(losses_.size() * per_sample);
  };
  if (observed.logits) grow(logits_, network().num_classes());
  if (observed.probabilities) grow(probabilities_, network().num_classes());
  if (observed.features) grow(features_, network().num_features());
}

std::span<float> Trainer::probabilities_of(const core::BatchRange& part,
                                           const score::ScoreNeeds& observed) {
  if (!observed.probabilities) return {};
  const std::size_t classes = network().num_classes();
  return std::span(probabilities_).subspan(part.begin * classes, part.size * classes);
}

void Trainer::keep_outputs(const core::BatchRange& part, std::span<const float> logits,
                           const score::ScoreNeeds& observed) {
  if (observed.logits) {
    std::copy(logits.begin(), logits.end(),
              logits_.begin() + static_cast<std::ptrdiff_t>(part.begin * network().num_classes()));
  }
  if (!observed.features) return;
  const std::size_t width = network().num_features();
  program_->copy_features(std::span(features_).subspan(part.begin * width, part.size * width));
}

score::Observation Trainer::observation_of(const data::Batch& batch,
                                           const score::ScoreNeeds& observed) const {
  const std::size_t size = batch.samples.size();
  const auto rows = [size](const std::vector<float>& values, bool kept, std::size_t width) {
    return kept ? std::span(values).first(size * width) : std::span<const float>();
  };
  const std::size_t classes = network().num_classes();
  return {.samples = batch.samples,
          .losses = std::span(losses_).first(size),
          .labels = batch.labels,
          .logits = rows(logits_, observed.logits, classes),
          .probabilities = rows(probabilities_, observed.probabilities, classes),
          .features = rows(features_, observed.features, network().num_features())};
}

Trainer::Step Trainer::train_batch(const data::Batch& batch, float learning_rate,
                                   std::span<const float> weights,
                                   const score::ScoreNeeds& observed) {
  reserve(observed);
  program_ = &program_for(batch.images.size() / batch.samples.size());
  const auto size = static_cast<std::uint32_t>(batch.samples.size());
  const core::BatchPlan parts(size, options_.samples_at_once());
  std::uint32_t correct = 0;
  for (std::uint32_t p = 0; p < parts.num_batches(); ++p) {
    correct += train_part(batch, parts.batch(p), weights, learning_rate, observed);
  }
  optimizer_.step(learning_rate, gradients_, model_.parameters, pool_);
  Step step{observation_of(batch, observed), correct};
  step.observation.is_step = true;
  step.observation.losses_are_finite = true;
  return step;
}

// Leaves the part's losses and adds its share of the batch's gradients.
std::uint32_t Trainer::train_part(const data::Batch& batch, const core::BatchRange& part,
                                  std::span<const float> weights, float learning_rate,
                                  const score::ScoreNeeds& observed) {
  const std::size_t image_values = batch.images.size() / batch.samples.size();
  const auto images =
      std::span(batch.images).subspan(part.begin * image_values, part.size * image_values);
  const auto labels = std::span(batch.labels).subspan(part.begin, part.size);
  const auto losses = std::span(losses_).subspan(part.begin, part.size);
  if (!weights.empty()) weights = weights.subspan(part.begin, part.size);
  const auto logits = program_->forward(model_, images, part.size, nn::Mode::training);
  const auto logit_gradients = std::span(logit_gradients_).first(logits.size());
  nn::softmax_cross_entropy({.logits = logits,
                             .labels = labels,
                             .weights = weights,
                             .batch_samples = batch.samples.size()},
                            options_.loss,
                            {.losses = losses,
                             .probabilities = probabilities_of(part, observed),
                             .logit_gradients = logit_gradients});
  keep_outputs(part, logits, observed);
  require_finite(losses, std::span(batch.samples).subspan(part.begin, part.size),
                 optimizer_.state().step + 1, learning_rate);
  const std::uint32_t correct = nn::count_correct(logits, labels);
  if (part.begin == 0) {
    program_->backward(model_, logit_gradients, gradients_);
    return correct;
  }
  program_->backward(model_, logit_gradients, part_gradients_);
  constexpr std::size_t kGrain = 16384;
  pool_.for_tasks(core::cut_into_tasks(gradients_.size(), kGrain), [this](const core::Task& task) {
    for (std::size_t i = task.begin; i < task.end; ++i) gradients_[i] += part_gradients_[i];
  });
  return correct;
}

Evaluation Trainer::evaluate(const data::Dataset& dataset, std::span<const std::uint32_t> samples,
                             const data::Normalisation& normalisation,
                             const EvaluateOptions& options) {
  const core::BatchPlan plan(static_cast<std::uint32_t>(samples.size()),
                             options_.samples_at_once());
  data::BatchLoader batches(dataset, {samples.begin(), samples.end()}, plan,
                            {.normalisation = normalisation, .pool = loading_pool()});
  Evaluation evaluation;
  evaluation.losses.reserve(samples.size());
  const std::size_t classes = network().num_classes();
  reserve(options.observed);
  program_ = &programs_.front();
  while (const data::Batch* batch = batches.next()) {
    if (options.interrupted && options.interrupted()) {
      throw core::Error(core::ErrorKind::interrupted, "stopped during an evaluation");
    }
    const auto size = static_cast<std::uint32_t>(batch->samples.size());
    const auto logits = program_->forward(model_, batch->images, size, nn::Mode::evaluation);
    const std::span losses = std::span(losses_).first(size);
    const core::BatchRange whole{.begin = 0, .size = size};
    nn::softmax_cross_entropy(
        {.logits = logits, .labels = batch->labels}, {},
        {.losses = losses, .probabilities = probabilities_of(whole, options.observed)});
    keep_outputs(whole, logits, options.observed);
    if (options.on_batch) options.on_batch(observation_of(*batch, options.observed));
    evaluation.losses.insert(evaluation.losses.end(), losses.begin(), losses.end());
    for (std::size_t i = 0; i < size; ++i) {
      evaluation.correct.push_back(static_cast<std::uint8_t>(nn::count_correct(
          logits.subspan(i * classes, classes), std::span(batch->labels).subspan(i, 1))));
    }
  }
  return evaluation;
}

core::ThreadPool* Trainer::loading_pool() const {
  return pool_.size() >= core::available_threads() ? &pool_ : nullptr;
}

void Trainer::restore(const std::function<void(nn::Model&, nn::OptimizerState&)>& fill) {
  nn::OptimizerState state = optimizer_.take_state();
  fill(model_, state);
  optimizer_.restore(std::move(state));
}

}  // namespace edgeprune::train
