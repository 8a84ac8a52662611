// Bits that must be the same, and sizes that nobody thinks of: the deep networks, narrow, in every
// precision this CPU has.

#include "edgeprune/nn/loss.h"
#include "edgeprune/nn/networks.h"
#include "edgeprune/nn/optimizer.h"

#include "kernels/on_every_target.h"
#include "nn/network_fixture.h"
#include "nn/numeric_gradient.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <thread>

namespace edgeprune::nn {
namespace {

using testing::Draws;
using testing::logits_of;

Network narrow_mobilenet(const Shape& image, std::uint32_t num_classes = 10) {
  return mobilenet_v2(image, {.width_multiplier = 0.25f}, num_classes);
}

Network narrow_resnet(const Shape& image, std::uint32_t num_classes = 10) {
  return resnet(image, {.blocks = {2, 1, 1, 1}, .channels = 16}, num_classes);
}

struct Architecture {
  const char* name;
  Network (*build)(const Shape& image, std::uint32_t num_classes);
};
constexpr Architecture kMobilenet{"MobilenetV2", narrow_mobilenet};
constexpr Architecture kResnet{"Resnet", narrow_resnet};

// bf16 by the CPU's instructions or, where it has none, by the plain path.
constexpr Precision kPrecisions[] = {Precision::f32, Precision::bf16_storage, Precision::bf16};

std::vector<float> images_for(const Network& network, std::uint32_t batch) {
  return Draws(70).uniform(batch * network.shape(network.input()).num_values(), -1, 1);
}

std::vector<std::int32_t> labels_for(const Network& network, std::uint32_t batch) {
  std::vector<std::int32_t> labels(batch);
  Draws draws(8);
  for (std::int32_t& label : labels) {
    label = static_cast<std::int32_t>(draws.below(network.num_classes()));
  }
  return labels;
}

bool all_finite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(),
                     [](float value) { return std::isfinite(value); });
}

// In units of the largest: errors of sums grow with what is summed.
double difference(std::span<const float> values, std::span<const float> expected) {
  if (values.size() != expected.size()) return std::numeric_limits<double>::infinity();
  double largest = 1;
  double worst = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    largest = std::max(largest, std::abs(double{expected[i]}));
    const double distance = std::abs(double{values[i]} - double{expected[i]});
    if (std::isnan(distance)) return distance;
    worst = std::max(worst, distance);
  }
  return worst / largest;
}

struct Step {
  std::vector<float> logits;
  std::vector<float> gradients;
  Model model;  // its statistics have moved
};

Step one_step(Program& program, Model model, std::uint32_t batch) {
  const Network& network = program.network();
  const auto images = images_for(network, batch);
  Step step;
  step.logits = logits_of(program, model, images, Mode::training);
  const auto r = Draws(9).uniform(step.logits.size(), -1, 1);
  step.gradients.assign(model.parameters.size(), 1e6f);
  program.backward(model, r, step.gradients);
  step.model = std::move(model);
  return step;
}

Step one_step(const Network& network, const ProgramOptions& options, int num_threads) {
  core::ThreadPool pool(num_threads);
  Program program(network, options, pool);
  return one_step(program, initial_model(network, 1), options.max_batch);
}

void expect_same_bits(const Step& step, const Step& expected) {
  EXPECT_EQ(step.logits, expected.logits);
  EXPECT_EQ(step.gradients, expected.gradients);
  EXPECT_EQ(step.model.statistics, expected.model.statistics);
}

// By Adam, unless told otherwise, on the same batch over and over.
Model trained(const Network& network, const ProgramOptions& options, int num_steps,
              int num_threads = 2, const OptimizerOptions& rule = {}) {
  core::ThreadPool pool(num_threads);
  Program program(network, options, pool);
  Model model = initial_model(network, 1);
  Optimizer optimizer(rule, network, options.freeze);
  const auto images = images_for(network, options.max_batch);
  const auto labels = labels_for(network, options.max_batch);
  std::vector<float> logit_gradients(labels.size() * network.num_classes());
  std::vector<float> gradients(model.parameters.size());
  for (int step = 0; step < num_steps; ++step) {
    const auto logits = program.forward(model, images, options.max_batch, Mode::training);
    softmax_cross_entropy({.logits = logits, .labels = labels}, {},
                          {.logit_gradients = logit_gradients});
    program.backward(model, logit_gradients, gradients);
    optimizer.step(1e-3f, gradients, model.parameters, pool);
  }
  return model;
}

