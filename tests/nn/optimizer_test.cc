// Steps worked out by hand. optimizer_golden_test.cc has torch.optim's own numbers.

#include "edgeprune/nn/optimizer.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/thread_pool.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

namespace edgeprune::nn {
namespace {

// One parameter of 1 after steps of the learning rate 0.1 with these gradients.
float after(const OptimizerOptions& options, const std::vector<float>& gradients) {
  core::ThreadPool pool(1);
  Optimizer optimizer(options, 1);
  std::vector<float> parameter = {1};
  for (const float gradient : gradients) {
    optimizer.step(0.1f, std::vector<float>{gradient}, parameter, pool);
  }
  return parameter[0];
}

// Momentum on the sign of the gradient, with a count of the updates.
class SignMomentum final : public UpdateRule {
 public:
  [[nodiscard]] std::vector<std::string> state_names() const override {
    return {"velocity", "count"};
  }
  void update(const UpdateStretch& stretch) const override {
    for (std::size_t i = 0; i < stretch.parameters.size(); ++i) {
      const float gradient = stretch.gradients[i];
      float& velocity = stretch.state[0][i];
      velocity = 0.5f * velocity + static_cast<float>((gradient > 0) - (gradient < 0));
      stretch.state[1][i] = static_cast<float>(stretch.step);
      stretch.parameters[i] -= stretch.learning_rate * velocity;
    }
  }
};

OptimizerOptions by_own_rule() {
  return {.rule = std::make_shared<const SignMomentum>()};
}

// 1 - 0.1 * 1 - 0.1 * (0.5 + 1) - 0.1 * (0.75 - 1)
TEST(OwnRule, UpdatesEveryParameterByItsOwnNumbers) {
  EXPECT_FLOAT_EQ(after(by_own_rule(), {7, 0.1f, -3}), 0.775f);
}

TEST(OwnRule, KeepsItsArraysUnderTheirNamesAndNoOthers) {
  core::ThreadPool pool(1);
  Optimizer optimizer(by_own_rule(), {{1, 2}, {4, 1}});
  std::vector<float> parameters(5, 1);
  optimizer.step(0.1f, std::vector<float>{9, 1, -1, 9, 2}, parameters, pool);
  EXPECT_EQ(parameters, (std::vector<float>{1, 0.9f, 1.1f, 1, 0.9f}));
  const OptimizerState& state = optimizer.state();
  ASSERT_EQ(state.of_rule.size(), 2u);
  EXPECT_EQ(state.of_rule[0].name, "velocity");
  EXPECT_EQ(state.of_rule[0].values, (std::vector<float>{1, -1, 1}));
  EXPECT_EQ(state.of_rule[1].values, (std::vector<float>{1, 1, 1}));
  EXPECT_TRUE(state.first.empty() && state.second.empty());
  EXPECT_EQ(optimizer_state_bytes(by_own_rule(), 3), 2u * 3 * 4);
}

TEST(OwnRule, GoesOnFromASavedStateAndRefusesAnothers) {
  core::ThreadPool pool(1);
  const std::vector<float> gradients = {1, -1, 1};
  std::vector<float> whole(3, 1);
  Optimizer uninterrupted(by_own_rule(), 3);
  uninterrupted.step(0.1f, gradients, whole, pool);
  Optimizer resumed(by_own_rule(), 3);
  resumed.restore(uninterrupted.state());
  std::vector<float> rest = whole;
  uninterrupted.step(0.1f, gradients, whole, pool);
  resumed.step(0.1f, gradients, rest, pool);
  EXPECT_EQ(rest, whole);
  edgeprune::testing::expect_error(core::ErrorKind::data, {"update rule", "velocity", "3 numbers"},
                                   [&] { resumed.restore({.step = 1}); });
}

TEST(OwnRule, HasTheSameBitsOnAnyNumberOfThreads) {
  const std::vector<float> gradients(1000, 0.5f);
  const auto trained_by = [&](int threads) {
    core::ThreadPool pool(threads);
    Optimizer optimizer(by_own_rule(), {{3, 500}, {700, 123}});
    std::vector<float> parameters(1000, 1);
    for (int step = 0; step < 3; ++step) optimizer.step(0.1f, gradients, parameters, pool);
    return parameters;
  };
  EXPECT_EQ(trained_by(3), trained_by(1));
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
  core::ThreadPool pool(1);
  Optimizer whole(options, kSize);
  Optimizer first(options, kSize);
  Optimizer second(options, kSize);
  std::vector<float> parameters(kSize, 1.0f);
  std::vector<float> resumed(kSize, 1.0f);
  for (std::size_t s = 0; s < steps.size(); ++s) {
    if (s == interrupted_at) second.restore(first.state());
    const std::vector<float> gradients(kSize, static_cast<float>(steps[s]) / 64);
    whole.step(0.01f, gradients, parameters, pool);
    (s < interrupted_at ? first : second).step(0.01f, gradients, resumed, pool);
  }
  RC_ASSERT(parameters == resumed);
}

// Numbers of its own for each of n places.
std::vector<float> numbers(std::size_t n, float scale) {
  std::vector<float> values(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = scale * static_cast<float>(i % 13 + 1);
  return values;
}

RC_GTEST_PROP(OptimizerProperty, TrainsItsRangesAsIfAloneAndLeavesTheRest,
              (std::uint8_t left_before, std::uint8_t trained, std::uint8_t left_between)) {
  const std::vector<ParameterRange> ranges = {
      {left_before, trained}, {std::size_t{left_before} + trained + left_between, 5}};
  const std::size_t size = ranges[1].offset + ranges[1].size + 3;
  const OptimizerOptions options{
      .kind = *rc::gen::element(OptimizerKind::sgd, OptimizerKind::adam, OptimizerKind::adamw),
      .weight_decay = 0.1f};
  const std::vector<float> initial = numbers(size, 0.3f);
  std::vector<float> some = initial;
  std::vector<float> all = initial;
  core::ThreadPool pool(*rc::gen::inRange(1, 4));
  Optimizer optimizer(options, ranges);
  Optimizer whole(options, size);
  for (int step = 0; step < 3; ++step) {
    optimizer.step(0.1f, numbers(size, -0.02f), some, pool);
    whole.step(0.1f, numbers(size, -0.02f), all, pool);
  }
  for (std::size_t i = 0; i < size; ++i) {
    const bool inside = std::any_of(ranges.begin(), ranges.end(), [i](const ParameterRange& range) {
      return i >= range.offset && i < range.offset + range.size;
    });
    RC_ASSERT(some[i] == (inside ? all[i] : initial[i]));
  }
  RC_ASSERT(optimizer.state().first.size() == std::size_t{trained} + 5);
}

RC_GTEST_PROP(OptimizerProperty, TheBitsDoNotDependOnTheThreads, (std::uint16_t size)) {
  const OptimizerOptions options{
      .kind = *rc::gen::element(OptimizerKind::sgd, OptimizerKind::adam, OptimizerKind::adamw),
      .weight_decay = 0.1f};
  core::ThreadPool one(1);
  core::ThreadPool three(3);
  std::vector<float> alone = numbers(size, 0.3f);
  std::vector<float> shared = alone;
  Optimizer first(options, size);
  Optimizer second(options, size);
  for (int step = 0; step < 2; ++step) {
    first.step(0.1f, numbers(size, -0.02f), alone, one);
    second.step(0.1f, numbers(size, -0.02f), shared, three);
  }
  RC_ASSERT(alone == shared);
}

TEST(Optimizer, TellsTheMemoryOfItsState) {
  EXPECT_EQ(optimizer_state_bytes({.kind = OptimizerKind::adam}, 10), 80U);
  EXPECT_EQ(optimizer_state_bytes({.kind = OptimizerKind::sgd}, 10), 40U);
  EXPECT_EQ(optimizer_state_bytes({.kind = OptimizerKind::sgd, .momentum = 0}, 10), 0U);
}

}  // namespace
}  // namespace edgeprune::nn
