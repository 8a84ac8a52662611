#pragma once
// How a run trains: as its configuration says, or as train.recipe = "auto" chooses.

#include "edgeprune/config/config.h"
#include "edgeprune/nn/network.h"
#include "edgeprune/select/strategy.h"
#include "edgeprune/train/recipe.h"

namespace edgeprune::run {

/// The configuration's own with `as_given`.
[[nodiscard]] train::TrainingRecipe choose_recipe(const config::Config& config,
                                                  const select::Strategy& strategy,
                                                  const nn::Network& network);

/// Writes it into the fields that it is made of.
void set_recipe(const train::TrainingRecipe& recipe, config::Config& config);

}  // namespace edgeprune::run
