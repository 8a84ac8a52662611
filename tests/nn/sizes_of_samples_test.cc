// One network at several sizes of its samples.

#include "edgeprune/nn/networks.h"
#include "edgeprune/nn/program.h"

#include "network_fixture.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <vector>

namespace edgeprune::nn::sizes_test {
namespace {

using core::ErrorKind;
using edgeprune::testing::expect_error;
using nn::testing::Draws;

constexpr std::uint32_t kClasses = 5;
const Shape kFull{.height = 32, .width = 32, .channels = 3};
const Shape kHalf{.height = 16, .width = 16, .channels = 3};

TEST(Resized, HasTheSameParametersAndAQuarterOfTheProductsAtHalfSize) {
  const Network network = cnn(kFull, kClasses);
  const Network half = network.resized(kHalf);
  ASSERT_EQ(tensor_layout(half).size(), tensor_layout(network).size());
  EXPECT_EQ(num_parameters(half), num_parameters(network));
  EXPECT_EQ(half.num_classes(), kClasses);
  const double head = network.forward_flops(*network.head());
  EXPECT_EQ(half.forward_flops(*half.head()), head);
  EXPECT_DOUBLE_EQ(half.forward_flops_per_sample() - head,
                   (network.forward_flops_per_sample() - head) / 4);
  EXPECT_EQ(network_hash(half.resized(kFull)), network_hash(network));
}

TEST(Resized, RefusesLayersThatASizeDoesNotSuitByName) {
  const Network fixed = mlp(kFull, {8}, kClasses);
  expect_error(ErrorKind::config, {"fc1", "32 x 32", "16 x 16"},
               [&] { (void)fixed.resized(kHalf); });
  Network wide(kFull);
  wide.convolution("conv_of_nine", wide.input(), {.out_channels = 2, .kernel = 9});
  expect_error(ErrorKind::config, {"conv_of_nine", "window of 9"},
               [&] { (void)wide.resized({.height = 4, .width = 4, .channels = 3}); });
  expect_error(ErrorKind::config, {"3 channels"},
               [&] { (void)wide.resized({.height = 32, .width = 32, .channels = 1}); });
}

struct Step {
  std::vector<float> logits;
  std::vector<float> gradients;
};

Step step_of(Program& program, Model& model, std::uint32_t batch) {
  Draws draws(7);
  const Shape& shape = program.network().shape(program.network().input());
  const auto images = draws.uniform(batch * shape.num_values(), -1, 1);
  const auto logits = program.forward(model, images, batch, Mode::training);
  Step step{.logits = {logits.begin(), logits.end()},
            .gradients = std::vector<float>(model.parameters.size())};
  program.backward(model, draws.uniform(step.logits.size(), -1, 1), step.gradients);
  return step;
}

TEST(SharedPrograms, GiveTheBitsOfProgramsOfTheirOwnInTheMemoryOfTheLargest) {
  core::ThreadPool pool(2);
  for (const Precision precision : {Precision::f32, Precision::bf16_storage}) {
    for (const bool recompute : {false, true}) {
      const ProgramOptions options{.max_batch = 4, .precision = precision, .recompute = recompute};
      const Network full = mobilenet_v2(kFull, {.width_multiplier = 0.25f}, kClasses);
      const std::vector<Network> networks = {full, full.resized(kHalf)};
      std::vector<Program> shared = make_programs(networks, options, pool);
      Model model = initial_model(full, 1);
      for (const std::size_t which : {0u, 1u, 1u, 0u, 1u}) {
        Program alone(networks[which], options, pool);
        Model its_model = model;
        const Step expected = step_of(alone, its_model, 4);
        const Step step = step_of(shared[which], model, 4);
        EXPECT_EQ(step.logits, expected.logits);
        EXPECT_EQ(step.gradients, expected.gradients);
        EXPECT_EQ(model.statistics, its_model.statistics);
      }
      const ProgramMemory of_full = program_memory(full, options, pool.size());
      const ProgramMemory memory = program_memory(networks, options, pool.size());
      EXPECT_EQ(memory.arena_bytes, of_full.arena_bytes);
      EXPECT_EQ(shared[0].memory().total_bytes(), memory.total_bytes());
      EXPECT_EQ(shared[1].memory().total_bytes(), memory.total_bytes());
    }
  }
}

}  // namespace
}  // namespace edgeprune::nn::sizes_test
