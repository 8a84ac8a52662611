#include "edgeprune/train/recipe.h"

#include "edgeprune/core/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace edgeprune::train {
namespace {

constexpr float kSmoothing = 0.1f;
constexpr std::uint32_t kBatchSize = 32;
constexpr float kBeta2 = 0.95f;  // a few hundred steps are over before 0.999 has settled

const Resolution kRising[] = {
    {.size = 0.5, .work = 0.2}, {.size = 0.75, .work = 0.3}, {.size = 1, .work = 0.5}};

// Multiples of the base learning rate, as measured (docs/choosing.md).
struct Rates {
  float peak = 0;
  float muon = 0;  // of the matrices; 0: as the rest
  float norm = 0;
  float head = 0;
};

std::size_t num_weight_layers(const nn::Network& network) {
  const auto& operations = network.operations();
  return static_cast<std::size_t>(
      std::count_if(operations.begin(), operations.end(), [](const nn::Operation& operation) {
        return operation.kind == nn::OperationKind::convolution ||
               operation.kind == nn::OperationKind::depthwise;
      }));
}

// Where a batch norm that learns makes the norms of weights free, and the products are a small part
// of a step.
bool suits_muon(const RecipeRequest& request) {
  constexpr double kMostOfAStep = 0.1;
  const nn::Network& network = request.network;
  if (!network.has_batch_norm() || request.freeze != nn::Freeze::none || request.is_fine_tuned) {
    return false;
  }
  nn::OptimizerOptions muon = request.given.optimizer;
  muon.kind = nn::OptimizerKind::muon;
  const double update = nn::update_flops(muon, network, request.freeze);
  const double step = kBatchSize * network.flops_per_sample(request.freeze);
  return update > 0 && update <= kMostOfAStep * (step + update);
}

// Deep networks bear lower rates, and no head that runs ahead.
Rates rates_for(const RecipeRequest& request) {
  constexpr std::size_t kShallow = 8;  // layers with weights
  constexpr double kFewPasses = 0.35;
  const bool is_deep = num_weight_layers(request.network) > kShallow;
  const bool has_muon = suits_muon(request);
  if (is_deep) return {.peak = 6, .muon = has_muon ? 50.0f : 0.0f, .norm = 6, .head = 6};
  const float head = request.keep_ratio < kFewPasses ? 144 : 48;
  if (has_muon) return {.peak = 16, .muon = 100, .norm = 16, .head = head};
  return {.peak = 6, .norm = 16, .head = head};
}

bool suits_rising_sizes(const nn::Network& network) {
  try {
    const core::SampleShape& full = network.shape(network.input());
    for (const Resolution& stage : kRising) (void)network.resized(shape_at(full, stage.size));
    return true;
  } catch (const core::Error&) {
    return false;
  }
}

bool is_image(const nn::Network& network) {
  const core::SampleShape& shape = network.shape(network.input());
  return shape.height > 1 && shape.width > 1;
}

// After a warm-up: as much as was measured there.
TrainingRecipe after_warmup(const RecipeRequest& request) {
  TrainingRecipe recipe = request.given;
  const float base = request.given.schedule.base_learning_rate;
  recipe.optimizer.beta2 = kBeta2;
  recipe.schedule = {.kind = nn::ScheduleKind::cosine, .base_learning_rate = 3 * base};
  recipe.label_smoothing = kSmoothing;
  return recipe;
}

}  // namespace

std::string_view name_of(Recipe recipe) {
  return recipe == Recipe::as_given ? "as_given" : "auto";
}

std::string TrainingRecipe::text() const {
  const bool rises =
      schedule.kind == nn::ScheduleKind::one_cycle || schedule.kind == nn::ScheduleKind::linear;
  std::string text;
  if (optimizer.kind == nn::OptimizerKind::muon) {
    text += fmt::format("muon at {:.3g}, ",
                        optimizer.muon_learning_rate_factor * schedule.peak_learning_rate);
  }
  const std::string_view shape = schedule.kind == nn::ScheduleKind::linear ? "linear" : "one_cycle";
  text += rises
              ? fmt::format("{} to {:.3g}", shape, schedule.peak_learning_rate)
              : fmt::format("cosine from {:.3g}, in the warm-up too", schedule.base_learning_rate);
  if (optimizer.norm_learning_rate_factor != 1) {
    text += fmt::format(", batch norms {:.3g} times", optimizer.norm_learning_rate_factor);
  }
  if (optimizer.head_learning_rate_factor != 1) {
    text += fmt::format(", head {:.3g} times", optimizer.head_learning_rate_factor);
  }
  text += fmt::format(", batches of {}", batch_size);
  for (const Resolution& stage : resolutions) {
    text += fmt::format("{} {:.0f} % of the work at size {:.3g}",
                        &stage == resolutions.data() ? "," : " and", 100 * stage.work, stage.size);
  }
  if (augmentation.horizontal_flip) text += ", mirrored in every other pass";
  return text + fmt::format(", label smoothing {}, beta2 {}", label_smoothing, optimizer.beta2);
}

TrainingRecipe automatic_recipe(const RecipeRequest& request) {
  if (request.warms_up) return after_warmup(request);
  TrainingRecipe recipe = request.given;
  const Rates rates = rates_for(request);
  const float base = request.given.schedule.base_learning_rate;
  const float peak = rates.peak * base;
  recipe.optimizer.beta2 = kBeta2;
  if (rates.muon > 0) {
    recipe.optimizer.kind = nn::OptimizerKind::muon;
    recipe.optimizer.muon_learning_rate_factor = rates.muon / rates.peak;
  }
  recipe.optimizer.norm_learning_rate_factor = rates.norm / rates.peak;
  recipe.optimizer.head_learning_rate_factor = rates.head / rates.peak;
  recipe.schedule = {.kind = nn::ScheduleKind::linear,
                     .base_learning_rate = peak / 16,
                     .peak_learning_rate = peak};
  recipe.label_smoothing = kSmoothing;
  recipe.batch_size = kBatchSize;
  recipe.last_batch = core::LastBatch::fill;
  // Seen once each, images are best seen as they are.
  constexpr double kFewPasses = 0.2;
  if (request.keep_ratio >= kFewPasses && is_image(request.network)) {
    recipe.augmentation.horizontal_flip = true;
    recipe.augmentation.flip_order = data::FlipOrder::alternating;
  }
  if (suits_rising_sizes(request.network)) {
    recipe.resolutions.assign(std::begin(kRising), std::end(kRising));
  }
  return recipe;
}

}  // namespace edgeprune::train