// Threads that are held up now and then, now one and now another.
std::function<void()> delays() {
  return [draws = std::make_shared<std::atomic<unsigned>>(1)] {
    const unsigned draw = draws->fetch_add(1) * 2654435761u;
    if (draw >> 29 == 0) std::this_thread::sleep_for(std::chrono::microseconds(draw >> 20 & 255));
  };
}

void expect_same_bits(const Model& model, const Model& expected) {
  EXPECT_TRUE(all_finite(model.parameters));
  EXPECT_EQ(model.parameters, expected.parameters);
  EXPECT_EQ(model.statistics, expected.statistics);
}

TEST(Bits, OfTheWeightsAreTheSameAfterTwoHundredSteps) {
  const Network network = narrow_mobilenet({.height = 8, .width = 8, .channels = 3});
  for (const Precision precision : kPrecisions) {
    SCOPED_TRACE(static_cast<int>(precision));
    const ProgramOptions options{.max_batch = 4, .precision = precision};
    expect_same_bits(trained(network, options, 200), trained(network, options, 200));
  }
}

// Layers whose weight gradients are gathered in parts and staged, by products, by pairs of bfloat16
// and by Winograd's matrices; with biases; in stages that end in the midst of a tile.
Network of_all_gradients(const Shape& image) {
  Network net(image);
  const auto block = [&](const std::string& name, Value x, const ConvolutionOptions& options) {
    return net.relu(net.batch_norm(name + ".norm", net.convolution(name, x, options)));
  };
  Value x = block("small", net.input(), {.out_channels = 20, .kernel = 3, .padding = 1});
  x = block("winograd", x, {.out_channels = 32, .kernel = 3, .padding = 1, .bias = true});
  x = block("wide_winograd", x, {.out_channels = 144, .kernel = 3, .padding = 1, .bias = true});
  x = block("strided", x, {.out_channels = 136, .kernel = 3, .stride = 2, .padding = 1});
  x = block("wide", x, {.out_channels = 200, .kernel = 1, .bias = true});
  x = net.relu(net.batch_norm("depthwise.norm", net.depthwise("depthwise", x, {.kernel = 3})));
  x = net.global_average_pool(block("narrow", x, {.out_channels = 10, .kernel = 1}));
  net.set_output(net.linear("fc", x, 10));
  return net;
}

TEST(Bits, OfTheWeightsAreTheSameOnAnyNumberOfThreadsHoweverTheyAreDelayed) {
  const Network network = of_all_gradients({.height = 14, .width = 13, .channels = 3});
  for (const Precision precision : kPrecisions) {
    for (const std::uint32_t batch : {2U, 21U}) {
      SCOPED_TRACE(std::to_string(static_cast<int>(precision)) + ", " + std::to_string(batch));
      const ProgramOptions options{.max_batch = batch, .precision = precision};
      const Step expected = one_step(network, options, 1);
      EXPECT_TRUE(all_finite(expected.gradients));
      for (const int num_threads : {2, 3, 5, 64}) {
        core::ThreadPool pool(num_threads, delays());
        Program program(network, options, pool);
        expect_same_bits(one_step(program, initial_model(network, 1), batch), expected);
      }
    }
  }
}

TEST(Bits, OfTheWeightsAreTheSameAfterThirtyStepsOnAnyNumberOfThreads) {
  const Network network = narrow_mobilenet({.height = 8, .width = 8, .channels = 3});
  const ProgramOptions options{.max_batch = 9};
  const Model expected = trained(network, options, 30, 1);
  for (const int num_threads : {2, 5}) {
    expect_same_bits(trained(network, options, 30, num_threads), expected);
  }
}

