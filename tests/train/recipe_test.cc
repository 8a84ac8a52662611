#include "edgeprune/train/recipe.h"

#include <gtest/gtest.h>

namespace edgeprune::train {
namespace {

TEST(Recipe, RisesToAPeakThatGrowsWithTheNumberOfSteps) {
  const TrainingRecipe brief = automatic_recipe({.steps = 200});
  const TrainingRecipe lengthy = automatic_recipe({.steps = 2000});
  EXPECT_EQ(brief.schedule.kind, nn::ScheduleKind::one_cycle);
  EXPECT_FLOAT_EQ(brief.schedule.peak_learning_rate, 0.006f);
  EXPECT_FLOAT_EQ(lengthy.schedule.peak_learning_rate, 0.01f);
  EXPECT_FLOAT_EQ(brief.label_smoothing, 0.1f);
}

TEST(Recipe, GoesOnFromTheWarmUpsRateWhateverTheNumberOfSteps) {
  for (const std::uint64_t steps : {10, 10000}) {
    const TrainingRecipe recipe = automatic_recipe({.warms_up = true, .steps = steps});
    EXPECT_EQ(recipe.schedule.kind, nn::ScheduleKind::cosine);
    EXPECT_FLOAT_EQ(recipe.schedule.base_learning_rate, 0.003f);
    EXPECT_FLOAT_EQ(recipe.schedule.at(0, steps), 0.003f);
  }
}

TEST(Recipe, IsAMultipleOfTheBaseLearningRate) {
  EXPECT_FLOAT_EQ(
      automatic_recipe({.steps = 100, .base_learning_rate = 0.1f}).schedule.peak_learning_rate,
      0.6f);
}

TEST(Recipe, SaysWhatItIs) {
  EXPECT_EQ(automatic_recipe({.steps = 100}).text(),
            "one_cycle to 0.006, label smoothing 0.1, beta2 0.95");
  EXPECT_EQ(automatic_recipe({.warms_up = true}).text(),
            "cosine from 0.003, in the warm-up too, label smoothing 0.1, beta2 0.95");
}

}  // namespace
}  // namespace edgeprune::train
