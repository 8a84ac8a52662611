#include "edgeprune/nn/inspect.h"

#include "edgeprune/nn/model.h"
#include "edgeprune/nn/networks.h"

#include <gtest/gtest.h>

namespace edgeprune::nn {
namespace {

Network small_network() {
  Network net({.height = 7, .width = 9, .channels = 3});
  Value x = net.convolution("conv", net.input(), {.out_channels = 4, .kernel = 3});
  x = net.relu6(net.batch_norm("bn", x));
  x = net.depthwise("dw", x, {.kernel = {1, 3}});
  net.set_output(net.linear("fc", net.global_average_pool(net.relu(x)), 10));
  return net;
}

struct Row {
  const char* name;
  const char* kind;
  Shape input;
  Shape output;
  std::size_t parameters;
  double forward_flops;
  double backward_flops;
  std::size_t activation_bytes;
};

// conv: 27 * 4 weights, 2 * 5 * 7 * 4 * 27 operations; backward as many, as the input needs no
// gradient. dw: 3 * 4 weights, 2 * 5 * 5 * 4 * 3. fc: 4 * 10 + 10 parameters, 2 * 4 * 10. Four
// bytes for each value that is stored.
constexpr Row kRows[] = {
    {"conv", "convolution", {7, 9, 3}, {5, 7, 4}, 108, 7560, 7560, 560},
    {"bn", "batch_norm", {5, 7, 4}, {5, 7, 4}, 8, 0, 0, 0},
    {"", "relu6", {5, 7, 4}, {5, 7, 4}, 0, 0, 0, 0},
    {"dw", "depthwise", {5, 7, 4}, {5, 5, 4}, 12, 600, 1200, 400},
    {"", "relu", {5, 5, 4}, {5, 5, 4}, 0, 0, 0, 0},
    {"", "global_average_pool", {5, 5, 4}, {1, 1, 4}, 0, 0, 0, 16},
    {"fc", "linear", {1, 1, 4}, {1, 1, 10}, 50, 80, 160, 40},
};

TEST(LayerCosts, AreTheArithmeticOfEachLayer) {
  const std::vector<LayerCost> costs = layer_costs(small_network());
  ASSERT_EQ(costs.size(), std::size(kRows));
  for (std::size_t i = 0; i < costs.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(costs[i].name, kRows[i].name);
    EXPECT_EQ(costs[i].kind, kRows[i].kind);
    EXPECT_EQ(costs[i].inputs, std::vector<Shape>{kRows[i].input});
    EXPECT_EQ(costs[i].output, kRows[i].output);
    EXPECT_EQ(costs[i].parameters, kRows[i].parameters);
    EXPECT_EQ(costs[i].forward_flops, kRows[i].forward_flops);
    EXPECT_EQ(costs[i].backward_flops, kRows[i].backward_flops);
    EXPECT_EQ(costs[i].activation_bytes, kRows[i].activation_bytes);
  }
}

TEST(LayerCosts, CountWhatThePrecisionStores) {
  for (const Precision precision : {Precision::bf16, Precision::bf16_storage}) {
    const std::vector<LayerCost> costs = layer_costs(small_network(), {.precision = precision});
    for (std::size_t i = 0; i < costs.size(); ++i) {
      const bool vector = i >= 5;  // the average and the logits stay float
      EXPECT_EQ(costs[i].activation_bytes, kRows[i].activation_bytes / (vector ? 1 : 2)) << i;
    }
    EXPECT_EQ(training_memory(small_network(), {.batch_size = 3, .precision = precision})
                  .activation_bytes,
              3U * (280 + 200 + 16 + 40));
  }
}

// Of a bfloat16 convolution and the float images.
TEST(LayerCosts, ASumOfTwoTypesIsFloat) {
  Network net({.height = 2, .width = 3, .channels = 4});
  const Value x = net.convolution("conv", net.input(), {.out_channels = 4});
  const Value mixed = net.add(x, net.input());
  net.set_output(net.linear("fc", net.add(mixed, net.add(x, x)), 5));
  const auto costs = layer_costs(net, {.precision = Precision::bf16_storage});
  EXPECT_EQ(costs[0].activation_bytes, 2U * 24);
  EXPECT_EQ(costs[1].activation_bytes, 4U * 24);
  EXPECT_EQ(costs[2].activation_bytes, 2U * 24);
  EXPECT_EQ(costs[3].activation_bytes, 4U * 24);
}

TEST(LayerCosts, ASumHasTwoInputs) {
  Network net({.height = 2, .width = 3, .channels = 4});
  const Value x = net.convolution("conv", net.input(), {.out_channels = 4});
  net.set_output(net.linear("fc", net.add(x, net.input()), 5));
  const LayerCost sum = layer_costs(net)[1];
  EXPECT_EQ(sum.kind, "add");
  EXPECT_EQ(sum.inputs, (std::vector<Shape>{{2, 3, 4}, {2, 3, 4}}));
}

TEST(LayerCosts, AddUpToTheNetworks) {
  for (const std::string_view name : network_names()) {
    NetworkOptions options;
    options.name = name;
    const Network network = build_network(options, {32, 32, 3}, 10);
    for (const Freeze freeze : {Freeze::none, Freeze::backbone, Freeze::batch_norm}) {
      std::size_t parameters = 0;
      double flops = 0;
      for (const LayerCost& layer : layer_costs(network, {.freeze = freeze})) {
        parameters += layer.parameters;
        flops += layer.forward_flops + layer.backward_flops;
      }
      EXPECT_EQ(parameters, num_parameters(network)) << name;
      EXPECT_EQ(flops, network.flops_per_sample(freeze)) << name;
    }
  }
}

// 178 parameters, 8 statistics; 1016 bytes of activations a sample.
TEST(TrainingMemory, HoldsParametersGradientsOptimizerAndActivations) {
  const Network network = small_network();
  const TrainingMemory adam = training_memory(network, {.batch_size = 3});
  EXPECT_EQ(adam.parameter_bytes, 4U * 178);
  EXPECT_EQ(adam.statistics_bytes, 4U * 8);
  EXPECT_EQ(adam.gradient_bytes, 4U * 178);
  EXPECT_EQ(adam.optimizer_bytes, 8U * 178);
  EXPECT_EQ(adam.activation_bytes, 3U * 1016);
  const OptimizerOptions sgd{.kind = OptimizerKind::sgd};
  EXPECT_EQ(training_memory(network, {.optimizer = sgd}).optimizer_bytes, 4U * 178);
  EXPECT_EQ(
      training_memory(network, {.optimizer = sgd, .freeze = Freeze::backbone}).optimizer_bytes,
      4U * 50);
}

}  // namespace
}  // namespace edgeprune::nn
