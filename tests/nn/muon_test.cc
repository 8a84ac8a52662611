// Muon on whole networks: what it moves, what it keeps, and that its bits stay.
// muon_golden_test.cc has the numbers.

#include "edgeprune/core/error.h"
#include "edgeprune/core/thread_pool.h"
#include "edgeprune/nn/networks.h"
#include "edgeprune/nn/optimizer.h"

#include "newton_schulz.h"
#include "nn/network_fixture.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace edgeprune::nn::muon_tests {
namespace {

using testing::Draws;
using testing::tensor_named;

// A tall, a wide and a square matrix, a linear one, and all that Muon leaves to Adam.
Network small_network(std::uint32_t width = 12) {
  Network net({.height = 5, .width = 4, .channels = 3});
  Value x =
      net.convolution("tall", net.input(), {.out_channels = width, .kernel = 3, .bias = true});
  x = net.relu(net.batch_norm("norm", x));
  x = net.depthwise("depthwise", x, {.kernel = 1});
  x = net.convolution("wide", x, {.out_channels = 3 * width});
  x = net.convolution("square", x, {.out_channels = 3 * width});
  x = net.linear("hidden", net.global_average_pool(x), 20);
  net.set_output(net.linear("head", net.relu(x), 10));
  return net;
}

constexpr const char* kMatrices[] = {"tall.weight", "wide.weight", "square.weight",
                                     "hidden.weight"};

OptimizerOptions muon() {
  return {.kind = OptimizerKind::muon, .beta2 = 0.95f};
}

std::span<const float> values_of(const Network& network, const std::vector<float>& parameters,
                                 const std::string& name) {
  const TensorInfo info = tensor_named(network, name);
  return std::span(parameters).subspan(info.offset, info.size);
}

double norm_of(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += double{value} * value;
  return std::sqrt(sum);
}

// Steps with gradients of their own, from step `first` on.
void make_steps(Optimizer& optimizer, std::vector<float>& parameters, std::uint32_t first,
                std::uint32_t count, core::ThreadPool& pool) {
  for (std::uint32_t step = first; step < first + count; ++step) {
    const auto gradients = Draws(step).uniform(parameters.size(), -1, 1);
    optimizer.step(0.016f, gradients, parameters, pool);
  }
}

std::vector<float> trained(const Network& network, const OptimizerOptions& options, int threads,
                           std::uint32_t steps = 3, Freeze freeze = Freeze::none) {
  core::ThreadPool pool(threads);
  Optimizer optimizer(options, network, freeze);
  std::vector<float> parameters = initial_model(network, 1).parameters;
  make_steps(optimizer, parameters, 0, steps, pool);
  return parameters;
}

// Singular values of a tall matrix, by one-sided Jacobi rotations of its columns.
std::vector<double> singular_values(std::vector<std::vector<double>> columns) {
  const auto dot = [](const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
  };
  for (int sweep = 0; sweep < 30; ++sweep) {
    for (std::size_t p = 0; p < columns.size(); ++p) {
      for (std::size_t q = p + 1; q < columns.size(); ++q) {
        const double angle =
            0.5 * std::atan2(2 * dot(columns[p], columns[q]),
                             dot(columns[p], columns[p]) - dot(columns[q], columns[q]));
        for (std::size_t i = 0; i < columns[p].size(); ++i) {
          const double a = columns[p][i];
          const double b = columns[q][i];
          columns[p][i] = std::cos(angle) * a + std::sin(angle) * b;
          columns[q][i] = std::cos(angle) * b - std::sin(angle) * a;
        }
      }
    }
  }
  std::vector<double> values;
  for (const auto& column : columns) values.push_back(std::sqrt(dot(column, column)));
  return values;
}

// With the coefficients as they are, x -> ax + bx^3 + cx^5 ends up within [0.68, 1.21] and stays
// there once x has come above it: five times from 0.05 are enough.
RC_GTEST_PROP(NewtonSchulzProperty, BringsSingularValuesNearOne, ()) {
  const auto columns = *rc::gen::inRange<std::size_t>(1, 20);
  const TallShape shape{.rows = columns + *rc::gen::inRange<std::size_t>(0, 60),
                        .columns = columns};
  core::ThreadPool pool(2);
  NewtonSchulz iterations(std::span(&shape, 1));
  const auto draws =
      Draws(*rc::gen::arbitrary<std::uint16_t>()).uniform(shape.rows * shape.columns, -1, 1);
  const auto size = static_cast<float>(norm_of(draws));
  const auto copy = [&](auto&& to) {
    for (std::size_t i = 0; i < shape.rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) {
        to(iterations.matrix()[i * shape.stride() + j], i, j);
      }
    }
  };
  std::vector<std::vector<double>> before(columns, std::vector<double>(shape.rows));
  auto after = before;
  copy([&](float& value, std::size_t i, std::size_t j) {
    value = draws[i * columns + j] / size;
    before[j][i] = value;
  });
  iterations.run(shape, 5, pool);
  copy([&](float& value, std::size_t i, std::size_t j) { after[j][i] = value; });
  const auto smallest = [](const std::vector<double>& all) {
    return *std::min_element(all.begin(), all.end());
  };
  const std::vector<double> values = singular_values(after);
  RC_ASSERT(*std::max_element(values.begin(), values.end()) < 1.22);
  RC_PRE(smallest(singular_values(before)) > 0.05);
  RC_ASSERT(smallest(values) > 0.67);
}

