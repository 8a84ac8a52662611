#include "edgeprune/nn/program.h"

#include "edgeprune/core/error.h"
#include "edgeprune/nn/networks.h"

#include "nn/network_fixture.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace edgeprune::nn {
namespace {

using core::ErrorKind;
using edgeprune::testing::expect_error;
using testing::Draws;
using testing::logits_of;
using testing::values_of;

// Batch norm alone, as the output: x -> (x - mean) / sqrt(variance + epsilon) * weight + bias.
Network batch_norm_network(const Shape& shape = {1, 1, 1}) {
  Network net(shape);
  net.set_output(net.global_average_pool(net.batch_norm("bn", net.input())));
  return net;
}

TEST(BatchNorm, NormalisesByTheBatchInTraining) {
  const Network net = batch_norm_network();
  Model model = initial_model(net, 0);
  values_of(net, model, "bn.weight")[0] = 3;
  values_of(net, model, "bn.bias")[0] = 1;
  core::ThreadPool pool(2);
  Program program(net, {.max_batch = 2}, pool);
  // Mean 4, variance 4: (2 - 4) / 2 = -1 and 1, times 3 plus 1. Epsilon is 1e-5 of 4.
  const auto logits = logits_of(program, model, std::vector<float>{2, 6}, Mode::training);
  EXPECT_NEAR(logits[0], -2, 1e-5);
  EXPECT_NEAR(logits[1], 4, 1e-5);
}

// running = 0.9 * running + 0.1 * batch, from 0 and 1; the variance is the unbiased one, 8.
TEST(BatchNorm, TrainingMovesTheRunningStatisticsATenth) {
  const Network net = batch_norm_network();
  Model model = initial_model(net, 0);
  core::ThreadPool pool(2);
  Program program(net, {.max_batch = 2}, pool);
  (void)logits_of(program, model, std::vector<float>{2, 6}, Mode::training);
  EXPECT_FLOAT_EQ(values_of(net, model, "bn.running_mean")[0], 0.4f);
  EXPECT_FLOAT_EQ(values_of(net, model, "bn.running_var")[0], 1.7f);
  EXPECT_EQ(model.num_batches_tracked, 1U);
  (void)logits_of(program, model, std::vector<float>{2, 6}, Mode::training);
  EXPECT_FLOAT_EQ(values_of(net, model, "bn.running_mean")[0], 0.76f);
  EXPECT_FLOAT_EQ(values_of(net, model, "bn.running_var")[0], 2.33f);
  EXPECT_EQ(model.num_batches_tracked, 2U);
}

TEST(BatchNorm, EvaluationUsesTheRunningStatisticsAndLeavesThem) {
  const Network net = batch_norm_network();
  Model model = initial_model(net, 0);
  values_of(net, model, "bn.weight")[0] = 3;
  values_of(net, model, "bn.bias")[0] = 1;
  values_of(net, model, "bn.running_mean")[0] = 2;
  values_of(net, model, "bn.running_var")[0] = 4;
  const Model before = model;
  core::ThreadPool pool(2);
  Program program(net, {.max_batch = 2}, pool);
  // (6 - 2) / 2 * 3 + 1 = 7, for a batch of one as for any other.
  EXPECT_NEAR(logits_of(program, model, std::vector<float>{6}, Mode::evaluation)[0], 7, 2e-5);
  const auto two = logits_of(program, model, std::vector<float>{6, 0}, Mode::evaluation);
  EXPECT_NEAR(two[0], 7, 2e-5);
  EXPECT_NEAR(two[1], -2, 2e-5);
  EXPECT_EQ(model.statistics, before.statistics);
  EXPECT_EQ(model.num_batches_tracked, 0U);
}

TEST(BatchNorm, OneValuePerChannelInTrainingIsAnError) {
  core::ThreadPool pool(1);
  const Network net = batch_norm_network();
  Model model = initial_model(net, 0);
  Program program(net, {.max_batch = 2}, pool);
  expect_error(ErrorKind::data, {"bn", "one"},
               [&] { (void)program.forward(model, std::vector<float>{1}, 1, Mode::training); });
}

TEST(BatchNorm, ARefusedBatchDoesNotCountInTheNext) {
  core::ThreadPool pool(1);
  const Network net = batch_norm_network();
  Model model = initial_model(net, 0);
  Program program(net, {.max_batch = 2}, pool);
  EXPECT_THROW((void)program.forward(model, std::vector<float>{100}, 1, Mode::training),
               core::Error);
  const auto logits = logits_of(program, model, std::vector<float>{2, 6}, Mode::training);
  EXPECT_NEAR(logits[0], -1, 1e-5);
  EXPECT_NEAR(logits[1], 1, 1e-5);
}

TEST(BatchNorm, OneImageOfTwoPixelsIsEnough) {
  core::ThreadPool pool(1);
  const Network net = batch_norm_network({1, 2, 1});
  Model model = initial_model(net, 0);
  Program program(net, {.max_batch = 1}, pool);
  EXPECT_NO_THROW((void)program.forward(model, std::vector<float>{1, 2}, 1, Mode::training));
}

struct StepResult {
  std::vector<float> logits;
  std::vector<float> gradients;
  std::vector<float> statistics;
};

// One training step from the same weights and images, with gradients of a random linear loss.
StepResult trained(const Network& network, std::uint32_t batch, int num_threads) {
  core::ThreadPool pool(num_threads);
  Program program(network, {.max_batch = batch}, pool);
  Model model = initial_model(network, 1);
  Draws draws(1);
  const auto images = draws.uniform(batch * network.shape(network.input()).num_values(), -1, 1);
  StepResult result;
  result.logits = logits_of(program, model, images, Mode::training);
  const auto r = draws.uniform(result.logits.size(), -1, 1);
  result.gradients.resize(model.parameters.size());
  program.backward(model, r, result.gradients);
  result.statistics = model.statistics;
  return result;
}

// Errors of sums grow with their size: differences are measured in units of the largest value.
void expect_near(std::span<const float> values, std::span<const float> expected, double tolerance) {
  ASSERT_EQ(values.size(), expected.size());
  double largest = 0;
  for (const float value : expected) largest = std::max(largest, std::abs(double{value}));
  double worst = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    worst = std::max(worst, std::abs(double{values[i]} - double{expected[i]}));
  }
  EXPECT_LE(worst, tolerance * std::max(largest, 1.0));
}

