#include "edgeprune/run/run_network.h"

#include "edgeprune/nn/model.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>

namespace edgeprune::run {
namespace {

using core::ErrorKind;
using testing::expect_error;

constexpr nn::Shape kImage{.height = 32, .width = 32, .channels = 3};

nn::Network network(const std::vector<std::string>& overrides, std::uint32_t num_classes = 10) {
  return build_run_network(config::read_config("", overrides), kImage, num_classes);
}

TEST(RunNetwork, PassesTheSectionModelOn) {
  EXPECT_EQ(nn::num_parameters(network({"model.network=mlp", "model.hidden_sizes=[2]"})),
            3072u * 2 + 2 + 2 * 10 + 10);
  EXPECT_EQ(nn::num_parameters(network({"model.network=mobilenet_v2"})), 2236682u);
  // A first convolution of 32 * 0.25 filters.
  EXPECT_EQ(
      nn::tensor_layout(network({"model.network=mobilenet_v2", "model.width_multiplier=0.25"}))
          .front()
          .file_shape(),
      (std::vector<std::size_t>{8, 3, 3, 3}));
  EXPECT_EQ(nn::num_parameters(network({"model.network=resnet18", "model.stem=imagenet"}, 1000)),
            11689512u);
}

TEST(RunNetwork, AnUnknownNameIsAnErrorThatListsTheKnownOnes) {
  expect_error(ErrorKind::config, {"model.network is \"resnet\"", "resnet18"},
               [] { (void)network({"model.network=resnet"}); });
}

}  // namespace
}  // namespace edgeprune::run