TEST(Bits, OfMuonsWeightsAreTheSameOnAnyNumberOfThreadsKeptOrRecomputed) {
  const Network network = of_all_gradients({.height = 10, .width = 9, .channels = 3});
  const OptimizerOptions muon{.kind = OptimizerKind::muon, .muon_max_size = 0};
  for (const Precision precision : kPrecisions) {
    SCOPED_TRACE(static_cast<int>(precision));
    ProgramOptions options{.max_batch = 6, .precision = precision};
    const Model expected = trained(network, options, 5, 1, muon);
    options.recompute = true;
    for (const int num_threads : {1, 2, 3, 5}) {
      expect_same_bits(trained(network, options, 5, num_threads, muon), expected);
    }
  }
}

TEST(Bits, OfTheWeightsAreTheSameWhetherActivationsAreKeptOrRecomputed) {
  for (const Architecture& architecture : {kMobilenet, kResnet}) {
    const Network network = architecture.build({.height = 12, .width = 12, .channels = 3}, 10);
    for (const Precision precision : kPrecisions) {
      SCOPED_TRACE(std::string(architecture.name) + std::to_string(static_cast<int>(precision)));
      ProgramOptions options{.max_batch = 6, .precision = precision};
      const Step kept = one_step(network, options, 2);
      const Model kept_model = trained(network, options, 2, 2);
      const std::size_t kept_bytes = program_memory(network, options, 2).arena_bytes;
      options.recompute = true;
      ASSERT_LT(program_memory(network, options, 2).arena_bytes, kept_bytes);
      expect_same_bits(one_step(network, options, 2), kept);
      expect_same_bits(trained(network, options, 2, 2), kept_model);
    }
  }
}

TEST(Bits, DoNotDependOnWhatTheMemoryHeldBefore) {
  constexpr std::uint32_t kBatch = 5;
  for (const Architecture& architecture : {kMobilenet, kResnet}) {
    const Network network = architecture.build({.height = 9, .width = 11, .channels = 3}, 7);
    const Model model = initial_model(network, 1);
    for (const Precision precision : kPrecisions) {
      for (const bool recompute : {false, true}) {
        SCOPED_TRACE(std::string(architecture.name) + std::to_string(static_cast<int>(precision)));
        core::ThreadPool pool(2);
        const ProgramOptions options{
            .max_batch = kBatch, .precision = precision, .recompute = recompute};
        Program fresh(network, options, pool);
        Program spoilt(network, options, pool);
        Model scrap = model;
        const std::vector<float> nothing(images_for(network, kBatch).size(),
                                         std::numeric_limits<float>::quiet_NaN());
        const auto logits = logits_of(spoilt, scrap, nothing, Mode::training);
        std::vector<float> gradients(model.parameters.size());
        spoilt.backward(scrap, logits, gradients);
        expect_same_bits(one_step(spoilt, model, kBatch), one_step(fresh, model, kBatch));
        expect_same_bits(one_step(spoilt, model, kBatch - 2), one_step(fresh, model, kBatch - 2));
      }
    }
  }
}

TEST(Bits, OfEvaluationAreThoseOfAProgramWithoutBackward) {
  for (const Architecture& architecture : {kMobilenet, kResnet}) {
    const Network network = architecture.build({.height = 8, .width = 8, .channels = 3}, 10);
    for (const Precision precision : kPrecisions) {
      for (const bool recompute : {false, true}) {
        SCOPED_TRACE(std::string(architecture.name) + std::to_string(static_cast<int>(precision)));
        core::ThreadPool pool(2);
        Program both(network, {.max_batch = 5, .precision = precision, .recompute = recompute},
                     pool);
        Model model = initial_model(network, 1);
        for (int step = 0; step < 3; ++step) model = one_step(both, std::move(model), 5).model;
        Program forward_only(network, {.max_batch = 5, .precision = precision, .backward = false},
                             pool);
        const auto images = images_for(network, 3);
        EXPECT_EQ(logits_of(both, model, images, Mode::evaluation),
                  logits_of(forward_only, model, images, Mode::evaluation));
      }
    }
  }
}

TEST(Bits, OfATrainingStepAreTheSameAfterAnEvaluationInBetween) {
  const Network network = narrow_mobilenet({.height = 8, .width = 8, .channels = 3});
  const Model model = initial_model(network, 1);
  for (const bool recompute : {false, true}) {
    core::ThreadPool pool(2);
    Program program(network, {.max_batch = 5, .recompute = recompute}, pool);
    const Step before = one_step(program, model, 5);
    Model other = before.model;
    (void)logits_of(program, other, images_for(network, 2), Mode::evaluation);
    expect_same_bits(one_step(program, model, 5), before);
  }
}