struct StepCase {
  Shape image;
  std::uint32_t batch;
};

class TrainingStep : public ::testing::TestWithParam<StepCase> {};

TEST_P(TrainingStep, IsTheSameBitsTwice) {
  const Network network = cnn(GetParam().image, 10);
  const StepResult first = trained(network, GetParam().batch, 2);
  const StepResult second = trained(network, GetParam().batch, 2);
  EXPECT_EQ(first.logits, second.logits);
  EXPECT_EQ(first.gradients, second.gradients);
  EXPECT_EQ(first.statistics, second.statistics);
}

TEST_P(TrainingStep, IsTheSameBitsOnAnyNumberOfThreads) {
  const Network network = cnn(GetParam().image, 10);
  const StepResult one = trained(network, GetParam().batch, 1);
  for (const int num_threads : {2, 3, 5, 64}) {
    SCOPED_TRACE(num_threads);
    const StepResult many = trained(network, GetParam().batch, num_threads);
    EXPECT_EQ(many.logits, one.logits);
    EXPECT_EQ(many.gradients, one.gradients);
    EXPECT_EQ(many.statistics, one.statistics);
  }
}

// Not two images of 4 x 4: with two values per channel in the last batch norm, differences of a
// rounding are divided by the root of a variance near zero.
INSTANTIATE_TEST_SUITE_P(OddSizes, TrainingStep,
                         ::testing::Values(StepCase{{28, 28, 1}, 3}, StepCase{{33, 33, 3}, 2},
                                           StepCase{{7, 9, 3}, 63}, StepCase{{7, 9, 2}, 65},
                                           StepCase{{4, 4, 1}, 33}),
                         [](const ::testing::TestParamInfo<StepCase>& test) {
                           return std::to_string(test.param.image.height) + "x" +
                                  std::to_string(test.param.image.width) + "Batch" +
                                  std::to_string(test.param.batch);
                         });

TEST(Program, EvaluationOfABatchIsThatOfItsSamples) {
  const Network network = cnn({.height = 9, .width = 7, .channels = 3}, 5);
  core::ThreadPool pool(2);
  Program program(network, {.max_batch = 65, .backward = false}, pool);
  Model model = initial_model(network, 1);
  const std::size_t size = std::size_t{9} * 7 * 3;
  const auto images = Draws(2).uniform(65 * size, -1, 1);
  (void)logits_of(program, model, images, Mode::training);  // lively running statistics
  for (const std::uint32_t batch : {2U, 3U, 63U, 65U}) {
    const auto together =
        logits_of(program, model, std::span(images).first(batch * size), Mode::evaluation);
    for (std::uint32_t n = 0; n < batch; ++n) {
      const auto alone =
          logits_of(program, model, std::span(images).subspan(n * size, size), Mode::evaluation);
      ASSERT_EQ(alone, std::vector<float>(together.begin() + n * 5, together.begin() + n * 5 + 5));
    }
  }
}

