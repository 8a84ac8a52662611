// Optimizers, the cosine schedule and the loss against torch in float64. golden/generate.py makes
// the reference and says how.

#include "edgeprune/core/thread_pool.h"
#include "edgeprune/kernels/target.h"
#include "edgeprune/nn/loss.h"
#include "edgeprune/nn/optimizer.h"

#include "golden/golden.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace edgeprune::nn {
namespace {

using golden::Case;

constexpr std::uint32_t kSteps = 20;

struct OptimizerCase {
  std::string name;
  OptimizerOptions options;
};

const std::vector<OptimizerCase> kOptimizers = {
    {"sgd", {.kind = OptimizerKind::sgd, .momentum = 0}},
    {"sgd_momentum", {.kind = OptimizerKind::sgd, .momentum = 0.9f}},
    {"sgd_momentum_decay", {.kind = OptimizerKind::sgd, .momentum = 0.9f, .weight_decay = 0.01f}},
    {"adam", {.kind = OptimizerKind::adam}},
    {"adam_decay", {.kind = OptimizerKind::adam, .weight_decay = 0.01f}},
    {"adamw", {.kind = OptimizerKind::adamw, .weight_decay = 0.01f}},
};

std::vector<float> optimized(const OptimizerOptions& options, std::size_t count) {
  std::vector<float> parameters(count);
  for (std::size_t i = 0; i < count; ++i) {
    parameters[i] = 2 * golden::uniform(golden::stream_of(Case::optimizers, 0), i) - 1;
  }
  core::ThreadPool pool(2);
  Optimizer optimizer(options, count);
  std::vector<float> gradients(count);
  for (std::uint32_t s = 0; s < kSteps; ++s) {
    for (std::size_t i = 0; i < count; ++i) {
      const float u = golden::uniform(golden::stream_of(Case::optimizers, 1 + s), i);
      gradients[i] = std::ldexp(2 * u - 1, -2 * static_cast<int>(i % 13));
    }
    optimizer.step(static_cast<float>(64 - s) / 1024, gradients, parameters, pool);
  }
  return parameters;
}

// Each of 20 updates rounds a parameter of size up to 2 (half a unit in the last place, 2^-24) and
// makes a change of at most 1/8 to a few float epsilons: 20 * 2^-23 bounds both.
TEST(OptimizerGolden, TwentyStepsEndWhereTorchEnds) {
  const core::SafetensorsFile reference = golden::read("optimizers");
  for (const std::string& target : kernels::available_simd_targets()) {
    const kernels::ForcedSimdTarget forced(target);
    for (const OptimizerCase& optimizer : kOptimizers) {
      SCOPED_TRACE(optimizer.name + " on " + target);
      const auto expected = reference.at(optimizer.name).as<double>();
      const std::vector<float> parameters = optimized(optimizer.options, expected.size());
      double worst = 0;
      for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_NEAR(parameters[i], expected[i], kSteps * 0x1p-23) << "parameter " << i;
        worst = std::max(worst, std::abs(parameters[i] - expected[i]));
      }
      RecordProperty(optimizer.name + "_" + target, std::to_string(worst * 0x1p24) + " x 2^-24");
    }
  }
}

// Computed in double and rounded once. Torch's recursion is exact to some 1e-15 of the base rate.
TEST(ScheduleGolden, CosineIsTorchsCosineAnnealing) {
  const core::SafetensorsFile reference = golden::read("optimizers");
  const auto expected = reference.at("cosine").as<double>();
  const Schedule schedule{.kind = ScheduleKind::cosine, .base_learning_rate = 1e-3f};
  for (std::size_t s = 0; s < expected.size(); ++s) {
    EXPECT_NEAR(schedule.at(s, expected.size()), expected[s], 0x1p-24 * expected[s] + 1e-17) << s;
  }
}

struct LossCase {
  std::vector<float> logits;
  std::vector<std::int32_t> labels = golden::labels(Case::loss, 0, 6, 5);
  std::vector<float> weights;
};

LossCase loss_case() {
  LossCase made;
  for (std::size_t i = 0; i < 30; ++i) {
    made.logits.push_back(16 * golden::uniform(golden::stream_of(Case::loss, 0), i) - 8);
  }
  for (std::size_t i = 0; i < 6; ++i) {
    made.weights.push_back(golden::uniform(golden::stream_of(Case::loss, 2), i));
  }
  return made;
}

// Computed in double and rounded once: half a unit in the last place, and in the gradient as much
// again for a smoothing of 0.1f where torch has 0.1.
void expect_rounded(std::span<const float> values, std::span<const double> expected) {
  ASSERT_EQ(values.size(), expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(values[i], expected[i], 0x1p-24 * std::abs(expected[i]) + 1e-9) << i;
  }
}

TEST(LossGolden, WeightedSmoothedCrossEntropyIsTorchs) {
  const core::SafetensorsFile reference = golden::read("loss");
  const LossCase input = loss_case();
  std::vector<float> losses(6);
  std::vector<float> probabilities(30);
  std::vector<float> logit_gradients(30);
  softmax_cross_entropy(
      {.logits = input.logits, .labels = input.labels, .weights = input.weights},
      {.label_smoothing = 0.1f},
      {.losses = losses, .probabilities = probabilities, .logit_gradients = logit_gradients});
  expect_rounded(losses, reference.at("losses").as<double>());
  expect_rounded(probabilities, reference.at("probabilities").as<double>());
  expect_rounded(logit_gradients, reference.at("logit_gradients").as<double>());
}

}  // namespace
}  // namespace edgeprune::nn