struct SizeCase {
  Architecture architecture;
  Shape image;
  std::uint32_t batch;
};

std::string name_of(const ::testing::TestParamInfo<SizeCase>& test) {
  return std::string(test.param.architecture.name) + std::to_string(test.param.image.height) + "x" +
         std::to_string(test.param.image.width) + "Batch" + std::to_string(test.param.batch);
}

class Sizes : public ::testing::TestWithParam<SizeCase> {};

TEST_P(Sizes, OfAnyBatchTrainToTheSameBitsOnAnyNumberOfThreads) {
  const auto& [architecture, image, batch] = GetParam();
  const Network network = architecture.build(image, 10);
  for (const Freeze freeze : {Freeze::none, Freeze::batch_norm}) {
    const ProgramOptions options{.max_batch = batch, .freeze = freeze};
    const Step expected = one_step(network, options, 1);
    for (const int num_threads : {2, 3, 5, 64}) {
      SCOPED_TRACE(num_threads);
      expect_same_bits(one_step(network, options, num_threads), expected);
    }
  }
}

TEST_P(Sizes, OfAnyBatchEvaluateAsTheirSamplesAlone) {
  const auto& [architecture, image, batch] = GetParam();
  const Network network = architecture.build(image, 10);
  core::ThreadPool pool(2);
  Program program(network, {.max_batch = batch, .backward = false}, pool);
  Model model = initial_model(network, 1);
  const auto images = images_for(network, batch);
  (void)logits_of(program, model, images, Mode::training);  // lively running statistics
  const auto together = logits_of(program, model, images, Mode::evaluation);
  core::ThreadPool five(5);
  Program other(network, {.max_batch = batch, .backward = false}, five);
  EXPECT_EQ(logits_of(other, model, images, Mode::evaluation), together);
  for (const std::uint32_t n : {0U, batch / 2, batch - 1}) {
    const auto alone = logits_of(
        program, model, std::span(images).subspan(n * image.num_values(), image.num_values()),
        Mode::evaluation);
    EXPECT_LE(difference(alone, std::span(together).subspan(std::size_t{n} * 10, 10)), 1e-6);
  }
}

// Small images in large batches only: with two values per channel in the last batch norms,
// differences of a rounding are divided by the root of a variance near zero.
INSTANTIATE_TEST_SUITE_P(
    OddSizes, Sizes,
    ::testing::Values(SizeCase{kMobilenet, {28, 28, 1}, 2}, SizeCase{kMobilenet, {33, 33, 3}, 3},
                      SizeCase{kMobilenet, {5, 7, 3}, 63}, SizeCase{kMobilenet, {5, 7, 2}, 65},
                      SizeCase{kResnet, {28, 28, 1}, 3}, SizeCase{kResnet, {33, 33, 3}, 2},
                      SizeCase{kResnet, {5, 7, 3}, 65}, SizeCase{kResnet, {5, 7, 1}, 63}),
    name_of);

TEST(Classes, OneAloneHasNoLossAndFiniteGradients) {
  for (const Architecture& architecture : {kMobilenet, kResnet}) {
    const Network network = architecture.build({.height = 8, .width = 8, .channels = 3}, 1);
    for (const Precision precision : kPrecisions) {
      core::ThreadPool pool(2);
      Program program(network, {.max_batch = 3, .precision = precision}, pool);
      Model model = initial_model(network, 1);
      const auto images = images_for(network, 3);  // read again going backward
      const auto logits = logits_of(program, model, images, Mode::training);
      ASSERT_EQ(logits.size(), 3U);
      const std::vector<std::int32_t> labels(3, 0);
      std::vector<float> losses(3, 1.0f);
      std::vector<float> logit_gradients(3, 1.0f);
      softmax_cross_entropy({.logits = logits, .labels = labels}, {.label_smoothing = 0.1f},
                            {.losses = losses, .logit_gradients = logit_gradients});
      EXPECT_EQ(losses, std::vector<float>(3, 0.0f));
      std::vector<float> gradients(model.parameters.size(), 1e6f);
      program.backward(model, logit_gradients, gradients);
      EXPECT_EQ(gradients, std::vector<float>(gradients.size(), 0.0f));
    }
  }
}

