#include "edgeprune/train/trainer.h"

#include "edgeprune/nn/networks.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace edgeprune::train {
namespace {

constexpr std::uint32_t kSamples = 16;
constexpr std::uint32_t kClasses = 4;
const nn::Shape kShape{.height = 8, .width = 8, .channels = 1};

data::Batch batch_of(std::uint32_t size) {
  data::Batch batch;
  for (std::uint32_t n = 0; n < size; ++n) {
    batch.samples.push_back(n);
    batch.labels.push_back(static_cast<std::int32_t>(n * 7 % kClasses));
    for (std::uint32_t i = 0; i < 64; ++i) {
      batch.images.push_back(std::sin(static_cast<float>(n * 64 + i * (1 + n % 3))));
    }
  }
  return batch;
}

// Plain gradient descent, so that a difference of gradients stays one of its size.
TrainerOptions options_with(std::uint32_t micro_batch_size, bool recompute = false) {
  return {.batch_size = kSamples,
          .optimizer = {.kind = nn::OptimizerKind::sgd, .momentum = 0},
          .recompute = recompute,
          .micro_batch_size = micro_batch_size};
}

struct Trained {
  nn::Model model;
  std::vector<float> losses;
  std::uint32_t correct = 0;
};

Trained train(const nn::Network& network, const TrainerOptions& options,
              const std::vector<float>& weights = {}, std::uint32_t size = kSamples) {
  core::ThreadPool pool(2);
  Trainer trainer(network, nn::initial_model(network, 1), options, pool);
  Trained result;
  for (int step = 0; step < 3; ++step) {
    const Trainer::Step done = trainer.train_batch(batch_of(size), 0.1f, weights);
    result.losses.assign(done.observation.losses.begin(), done.observation.losses.end());
    result.correct = done.correct;
  }
  result.model = trainer.model();
  return result;
}

// Sums of 16 float gradients in another order: a few units in the last place of weights of about
// 0.1, over three steps.
void expect_near(const std::vector<float>& a, const std::vector<float>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-6) << i;
}

TEST(Trainer, MicroBatchesAddUpToTheBatchWithoutBatchNorm) {
  const nn::Network network = nn::mlp(kShape, {24}, kClasses);
  const Trained whole = train(network, options_with(0));
  for (const std::uint32_t micro : {1u, 3u, 5u, 8u}) {
    SCOPED_TRACE(micro);
    const Trained parts = train(network, options_with(micro));
    expect_near(whole.model.parameters, parts.model.parameters);
    expect_near(whole.losses, parts.losses);
    EXPECT_EQ(whole.correct, parts.correct);
  }
}

TEST(Trainer, WeightsOfSamplesGoWithTheirMicroBatches) {
  const nn::Network network = nn::mlp(kShape, {24}, kClasses);
  std::vector<float> weights(kSamples);
  for (std::size_t n = 0; n < kSamples; ++n) weights[n] = 0.25f * static_cast<float>(n % 5);
  expect_near(train(network, options_with(0), weights).model.parameters,
              train(network, options_with(5), weights).model.parameters);
}

TEST(Trainer, BatchNormSeesEachMicroBatchAndNoneOfASingleSample) {
  const nn::Network network = nn::cnn(kShape, kClasses);
  // 16 = 5 + 5 + 6: the rest of one joins.
  const Trained parts = train(network, options_with(5));
  EXPECT_EQ(parts.model.num_batches_tracked, 3u * 3u);
  EXPECT_EQ(train(network, options_with(0)).model.num_batches_tracked, 3u);
}

TEST(Trainer, RecomputationChangesNoBit) {
  const nn::Network network = nn::cnn(kShape, kClasses);
  const Trained keep = train(network, options_with(0, false));
  const Trained recompute = train(network, options_with(0, true));
  EXPECT_EQ(keep.model.parameters, recompute.model.parameters);
  EXPECT_EQ(keep.model.statistics, recompute.model.statistics);
}

TEST(Trainer, ASplitBatchOfOneMoreSampleFits) {
  const nn::Network network = nn::cnn(kShape, kClasses);
  EXPECT_EQ(train(network, options_with(8), {}, kSamples + 1).losses.size(), kSamples + 1);
}

TEST(Trainer, ALossThatIsNotFiniteNamesSamplesStepAndLearningRateAndMovesNoWeight) {
  const nn::Network network = nn::mlp(kShape, {24}, kClasses);
  core::ThreadPool pool(1);
  Trainer trainer(network, nn::initial_model(network, 1), options_with(0), pool);
  (void)trainer.train_batch(batch_of(kSamples), 0.1f);
  const std::vector<float> before = trainer.model().parameters;
  data::Batch bad = batch_of(kSamples);
  bad.images[3 * 64] = std::numeric_limits<float>::quiet_NaN();
  testing::expect_error(core::ErrorKind::numeric,
                        {"1 of 16 samples (first: 3)", "at step 2, learning rate 0.5"},
                        [&] { (void)trainer.train_batch(bad, 0.5f); });
  EXPECT_EQ(trainer.model().parameters, before);
}

TEST(Trainer, SaysOfItsStepsThatTheirLossesAreFiniteAndNotOfForwardPasses) {
  const nn::Network network = nn::mlp(kShape, {24}, kClasses);
  core::ThreadPool pool(1);
  Trainer trainer(network, nn::initial_model(network, 1), options_with(0), pool);
  const score::Observation step = trainer.train_batch(batch_of(kSamples), 0.1f).observation;
  EXPECT_TRUE(step.is_step && step.losses_are_finite);
  const data::Dataset dataset{.shape = {.height = 8, .width = 8, .channels = 1},
                              .class_names = {"a", "b", "c", "d"},
                              .labels = {0, 1, 2},
                              .byte_pixels = std::vector<std::uint8_t>(std::size_t{3} * 64)};
  const std::vector<std::uint32_t> samples = {0, 1, 2};
  const auto expect_forward = [](const score::Observation& batch) {
    EXPECT_FALSE(batch.is_step || batch.losses_are_finite);
  };
  (void)trainer.evaluate(dataset, samples, {{0}, {1}}, {.on_batch = expect_forward});
}

TEST(Trainer, LendsItsThreadsToLoadersWhereNoProcessorIsIdle) {
  const nn::Network network = nn::mlp(kShape, {24}, kClasses);
  const int all = core::available_threads();
  for (const int threads : {all, all + 1, all - 1}) {
    if (threads == 0) continue;
    core::ThreadPool pool(threads);
    const Trainer trainer(network, nn::initial_model(network, 1), options_with(0), pool);
    EXPECT_EQ(trainer.loading_pool(), threads < all ? nullptr : &pool) << threads;
  }
}

}  // namespace
}  // namespace edgeprune::train