// Thirty iterations would blow up what rounding leaves where there is no direction.
TEST(NewtonSchulz, StaysStableForManyIterationsOfAMatrixOfRankOne) {
  const TallShape shape{.rows = 40, .columns = 24};
  core::ThreadPool pool(1);
  NewtonSchulz iterations(std::span(&shape, 1));
  for (std::size_t i = 0; i < shape.rows; ++i) {
    for (std::size_t j = 0; j < shape.columns; ++j) {
      iterations.matrix()[i * shape.stride() + j] = 1 / std::sqrt(40.0f * 24.0f);
    }
  }
  iterations.run(shape, 30, pool);
  for (std::size_t i = 0; i < shape.rows; ++i) {
    for (std::size_t j = 0; j < shape.columns; ++j) {
      const float value = iterations.matrix()[i * shape.stride() + j];
      ASSERT_TRUE(std::isfinite(value));
      ASSERT_LT(std::abs(value), 1.0f);
    }
  }
}

TEST(Muon, KeepsTheNormsOfItsMatrices) {
  const Network network = small_network();
  const std::vector<float> before = initial_model(network, 1).parameters;
  const std::vector<float> after = trained(network, muon(), 2);
  for (const char* name : kMatrices) {
    const auto weight = values_of(network, after, name);
    const double norm = norm_of(values_of(network, before, name));
    EXPECT_NEAR(norm_of(weight), norm, 1e-6 * norm) << name;
    EXPECT_FALSE(std::equal(weight.begin(), weight.end(), values_of(network, before, name).begin()))
        << name;
  }
}

// Muon's updates are of 0.1 of the norm times the number of iterations' gain: twice the weight,
// twice the step.
TEST(Muon, StepsAreRelativeToTheWeight) {
  const Network network = small_network();
  core::ThreadPool pool(1);
  std::vector<float> once = initial_model(network, 1).parameters;
  std::vector<float> twice = once;
  for (float& value : twice) value *= 2;
  for (std::vector<float>* parameters : {&once, &twice}) {
    Optimizer optimizer(muon(), network, Freeze::none);
    make_steps(optimizer, *parameters, 0, 3, pool);
  }
  for (const char* name : kMatrices) {
    const auto small = values_of(network, once, name);
    const auto large = values_of(network, twice, name);
    for (std::size_t i = 0; i < small.size(); ++i) EXPECT_EQ(large[i], 2 * small[i]) << name;
  }
}

