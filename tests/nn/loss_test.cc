#include "edgeprune/nn/loss.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cmath>
#include <vector>

namespace edgeprune::nn {
namespace {

struct Result {
  std::vector<float> losses;
  std::vector<float> probabilities;
  std::vector<float> gradients;
};

Result computed(const std::vector<float>& logits, const std::vector<std::int32_t>& labels,
                const std::vector<float>& weights = {}, float label_smoothing = 0) {
  Result result{std::vector<float>(labels.size()), std::vector<float>(logits.size()),
                std::vector<float>(logits.size())};
  softmax_cross_entropy({.logits = logits, .labels = labels, .weights = weights},
                        {.label_smoothing = label_smoothing},
                        {.losses = result.losses,
                         .probabilities = result.probabilities,
                         .logit_gradients = result.gradients});
  return result;
}

void expect_floats(const std::vector<float>& values, const std::vector<float>& expected) {
  ASSERT_EQ(values.size(), expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_FLOAT_EQ(values[i], expected[i]) << i;
}

const float kLog3 = std::log(3.0f);

// Logits 0 and ln 3 are probabilities 1/4 and 3/4: losses ln 4 and ln 4/3. Gradients of the mean
// over two samples: (p - onehot) / 2.
TEST(SoftmaxCrossEntropy, IsAsWorkedByHand) {
  const Result result = computed({0, kLog3, 0, kLog3}, {0, 1});
  expect_floats(result.losses, {std::log(4.0f), std::log(4.0f / 3)});
  expect_floats(result.probabilities, {0.25f, 0.75f, 0.25f, 0.75f});
  expect_floats(result.gradients, {-0.375f, 0.375f, 0.125f, -0.125f});
}

TEST(SoftmaxCrossEntropy, OfEqualLogitsIsTheLogarithmOfTheClasses) {
  expect_floats(computed(std::vector<float>(10, 5.0f), {3}).losses, {std::log(10.0f)});
}

TEST(SoftmaxCrossEntropy, WeightsScaleGradientsButNotLossesNorTheDivisor) {
  const Result result = computed({0, kLog3, 0, kLog3}, {0, 1}, {2, 0});
  expect_floats(result.losses, {std::log(4.0f), std::log(4.0f / 3)});
  expect_floats(result.gradients, {-0.75f, 0.75f, 0, 0});
}

// Targets with smoothing 0.2 over two classes: 0.9 and 0.1; (p - target) / 1.
TEST(SoftmaxCrossEntropy, SmoothingMovesTheTargetsButNotTheLosses) {
  const Result result = computed({0, kLog3}, {0}, {}, 0.2f);
  expect_floats(result.losses, {std::log(4.0f)});
  expect_floats(result.gradients, {0.25f - 0.9f, 0.75f - 0.1f});
}

TEST(SoftmaxCrossEntropy, TakesLogitsOfAnySize) {
  const Result result = computed({1e4f, -1e4f, -3e38f, 3e38f}, {1, 1});
  expect_floats(result.losses, {2e4f, 0});
  expect_floats(result.probabilities, {1, 0, 0, 1});
}

TEST(SoftmaxCrossEntropy, ASmallLossKeepsItsDigits) {
  // -log(1 / (1 + exp(-15))) = exp(-15) - exp(-30) / 2 ... = 3.059023e-7
  EXPECT_NEAR(computed({15, 0}, {0}).losses[0], 3.059023e-7, 1e-13);
}

TEST(SoftmaxCrossEntropy, ANanLogitMakesANanLoss) {
  EXPECT_TRUE(std::isnan(computed({0, std::nanf("")}, {0}).losses[0]));
}

TEST(SoftmaxCrossEntropy, ComputesOnlyWhatIsAskedFor) {
  const std::vector<float> logits = {0, kLog3};
  const std::array<std::int32_t, 1> labels = {0};
  std::vector<float> losses(1);
  softmax_cross_entropy({.logits = logits, .labels = labels, .weights = {}}, {},
                        {.losses = losses, .probabilities = {}, .logit_gradients = {}});
  expect_floats(losses, {std::log(4.0f)});
}

TEST(CountCorrect, GivesTiesToTheFirstClass) {
  const std::vector<float> logits = {1, 1, 0, /**/ 0, 2, 2, /**/ 0, 0, 1};
  EXPECT_EQ(count_correct(logits, std::vector<std::int32_t>{0, 1, 2}), 3U);
  EXPECT_EQ(count_correct(logits, std::vector<std::int32_t>{1, 2, 0}), 0U);
}

RC_GTEST_PROP(SoftmaxCrossEntropyProperty, GradientsAreThoseOfTheMeanLoss, ()) {
  const auto classes = *rc::gen::inRange<std::size_t>(2, 12);
  const auto samples = *rc::gen::inRange<std::size_t>(1, 6);
  const auto draw = [](int low, int high) {
    return static_cast<float>(*rc::gen::inRange(low, high)) / 64;
  };
  std::vector<float> logits(samples * classes);
  for (float& logit : logits) logit = draw(-300, 300);
  std::vector<std::int32_t> labels(samples);
  std::vector<float> weights(samples);
  for (std::size_t n = 0; n < samples; ++n) {
    labels[n] = *rc::gen::inRange(0, static_cast<int>(classes));
    weights[n] = draw(0, 200);
  }
  const float smoothing = draw(0, 32);
  const Result result = computed(logits, labels, weights, smoothing);
  for (std::size_t n = 0; n < samples; ++n) {
    double sum = 0;
    double gradient_sum = 0;
    for (std::size_t c = 0; c < classes; ++c) {
      const double p = result.probabilities[n * classes + c];
      const double target = (static_cast<int>(c) == labels[n] ? 1.0 - double{smoothing} : 0.0) +
                            double{smoothing} / static_cast<double>(classes);
      const double expected = double{weights[n]} * (p - target) / static_cast<double>(samples);
      RC_ASSERT(std::abs(result.gradients[n * classes + c] - expected) < 1e-6);
      sum += p;
      gradient_sum += result.gradients[n * classes + c];
    }
    RC_ASSERT(std::abs(sum - 1) < 1e-6);
    RC_ASSERT(std::abs(gradient_sum) < 1e-6);
    const double p = result.probabilities[n * classes + static_cast<std::size_t>(labels[n])];
    RC_ASSERT(std::abs(result.losses[n] + std::log(p)) < 1e-5);
  }
}

}  // namespace
}  // namespace edgeprune::nn