// Without batch norm, samples do not see each other.
TEST(Program, GradientsOfABatchAreTheSumOfItsSamples) {
  Network net({.height = 7, .width = 9, .channels = 2});
  const Value x = net.relu(
      net.convolution("conv", net.input(), {.out_channels = 5, .kernel = 3, .padding = 1}));
  net.set_output(net.linear("fc", net.max_pool(x), 3));
  core::ThreadPool pool(2);
  Program program(net, {.max_batch = 65}, pool);
  Model model = initial_model(net, 1);
  Draws draws(3);
  const std::size_t size = std::size_t{7} * 9 * 2;
  const auto images = draws.uniform(65 * size, -1, 1);
  const auto r = draws.uniform(65 * 3, -1, 1);
  const auto gradients_of = [&](std::uint32_t first, std::uint32_t batch) {
    (void)logits_of(program, model, std::span(images).subspan(first * size, batch * size),
                    Mode::training);
    std::vector<float> gradients(model.parameters.size());
    program.backward(model, std::span(r).subspan(first * 3, batch * 3), gradients);
    return gradients;
  };
  for (const std::uint32_t batch : {2U, 3U, 63U, 65U}) {
    std::vector<float> sum(model.parameters.size());
    for (std::uint32_t n = 0; n < batch; ++n) {
      const auto gradients = gradients_of(n, 1);
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += gradients[i];
    }
    expect_near(gradients_of(0, batch), sum, 1e-5);
  }
}

TEST(Program, MayRunAnySmallerBatchAfterALargerOne) {
  const Network network = cnn({.height = 8, .width = 8, .channels = 1}, 3);
  const auto images = Draws(4).uniform(std::size_t{7} * 64, -1, 1);
  core::ThreadPool pool(2);
  Program used(network, {.max_batch = 7}, pool);
  Program fresh(network, {.max_batch = 7}, pool);
  Model model = initial_model(network, 1);
  Model same = model;
  Model other = model;
  (void)logits_of(used, other, images, Mode::training);
  const auto few = std::span(images).first(2 * 64);
  EXPECT_EQ(logits_of(used, model, few, Mode::training),
            logits_of(fresh, same, few, Mode::training));
}

// Through clamps, pools and batch norms; otherwise a run would go on with them.
TEST(Program, NaNsInAWeightReachTheLogits) {
  Network net({.height = 6, .width = 6, .channels = 2});
  auto x = net.convolution("conv1", net.input(), {.out_channels = 8, .kernel = 3, .padding = 1});
  x = net.max_pool(net.relu(net.batch_norm("bn1", x)), {.window = 2});
  x = net.relu6(net.convolution("conv2", x, {.out_channels = 8}));
  net.set_output(net.linear("fc", net.global_average_pool(x), 3));
  Model model = initial_model(net, 1);
  values_of(net, model, "conv1.weight")[0] = std::numeric_limits<float>::quiet_NaN();
  core::ThreadPool pool(2);
  Program program(net, {.max_batch = 4}, pool);
  const auto images = Draws(1).uniform(4 * 6 * 6 * 2, -1, 1);
  for (const Mode mode : {Mode::training, Mode::evaluation}) {
    for (const float logit : logits_of(program, model, images, mode))
      EXPECT_TRUE(std::isnan(logit));
  }
}

TEST(Program, AModelOfAnotherNetworkIsAnInternalError) {
  const Network network = batch_norm_network();
  Model other = initial_model(cnn({.height = 8, .width = 8, .channels = 1}, 2), 0);
  Model half = initial_model(network, 0);
  half.statistics.clear();
  core::ThreadPool pool(1);
  Program program(network, {.max_batch = 2}, pool);
  for (Model* model : {&other, &half}) {
    expect_error(ErrorKind::internal, {"parameters", "statistics"}, [&] {
      (void)logits_of(program, *model, std::vector<float>{2, 6}, Mode::evaluation);
    });
  }
}

TEST(Program, RefusesWhatNothingReads) {
  Network net({.height = 2, .width = 2, .channels = 1});
  const Value output = net.linear("fc", net.input(), 2);
  (void)net.relu(output);
  net.set_output(output);
  core::ThreadPool pool(1);
  expect_error(ErrorKind::config, {"operation 2", "nothing reads it"},
               [&] { Program(net, {.max_batch = 1}, pool); });
}

