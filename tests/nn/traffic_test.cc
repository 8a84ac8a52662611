#include "traffic.h"

#include "edgeprune/nn/program.h"

#include "compile.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace edgeprune::nn {
namespace {

constexpr std::uint32_t kBatch = 3;

Network network() {
  Network net({.height = 4, .width = 4, .channels = 2});
  Value x = net.convolution("first", net.input(), {.out_channels = 2, .kernel = 3, .padding = 1});
  x = net.relu(net.batch_norm("bn1", x));
  x = net.convolution("conv", x, {.out_channels = 3, .kernel = 3, .padding = 1});
  x = net.max_pool(net.relu(net.batch_norm("bn2", x)));
  x = net.depthwise("dw", x, {.kernel = 3, .padding = 1});
  const Value y = net.relu(net.convolution("expand", x, {.out_channels = 5}));
  x = net.add(net.convolution("same", y, {.out_channels = 5}), y);
  net.set_output(net.linear("fc", net.global_average_pool(x), 4));
  return net;
}

// In floats, of three samples. Stored are: the images 96, first 96, conv 144, max_pool 36, dw 36,
// expand 60, same 60, add 60, the averages 15, logits 12; batch norms and ReLUs store nothing.
struct Row {
  std::size_t forward;   // what is read + what is written + parameters
  std::size_t backward;  // in the order: of the output, of the inputs, parameters
};
const std::map<std::string, Row> kRows = {
    // Its gradient and, as a batch norm follows, its values; images; weights' gradients alone.
    {"first", {96 + 96 + 36, (96 + 96) + 96 + 36}},
    {"bn1", {0, 0}},
    // Two passes. first is read by both, by the second for its ReLU's mask; its gradient is
    // written.
    {"conv", {96 + 144 + 54, 2 * (144 + 144) + (2 * 96 + 96) + 2 * 54}},
    {"bn2", {0, 0}},
    // What it computed is read again, to find the maxima.
    {"max_pool", {144 + 36, (36 + 36) + (144 + 144)}},
    {"dw", {36 + 36 + 27, 36 + (36 + 36) + 2 * 27}},
    {"expand", {36 + 60 + 15, 60 + (36 + 36) + 2 * 15}},
    // The gradient of `expand` is added to what add left there.
    {"same", {60 + 60 + 25, 60 + (60 + 60 + 60) + 2 * 25}},
    // Its summands: `same` without a ReLU, `expand` with one.
    {"add", {60 + 60 + 60, 60 + 60 + (60 + 60)}},
    {"global_average_pool", {60 + 15, 15 + 60}},
    {"fc", {15 + 12 + 24, 12 + (15 + 15) + 2 * 24}},
};

TEST(Traffic, CountsEveryTensorOnceAPass) {
  CompiledNetwork compiled = compile(network(), {.max_batch = kBatch});
  ASSERT_EQ(compiled.steps.size(), kRows.size());
  for (const auto& step : compiled.steps) {
    SCOPED_TRACE(step->name());
    const Traffic traffic = traffic_of(*step, kBatch);
    EXPECT_EQ(traffic.forward, 4 * kRows.at(step->name()).forward);
    EXPECT_EQ(traffic.backward, 4 * kRows.at(step->name()).backward);
  }
}

TEST(Traffic, OfAFrozenBackboneEndsAtTheHead) {
  CompiledNetwork compiled = compile(network(), {.max_batch = kBatch, .freeze = Freeze::backbone});
  for (const auto& step : compiled.steps) {
    SCOPED_TRACE(step->name());
    const bool is_head = step->name() == "fc";
    EXPECT_EQ(traffic_of(*step, kBatch).backward, is_head ? 4 * (12 + 15 + 24) : 0);
  }
}

TEST(Traffic, IsAddedUpInAProfile) {
  const Network net = network();
  core::ThreadPool pool(2);
  Program program(net, {.max_batch = 2 * kBatch, .profile = true}, pool);
  Model model = initial_model(net, 0);
  const std::vector<float> images(kBatch * net.shape(net.input()).num_values(), 0.5f);
  const std::vector<float> logit_gradients(kBatch * net.num_classes(), 0.1f);
  std::vector<float> gradients(model.parameters.size());
  for (int i = 0; i < 2; ++i) {
    (void)program.forward(model, images, kBatch, Mode::training);
    program.backward(model, logit_gradients, gradients);
  }
  for (const StepProfile& step : program.profile()) {
    SCOPED_TRACE(step.name);
    EXPECT_EQ(step.forward_bytes, 2.0 * 4 * static_cast<double>(kRows.at(step.name).forward));
    EXPECT_EQ(step.backward_bytes, 2.0 * 4 * static_cast<double>(kRows.at(step.name).backward));
  }
}

}  // namespace
}  // namespace edgeprune::nn