TEST(Muon, LeavesToAdamwAllButItsMatrices) {
  const Network network = small_network();
  OptimizerOptions adamw = muon();
  adamw.kind = OptimizerKind::adamw;
  adamw.weight_decay = 0.1f;
  OptimizerOptions both = muon();
  both.weight_decay = 0.1f;
  const std::vector<float> by_muon = trained(network, both, 2);
  const std::vector<float> by_adamw = trained(network, adamw, 2);
  for (const TensorInfo& info : tensor_layout(network)) {
    if (info.is_statistic()) continue;
    const bool is_matrix =
        std::find(std::begin(kMatrices), std::end(kMatrices), info.name) != std::end(kMatrices);
    const auto found = values_of(network, by_muon, info.name);
    EXPECT_EQ(
        std::equal(found.begin(), found.end(), values_of(network, by_adamw, info.name).begin()),
        !is_matrix)
        << info.name;
  }
}

TEST(Muon, LeavesToAdamwMatricesLargerThanItsLimit) {
  const Network network = small_network();  // smaller sides of 12, 12, 36 and 20
  OptimizerOptions adamw = muon();
  adamw.kind = OptimizerKind::adamw;
  OptimizerOptions limited = muon();
  limited.muon_max_size = 20;
  const std::vector<float> by_muon = trained(network, limited, 2);
  const std::vector<float> by_adamw = trained(network, adamw, 2);
  for (const char* name : kMatrices) {
    const auto found = values_of(network, by_muon, name);
    EXPECT_EQ(std::equal(found.begin(), found.end(), values_of(network, by_adamw, name).begin()),
              std::string(name) == "square.weight")
        << name;
  }
}

// Of matrices that are cut into several tasks.
TEST(Muon, HasTheSameBitsOnAnyNumberOfThreads) {
  const Network network = small_network(70);
  for (const bool keeps_norm : {true, false}) {
    OptimizerOptions options = muon();
    options.muon_keeps_norm = keeps_norm;
    options.muon_max_size = 0;
    options.muon_iterations = 4;
    const std::vector<float> expected = trained(network, options, 1);
    for (const int threads : {2, 3, 5}) EXPECT_EQ(trained(network, options, threads), expected);
  }
}

RC_GTEST_PROP(MuonProperty, ARestoredStateContinuesWithTheSameBits, ()) {
  const Network network = small_network();
  const auto interrupted_at = *rc::gen::inRange<std::uint32_t>(0, 4);
  core::ThreadPool pool(2);
  Optimizer whole(muon(), network, Freeze::none);
  Optimizer first(muon(), network, Freeze::none);
  Optimizer second(muon(), network, Freeze::none);
  std::vector<float> parameters = initial_model(network, 1).parameters;
  std::vector<float> resumed = parameters;
  make_steps(whole, parameters, 0, 4, pool);
  make_steps(first, resumed, 0, interrupted_at, pool);
  second.restore(first.state());
  make_steps(second, resumed, interrupted_at, 4 - interrupted_at, pool);
  RC_ASSERT(parameters == resumed);
}

TEST(Muon, CarriesAMomentumOfAllAndSquaresOfWhatAdamMoves) {
  const Network network = small_network();
  const Optimizer optimizer(muon(), network, Freeze::none);
  std::size_t in_matrices = 0;
  for (const char* name : kMatrices) in_matrices += tensor_named(network, name).size;
  EXPECT_EQ(optimizer.state().first.size(), num_parameters(network));
  EXPECT_EQ(optimizer.state().second.size(), num_parameters(network) - in_matrices);
  const OptimizerMemory memory = optimizer_memory(muon(), network, Freeze::none);
  EXPECT_EQ(memory.state_bytes, sizeof(float) * (2 * num_parameters(network) - in_matrices));
  EXPECT_GT(memory.scratch_bytes, sizeof(float) * 36 * 36);
  EXPECT_EQ(optimizer_memory({}, network, Freeze::none).scratch_bytes, 0U);
  EXPECT_EQ(optimizer_memory({}, network, Freeze::backbone).state_bytes, 8U * (20 * 10 + 10));
}

