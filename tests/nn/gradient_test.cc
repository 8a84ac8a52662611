// Numeric gradient checks, one operation at a time, between a 1x1 convolution ("stem"), whose
// gradients pass through the operation's data gradient, and a linear layer over all that is left.

#include "edgeprune/nn/networks.h"

#include "nn/numeric_gradient.h"

#include <functional>

namespace edgeprune::nn {
namespace {

using testing::clear_of_kinks;
using testing::expect_numeric_gradients;

constexpr Shape kImage{.height = 6, .width = 5, .channels = 1};

// What lies between the stem and the operation under test.
enum class Before { nothing, relu, batch_norm, batch_norm_and_relu };

Value stem(Network& net, Before before, std::uint32_t channels = 3) {
  const bool normalised = before == Before::batch_norm || before == Before::batch_norm_and_relu;
  // A bias in front of a batch norm has no gradient but noise.
  Value x = net.convolution("stem", net.input(), {.out_channels = channels, .bias = !normalised});
  if (normalised) x = net.batch_norm("bn", x);
  const bool clamped = before == Before::relu || before == Before::batch_norm_and_relu;
  return clamped ? net.relu(x) : x;
}

using Operation = std::function<Value(Network&, Value)>;

void expect_gradients_of(const Operation& operation, const Shape& image = kImage,
                         std::uint32_t batch = 3) {
  for (const Before before :
       {Before::nothing, Before::relu, Before::batch_norm, Before::batch_norm_and_relu}) {
    SCOPED_TRACE(static_cast<int>(before));
    Network net(image);
    net.set_output(net.linear("fc", operation(net, stem(net, before)), 2));
    expect_numeric_gradients(net, clear_of_kinks(batch * image.num_values()));
  }
}

TEST(Gradient, OfLinearOverAnImage) {
  expect_gradients_of([](Network&, Value x) { return x; });
}

TEST(Gradient, OfLinearWithoutBias) {
  Network net({1, 1, 5});
  net.set_output(net.linear("fc", net.input(), 3, false));
  expect_numeric_gradients(net, testing::Draws(3).uniform(20, -1, 1));
}

struct ConvolutionCase {
  std::uint32_t kernel, stride, padding;
  bool bias;
};

class ConvolutionGradient : public ::testing::TestWithParam<ConvolutionCase> {};

TEST_P(ConvolutionGradient, IsThatOfCentralDifferences) {
  const ConvolutionCase c = GetParam();
  expect_gradients_of([&](Network& net, Value x) {
    return net.convolution("conv", x,
                           {.out_channels = 4,
                            .kernel = c.kernel,
                            .stride = c.stride,
                            .padding = c.padding,
                            .bias = c.bias});
  });
}

INSTANTIATE_TEST_SUITE_P(
    KernelsStridesAndPaddings, ConvolutionGradient,
    ::testing::Values(ConvolutionCase{1, 1, 0, true}, ConvolutionCase{1, 2, 0, false},
                      ConvolutionCase{3, 1, 1, false}, ConvolutionCase{3, 1, 0, true},
                      ConvolutionCase{3, 2, 1, true}, ConvolutionCase{3, 2, 0, false},
                      ConvolutionCase{2, 2, 1, true}, ConvolutionCase{5, 3, 2, true},
                      ConvolutionCase{5, 1, 4, true}),
    [](const ::testing::TestParamInfo<ConvolutionCase>& test) {
      return "Kernel" + std::to_string(test.param.kernel) + "Stride" +
             std::to_string(test.param.stride) + "Padding" + std::to_string(test.param.padding);
    });

// Kernels of 3x3 over 16 channels and more go by Winograd.
class WinogradGradient : public ::testing::TestWithParam<Shape> {};

TEST_P(WinogradGradient, IsThatOfCentralDifferences) {
  for (const Before before : {Before::nothing, Before::batch_norm_and_relu}) {
    SCOPED_TRACE(static_cast<int>(before));
    Network net(GetParam());
    const bool bias = before == Before::nothing;
    Value x = net.convolution("conv", stem(net, before, 16),
                              {.out_channels = 17, .kernel = 3, .padding = 1, .bias = bias});
    if (!bias) x = net.batch_norm("norm", x);
    net.set_output(net.linear("fc", x, 2));
    // On one thread: that is thousands of forward passes.
    expect_numeric_gradients(net, clear_of_kinks(3 * GetParam().num_values()), 1);
  }
}

INSTANTIATE_TEST_SUITE_P(EvenAndOddImages, WinogradGradient,
                         ::testing::Values(Shape{4, 4, 1}, Shape{5, 7, 1}, Shape{6, 5, 1}),
                         [](const ::testing::TestParamInfo<Shape>& test) {
                           return std::to_string(test.param.height) + "x" +
                                  std::to_string(test.param.width);
                         });

// Of whole numbers, whose sums are exact in any order.
std::vector<float> whole_gradients(const Network& net, std::uint32_t batch, int num_threads) {
  core::ThreadPool pool(num_threads);
  Program program(net, {.max_batch = batch}, pool);
  Model model = initial_model(net, 0);
  testing::Draws draws(6);
  model.parameters = draws.whole(model.parameters.size(), 1);
  const auto images = draws.whole(batch * net.shape(net.input()).num_values(), 2);
  (void)testing::logits_of(program, model, images, Mode::training);
  const auto logit_gradients = draws.whole(std::size_t{batch} * net.num_classes(), 1);
  std::vector<float> gradients(model.parameters.size(), 1e6f);
  program.backward(model, logit_gradients, gradients);
  return gradients;
}

TEST(Winograd, AddsUpTheSameGradientsOnAnyNumberOfThreads) {
  Network net({.height = 9, .width = 12, .channels = 3});
  Value x = net.convolution("stem", net.input(), {.out_channels = 18});
  x = net.convolution("conv", x, {.out_channels = 33, .kernel = 3, .padding = 1, .bias = true});
  net.set_output(net.linear("fc", net.relu(x), 2));
  const std::vector<float> expected = whole_gradients(net, 5, 1);
  for (const int num_threads : {2, 3, 5}) EXPECT_EQ(whole_gradients(net, 5, num_threads), expected);
}

TEST(Gradient, OfConvolutionOfTheInputItself) {
  Network net({.height = 5, .width = 4, .channels = 3});
  const Value x =
      net.convolution("conv", net.input(), {.out_channels = 4, .kernel = 3, .padding = 1});
  net.set_output(net.linear("fc", x, 2));
  expect_numeric_gradients(net, testing::Draws(4).uniform(std::size_t{3} * 60, -1, 1));
}

TEST(Gradient, OfBatchNormAfterAConvolution) {
  expect_gradients_of([](Network& net, Value x) {
    return net.batch_norm(
        "norm", net.convolution("conv", x, {.out_channels = 4, .kernel = 3, .padding = 1}));
  });
}

TEST(Gradient, OfBatchNormOfASumAndOfAPool) {
  expect_gradients_of([](Network& net, Value x) { return net.batch_norm("n1", net.add(x, x)); });
  expect_gradients_of([](Network& net, Value x) { return net.batch_norm("n2", net.max_pool(x)); });
}

TEST(Gradient, OfBatchNormOfTheInput) {
  Network net(kImage);
  const Value x = net.batch_norm("bn", net.input());
  net.set_output(net.linear("fc", net.convolution("conv", x, {.out_channels = 2}), 2));
  expect_numeric_gradients(net, clear_of_kinks(3 * kImage.num_values()));
}

TEST(Gradient, OfBatchNormOverASingleImage) {
  expect_gradients_of([](Network& net, Value x) { return net.batch_norm("norm", x); }, kImage, 1);
}

TEST(Gradient, OfBatchNormThatIsTheOutput) {
  Network net({1, 1, 4});
  net.set_output(net.batch_norm("bn", net.linear("fc", net.input(), 3, false)));
  expect_numeric_gradients(net, testing::Draws(5).uniform(std::size_t{4} * 6, -1, 1));
}

// Stem weights of 1/2 to 1, inputs of 1 to 2, times four: values of 2 to 8 of both signs lie on
// both sides of 6; those within 0.1 of it would be kinks, so inputs take two sizes only.
TEST(Gradient, OfRelu6) {
  std::vector<float> images = clear_of_kinks(3 * kImage.num_values());
  for (std::size_t i = 0; i < images.size(); ++i) {
    images[i] = (images[i] > 0 ? 1.0f : -1.0f) * (i % 3 == 0 ? 20.0f : 2.0f);
  }
  Network net(kImage);
  net.set_output(net.linear("fc", net.relu6(stem(net, Before::nothing)), 2));
  expect_numeric_gradients(net, images);
}

TEST(Gradient, OfAReluThatIsReadTwice) {
  expect_gradients_of([](Network& net, Value x) {
    const Value rectified = net.relu(x);
    return net.add(net.convolution("conv", rectified, {.out_channels = 3}), rectified);
  });
}

TEST(Gradient, OfAValueReadBeforeAndAfterItsRelu) {
  expect_gradients_of([](Network& net, Value x) { return net.add(net.relu(x), x); });
}

TEST(Gradient, OfMaxPool) {
  expect_gradients_of([](Network& net, Value x) { return net.max_pool(x); });
}

TEST(Gradient, OfOverlappingMaxPool) {
  expect_gradients_of([](Network& net, Value x) {
    return net.max_pool(x, {.window = 3, .stride = 2, .padding = 1});
  });
  expect_gradients_of([](Network& net, Value x) {
    return net.max_pool(x, {.window = 3, .stride = 1, .padding = 0});
  });
}

TEST(Gradient, OfGlobalAveragePool) {
  expect_gradients_of([](Network& net, Value x) { return net.global_average_pool(x); });
}

TEST(Gradient, OfAGlobalAveragePoolThatIsTheOutput) {
  Network net(kImage);
  net.set_output(net.global_average_pool(stem(net, Before::batch_norm_and_relu)));
  expect_numeric_gradients(net, clear_of_kinks(3 * kImage.num_values()));
}

TEST(Gradient, OfAResidualBlock) {
  expect_gradients_of([](Network& net, Value x) {
    const Value y = net.batch_norm(
        "norm", net.convolution("conv", x, {.out_channels = 3, .kernel = 3, .padding = 1}));
    return net.add(y, x);
  });
}

TEST(Gradient, OfAResidualBlockWithAStridedShortcut) {
  expect_gradients_of([](Network& net, Value x) {
    const Value y = net.batch_norm(
        "n1",
        net.convolution("c1", x, {.out_channels = 4, .kernel = 3, .stride = 2, .padding = 1}));
    const Value shortcut =
        net.batch_norm("n2", net.convolution("c2", x, {.out_channels = 4, .stride = 2}));
    return net.add(y, shortcut);
  });
}

TEST(Gradient, OfAValueAddedToItself) {
  expect_gradients_of([](Network& net, Value x) { return net.add(x, x); });
}

TEST(Gradient, OfAValueReadByThree) {
  expect_gradients_of([](Network& net, Value x) {
    const Value a = net.convolution("a", x, {.out_channels = 3});
    const Value b = net.convolution("b", x, {.out_channels = 3});
    return net.add(net.add(a, b), x);
  });
}

TEST(Gradient, OfManyThreadsAndMoreChannelsThanAVector) {
  Network net({.height = 5, .width = 5, .channels = 1});
  Value x = net.convolution("stem", net.input(), {.out_channels = 19});
  x = net.relu(net.batch_norm("bn", x));
  x = net.convolution("conv", x, {.out_channels = 9, .kernel = 3, .padding = 1});
  net.set_output(net.linear("fc", net.global_average_pool(net.batch_norm("n", x)), 2));
  expect_numeric_gradients(net, clear_of_kinks(std::size_t{7} * 25), 5);
}

}  // namespace
}  // namespace edgeprune::nn
