#include "edgeprune/train/recipe.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

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

TEST(Recipe, NamesTheNumbersItTrainsWith) {
  TrainingRecipe recipe{.schedule = {.kind = nn::ScheduleKind::one_cycle,
                                     .base_learning_rate = 0.0045f,
                                     .peak_learning_rate = 0.0123f},
                        .label_smoothing = 0.07f,
                        .beta2 = 0.87f};
  const auto expect_parts = [&](const std::vector<std::string>& parts) {
    for (const std::string& part : parts) {
      EXPECT_NE(recipe.text().find(part), std::string::npos) << part << " in " << recipe.text();
    }
  };
  expect_parts({"one_cycle", "0.0123", "smoothing 0.07", "beta2 0.87"});
  recipe.schedule.kind = nn::ScheduleKind::cosine;
  expect_parts({"cosine", "0.0045", "smoothing 0.07", "beta2 0.87"});
}

}  // namespace
}  // namespace edgeprune::train