TEST(Classes, AThousandTrainToASmallerLoss) {
  const Network network = narrow_mobilenet({.height = 8, .width = 8, .channels = 3}, 1000);
  const auto images = images_for(network, 8);
  const auto labels = labels_for(network, 8);
  core::ThreadPool pool(2);
  for (const Precision precision : kPrecisions) {
    const ProgramOptions options{.max_batch = 8, .precision = precision};
    Program program(network, options, pool);
    const auto mean_loss = [&](Model model) {
      const auto logits = logits_of(program, model, images, Mode::training);
      std::vector<float> losses(8);
      softmax_cross_entropy({.logits = logits, .labels = labels}, {}, {.losses = losses});
      double sum = 0;
      for (const float loss : losses) sum += double{loss} / 8;
      return sum;
    };
    EXPECT_NEAR(mean_loss(initial_model(network, 1)), std::log(1000.0), 0.5);
    EXPECT_LT(mean_loss(trained(network, options, 20)), std::log(1000.0) / 2);
  }
}

TEST(Threads, MayOutnumberCoresAndSamples) {
  const auto num_threads = static_cast<int>(std::thread::hardware_concurrency()) + 5;
  for (const Architecture& architecture : {kMobilenet, kResnet}) {
    const Network network = architecture.build({.height = 9, .width = 9, .channels = 3}, 10);
    for (const Precision precision : kPrecisions) {
      const ProgramOptions options{.max_batch = 3, .precision = precision};
      const Step many = one_step(network, options, num_threads);
      EXPECT_TRUE(all_finite(many.gradients));
      expect_same_bits(one_step(network, options, num_threads), many);
    }
  }
}

// Samples of one pixel: threads have less than one value each.
TEST(Threads, MayOutnumberPixels) {
  const Network network = mlp({1, 1, 5}, {3}, 2);
  const Step one = one_step(network, {.max_batch = 1}, 1);
  const Step many = one_step(network, {.max_batch = 1}, 9);
  EXPECT_EQ(many.gradients, one.gradients);
}

// Every kind of step, in odd sizes.
Network odd_network(bool with_batch_norms, bool with_winograd = true) {
  Network net({.height = 11, .width = 7, .channels = 3});
  const auto norm = [&](const char* name, Value x) {
    return with_batch_norms ? net.batch_norm(name, x) : x;
  };
  Value x = net.convolution("c1", net.input(),
                            {.out_channels = 17, .kernel = {3, 2}, .stride = {1, 2}, .padding = 1});
  x = net.relu6(norm("n1", x));
  const Value y = norm("n2", net.depthwise("d", x, {.kernel = 3, .padding = 1}));
  x = net.add(net.convolution("c2", net.relu(y), {.out_channels = 17}), x);
  if (with_winograd) {
    x = net.relu6(net.convolution("c3", x, {.out_channels = 18, .kernel = 3, .padding = 1}));
  }
  x = net.convolution("c4", x, {.out_channels = 33, .kernel = 3, .stride = 2, .padding = 1});
  x = net.max_pool(net.relu(norm("n3", x)), {.window = 3, .stride = 2, .padding = 1});
  net.set_output(net.linear("fc", x, 3));
  return net;
}

TEST(BFloat16, IsCloseToFloatForOddChannelsKernelsAndStrides) {
  kernels::testing::on_every_target([] {
    for (const Precision precision : {Precision::bf16, Precision::bf16_storage}) {
      SCOPED_TRACE(static_cast<int>(precision));
      const Network net = odd_network(true, precision == Precision::bf16_storage);
      const Step wide = one_step(net, {.max_batch = 9}, 3);
      const Step narrow = one_step(net, {.max_batch = 9, .precision = precision}, 3);
      EXPECT_LE(difference(narrow.logits, wide.logits), 0.05);
      EXPECT_LE(difference(narrow.gradients, wide.gradients), 0.05);
      EXPECT_NE(narrow.logits, wide.logits);
    }
  });
}

