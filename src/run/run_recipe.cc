#include "run_recipe.h"

#include <utility>

namespace edgeprune::run {

train::TrainingRecipe choose_recipe(const config::Config& config, const select::Strategy& strategy,
                                    const nn::Network& network) {
  const config::Config::Train& train = config.train;
  train::TrainingRecipe given{.optimizer = train.optimizer,
                              .schedule = train.schedule,
                              .label_smoothing = train.label_smoothing,
                              .batch_size = train.batch_size,
                              .last_batch = train.last_batch,
                              .resolutions = train.resolutions,
                              .warmup_size = config.score.resolution,
                              .augmentation = train.augmentation};
  if (train.recipe == train::Recipe::as_given) return given;
  return train::automatic_recipe({.network = network,
                                  .freeze = config.model.freeze,
                                  .warms_up = strategy.warms_up,
                                  .is_fine_tuned = !config.model.init.empty(),
                                  .keep_ratio = config.prune.keep_ratio.value(),
                                  .given = std::move(given)});
}

void set_recipe(const train::TrainingRecipe& recipe, config::Config& config) {
  config::Config::Train& train = config.train;
  train.optimizer = recipe.optimizer;
  train.schedule = recipe.schedule;
  train.label_smoothing = recipe.label_smoothing;
  train.batch_size = recipe.batch_size;
  train.last_batch = recipe.last_batch;
  train.resolutions = recipe.resolutions;
  config.score.resolution = recipe.warmup_size;
  train.augmentation = recipe.augmentation;
}

}  // namespace edgeprune::run
