#include "edgeprune/kernels/updates.h"

#include "kernels/on_every_target.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace edgeprune::kernels {
namespace {

using testing::kGuard;
using testing::on_every_target;
using testing::Values;

// Values are of size 1: a handful of roundings, none larger than 2^-23.
constexpr double kTolerance = 8 * 0x1p-24;

constexpr std::size_t kLongest = 70;

struct Arrays {
  std::vector<float> gradients, parameters, first, second;

  // One guard behind each.
  explicit Arrays(std::size_t count) {
    Values values(static_cast<std::uint32_t>(count));
    gradients = values.uniform(count, -1, 1);
    parameters = values.uniform(count, -1, 1);
    first = values.uniform(count, -1, 1);
    second = values.uniform(count, 0, 1);
    for (auto* array : {&gradients, &parameters, &first, &second}) array->push_back(kGuard);
  }
  void expect_guards() const {
    for (const auto* array : {&parameters, &first, &second}) EXPECT_EQ(array->back(), kGuard);
  }
};

// torch.optim.SGD: g += decay * p; v = momentum * v + g (v = g at first); p -= rate * v.
void expect_sgd(const SgdUpdate& update, std::size_t count) {
  const Arrays before(count);
  Arrays after = before;
  sgd_update(update, before.gradients.data(), count, after.parameters.data(), after.first.data());
  for (std::size_t i = 0; i < count; ++i) {
    const double p = before.parameters[i];
    const double g = before.gradients[i] + double{update.weight_decay} * p;
    const double v = (update.first_step ? 0 : double{update.momentum} * before.first[i]) + g;
    ASSERT_NEAR(after.first[i], v, kTolerance);
    ASSERT_NEAR(after.parameters[i], p - double{update.learning_rate} * v, kTolerance);
  }
  after.expect_guards();
}

TEST(SgdUpdate, IsItsFormulaAtEveryLength) {
  on_every_target([] {
    for (std::size_t count = 0; count <= kLongest; ++count) {
      const SgdUpdate update{.learning_rate = 0.1f, .momentum = 0.9f, .weight_decay = 0.01f};
      ASSERT_NO_FATAL_FAILURE(expect_sgd(update, count)) << count;
    }
  });
}

TEST(SgdUpdate, TheFirstStepForgetsWhatTheVelocityHeld) {
  on_every_target([] {
    ASSERT_NO_FATAL_FAILURE(
        expect_sgd({.learning_rate = 0.1f, .momentum = 0.9f, .first_step = true}, 21));
  });
}

TEST(SgdUpdate, NeedsNoVelocityWithoutMomentum) {
  on_every_target([] {
    const std::vector<float> gradients = {2, -4, 8};
    std::vector<float> parameters = {1, 1, 1};
    sgd_update({.learning_rate = 0.25f}, gradients.data(), 3, parameters.data(), nullptr);
    EXPECT_EQ(parameters, (std::vector<float>{0.5f, 2, -1}));
  });
}

// torch.optim.Adam and AdamW: p *= shrink; g += decay * p; m = b1 m + (1 - b1) g;
// v = b2 v + (1 - b2) g^2; p -= rate / correction1 * m / (sqrt(v) / sqrt(correction2) + epsilon).
void expect_adam(const AdamUpdate& update, std::size_t count) {
  const Arrays before(count);
  Arrays after = before;
  adam_update(update, before.gradients.data(), count, after.parameters.data(), after.first.data(),
              after.second.data());
  for (std::size_t i = 0; i < count; ++i) {
    const double p = before.parameters[i] * double{update.decoupled_shrink};
    const double g = before.gradients[i] + double{update.coupled_decay} * p;
    const double m = double{update.beta1} * before.first[i] + (1 - double{update.beta1}) * g;
    const double v = double{update.beta2} * before.second[i] + (1 - double{update.beta2}) * g * g;
    const double root = std::sqrt(v) / double{update.bias_correction2_sqrt} + update.epsilon;
    const double step = double{update.learning_rate} / update.bias_correction1 * m / root;
    ASSERT_NEAR(after.first[i], m, kTolerance);
    ASSERT_NEAR(after.second[i], v, kTolerance);
    // The step is a quotient: its own roundings are relative to it.
    ASSERT_NEAR(after.parameters[i], p - step, kTolerance * (1 + std::abs(step)));
  }
  after.expect_guards();
}

TEST(AdamUpdate, IsItsFormulaAtEveryLength) {
  on_every_target([] {
    for (std::size_t count = 0; count <= kLongest; ++count) {
      const AdamUpdate update{.learning_rate = 0.01f,
                              .beta1 = 0.9f,
                              .beta2 = 0.999f,
                              .epsilon = 1e-8f,
                              .coupled_decay = 0.1f,
                              .decoupled_shrink = 0.99f,
                              .bias_correction1 = 0.19f,
                              .bias_correction2_sqrt = 0.0447f};
      ASSERT_NO_FATAL_FAILURE(expect_adam(update, count)) << count;
    }
  });
}

TEST(AdamUpdate, AZeroGradientOfAFreshStateMovesNothing) {
  on_every_target([] {
    const std::vector<float> zeros(5);
    std::vector<float> parameters = {1, 2, 3, 4, 5};
    std::vector<float> mean(5);
    std::vector<float> second_moment(5);
    adam_update({.learning_rate = 1,
                 .beta1 = 0.9f,
                 .beta2 = 0.999f,
                 .epsilon = 1e-8f,
                 .bias_correction1 = 0.1f,
                 .bias_correction2_sqrt = 0.03f},
                zeros.data(), 5, parameters.data(), mean.data(), second_moment.data());
    EXPECT_EQ(parameters, (std::vector<float>{1, 2, 3, 4, 5}));
  });
}

// torch.optim.SGD's momentum without dampening, and Nesterov's step g + mu m.
TEST(NesterovUpdate, MovesTheVelocityAndSumsTheSquaresOfItsSteps) {
  on_every_target([] {
    for (std::size_t count = 0; count <= kLongest; ++count) {
      const Arrays before(count);
      Arrays after = before;
      const double found =
          nesterov_update(0.6f, before.gradients.data(), count, after.first.data());
      double expected = 0;
      for (std::size_t i = 0; i < count; ++i) {
        const double g = before.gradients[i];
        const double m = double{0.6f} * before.first[i] + g;
        ASSERT_NEAR(after.first[i], m, kTolerance);
        expected += (g + double{0.6f} * m) * (g + double{0.6f} * m);
      }
      ASSERT_NEAR(found, expected, 1e-6 * expected) << count;
      after.expect_guards();
    }
  });
}

// 2^24 ones and one more: a single float would stop counting.
TEST(SumOfSquares, LosesNothingInLongArrays) {
  on_every_target([] {
    const std::vector<float> ones((std::size_t{1} << 24) + 1, 1.0f);
    EXPECT_EQ(sum_of_squares(ones.data(), ones.size()), 0x1p24 + 1);
    for (std::size_t count = 0; count <= kLongest; ++count) {
      EXPECT_EQ(sum_of_squares(ones.data(), count), static_cast<double>(count));
    }
  });
}

// No element's update depends on its neighbours or on where a vector begins.
RC_GTEST_PROP(UpdatesProperty, PartsUpdateAsTheWhole, ()) {
  const auto count = *rc::gen::inRange<std::size_t>(1, kLongest);
  const auto cut = *rc::gen::inRange<std::size_t>(0, count + 1);
  const SgdUpdate update{.learning_rate = 0.1f, .momentum = 0.9f, .weight_decay = 0.01f};
  on_every_target([&] {
    Arrays whole(count);
    Arrays parts = whole;
    sgd_update(update, whole.gradients.data(), count, whole.parameters.data(), whole.first.data());
    sgd_update(update, parts.gradients.data(), cut, parts.parameters.data(), parts.first.data());
    sgd_update(update, parts.gradients.data() + cut, count - cut, parts.parameters.data() + cut,
               parts.first.data() + cut);
    RC_ASSERT(parts.parameters == whole.parameters);
    RC_ASSERT(parts.first == whole.first);
  });
}

}  // namespace
}  // namespace edgeprune::kernels
