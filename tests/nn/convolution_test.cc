// Convolution, linear and pooling forward against their definitions, exactly: weights and inputs
// are small whole numbers, whose sums and products floats hold, in any order.

#include "nn/network_fixture.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace edgeprune::nn {
namespace {

using testing::Draws;
using testing::logits_of;
using testing::values_of;

// One image, height x width x channels.
struct Image {
  Shape shape;
  std::vector<double> values;

  explicit Image(const Shape& s) : shape(s), values(s.num_values()) {}
  [[nodiscard]] std::size_t index(std::uint32_t y, std::uint32_t x, std::uint32_t c) const {
    return (std::size_t{y} * shape.width + x) * shape.channels + c;
  }
  // Zero outside.
  [[nodiscard]] double at(std::int64_t y, std::int64_t x, std::uint32_t c) const {
    if (y < 0 || x < 0 || y >= shape.height || x >= shape.width) return 0;
    return values[index(static_cast<std::uint32_t>(y), static_cast<std::uint32_t>(x), c)];
  }
};

// out[y][x][o] = sum of weight[dy][dx][i][o] * in[y * stride + dy - padding][...][i] + bias[o].
Image convolved(const Operation& operation, const Image& in, std::span<const float> weight,
                std::span<const float> bias) {
  Image out(operation.shape);
  for (std::uint32_t y = 0; y < out.shape.height; ++y) {
    for (std::uint32_t x = 0; x < out.shape.width; ++x) {
      for (std::uint32_t o = 0; o < out.shape.channels; ++o) {
        double sum = bias.empty() ? 0 : double{bias[o]};
        std::size_t w = o;
        for (std::uint32_t dy = 0; dy < operation.kernel.height; ++dy) {
          for (std::uint32_t dx = 0; dx < operation.kernel.width; ++dx) {
            for (std::uint32_t i = 0; i < in.shape.channels; ++i, w += out.shape.channels) {
              sum +=
                  double{weight[w]} *
                  in.at(std::int64_t{y} * operation.stride.height + dy - operation.padding.height,
                        std::int64_t{x} * operation.stride.width + dx - operation.padding.width, i);
            }
          }
        }
        out.values[out.index(y, x, o)] = sum;
      }
    }
  }
  return out;
}

struct Case {
  Shape shape;
  ConvolutionOptions convolution;
  std::uint32_t batch = 1;
  int num_threads = 1;
};

// A convolution, and a linear layer that mixes all its values into three logits.
void expect_exact_logits(const Case& c) {
  Network net(c.shape);
  const Value convolution = net.convolution("conv", net.input(), c.convolution);
  net.set_output(net.linear("fc", convolution, 3));
  Model model = initial_model(net, 0);
  Draws draws(c.shape.height * 100 + c.shape.width * 10 + c.batch);
  model.parameters = draws.whole(model.parameters.size(), 2);
  const auto images = draws.whole(c.batch * c.shape.num_values(), 3);

  core::ThreadPool pool(c.num_threads);
  Program program(net, {.max_batch = c.batch + 1}, pool);
  const auto logits = logits_of(program, model, images, Mode::evaluation);
  ASSERT_EQ(logits.size(), std::size_t{c.batch} * 3);
  const auto bias = c.convolution.bias ? values_of(net, model, "conv.bias") : std::span<float>();
  for (std::uint32_t n = 0; n < c.batch; ++n) {
    Image image(c.shape);
    const auto first = images.begin() + static_cast<std::ptrdiff_t>(n * c.shape.num_values());
    image.values.assign(first, first + static_cast<std::ptrdiff_t>(c.shape.num_values()));
    const Image hidden =
        convolved(net.operations()[1], image, values_of(net, model, "conv.weight"), bias);
    const Image expected =
        convolved(net.operations()[2], hidden, values_of(net, model, "fc.weight"),
                  values_of(net, model, "fc.bias"));
    for (std::size_t i = 0; i < 3; ++i) {
      ASSERT_EQ(double{logits[n * 3 + i]}, expected.values[i]) << "sample " << n << ", " << i;
    }
  }
}

RC_GTEST_PROP(ConvolutionProperty, IsItsDefinition, ()) {
  Case c;
  c.convolution = {
      .out_channels = *rc::gen::inRange<std::uint32_t>(1, 20),
      .kernel = {*rc::gen::inRange<std::uint32_t>(1, 6), *rc::gen::inRange<std::uint32_t>(1, 6)},
      .stride = {*rc::gen::inRange<std::uint32_t>(1, 4), *rc::gen::inRange<std::uint32_t>(1, 4)},
      .bias = *rc::gen::arbitrary<bool>()};
  const Extent kernel = c.convolution.kernel;
  c.convolution.padding = {*rc::gen::inRange<std::uint32_t>(0, kernel.height),
                           *rc::gen::inRange<std::uint32_t>(0, kernel.width)};
  c.shape = {.height = *rc::gen::inRange<std::uint32_t>(kernel.height, 12),
             .width = *rc::gen::inRange<std::uint32_t>(kernel.width, 12),
             .channels = *rc::gen::inRange<std::uint32_t>(1, 6)};
  c.batch = *rc::gen::inRange<std::uint32_t>(1, 6);
  c.num_threads = *rc::gen::inRange(1, 6);
  expect_exact_logits(c);
  RC_ASSERT(!::testing::Test::HasFailure());
}

// Hidden values stay below 288 * 2 * 3 + 2, logits below 2^24 up to 33 x 33 x 4 of them.
TEST(Convolution, IsItsDefinitionForOddImagesAndBatches) {
  for (const std::uint32_t batch : {2U, 3U, 63U, 65U}) {
    expect_exact_logits({{7, 9, 2}, {.out_channels = 33, .kernel = 3, .padding = 1}, batch, 2});
  }
  expect_exact_logits({{28, 28, 1}, {.out_channels = 4, .kernel = 3, .padding = 1}, 3, 2});
  expect_exact_logits({{33, 33, 3}, {.out_channels = 4, .kernel = 3, .padding = 1}, 2, 5});
  expect_exact_logits({{33, 7, 32}, {.out_channels = 4, .kernel = 3, .stride = 2}, 3, 2});
}

Case winograd_case(const Shape& shape, std::uint32_t out_channels, std::uint32_t batch,
                   int num_threads) {
  return {shape,
          {.out_channels = out_channels, .kernel = 3, .padding = 1, .bias = batch % 2 != 0},
          batch,
          num_threads};
}

// Kernels of 3x3 over 16 channels and more go by Winograd: quarters of whole numbers. Hidden values
// are sums of up to 630 products of deviation 2.8, logits of 76000 of those: far below 2^22.
RC_GTEST_PROP(WinogradProperty, IsItsDefinition, ()) {
  const auto size = rc::gen::inRange<std::uint32_t>(1, 12);
  const auto channels = rc::gen::inRange<std::uint32_t>(1, 71);
  expect_exact_logits(winograd_case({*size, *size, *channels}, *channels,
                                    *rc::gen::inRange<std::uint32_t>(1, 6),
                                    *rc::gen::inRange(1, 6)));
  RC_ASSERT(!::testing::Test::HasFailure());
}

TEST(Winograd, IsItsDefinitionForOddImagesAndBatches) {
  expect_exact_logits(winograd_case({5, 7, 70}, 17, 5, 3));
  expect_exact_logits(winograd_case({33, 33, 16}, 70, 2, 5));
  expect_exact_logits(winograd_case({28, 28, 17}, 33, 3, 2));
  expect_exact_logits(winograd_case({7, 260, 16}, 16, 1, 2));  // a row of more tiles than a block
  expect_exact_logits(winograd_case({4, 4, 64}, 65, 67, 2));   // images of more tiles than a block
}

// Gradients of the weights of a depthwise convolution of `channels` channels that are all alike, of
// the layer before it, which makes them of one, and of the layer behind it, which are sums of its
// output.
struct DepthwiseGradients {
  std::vector<float> before, own, behind;
};
DepthwiseGradients depthwise_gradients(const Shape& image, const DepthwiseOptions& options,
                                       std::uint32_t channels, int num_threads) {
  constexpr std::uint32_t kBatch = 3;
  Network net(image);
  const Value x = net.convolution("stem", net.input(), {.out_channels = channels, .bias = false});
  net.set_output(net.linear("fc", net.depthwise("dw", x, options), 1, false));
  core::ThreadPool pool(num_threads);
  Program program(net, {.max_batch = kBatch}, pool);
  Model model = initial_model(net, 0);
  Draws draws(12);
  std::ranges::fill(values_of(net, model, "stem.weight"), 1.0f);
  for (const char* name : {"dw.weight", "fc.weight"}) {
    const std::span<float> weights = values_of(net, model, name);
    const std::vector<float> drawn = draws.whole(weights.size() / channels, 1);
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = drawn[i / channels];
  }
  const auto images = draws.whole(kBatch * image.num_values(), 1);
  (void)logits_of(program, model, images, Mode::training);
  std::vector<float> gradients(model.parameters.size());
  program.backward(model, draws.whole(kBatch, 1), gradients);
  const auto part = [&](const std::string& name) {
    const TensorInfo info = testing::tensor_named(net, name);
    const auto at = gradients.begin() + static_cast<std::ptrdiff_t>(info.offset);
    return std::vector<float>(at, at + static_cast<std::ptrdiff_t>(info.size));
  };
  return {part("stem.weight"), part("dw.weight"), part("fc.weight")};
}

void expect_each_channel(const std::vector<float>& all, const std::vector<float>& one,
                         std::size_t channels) {
  ASSERT_EQ(all.size(), one.size() * channels);
  for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], one[i / channels]) << i;
}