// About three weights of 1 or -1 for each value: few terms make small sums.
Model sparse_model(const Network& network) {
  Model model = initial_model(network, 1);
  Draws draws(12);
  for (const TensorInfo& info : tensor_layout(network)) {
    const auto per_value = static_cast<std::uint32_t>(info.size / info.out_channels);
    const std::uint32_t one_in = std::max(1U, per_value / 3);
    for (std::size_t i = info.offset; i < info.offset + info.size; ++i) {
      const bool kept = draws.below(one_in) == 0;
      model.parameters[i] = !kept ? 0.0f : draws.below(2) == 0 ? 1.0f : -1.0f;
    }
  }
  return model;
}

Step whole_numbers_step(const Network& network, const ProgramOptions& options) {
  core::ThreadPool pool(3);
  Program program(network, options, pool);
  Step step{.model = sparse_model(network)};
  const std::size_t image = network.shape(network.input()).num_values();
  const auto images = Draws(13).whole(options.max_batch * image, 2);
  step.logits = logits_of(program, step.model, images, Mode::training);
  step.gradients.resize(step.model.parameters.size());
  program.backward(step.model, Draws(14).whole(step.logits.size(), 2), step.gradients);
  return step;
}

// Small whole numbers are bfloat16s, and their sums are exact.
TEST(Bf16Storage, HasTheBitsOfFloatWhereNothingRounds) {
  const Network net = odd_network(false);
  kernels::testing::on_every_target([&] {
    for (const bool recompute : {false, true}) {
      ProgramOptions options{.max_batch = 7, .recompute = recompute};
      const Step wide = whole_numbers_step(net, options);
      options.precision = Precision::bf16_storage;
      expect_same_bits(whole_numbers_step(net, options), wide);
      for (const TensorInfo& info : tensor_layout(net)) {
        const auto found = std::span(wide.gradients).subspan(info.offset, info.size);
        EXPECT_TRUE(std::any_of(found.begin(), found.end(), [](float g) { return g != 0; }))
            << info.name;
      }
    }
  });
}

struct ProductCase {
  const char* kind;
  ConvolutionOptions options;
};

// 128 * (1 + 1/256) + 0.5 = 129. Rounded to bfloat16 the weight is 1, and the sum stored as 128.
TEST(Bf16Storage, DoesNotRoundWeights) {
  constexpr std::size_t kChannels = 16;
  for (const auto& [kind, options] :
       {ProductCase{"pointwise", {.out_channels = kChannels}},
        ProductCase{"winograd", {.out_channels = kChannels, .kernel = 3, .padding = 1}},
        ProductCase{"convolution",
                    {.out_channels = kChannels, .kernel = 3, .stride = 2, .padding = 1}}}) {
    SCOPED_TRACE(kind);
    Network net({.height = 4, .width = 4, .channels = 2});
    const Value x = net.convolution("copy", net.input(), {.out_channels = kChannels});
    net.set_output(net.linear("fc", net.global_average_pool(net.convolution("c", x, options)), 1));
    Model model = initial_model(net, 1);
    std::fill(model.parameters.begin(), model.parameters.end(), 0.0f);
    const auto copy = testing::values_of(net, model, "copy.weight");  // in x out
    copy[0] = 1;
    copy[kChannels + 1] = 1;
    const auto weights = testing::values_of(net, model, "c.weight");  // taps x in x out
    const std::size_t middle = weights.size() / (kChannels * kChannels) / 2;
    weights[middle * kChannels * kChannels] = 1 + 1.0f / 256;
    weights[(middle * kChannels + 1) * kChannels] = 1;
    testing::values_of(net, model, "fc.weight")[0] = 1;
    std::vector<float> image;
    for (int pixel = 0; pixel < 16; ++pixel) image.insert(image.end(), {128, 0.5f});

    core::ThreadPool pool(2);
    Program program(net, {.max_batch = 1, .precision = Precision::bf16_storage}, pool);
    EXPECT_EQ(program.profile()[1].kind, kind);
    EXPECT_EQ(logits_of(program, model, image, Mode::training), std::vector<float>{129});
  }
}

