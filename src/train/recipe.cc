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

bool is_deep(const nn::Network& network) {
  constexpr std::size_t kShallow = 8;  // layers with weights
  return num_weight_layers(network) > kShallow;
}

// Work below this share of all epochs on all data sees every sample a few times.
constexpr double kFewPasses = 0.35;

// Deep networks bear lower rates, and no head that runs ahead.
Rates rates_for(const RecipeRequest& request) {
  const bool has_muon = suits_muon(request);
  if (is_deep(request.network)) {
    return has_muon ? Rates{.peak = 3, .muon = 50, .norm = 3, .head = 3}
                    : Rates{.peak = 6, .norm = 6, .head = 6};
  }
  const float head = request.keep_ratio < kFewPasses ? 144 : 48;
  if (has_muon) return {.peak = 16, .muon = 80, .norm = 16, .head = head};
  return {.peak = 6, .norm = 16, .head = head};
}

bool suits_size(const nn::Network& network, double size) {
  try {
    (void)network.resized(shape_at(network.shape(network.input()), size));
    return true;
  } catch (const core::Error&) {
    return false;
  }
}

bool suits_rising_sizes(const nn::Network& network) {
  return std::all_of(std::begin(kRising), std::end(kRising),
                     [&](const Resolution& stage) { return suits_size(network, stage.size); });
}

bool is_image(const nn::Network& network) {
  const core::SampleShape& shape = network.shape(network.input());
  return shape.height > 1 && shape.width > 1;
}

void set_rates(const Rates& rates, nn::OptimizerOptions& optimizer) {
  if (rates.muon > 0) {
    optimizer.kind = nn::OptimizerKind::muon;
    optimizer.muon_learning_rate_factor = rates.muon / rates.peak;
  }
  optimizer.norm_learning_rate_factor = rates.norm / rates.peak;
  optimizer.head_learning_rate_factor = rates.head / rates.peak;
}

// The warm-up is at the peak's rates. What is seen again and again after it is learnt at a quarter
// of them, and mirrored. Nothing depends on the keep ratio, so that scores do not.
TrainingRecipe after_warmup(const RecipeRequest& request) {
  TrainingRecipe recipe = request.given;
  const float base = request.given.schedule.base_learning_rate;
  recipe.optimizer.beta2 = kBeta2;
  recipe.label_smoothing = kSmoothing;
  if (is_deep(request.network) || !suits_muon(request)) {
    recipe.schedule = {.kind = nn::ScheduleKind::cosine, .base_learning_rate = 3 * base};
    return recipe;
  }
  const Rates rates = {.peak = 16, .muon = 80, .norm = 16, .head = 48};
  set_rates(rates, recipe.optimizer);
  const float peak = rates.peak * base;
  recipe.schedule = {
      .kind = nn::ScheduleKind::linear, .base_learning_rate = peak, .peak_learning_rate = peak / 4};
  recipe.batch_size = kBatchSize;
  recipe.last_batch = core::LastBatch::fill;
  constexpr double kSmaller = 0.75;
  if (suits_size(request.network, kSmaller)) recipe.warmup_size = kSmaller;
  if (is_image(request.network)) {
    recipe.augmentation.horizontal_flip = true;
    recipe.augmentation.flip_order = data::FlipOrder::alternating;
  }
  return recipe;
}

bool is_colour(const nn::Network& network) {
  return network.shape(network.input()).channels >= 3;
}

// What is seen once is best seen as it is. Shifts help photographs and harm what is centred, as
// images of one channel often are.
data::Augmentation augmentation_for(const RecipeRequest& request) {
  constexpr double kSeenOnce = 0.2;
  data::Augmentation augmentation = request.given.augmentation;
  if (!is_image(request.network) || request.keep_ratio < kSeenOnce) return augmentation;
  augmentation.horizontal_flip = true;
  augmentation.flip_order = data::FlipOrder::alternating;
  const bool is_shifted = request.keep_ratio >= kFewPasses && is_colour(request.network);
  if (is_shifted) augmentation.crop_padding_pixels = 2;
  return augmentation;
}

std::string schedule_text(const nn::Schedule& schedule) {
  const bool is_linear = schedule.kind == nn::ScheduleKind::linear;
  if (is_linear && schedule.base_learning_rate > schedule.peak_learning_rate) {
    return fmt::format("{:.3g} in the warm-up, linear from {:.3g} soon after it",
                       schedule.base_learning_rate, schedule.peak_learning_rate);
  }
  if (is_linear || schedule.kind == nn::ScheduleKind::one_cycle) {
    return fmt::format("{} to {:.3g}", is_linear ? "linear" : "one_cycle",
                       schedule.peak_learning_rate);
  }
  return fmt::format("cosine from {:.3g}, in the warm-up too", schedule.base_learning_rate);
}

}  // namespace

std::string_view name_of(Recipe recipe) {
  return recipe == Recipe::as_given ? "as_given" : "auto";
}

std::string TrainingRecipe::text() const {
  std::string text;
  if (optimizer.kind == nn::OptimizerKind::muon) {
    text += fmt::format("muon at {:.3g}, ",
                        optimizer.muon_learning_rate_factor *
                            std::max(schedule.base_learning_rate, schedule.peak_learning_rate));
  }
  text += schedule_text(schedule);
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
  if (warmup_size < 1) text += fmt::format(", the warm-up at size {:.3g}", warmup_size);
  if (augmentation.horizontal_flip) text += ", mirrored in every other pass";
  if (augmentation.crop_padding_pixels > 0) {
    text += fmt::format(", shifted by up to {} pixels", augmentation.crop_padding_pixels);
  }
  return text + fmt::format(", label smoothing {}, beta2 {}", label_smoothing, optimizer.beta2);
}

TrainingRecipe automatic_recipe(const RecipeRequest& request) {
  if (request.warms_up) return after_warmup(request);
  TrainingRecipe recipe = request.given;
  const Rates rates = rates_for(request);
  const float base = request.given.schedule.base_learning_rate;
  const float peak = rates.peak * base;
  recipe.optimizer.beta2 = kBeta2;
  set_rates(rates, recipe.optimizer);
  recipe.schedule = {.kind = nn::ScheduleKind::linear,
                     .base_learning_rate = peak / 16,
                     .peak_learning_rate = peak};
  recipe.label_smoothing = kSmoothing;
  recipe.batch_size = kBatchSize;
  recipe.last_batch = core::LastBatch::fill;
  recipe.augmentation = augmentation_for(request);
  recipe.warmup_size = 1;  // there is none
  if (suits_rising_sizes(request.network)) {
    recipe.resolutions.assign(std::begin(kRising), std::end(kRising));
  }
  return recipe;
}

}  // namespace edgeprune::train
