#pragma once
// How to train in a given number of steps: schedule, peak learning rate, label smoothing and how
// long Adam remembers squared gradients.

#include "edgeprune/nn/optimizer.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace edgeprune::train {

enum class Recipe {
  as_given,   // the configuration's own fields
  automatic,  // by the number of steps
};
/// "as_given", "auto".
[[nodiscard]] std::string_view name_of(Recipe recipe);

struct TrainingRecipe {
  nn::Schedule schedule;  // its base learning rate is the warm-up's
  float label_smoothing = 0;
  float beta2 = 0.999f;  // adam, adamw

  /// One line: "one_cycle to 0.006, label smoothing 0.1, beta2 0.95".
  [[nodiscard]] std::string text() const;
};

struct RecipeRequest {
  bool warms_up = false;
  std::uint64_t steps = 0;  // after the warm-up
  float base_learning_rate = 1e-3f;
};
/// Rates are multiples of the base learning rate. After a warm-up the schedule goes on from the
/// warm-up's rate, which does not depend on the number of steps, so that scores do not depend on
/// the keep ratio; without one it rises to its peak first. docs/choosing.md has the measurements.
[[nodiscard]] TrainingRecipe automatic_recipe(const RecipeRequest& request);

}  // namespace edgeprune::train