// With 150 channels an image of this size is cut into strips, which share rows with each other;
// with one channel it is not.
TEST(Depthwise, ChannelsThatCutAnImageIntoStripsChangeNothing) {
  constexpr std::uint32_t kChannels = 150;
  constexpr Shape kImage{.height = 33, .width = 31, .channels = 1};
  const auto options = [](Extent kernel, Extent stride, Extent padding) {
    return DepthwiseOptions{.kernel = kernel, .stride = stride, .padding = padding};
  };
  const DepthwiseOptions cases[] = {
      options(3, 1, 1),           options(3, 2, 1),           options(5, 1, 2),
      options(5, 2, 2),           options(3, 3, 1),           options(2, 2, 0),
      options({1, 3}, 1, {0, 1}), options({7, 3}, {3, 1}, 1), options({3, 3}, 1, 0),
  };
  for (const DepthwiseOptions& c : cases) {
    SCOPED_TRACE(&c - cases);
    const auto one = depthwise_gradients(kImage, c, 1, 1);
    for (const int num_threads : {1, 3}) {
      const auto all = depthwise_gradients(kImage, c, kChannels, num_threads);
      expect_each_channel(all.before, one.before, kChannels);
      expect_each_channel(all.own, one.own, kChannels);
      expect_each_channel(all.behind, one.behind, kChannels);
    }
  }
}

