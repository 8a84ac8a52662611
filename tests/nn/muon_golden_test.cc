// Muon against an implementation of its own in float64 and against torch.optim.Muon.
// golden/generate_muon.py makes the reference and says how.

#include "edgeprune/core/thread_pool.h"
#include "edgeprune/kernels/target.h"
#include "edgeprune/nn/optimizer.h"

#include "golden/golden.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace edgeprune::nn::muon_golden_tests {
namespace {

using golden::Case;

constexpr std::uint32_t kSteps = 6;

// Wide, tall, square and empty matrices, and two of several panels on every SIMD target.
Network small_network() {
  Network net({.height = 6, .width = 6, .channels = 5});
  Value x = net.convolution("wide", net.input(), {.out_channels = 12});
  x = net.convolution("tall", x, {.out_channels = 10, .kernel = 3, .padding = 1});
  x = net.relu(net.batch_norm("norm", net.convolution("square", x, {.out_channels = 10})));
  x = net.depthwise("depthwise", x, {.kernel = 3, .padding = 1});
  x = net.convolution("zero", x, {.out_channels = 8});
  x = net.convolution("still", x, {.out_channels = 8});
  x = net.convolution("panels", x, {.out_channels = 70, .kernel = 3, .padding = 1});
  x = net.convolution("wide_panels", x, {.out_channels = 80});
  x = net.relu(net.linear("hidden", net.global_average_pool(x), 40));
  net.set_output(net.linear("head", x, 10));
  return net;
}

Model trained(const Network& network, const OptimizerOptions& options) {
  Model model = golden::starting_model(network, Case::muon);
  const std::vector<TensorInfo> layout = golden::parameter_layout(network);
  for (const TensorInfo& info : layout) {
    if (info.name != "zero.weight") continue;
    std::fill_n(model.parameters.begin() + static_cast<std::ptrdiff_t>(info.offset), info.size,
                0.0f);
  }
  core::ThreadPool pool(2);
  Optimizer optimizer(options, network, Freeze::none);
  std::vector<float> gradients(model.parameters.size());
  for (std::uint32_t s = 0; s < kSteps; ++s) {
    for (std::uint32_t t = 0; t < layout.size(); ++t) {
      if (layout[t].name == "still.weight") continue;
      for (std::size_t i = 0; i < layout[t].size; ++i) {
        const float u = golden::uniform(golden::stream_of(Case::muon, 16 * (s + 2) + t), i);
        gradients[layout[t].offset + golden::inside_index(layout[t], i)] =
            std::ldexp(2 * u - 1, -2 * static_cast<int>(i % 5));
      }
    }
    optimizer.step(static_cast<float>(16 - s) / 1024, gradients, model.parameters, pool);
  }
  return model;
}

void expect_golden(const std::string& rule, const OptimizerOptions& options, double tolerance) {
  const core::SafetensorsFile reference = golden::read("muon");
  const Network network = small_network();
  for (const std::string& target : kernels::available_simd_targets()) {
    const kernels::ForcedSimdTarget forced(target);
    const Model model = trained(network, options);
    double worst = 0;
    for (const TensorInfo& info : golden::parameter_layout(network)) {
      SCOPED_TRACE(info.name + " on " + target);
      const auto expected = reference.at(rule + "." + info.name).as<float>();
      ASSERT_EQ(expected.size(), info.size);
      for (std::size_t i = 0; i < info.size; ++i) {
        const float value = model.parameters[info.offset + golden::inside_index(info, i)];
        ASSERT_NEAR(value, expected[i], tolerance) << i;
        worst = std::max(worst, std::abs(double{value} - double{expected[i]}));
      }
    }
    ::testing::Test::RecordProperty("worst_" + target, std::to_string(worst * 1e6) + " x 1e-6");
  }
}

TEST(MuonGolden, KeepsNormsAsTheRuleInFloat64Does) {
  expect_golden("kept",
                {.kind = OptimizerKind::muon,
                 .beta2 = 0.95f,
                 .weight_decay = 0.1f,
                 .head_learning_rate_factor = 9,
                 .norm_learning_rate_factor = 0.5f},
                1e-5);
}

// Five iterations in two goes.
TEST(MuonGolden, IsTorchsMuonWhereNormsAreNotKept) {
  expect_golden("torch",
                {.kind = OptimizerKind::muon,
                 .weight_decay = 0.1f,
                 .muon_momentum = 0.95f,
                 .muon_iterations = 5,
                 .muon_keeps_norm = false,
                 .muon_learning_rate_factor = 2},
                1e-5);
}

}  // namespace
}  // namespace edgeprune::nn::muon_golden_tests
