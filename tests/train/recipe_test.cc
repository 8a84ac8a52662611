#include "edgeprune/train/recipe.h"

#include "edgeprune/nn/networks.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace edgeprune::train {
namespace {

const nn::Shape kImages{.height = 32, .width = 32, .channels = 3};
const nn::Network kShallow = nn::cnn(kImages, 10);

TEST(Recipe, RisesToAPeakAndFallsToNothing) {
  const TrainingRecipe recipe = automatic_recipe({.network = kShallow, .keep_ratio = 0.1});
  EXPECT_EQ(recipe.schedule.kind, nn::ScheduleKind::linear);
  EXPECT_EQ(recipe.optimizer.kind, nn::OptimizerKind::muon);
  EXPECT_GT(recipe.schedule.peak_learning_rate, 10 * recipe.schedule.base_learning_rate);
  EXPECT_EQ(recipe.last_batch, core::LastBatch::fill);
  EXPECT_EQ(check_resolutions(recipe.resolutions), "");
  TrainingRecipe given;
  given.warmup_size = 0.5;
  EXPECT_EQ(automatic_recipe({.network = kShallow, .given = given}).warmup_size, 1);
  EXPECT_EQ(recipe.resolutions.size(), 3u);
}

TEST(Recipe, GoesOnFromTheWarmUpsRateWhateverTheKeepRatio) {
  for (const double keep_ratio : {0.1, 0.9}) {
    const TrainingRecipe recipe =
        automatic_recipe({.network = kShallow, .warms_up = true, .keep_ratio = keep_ratio});
    EXPECT_EQ(recipe.optimizer.kind, nn::OptimizerKind::muon);
    EXPECT_FLOAT_EQ(recipe.schedule.base_learning_rate, 0.016f);
    EXPECT_FLOAT_EQ(recipe.schedule.at(0, 100), 0.016f);
    EXPECT_FLOAT_EQ(recipe.schedule.at(20, 100), 0.004f);
    EXPECT_FLOAT_EQ(recipe.schedule.at(60, 100), 0.002f);
    EXPECT_TRUE(recipe.augmentation.horizontal_flip);
    EXPECT_FLOAT_EQ(recipe.optimizer.head_learning_rate_factor, 3);
    EXPECT_EQ(recipe.augmentation.crop_padding_pixels, 0u);
    EXPECT_EQ(recipe.warmup_size, 0.75);
  }
  const TrainingRecipe deep =
      automatic_recipe({.network = nn::mobilenet_v2(kImages, {}, 10), .warms_up = true});
  EXPECT_EQ(deep.schedule.kind, nn::ScheduleKind::cosine);
  EXPECT_FLOAT_EQ(deep.schedule.at(0, 100), 0.003f);
  EXPECT_EQ(deep.batch_size, 64u);
}

TEST(Recipe, AugmentsImagesThatAreSeenSeveralTimes) {
  const auto at = [](double keep_ratio) {
    return automatic_recipe({.network = kShallow, .keep_ratio = keep_ratio}).augmentation;
  };
  EXPECT_FALSE(at(0.1).any());
  EXPECT_TRUE(at(0.2).horizontal_flip);
  EXPECT_EQ(at(0.2).crop_padding_pixels, 0u);
  EXPECT_EQ(at(0.5).crop_padding_pixels, 2u);
  const nn::Network grey = nn::cnn({.height = 28, .width = 28, .channels = 1}, 10);
  const data::Augmentation of_grey =
      automatic_recipe({.network = grey, .keep_ratio = 0.5}).augmentation;
  EXPECT_TRUE(of_grey.horizontal_flip);
  EXPECT_EQ(of_grey.crop_padding_pixels, 0u);
}

TEST(Recipe, IsAMultipleOfTheBaseLearningRate) {
  const auto peak = [](float base) {
    return automatic_recipe(
               {.network = kShallow, .given = {.schedule = {.base_learning_rate = base}}})
        .schedule.peak_learning_rate;
  };
  EXPECT_FLOAT_EQ(peak(0.1f), 100 * peak(0.001f));
}

// Muon scales weights freely, which is harmless only before a batch norm that learns.
TEST(Recipe, LeavesMuonOutWhereNormsMatter) {
  const auto kind = [](const nn::Network& network, nn::Freeze freeze, bool is_fine_tuned) {
    return automatic_recipe({.network = network, .freeze = freeze, .is_fine_tuned = is_fine_tuned})
        .optimizer.kind;
  };
  EXPECT_EQ(kind(kShallow, nn::Freeze::none, false), nn::OptimizerKind::muon);
  EXPECT_EQ(kind(kShallow, nn::Freeze::none, true), nn::OptimizerKind::adam);
  EXPECT_EQ(kind(kShallow, nn::Freeze::batch_norm, false), nn::OptimizerKind::adam);
  EXPECT_EQ(kind(nn::mlp(kImages, {8}, 10), nn::Freeze::none, false), nn::OptimizerKind::adam);
}

TEST(Recipe, KeepsToFullSizeWhereANetworkSuitsNoOther) {
  EXPECT_TRUE(automatic_recipe({.network = nn::mlp(kImages, {8}, 10)}).resolutions.empty());
}

TEST(Recipe, NamesTheNumbersItTrainsWith) {
  TrainingRecipe recipe{.optimizer = {.beta2 = 0.87f, .head_learning_rate_factor = 5},
                        .schedule = {.kind = nn::ScheduleKind::one_cycle,
                                     .base_learning_rate = 0.0045f,
                                     .peak_learning_rate = 0.0123f},
                        .label_smoothing = 0.07f,
                        .batch_size = 48,
                        .resolutions = {{0.5, 0.25}, {1, 0.75}}};
  const auto expect_parts = [&](const std::vector<std::string>& parts) {
    for (const std::string& part : parts) {
      EXPECT_NE(recipe.text().find(part), std::string::npos) << part << " in " << recipe.text();
    }
  };
  expect_parts({"one_cycle to 0.0123", "smoothing 0.07", "beta2 0.87", "head 5 times",
                "batches of 48", "25 % of the work at size 0.5"});
  recipe.schedule.kind = nn::ScheduleKind::cosine;
  expect_parts({"cosine from 0.0045", "smoothing 0.07", "beta2 0.87"});
  recipe.augmentation.crop_padding_pixels = 3;
  expect_parts({"shifted by up to 3 pixels"});
  recipe.optimizer.kind = nn::OptimizerKind::muon;
  recipe.warmup_size = 0.6;
  expect_parts({"the warm-up at size 0.6"});
  expect_parts({"muon at 0.0769"});
  recipe.schedule = {
      .kind = nn::ScheduleKind::linear, .base_learning_rate = 0.02f, .peak_learning_rate = 0.005f};
  expect_parts({"0.02 in the warm-up, linear from 0.005 soon after it", "muon at 0.125"});
}

}  // namespace
}  // namespace edgeprune::train