TEST(Muon, OfAFrozenBackboneIsAdamwOfTheHead) {
  const Network network = small_network();
  OptimizerOptions adamw = muon();
  adamw.kind = OptimizerKind::adamw;
  EXPECT_EQ(trained(network, muon(), 2, 3, Freeze::backbone),
            trained(network, adamw, 2, 3, Freeze::backbone));
  EXPECT_EQ(update_flops(muon(), network, Freeze::backbone), 0);
  EXPECT_EQ(optimizer_memory(muon(), network, Freeze::backbone).scratch_bytes, 0U);
}

TEST(Muon, NeedsTheNetwork) {
  edgeprune::testing::expect_error(core::ErrorKind::config, {"muon", "from the network"},
                                   [] { Optimizer(muon(), 9); });
}

// tall 27 x 12, wide 12 x 36, square 36 x 36, hidden 36 x 20; three iterations.
TEST(Muon, FlopsAreThoseOfItsProducts) {
  const auto flops = [](double r, double n) { return 3 * (4 * r * r * n + 2 * r * r * r); };
  EXPECT_EQ(update_flops(muon(), small_network(), Freeze::none),
            flops(12, 27) + flops(12, 36) + flops(36, 36) + flops(20, 36));
  EXPECT_EQ(update_flops({}, small_network(), Freeze::none), 0);
  OptimizerOptions limited = muon();
  limited.muon_max_size = 12;
  limited.muon_iterations = 3;
  EXPECT_EQ(update_flops(limited, small_network(), Freeze::none), flops(12, 27) + flops(12, 36));
}

// 3 * (4 * 27^2 * 32 + 2 * 27^3) + 3 * (4 * 64^2 * 288 + 2 * 64^3) + 3 * (4 * 128^2 * 576 + 2 *
// 128^3) = 142 million, of 60 million a sample.
TEST(Muon, CostsAStepOfCnnSomeSamplesWork) {
  const Network network = build_network({.name = "cnn"}, {32, 32, 3}, 10);
  EXPECT_NEAR(update_flops(muon(), network, Freeze::none) / network.flops_per_sample(), 2.36, 0.01);
}

TEST(RateFactors, MultiplyTheRateOfTheirGroup) {
  const Network network = small_network();
  for (const OptimizerKind kind :
       {OptimizerKind::sgd, OptimizerKind::adam, OptimizerKind::adamw, OptimizerKind::muon}) {
    OptimizerOptions options{.kind = kind};
    const std::vector<float> plain = trained(network, options, 2);
    options.head_learning_rate_factor = 0;
    options.norm_learning_rate_factor = 0;
    const std::vector<float> still = trained(network, options, 2);
    const std::vector<float> before = initial_model(network, 1).parameters;
    for (const TensorInfo& info : tensor_layout(network)) {
      if (info.is_statistic()) continue;
      const bool stays = info.operation() == "head" || info.operation() == "norm";
      const auto expected = values_of(network, stays ? before : plain, info.name);
      const auto found = values_of(network, still, info.name);
      EXPECT_TRUE(std::equal(found.begin(), found.end(), expected.begin())) << info.name;
    }
  }
}

// The first step of Adam is its learning rate.
TEST(RateFactors, MultiplyAdamsFirstStep) {
  const Network network = small_network();
  const std::vector<float> before = initial_model(network, 1).parameters;
  const std::vector<float> after =
      trained(network, {.head_learning_rate_factor = 3, .norm_learning_rate_factor = 2}, 1, 1);
  const auto moved = [&](const std::string& name) {
    const auto index = tensor_named(network, name).offset;
    return std::abs(after[index] - before[index]);
  };
  EXPECT_NEAR(moved("head.weight"), 0.048, 1e-6);
  EXPECT_NEAR(moved("head.bias"), 0.048, 1e-6);
  EXPECT_NEAR(moved("norm.weight"), 0.032, 1e-6);
  EXPECT_NEAR(moved("norm.bias"), 0.032, 1e-6);
  EXPECT_NEAR(moved("tall.weight"), 0.016, 1e-6);
}

}  // namespace
}  // namespace edgeprune::nn::muon_tests
