#include "edgeprune/nn/network.h"

#include "edgeprune/core/error.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>

namespace edgeprune::nn {
namespace {

using core::ErrorKind;
using edgeprune::testing::expect_error;

constexpr Shape kOddImage{.height = 7, .width = 9, .channels = 3};

TEST(Network, RefusesANameThatIsTaken) {
  Network net(kOddImage);
  net.convolution("conv", net.input(), {.out_channels = 4});
  expect_error(core::ErrorKind::config, {"conv", "taken"},
               [&] { net.convolution("conv", net.input(), {.out_channels = 4}); });
}

TEST(Network, InfersShapes) {
  Network net(kOddImage);
  int number = 0;
  const auto shape_of = [&](const ConvolutionOptions& options) {
    return net.shape(net.convolution("conv" + std::to_string(++number), net.input(), options));
  };
  EXPECT_EQ(net.shape(net.input()), kOddImage);
  EXPECT_EQ(shape_of({.out_channels = 4, .kernel = 3, .padding = 1}), (Shape{7, 9, 4}));
  EXPECT_EQ(shape_of({.out_channels = 4, .kernel = 3}), (Shape{5, 7, 4}));
  // (7 + 2 - 3) / 2 + 1 = 4 and (9 + 2 - 3) / 2 + 1 = 5
  EXPECT_EQ(shape_of({.out_channels = 4, .kernel = 3, .stride = 2, .padding = 1}),
            (Shape{4, 5, 4}));
  EXPECT_EQ(net.shape(net.max_pool(net.input())), (Shape{3, 4, 3}));
  EXPECT_EQ(net.shape(net.max_pool(net.input(), {.window = 3, .stride = 2, .padding = 1})),
            (Shape{4, 5, 3}));
  EXPECT_EQ(net.shape(net.global_average_pool(net.input())), (Shape{1, 1, 3}));
  EXPECT_EQ(net.shape(net.linear("fc", net.input(), 10)), (Shape{1, 1, 10}));
  EXPECT_EQ(net.shape(net.relu(net.input())), kOddImage);
  EXPECT_EQ(net.shape(net.batch_norm("bn", net.input())), kOddImage);
  EXPECT_EQ(net.shape(net.add(net.input(), net.input())), kOddImage);
}

TEST(Network, AShapeThatDoesNotFitIsAnErrorThatNamesTheOperation) {
  Network net(kOddImage);
  const auto expect_config_error = [](std::initializer_list<std::string> parts, auto&& action) {
    expect_error(ErrorKind::config, parts, action);
  };
  expect_config_error({"input"}, [] { Network({.height = 0, .width = 9, .channels = 3}); });
  expect_config_error({"conv1", "window of 8"}, [&] {
    net.convolution("conv1", net.input(), {.out_channels = 1, .kernel = 8});
  });
  expect_config_error({"conv1", "padding 3"}, [&] {
    net.convolution("conv1", net.input(), {.out_channels = 1, .kernel = 3, .padding = 3});
  });
  expect_config_error({"conv1", "out_channels"},
                      [&] { net.convolution("conv1", net.input(), {.kernel = 3}); });
  expect_config_error({"conv1", "at least 1"}, [&] {
    net.convolution("conv1", net.input(), {.out_channels = 1, .kernel = 3, .stride = 0});
  });
  expect_config_error({"fc", "out_features"}, [&] { net.linear("fc", net.input(), 0); });
  expect_config_error({"max_pool"}, [&] { net.max_pool(net.input(), {.window = 8}); });
  expect_config_error({"add", "7x9x3", "1x1x3"},
                      [&] { net.add(net.input(), net.global_average_pool(net.input())); });
  expect_config_error({"output", "7 x 9"}, [&] { net.set_output(net.input()); });
}

TEST(Network, CountsClassesByItsOutput) {
  Network net(kOddImage);
  const Value logits = net.linear("fc", net.input(), 10);
  (void)net.relu(logits);
  net.set_output(logits);
  EXPECT_EQ(net.num_classes(), 10U);
  EXPECT_FALSE(net.has_batch_norm());
  net.batch_norm("bn", logits);
  EXPECT_TRUE(net.has_batch_norm());
}

TEST(Network, ItsHeadIsTheLinearLayerThatComputesTheLogits) {
  Network net(kOddImage);
  EXPECT_EQ(net.head(), nullptr);
  const Value hidden = net.linear("fc1", net.input(), 10);
  net.set_output(net.linear("fc2", net.relu(hidden), 4));
  ASSERT_NE(net.head(), nullptr);
  EXPECT_EQ(net.head()->name, "fc2");
  net.set_output(
      net.global_average_pool(net.convolution("conv", net.input(), {.out_channels = 4})));
  EXPECT_EQ(net.head(), nullptr);
}

// conv: 2 * 5 * 7 outputs * 4 channels * 27 inputs of each = 7560.
// fc:   2 * 10 outputs * 140 inputs = 2800.
// Backward twice that, less the convolution's data gradient: 20720 - 7560 = 13160.
TEST(Network, CountsMultiplyAddsAsTwo) {
  Network net(kOddImage);
  const Value x = net.convolution("conv", net.input(), {.out_channels = 4, .kernel = 3});
  net.set_output(net.linear("fc", net.relu(x), 10));
  EXPECT_EQ(net.forward_flops_per_sample(), 7560 + 2800);
  EXPECT_EQ(net.backward_flops_per_sample(), 13160);
  EXPECT_EQ(net.flops_per_sample(), 10360 + 13160);
}

TEST(Network, AFrozenBackboneLeavesTheHeadsWeightGradient) {
  Network net(kOddImage);
  const Value x = net.convolution("conv", net.input(), {.out_channels = 4, .kernel = 3});
  net.set_output(net.linear("fc", net.relu(x), 10));
  EXPECT_EQ(net.backward_flops_per_sample(Freeze::backbone), 2800);
  EXPECT_EQ(net.backward_flops_per_sample(Freeze::batch_norm), 13160);
}

}  // namespace
}  // namespace edgeprune::nn
