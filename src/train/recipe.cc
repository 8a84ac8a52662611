#include "edgeprune/train/recipe.h"

#include <fmt/format.h>

namespace edgeprune::train {

std::string_view name_of(Recipe recipe) {
  return recipe == Recipe::as_given ? "as_given" : "auto";
}

std::string TrainingRecipe::text() const {
  const std::string shape =
      schedule.kind == nn::ScheduleKind::one_cycle
          ? fmt::format("one_cycle to {:.3g}", schedule.peak_learning_rate)
          : fmt::format("cosine from {:.3g}, in the warm-up too", schedule.base_learning_rate);
  return fmt::format("{}, label smoothing {}, beta2 {}", shape, label_smoothing, beta2);
}

TrainingRecipe automatic_recipe(const RecipeRequest& request) {
  constexpr float kSmoothing = 0.1f;
  constexpr float kBeta2 = 0.95f;  // a few hundred steps are over before 0.999 has settled
  const float base = request.base_learning_rate;
  if (request.warms_up) {
    return {.schedule = {.kind = nn::ScheduleKind::cosine, .base_learning_rate = 3 * base},
            .label_smoothing = kSmoothing,
            .beta2 = kBeta2};
  }
  const float peak = request.steps < 600 ? 6 : 10;
  return {.schedule = {.kind = nn::ScheduleKind::one_cycle,
                       .base_learning_rate = base,
                       .peak_learning_rate = peak * base},
          .label_smoothing = kSmoothing,
          .beta2 = kBeta2};
}

}  // namespace edgeprune::train
