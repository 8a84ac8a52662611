// Steps worked out by hand. optimizer_golden_test.cc has torch.optim's own numbers.

#include "edgeprune/nn/optimizer.h"

#include "edgeprune/core/error.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace edgeprune::nn {
namespace {

// One parameter of 1 after steps of the learning rate 0.1 with these gradients.
float after(const OptimizerOptions& options, const std::vector<float>& gradients) {
  Optimizer optimizer(options, 1);
  std::vector<float> parameter = {1};
  for (const float gradient : gradients) {
    optimizer.step(0.1f, std::vector<float>{gradient}, parameter);
  }
  return parameter[0];
}

// 1 - 0.1 * 0.5 = 0.95
TEST(Sgd, StepsAgainstTheGradient) {
  const OptimizerOptions options{.kind = OptimizerKind::sgd, .momentum = 0};
  EXPECT_FLOAT_EQ(after(options, {0.5f}), 0.95f);
}

// v = 0.5, p = 0.95; v = 0.9 * 0.5 + 0.5 = 0.95, p = 0.95 - 0.095 = 0.855
TEST(Sgd, MomentumBeginsAtTheFirstGradient) {
  const OptimizerOptions options{.kind = OptimizerKind::sgd, .momentum = 0.9f};
  EXPECT_FLOAT_EQ(after(options, {0.5f, 0.5f}), 0.855f);
}

// g = 0.5 + 0.2 * 1 = 0.7, p = 1 - 0.07
TEST(Sgd, WeightDecayAddsToTheGradient) {
  const OptimizerOptions options{.kind = OptimizerKind::sgd, .momentum = 0, .weight_decay = 0.2f};
  EXPECT_FLOAT_EQ(after(options, {0.5f}), 0.93f);
}

// m / (1 - beta1) = g and v / (1 - beta2) = g^2 at first: a step of 0.1 * sign(g), whatever g.
TEST(Adam, TheFirstStepIsTheLearningRate) {
  for (const OptimizerKind kind : {OptimizerKind::adam, OptimizerKind::adamw}) {
    EXPECT_NEAR(after({.kind = kind}, {0.5f}), 0.9, 1e-6);
    EXPECT_NEAR(after({.kind = kind}, {-1e-3f}), 1.1, 2e-6);
  }
}

// Second gradient 0: m = 0.9 * 0.05 = 0.045, / (1 - 0.81) = 0.2368421;
// v = 0.999 * 0.00025 = 0.00024975, / (1 - 0.998001) = 0.1249375, root 0.3534650;
// p = 0.9 - 0.1 * 0.2368421 / 0.3534650 = 0.8329942
TEST(Adam, CorrectsTheBiasOfItsMeans) {
  EXPECT_NEAR(after({.kind = OptimizerKind::adam}, {0.5f, 0}), 0.8329942, 2e-6);
}

// Adam adds 0.2 * p to the gradient: the first step is of the same size. AdamW first shrinks p by
// 0.1 * 0.2: 0.98 - 0.1.
TEST(Adam, CouplesWeightDecayWhereAdamwDoesNot) {
  EXPECT_NEAR(after({.kind = OptimizerKind::adam, .weight_decay = 0.2f}, {0.5f}), 0.9, 1e-6);
  EXPECT_NEAR(after({.kind = OptimizerKind::adamw, .weight_decay = 0.2f}, {0.5f}), 0.88, 1e-6);
}

TEST(Optimizer, CarriesOnlyWhatItNeeds) {
  EXPECT_TRUE(Optimizer({.kind = OptimizerKind::sgd, .momentum = 0}, 9).state().first.empty());
  const Optimizer sgd({.kind = OptimizerKind::sgd}, 9);
  EXPECT_EQ(sgd.state().first.size(), 9U);
  EXPECT_TRUE(sgd.state().second.empty());
  const Optimizer adam({.kind = OptimizerKind::adam}, 9);
  EXPECT_EQ(adam.state().first.size(), 9U);
  EXPECT_EQ(adam.state().second.size(), 9U);
}

TEST(Optimizer, AStateOfAnotherSizeIsAnError) {
  Optimizer optimizer({.kind = OptimizerKind::adam}, 3);
  for (const std::size_t size : {0U, 2U}) {
    edgeprune::testing::expect_error(core::ErrorKind::data, {"optimizer state", "3 + 3"}, [&] {
      optimizer.restore({.step = 1, .first = std::vector<float>(size), .second = {1, 2, 3}});
    });
  }
}

RC_GTEST_PROP(OptimizerProperty, RestoredStateContinuesWithTheSameBits, ()) {
  const auto kind =
      *rc::gen::element(OptimizerKind::sgd, OptimizerKind::adam, OptimizerKind::adamw);
  const OptimizerOptions options{.kind = kind, .weight_decay = 0.01f};
  constexpr std::size_t kSize = 11;
  const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(-100, 100));
  const auto interrupted_at = *rc::gen::inRange<std::size_t>(0, steps.size() + 1);
  Optimizer whole(options, kSize);
  Optimizer first(options, kSize);
  Optimizer second(options, kSize);
  std::vector<float> parameters(kSize, 1.0f);
  std::vector<float> resumed(kSize, 1.0f);
  for (std::size_t s = 0; s < steps.size(); ++s) {
    if (s == interrupted_at) second.restore(first.state());
    const std::vector<float> gradients(kSize, static_cast<float>(steps[s]) / 64);
    whole.step(0.01f, gradients, parameters);
    (s < interrupted_at ? first : second).step(0.01f, gradients, resumed);
  }
  RC_ASSERT(parameters == resumed);
}

}  // namespace
}  // namespace edgeprune::nn