// What a frozen batch norm does to its values does not depend on the batch, so that the training
// step's gradients are those of the evaluation.
Network smooth_network_with_batch_norms() {
  Network net({.height = 6, .width = 5, .channels = 1});
  Value x = net.batch_norm("n1", net.convolution("c1", net.input(), {.out_channels = 3}));
  x = net.relu(x);
  const Value y = net.batch_norm("n2", net.depthwise("d", x, {.kernel = 3, .padding = 1}));
  x = net.add(net.batch_norm("n3", net.convolution("c2", y, {.out_channels = 3})), x);
  x = net.batch_norm("n4", net.convolution("c3", x, {.out_channels = 17, .kernel = 3}));
  net.set_output(net.linear("fc", x, 2));
  return net;
}

Model with_lively_statistics(const Network& network) {
  Model model = testing::lively_model(network);
  Draws draws(10);
  for (const TensorInfo& info : tensor_layout(network)) {
    if (!info.is_statistic()) continue;
    const auto drawn = info.role == TensorRole::running_mean
                           ? draws.uniform(info.size, -0.05f, 0.05f)
                           : draws.uniform(info.size, 0.5f, 2);
    std::copy(drawn.begin(), drawn.end(),
              model.statistics.begin() + static_cast<std::ptrdiff_t>(info.offset));
  }
  return model;
}

bool belongs_to_batch_norm(const TensorInfo& info) {
  return info.role == TensorRole::batch_norm_weight || info.role == TensorRole::batch_norm_bias;
}

TEST(FrozenBatchNorm, GradientsOfAllElseAreThoseOfCentralDifferences) {
  const Network network = smooth_network_with_batch_norms();
  const std::size_t size = network.shape(network.input()).num_values();
  const std::vector<float> images = testing::clear_of_kinks(3 * size);
  for (const bool recompute : {false, true}) {
    core::ThreadPool pool(2);
    Program program(network, {.max_batch = 3, .recompute = recompute, .freeze = Freeze::batch_norm},
                    pool);
    Model model = with_lively_statistics(network);
    const Model before = model;
    const auto logits = logits_of(program, model, images, Mode::training);
    EXPECT_EQ(model.statistics, before.statistics);
    const auto r = Draws(2).uniform(logits.size(), -1, 1);
    std::vector<float> gradients(model.parameters.size(), 1e6f);
    program.backward(model, r, gradients);
    EXPECT_EQ(logits_of(program, model, images, Mode::evaluation), logits);
    const auto loss_at = [&](std::size_t i, float value) {
      Model changed = model;
      changed.parameters[i] = value;
      return testing::linear_loss(logits_of(program, changed, images, Mode::evaluation), r);
    };
    for (const TensorInfo& info : tensor_layout(network)) {
      if (info.is_statistic() || belongs_to_batch_norm(info)) continue;
      const auto found = std::span(gradients).subspan(info.offset, info.size);
      double largest = 1;
      for (const float value : found) largest = std::max(largest, std::abs(double{value}));
      for (std::size_t i = 0; i < info.size; ++i) {
        const float p = model.parameters[info.offset + i];
        const double numeric = (loss_at(info.offset + i, p + testing::kStep) -
                                loss_at(info.offset + i, p - testing::kStep)) /
                               (2 * testing::kStep);
        EXPECT_NEAR(found[i], numeric, testing::kTolerance * largest) << info.name << "[" << i;
      }
    }
  }
}

TEST(FrozenBatchNorm, TrainsASingleSample) {
  const Network network = narrow_mobilenet({.height = 8, .width = 8, .channels = 3});
  for (const Precision precision : kPrecisions) {
    core::ThreadPool pool(2);
    Program program(network, {.max_batch = 1, .precision = precision, .freeze = Freeze::batch_norm},
                    pool);
    const Step step = one_step(program, initial_model(network, 1), 1);
    EXPECT_TRUE(all_finite(step.logits));
    for (const TensorInfo& info : tensor_layout(network)) {
      if (info.is_statistic() || belongs_to_batch_norm(info)) continue;
      EXPECT_TRUE(all_finite(std::span(step.gradients).subspan(info.offset, info.size)));
      EXPECT_NE(step.gradients[info.offset], 1e6f) << info.name;
    }
    EXPECT_EQ(step.model.statistics, initial_model(network, 1).statistics);
  }
}