TEST(Program, ABatchThatDoesNotFitIsAnInternalError) {
  const Network network = mlp({1, 1, 4}, {}, 2);
  core::ThreadPool pool(1);
  Program program(network, {.max_batch = 2}, pool);
  Model model = initial_model(network, 0);
  const std::vector<float> images(12);
  const auto run = [&](std::size_t values, std::uint32_t batch) {
    (void)program.forward(model, std::span(images).first(values), batch, Mode::evaluation);
  };
  expect_error(ErrorKind::internal, {"batch of 3"}, [&] { run(12, 3); });
  expect_error(ErrorKind::internal, {"batch of 0"}, [&] { run(0, 0); });
  expect_error(ErrorKind::internal, {"batch of 2"}, [&] { run(7, 2); });
}

TEST(Program, AStrideFarBeyondTheImageTakesNoMemory) {
  Network net({.height = 5, .width = 7, .channels = 2});
  Value x = net.convolution("c1", net.input(), {.out_channels = 3});
  x = net.convolution("c2", x, {.out_channels = 4, .kernel = 3, .stride = 60'000, .padding = 1});
  net.set_output(net.linear("fc", x, 2));
  Network same({.height = 5, .width = 7, .channels = 2});
  x = same.convolution("c1", same.input(), {.out_channels = 3});
  x = same.convolution("c2", x, {.out_channels = 4, .kernel = 3, .stride = 9, .padding = 1});
  same.set_output(same.linear("fc", x, 2));
  EXPECT_LT(program_memory(net, {.max_batch = 2}, 2).total_bytes(), 1U << 20);
  const StepResult far = trained(net, 2, 2);
  EXPECT_EQ(far.gradients, trained(same, 2, 2).gradients);
}

TEST(Program, HoldsLessMemoryWithoutBackward) {
  const Network network = cnn({.height = 28, .width = 28, .channels = 1}, 10);
  core::ThreadPool pool(2);
  const Program both(network, {.max_batch = 8}, pool);
  const Program forward_only(network, {.max_batch = 8, .backward = false}, pool);
  EXPECT_LT(forward_only.memory().total_bytes(), both.memory().total_bytes());
  // At least the first convolution's output: 8 images of 28 x 28 x 32 floats.
  EXPECT_GE(forward_only.memory().total_bytes(), 8U * 28 * 28 * 32 * sizeof(float));
}

// The head's own arithmetic, done here from the features, gives the logits.
TEST(Features, AreWhatTheHeadReads) {
  const Shape image = {8, 8, 3};
  for (const Network& net : {cnn(image, 5), mlp(image, {7, 6}, 5), mlp(image, {}, 5),
                             mobilenet_v2(image, {.width_multiplier = 0.1f}, 5),
                             resnet(image, {.blocks = {1, 1, 1, 1}, .channels = 8}, 5)}) {
    Model model = initial_model(net, 3);
    core::ThreadPool pool(2);
    Program program(net, {.max_batch = 4}, pool);
    const auto images = Draws(1).uniform(4 * image.num_values(), -1, 1);
    const std::string head = net.head()->name;
    const auto weight = values_of(net, model, head + ".weight");
    const auto bias = values_of(net, model, head + ".bias");
    for (const Mode mode : {Mode::training, Mode::evaluation}) {
      const auto logits = logits_of(program, model, images, mode);
      const std::size_t width = net.num_features();
      std::vector<float> features(4 * width);
      program.copy_features(features);
      for (std::size_t n = 0; n < 4; ++n) {
        for (std::size_t c = 0; c < 5; ++c) {
          double sum = static_cast<double>(bias[c]);
          for (std::size_t f = 0; f < width; ++f) {
            sum += static_cast<double>(weight[f * 5 + c]) * features[n * width + f];
          }
          EXPECT_NEAR(logits[n * 5 + c], sum, 2e-5 * std::max(1.0, std::abs(sum))) << head;
        }
      }
    }
  }
}

TEST(Features, OfAnotherSizeAreAnInternalError) {
  const Network net = mlp({1, 1, 4}, {3}, 2);
  Model model = initial_model(net, 0);
  core::ThreadPool pool(1);
  Program program(net, {.max_batch = 2}, pool);
  (void)logits_of(program, model, std::vector<float>(8, 1.0f), Mode::evaluation);
  std::vector<float> features(5);
  expect_error(ErrorKind::internal, {"5 values", "2 samples, 3 each"},
               [&] { program.copy_features(features); });
}

}  // namespace
}  // namespace edgeprune::nn
