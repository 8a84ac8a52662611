#include "edgeprune/nn/networks.h"

#include "edgeprune/core/error.h"
#include "edgeprune/nn/model.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace edgeprune::nn {
namespace {

using core::ErrorKind;
using edgeprune::testing::expect_error;

constexpr Shape kColour{.height = 32, .width = 32, .channels = 3};
constexpr Shape kGrey{.height = 28, .width = 28, .channels = 1};

// 27*32 + 288*64 + 576*128 (convolutions) + 2 * (32 + 64 + 128) (batch norms) + 1290 (linear).
TEST(Cnn, HasThePublishedNumberOfParameters) {
  EXPECT_EQ(num_parameters(cnn(kColour, 10)), 94762U);
  EXPECT_EQ(num_parameters(cnn(kGrey, 10)), 94186U);
}

TEST(Cnn, NamesItsTensorsInTheOrderOfAStateDict) {
  std::vector<std::string> names;
  for (const TensorInfo& info : tensor_layout(cnn(kColour, 10))) names.push_back(info.name);
  EXPECT_EQ(names, (std::vector<std::string>{
                       "conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean",
                       "bn1.running_var", "conv2.weight", "bn2.weight", "bn2.bias",
                       "bn2.running_mean", "bn2.running_var", "conv3.weight", "bn3.weight",
                       "bn3.bias", "bn3.running_mean", "bn3.running_var", "fc.weight", "fc.bias"}));
}

TEST(Cnn, WorksFromFourByFourPixelsOn) {
  EXPECT_EQ(cnn({.height = 4, .width = 4, .channels = 1}, 2).num_classes(), 2U);
  expect_error(ErrorKind::config, {"max_pool", "larger images"},
               [] { (void)cnn({.height = 3, .width = 8, .channels = 1}, 2); });
}

// 20*256 + 256 + 256*64 + 64 + 64*7 + 7
TEST(Mlp, HasALinearLayerPerHiddenSizeAndOneForTheClasses) {
  const Network network = mlp({1, 1, 20}, {256, 64}, 7);
  EXPECT_EQ(num_parameters(network), 22279U);
  EXPECT_EQ(network.num_classes(), 7U);
  EXPECT_EQ(tensor_layout(network).back().name, "fc3.bias");
}

TEST(Mlp, WithoutHiddenSizesIsALinearClassifier) {
  EXPECT_EQ(num_parameters(mlp({1, 1, 20}, {}, 7)), 147U);
}

TEST(Mlp, TakesImagesToo) {
  EXPECT_EQ(num_parameters(mlp({2, 3, 4}, {}, 5)), 2U * 3 * 4 * 5 + 5);
}

TEST(BuildNetwork, KnowsEveryNameItLists) {
  for (const std::string_view name : network_names()) {
    NetworkOptions options;
    options.name = name;
    EXPECT_EQ(build_network(options, kGrey, 10).num_classes(), 10U) << name;
  }
}

TEST(BuildNetwork, PassesHiddenSizesOn) {
  const NetworkOptions options{.name = "mlp", .hidden_sizes = {3}};
  EXPECT_EQ(num_parameters(build_network(options, {1, 1, 2}, 2)), 2U * 3 + 3 + 3 * 2 + 2);
}

TEST(BuildNetwork, AnUnknownNameIsAnErrorThatListsTheKnownOnes) {
  expect_error(ErrorKind::config, {"\"resnet\"", "cnn, mlp"},
               [] { (void)build_network({.name = "resnet"}, kGrey, 10); });
}

}  // namespace
}  // namespace edgeprune::nn