TEST(MaxPool, KeepsTheLargestOfEachWindow) {
  Network net({.height = 3, .width = 4, .channels = 1});
  net.set_output(net.linear("fc", net.max_pool(net.input()), 1));
  Model model = initial_model(net, 0);
  // The odd row is dropped: windows {1, 5, 2, -3} and {4, 0, -9, 3}.
  const std::vector<float> image = {1, 5, 4, 0, 2, -3, -9, 3, 100, 100, 100, 100};
  model.parameters = {1, 10, 0.5f};  // two weights and the bias: 5 + 40 + 0.5
  core::ThreadPool pool(1);
  Program program(net, {.max_batch = 1}, pool);
  EXPECT_EQ(logits_of(program, model, image, Mode::evaluation), std::vector<float>{45.5f});
}

TEST(Clamps, AreReluAndRelu6) {
  const std::vector<float> x = {-2, 0, 3, 6, 8};
  for (const bool six : {false, true}) {
    Network net({1, 1, 5});
    net.set_output(six ? net.relu6(net.input()) : net.relu(net.input()));
    Model model = initial_model(net, 0);
    core::ThreadPool pool(1);
    Program program(net, {.max_batch = 1}, pool);
    EXPECT_EQ(logits_of(program, model, x, Mode::evaluation),
              six ? (std::vector<float>{0, 0, 3, 6, 6}) : (std::vector<float>{0, 0, 3, 6, 8}));
  }
}

TEST(Clamps, MayFollowEachOther) {
  Network net({1, 1, 3});
  net.set_output(net.relu6(net.relu(net.input())));
  Model model = initial_model(net, 0);
  core::ThreadPool pool(1);
  Program program(net, {.max_batch = 1}, pool);
  EXPECT_EQ(logits_of(program, model, std::vector<float>{-1, 5, 7}, Mode::evaluation),
            (std::vector<float>{0, 5, 6}));
}

TEST(GlobalAveragePool, IsTheMeanOverPixels) {
  Network net({.height = 2, .width = 2, .channels = 2});
  net.set_output(net.global_average_pool(net.input()));
  Model model = initial_model(net, 0);
  core::ThreadPool pool(1);
  Program program(net, {.max_batch = 1}, pool);
  // Channels 1, 2, 3, 6 and 0, 0, 0, -1.
  EXPECT_EQ(
      logits_of(program, model, std::vector<float>{1, 0, 2, 0, 3, 0, 6, -1}, Mode::evaluation),
      (std::vector<float>{3, -0.25f}));
}

}  // namespace
}  // namespace edgeprune::nn
