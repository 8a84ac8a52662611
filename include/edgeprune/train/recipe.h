#pragma once
// How to train in a given amount of work: optimizer, rates, schedule, batches, sizes of the
// samples, augmentation and label smoothing. docs/choosing.md has the measurements behind it.
//
//   const TrainingRecipe recipe = automatic_recipe(
//       {.network = network, .keep_ratio = 0.1, .given = {.schedule = {...}}});
//   recipe.text();    // "muon at 0.1, linear to 0.016, head 9 times, batches of 32, ..."

#include "edgeprune/core/batch_plan.h"
#include "edgeprune/data/loader.h"
#include "edgeprune/nn/network.h"
#include "edgeprune/nn/optimizer.h"
#include "edgeprune/train/resolutions.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::train {

enum class Recipe {
  as_given,   // the configuration's own fields
  automatic,  // by network and work
};
/// "as_given", "auto".
[[nodiscard]] std::string_view name_of(Recipe recipe);

struct TrainingRecipe {
  nn::OptimizerOptions optimizer;
  nn::Schedule schedule;  // its base learning rate is the warm-up's
  float label_smoothing = 0;
  std::uint32_t batch_size = 64;
  core::LastBatch last_batch = core::LastBatch::keep;
  std::vector<Resolution> resolutions;  // empty: all at full size
  double warmup_size = 1;               // of the samples in the warm-up, as of a Resolution
  data::Augmentation augmentation;

  /// One line that names what it sets.
  [[nodiscard]] std::string text() const;
};

struct RecipeRequest {
  const nn::Network& network;
  nn::Freeze freeze = nn::Freeze::none;
  bool warms_up = false;
  bool is_fine_tuned = false;  // from a model's weights
  double keep_ratio = 1;       // of the work: that of so many of the samples in every epoch
  TrainingRecipe given;        // what it does not set stays; rates are multiples of its base's
};
/// After a warm-up the schedule goes on from the warm-up's rate, which does not depend on the keep
/// ratio, so that scores do not either; without one it rises to its peak first.
[[nodiscard]] TrainingRecipe automatic_recipe(const RecipeRequest& request);

}  // namespace edgeprune::train