TEST(FrozenBackbone, OnlyTheHeadsGradientIsWritten) {
  for (const Architecture& architecture : {kMobilenet, kResnet}) {
    const Network network = architecture.build({.height = 8, .width = 8, .channels = 3}, 10);
    const std::string head = network.head()->name;
    for (const Precision precision : kPrecisions) {
      for (const bool recompute : {false, true}) {
        core::ThreadPool pool(2);
        Program program(network,
                        {.max_batch = 5,
                         .precision = precision,
                         .recompute = recompute,
                         .freeze = Freeze::backbone},
                        pool);
        const Model before = initial_model(network, 1);
        const Step step = one_step(program, before, 5);
        EXPECT_EQ(step.model.parameters, before.parameters);
        EXPECT_EQ(step.model.statistics, before.statistics);
        Model as_before = before;
        EXPECT_EQ(step.logits,
                  logits_of(program, as_before, images_for(network, 5), Mode::evaluation));
        for (const TensorInfo& info : tensor_layout(network)) {
          if (info.is_statistic()) continue;
          const auto found = std::span(step.gradients).subspan(info.offset, info.size);
          const bool untouched =
              std::all_of(found.begin(), found.end(), [](float value) { return value == 1e6f; });
          EXPECT_EQ(untouched, info.operation() != head) << info.name;
        }
      }
    }
  }
}

TEST(FrozenBackbone, TheHeadsGradientIsThatOfFrozenBatchNorms) {
  const Network network = narrow_mobilenet({.height = 8, .width = 8, .channels = 3});
  const Step step = one_step(network, {.max_batch = 5, .freeze = Freeze::backbone}, 2);
  const Step expected = one_step(network, {.max_batch = 5, .freeze = Freeze::batch_norm}, 2);
  for (const char* name : {"classifier.1.weight", "classifier.1.bias"}) {
    const TensorInfo info = testing::tensor_named(network, name);
    const auto part = [&](const Step& of) {
      return std::vector<float>(
          of.gradients.begin() + static_cast<std::ptrdiff_t>(info.offset),
          of.gradients.begin() + static_cast<std::ptrdiff_t>(info.offset + info.size));
    };
    EXPECT_EQ(part(step), part(expected));
  }
}

TEST(ProgramMemory, IsKnownBeforeTheProgramIsMade) {
  core::ThreadPool pool(3);
  for (const Architecture& architecture : {kMobilenet, kResnet}) {
    const Network network = architecture.build({.height = 9, .width = 8, .channels = 3}, 10);
    for (const Precision precision : kPrecisions) {
      for (const Freeze freeze : {Freeze::none, Freeze::backbone, Freeze::batch_norm}) {
        for (const bool backward : {false, true}) {
          for (const bool recompute : {false, true}) {
            const ProgramOptions options{.max_batch = 7,
                                         .precision = precision,
                                         .backward = backward,
                                         .recompute = recompute,
                                         .freeze = freeze};
            const ProgramMemory before = program_memory(network, options, pool.size());
            const ProgramMemory after = Program(network, options, pool).memory();
            EXPECT_EQ(before.arena_bytes, after.arena_bytes);
            EXPECT_EQ(before.scratch_bytes, after.scratch_bytes);
          }
        }
      }
    }
  }
}

TEST(ProgramMemory, IsAboutHalfWhereActivationsAreStoredAsBFloat16) {
  for (const Architecture& architecture : {kMobilenet, kResnet}) {
    const Network network = architecture.build({.height = 16, .width = 16, .channels = 3}, 10);
    for (const bool recompute : {false, true}) {
      const auto arena = [&](Precision precision) {
        return program_memory(network,
                              {.max_batch = 16, .precision = precision, .recompute = recompute}, 2)
            .arena_bytes;
      };
      // Vectors stay float: a little more.
      EXPECT_LE(static_cast<double>(arena(Precision::bf16_storage)),
                0.53 * static_cast<double>(arena(Precision::f32)));
      EXPECT_EQ(arena(Precision::bf16_storage), arena(Precision::bf16));
    }
  }
}

}  // namespace
}  // namespace edgeprune::nn
