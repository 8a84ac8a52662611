#include "edgeprune/nn/model.h"

#include "edgeprune/nn/networks.h"

#include "nn/network_fixture.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

namespace edgeprune::nn {
namespace {

using testing::tensor_named;
using testing::values_of;

const Network kSmallCnn = cnn({.height = 32, .width = 32, .channels = 3}, 10);

struct Moments {
  double mean = 0;
  double variance = 0;
  double largest = 0;  // of the magnitudes
};

Moments moments_of(std::span<const float> values) {
  Moments moments;
  const auto count = static_cast<double>(values.size());
  for (const float value : values) moments.mean += double{value} / count;
  for (const float value : values) {
    moments.variance += std::pow(double{value} - moments.mean, 2) / count;
    moments.largest = std::max(moments.largest, std::abs(double{value}));
  }
  return moments;
}

// PyTorch's defaults: uniform within a = 1 / sqrt(fan_in), of variance a^2 / 3. Means and variances
// within five standard errors, a / sqrt(3 n) and 2 a^2 / sqrt(45 n); the largest close to a.
void expect_uniform(std::span<const float> values, double fan_in) {
  const double a = 1 / std::sqrt(fan_in);
  const auto n = static_cast<double>(values.size());
  const Moments moments = moments_of(values);
  EXPECT_NEAR(moments.mean, 0, 5 * a / std::sqrt(3 * n));
  EXPECT_NEAR(moments.variance, a * a / 3, 5 * 2 * a * a / std::sqrt(45 * n));
  EXPECT_LE(moments.largest, a * (1 + 1e-6));
  EXPECT_GE(moments.largest, a * (1 - 20 / n));  // e^-20 against
}

TEST(InitialModel, DrawsWeightsAsPytorchDoes) {
  Model model = initial_model(kSmallCnn, 7);
  expect_uniform(values_of(kSmallCnn, model, "conv1.weight"), 3 * 9);
  expect_uniform(values_of(kSmallCnn, model, "conv2.weight"), 32 * 9);
  expect_uniform(values_of(kSmallCnn, model, "conv3.weight"), 64 * 9);
  expect_uniform(values_of(kSmallCnn, model, "fc.weight"), 128);
}

TEST(InitialModel, DrawsBiasesByTheFanInOfTheirWeight) {
  const Network network = mlp({2, 3, 4}, {4096}, 2);
  Model model = initial_model(network, 7);
  expect_uniform(values_of(network, model, "fc1.bias"), 24);
  expect_uniform(values_of(network, model, "fc1.weight"), 24);
  expect_uniform(values_of(network, model, "fc2.weight"), 4096);
}

TEST(InitialModel, BatchNormBeginsAsTheIdentity) {
  Model model = initial_model(kSmallCnn, 7);
  for (const auto& [name, expected] : std::map<std::string, float>{{"bn2.weight", 1.0f},
                                                                   {"bn2.bias", 0.0f},
                                                                   {"bn2.running_mean", 0.0f},
                                                                   {"bn2.running_var", 1.0f}}) {
    const auto values = values_of(kSmallCnn, model, name);
    EXPECT_EQ(std::count(values.begin(), values.end(), expected), 64) << name;
  }
  EXPECT_EQ(model.num_batches_tracked, 0U);
}

TEST(InitialModel, IsAFunctionOfTheSeed) {
  EXPECT_EQ(initial_model(kSmallCnn, 7).parameters, initial_model(kSmallCnn, 7).parameters);
  EXPECT_NE(initial_model(kSmallCnn, 7).parameters, initial_model(kSmallCnn, 8).parameters);
}

TEST(InitialModel, DrawsEveryTensorAnew) {
  const Network network = mlp({1, 1, 50}, {50, 50}, 2);
  Model model = initial_model(network, 7);
  const auto one = values_of(network, model, "fc1.weight");
  const auto other = values_of(network, model, "fc2.weight");
  EXPECT_FALSE(std::equal(one.begin(), one.end(), other.begin()));
}

TEST(TensorLayout, HoldsEveryParameterAndStatisticOnce) {
  std::size_t next[2] = {0, 0};
  for (const TensorInfo& info : tensor_layout(kSmallCnn)) {
    EXPECT_EQ(info.offset, next[info.is_statistic()]) << info.name;
    next[info.is_statistic()] += info.size;
  }
  const Model model = initial_model(kSmallCnn, 0);
  EXPECT_EQ(next[0], model.parameters.size());
  EXPECT_EQ(next[0], num_parameters(kSmallCnn));
  EXPECT_EQ(next[1], model.statistics.size());
  EXPECT_EQ(next[1], 2U * (32 + 64 + 128));
}

TEST(TensorLayout, ShapesInFilesArePytorchs) {
  using Extents = std::vector<std::size_t>;
  EXPECT_EQ(tensor_named(kSmallCnn, "conv2.weight").file_shape(), (Extents{64, 32, 3, 3}));
  EXPECT_EQ(tensor_named(kSmallCnn, "bn2.running_var").file_shape(), (Extents{64}));
  EXPECT_EQ(tensor_named(kSmallCnn, "fc.weight").file_shape(), (Extents{10, 128}));
  EXPECT_EQ(tensor_named(kSmallCnn, "fc.bias").file_shape(), (Extents{10}));
  const Network over_image = mlp({2, 3, 4}, {}, 5);
  EXPECT_EQ(tensor_named(over_image, "fc1.weight").file_shape(), (Extents{5, 24}));
}

RC_GTEST_PROP(InitialModelProperty, StaysWithinItsBounds, (std::uint64_t seed)) {
  const auto inputs = *rc::gen::inRange<std::uint32_t>(1, 50);
  const Network network = mlp({1, 1, inputs}, {}, 3);
  const float bound = 1 / std::sqrt(static_cast<float>(inputs));
  for (const float value : initial_model(network, seed).parameters) {
    RC_ASSERT(std::abs(value) <= bound);
  }
}

// cnn: 864 + 18432 + 73728 weights of convolutions, each followed by its batch norm's 2 x 32, 2 x
// 64 and 2 x 128, and a head of 1290.
TEST(TrainableRanges, LeaveOutWhatIsFrozen) {
  using Ranges = std::vector<ParameterRange>;
  EXPECT_EQ(trainable_ranges(kSmallCnn, Freeze::none), (Ranges{{0, 94762}}));
  EXPECT_EQ(trainable_ranges(kSmallCnn, Freeze::backbone), (Ranges{{94762 - 1290, 1290}}));
  EXPECT_EQ(
      trainable_ranges(kSmallCnn, Freeze::batch_norm),
      (Ranges{{0, 864}, {864 + 64, 18432}, {864 + 64 + 18432 + 128, 73728}, {94762 - 1290, 1290}}));
  EXPECT_EQ(num_parameters(trainable_ranges(kSmallCnn, Freeze::batch_norm)), 94762U - 2 * 224);
}

TEST(TrainableRanges, OfAFrozenBackboneNeedAHead) {
  Network net({.height = 4, .width = 4, .channels = 1});
  net.set_output(
      net.global_average_pool(net.convolution("conv", net.input(), {.out_channels = 2})));
  edgeprune::testing::expect_error(core::ErrorKind::config, {"model.freeze", "linear"},
                                   [&] { (void)trainable_ranges(net, Freeze::backbone); });
}

}  // namespace
}  // namespace edgeprune::nn
