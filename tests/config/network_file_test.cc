#include "edgeprune/config/network_file.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/nn/model.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::config {
namespace {

constexpr nn::Shape kFileImage{.height = 28, .width = 28, .channels = 3};

nn::Network network_of(std::string_view toml) {
  return parse_network_file(toml, "own.toml", kFileImage, 10);
}

void expect_complaint(const std::string& message, std::string_view toml) {
  try {
    (void)network_of(toml);
    ADD_FAILURE() << "no error was thrown instead of: " << message;
  } catch (const core::Error& error) {
    EXPECT_EQ(error.what(), message);
    EXPECT_EQ(static_cast<int>(error.kind()), static_cast<int>(core::ErrorKind::config));
  }
}

// The layers before a head of 10.
nn::Network with_head(std::string_view layers) {
  return network_of(std::string(layers) + "\n[[layer]]\ntype = 'linear'\nname = 'fc'\n");
}

nn::Shape shape_of(std::string_view layers) {
  const nn::Network network = with_head(layers);
  return network.operations()[network.operations().size() - 2].shape;
}

std::vector<std::string> tensor_names(const nn::Network& network) {
  std::vector<std::string> names;
  for (const nn::TensorInfo& info : nn::tensor_layout(network)) names.push_back(info.name);
  return names;
}

// convolution 27 * 32, batch norms 2 * 64, depthwise 15 * 32, linear 33 * 10.
TEST(NetworkFile, TheExampleOfItsDocumentIsANetwork) {
  const std::string page = core::read_file(std::string(EDGEPRUNE_SOURCE_DIR) + "/docs/networks.md");
  const std::size_t begin = page.find("```toml\n") + 8;
  const nn::Network network = network_of(page.substr(begin, page.find("```", begin) - begin));
  EXPECT_EQ(nn::num_parameters(network), 27u * 32 + 2 * 64 + 15 * 32 + 33 * 10);
  EXPECT_EQ(
      tensor_names(network),
      (std::vector<std::string>{"conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean",
                                "bn1.running_var", "conv2.weight", "bn2.weight", "bn2.bias",
                                "bn2.running_mean", "bn2.running_var", "fc.weight", "fc.bias"}));
}

TEST(NetworkFile, TakesWindowsPerAxisAndDefaults) {
  EXPECT_EQ(shape_of("[[layer]]\ntype = 'convolution'\nname = 'a'\nout_channels = 4\n"
                     "kernel = [1, 9]\nstride = [1, 2]\npadding = [0, 4]"),
            (nn::Shape{28, 14, 4}));
  EXPECT_EQ(shape_of("[[layer]]\ntype = 'max_pool'\nkernel = 3\n"), (nn::Shape{9, 9, 3}));
  EXPECT_EQ(shape_of("[[layer]]\ntype = 'max_pool'\nkernel = 3\nstride = 1\npadding = 1"),
            (nn::Shape{28, 28, 3}));
  EXPECT_EQ(shape_of("[[layer]]\ntype = 'linear'\nname = 'a'\nout_features = 7"),
            (nn::Shape{1, 1, 7}));
  EXPECT_EQ(shape_of("[[layer]]\ntype = 'depthwise'\nname = 'a'\nkernel = 5"),
            (nn::Shape{24, 24, 3}));
}

TEST(NetworkFile, PassesOptionsOn) {
  const nn::Network network = network_of(R"(
layer = [
  {type = "convolution", name = "a", out_channels = 2, kernel = 1, bias = true},
  {type = "batch_norm", name = "b", epsilon = 0.01, momentum = 0.3},
  {type = "relu6"},
  {type = "linear", name = "fc", bias = false},
]
)");
  EXPECT_TRUE(network.operations()[1].bias);
  EXPECT_EQ(network.operations()[2].batch_norm.epsilon, 0.01f);
  EXPECT_EQ(network.operations()[2].batch_norm.momentum, 0.3f);
  EXPECT_EQ(network.operations()[3].high, 6.0f);
  EXPECT_FALSE(network.operations()[4].bias);
}

TEST(NetworkFile, ReadsLayersByTheirNames) {
  const nn::Network network = with_head(R"(
[[layer]]
type = "relu"
name = "left"
[[layer]]
type = "relu6"
name = "right"
input = "input"
[[layer]]
type = "add"
inputs = ["right", "left"]
)");
  EXPECT_EQ(network.operations()[2].inputs, (std::vector<std::uint32_t>{0}));
  EXPECT_EQ(network.operations()[3].inputs, (std::vector<std::uint32_t>{2, 1}));
  EXPECT_EQ(network.operations()[4].inputs, (std::vector<std::uint32_t>{3}));
}

TEST(NetworkFile, AMistakeNamesFileLineLayerAndFix) {
  expect_complaint(
      "own.toml:4: layer conv1: out_chanels is not a key of a layer of type convolution; did you "
      "mean out_channels?",
      "[[layer]]\ntype = 'convolution'\nname = 'conv1'\nout_chanels = 3");
  expect_complaint(
      "own.toml:2: layer relu: colour is not a key of a layer of type relu; its keys are type, "
      "name, input",
      "[[layer]]\ncolour = 3\ntype = 'relu'");
  expect_complaint(
      "own.toml:1: a layer's type is \"convolutoin\"; it must be one of convolution, depthwise, "
      "batch_norm, relu, relu6, max_pool, global_average_pool, linear, add; did you mean "
      "convolution?",
      "[[layer]]\ntype = 'convolutoin'");
  expect_complaint(
      "own.toml:1: a layer's type is missing; it must be one of convolution, depthwise, "
      "batch_norm, relu, relu6, max_pool, global_average_pool, linear, add",
      "[[layer]]\nname = 'a'");
  expect_complaint("own.toml:1: layer a: out_channels is missing; add it",
                   "[[layer]]\ntype = 'convolution'\nname = 'a'\nkernel = 3");
  expect_complaint(
      "own.toml:3: layer max_pool: kernel is [ 1, 0 ]; it must be a whole number or [height, "
      "width], in [1, 65535]",
      "[[layer]]\ntype = 'max_pool'\nkernel = [1, 0]");
  expect_complaint(
      "own.toml:1: layer linear: it needs a name, such as name = \"linear1\", which its tensors "
      "are called by in model files",
      "[[layer]]\ntype = 'linear'");
  expect_complaint("own.toml:1: a layer's name is \"a b\"; it must be of letters, digits and _ - .",
                   "[[layer]]\ntype = 'linear'\nname = 'a b'");
  expect_complaint("own.toml:6: layer a: the name is taken; give each layer its own",
                   "[[layer]]\ntype = 'relu'\nname = 'a'\n[[layer]]\ntype = 'linear'\nname = 'a'");
  expect_complaint(
      "own.toml:6: layer relu: input names \"stam\", which is no layer above this one; did you "
      "mean stem?",
      "[[layer]]\ntype = 'relu'\nname = 'stem'\n[[layer]]\ntype = 'relu'\ninput = 'stam'");
  expect_complaint("own.toml:3: layer add: inputs has 1 names; an add has two",
                   "[[layer]]\ntype = 'add'\ninputs = ['input']");
}

TEST(NetworkFile, AShapeThatDoesNotFitNamesTheLayer) {
  expect_complaint(
      "own.toml:1: layer a: a window of 30 does not fit 28 pixels with padding 0; use larger "
      "images or a smaller network",
      "[[layer]]\ntype = 'convolution'\nname = 'a'\nout_channels = 3\nkernel = 30");
  expect_complaint("own.toml:5: layer add: the values are 28x28x3 and 14x14x3; they must be alike",
                   "[[layer]]\ntype = 'max_pool'\nname = 'a'\nkernel = 2\n[[layer]]\ntype = 'add'\n"
                   "inputs = ['input', 'a']");
  expect_complaint(
      "own.toml:1: layer output: logits must be 1 x 1 x classes, not 28 x 28; pool or use linear",
      "[[layer]]\ntype = 'relu'");
  expect_complaint(
      "own.toml:1: layer fc: the last layer computes 12 values, the data have 10 classes; end in "
      "a linear layer without out_features",
      "[[layer]]\ntype = 'linear'\nname = 'fc'\nout_features = 12");
  expect_complaint(
      "own.toml:1: layer relu: no layer reads it; name it as another's input or leave it out",
      "[[layer]]\ntype = 'relu'\n[[layer]]\ntype = 'linear'\nname = 'fc'\ninput = 'input'");
}

TEST(NetworkFile, WhatIsNoNetworkIsRefused) {
  expect_complaint(
      "own.toml: it has no layers; a network is a list of [[layer]], see docs/networks.md", "");
  expect_complaint(
      "own.toml:1: train is not a key of a network; it holds [[layer]] and nothing else",
      "[train]\nepochs = 3");
  expect_complaint("own.toml:1: a layer must be a table, [[layer]]", "layer = [3]");
  expect_complaint("own.toml:2: the line has 16385 bytes; it may have 16384",
                   "\n" + std::string(16'385, 'a'));
  expect_complaint(
      "own.toml: it has 262145 bytes, a network has at most 262144; is it the right file?",
      std::string(262'145, '\n'));
  expect_complaint("own.toml:2: a key has more than 16 parts; it may have 16",
                   "\na.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a = 1");
  expect_complaint("own.toml:1: brackets are nested more than 16 deep; they may be 16",
                   "layer = " + std::string(17, '[') + std::string(17, ']'));
  expect_complaint("own.toml:2: layer a\\x0ab: name is 3; it must be a string in quotes",
                   "[[layer]]\nname = 3\ntype = \"a\\nb\"");
  expect_complaint(
      "own.toml:5: layer a: with it the network has 4.45e+09 parameters; it may have 1e+09",
      "[[layer]]\ntype = 'linear'\nname = 'b'\nout_features = 65535\n[[layer]]\ntype = 'linear'\n"
      "name = 'a'\nout_features = 65535\n"
      "[[layer]]\ntype = 'linear'\nname = 'fc'\n");
}

RC_GTEST_PROP(NetworkFileProperty, ShapesAreThoseOfTheBuilder, ()) {
  const auto any = [](std::uint32_t least, std::uint32_t most) {
    return *rc::gen::inRange<std::uint32_t>(least, most + 1);
  };
  const nn::Extent kernel{any(1, 9), any(1, 9)};
  const nn::Extent stride{any(1, 4), any(1, 4)};
  const nn::Extent padding{any(0, kernel.height - 1), any(0, kernel.width - 1)};
  const std::uint32_t channels = any(1, 40);
  nn::Network built(kFileImage);
  const nn::Shape expected = built.shape(built.convolution(
      "a", built.input(),
      {.out_channels = channels, .kernel = kernel, .stride = stride, .padding = padding}));
  const auto pair = [](const char* key, nn::Extent extent) {
    return std::string(key) + " = [" + std::to_string(extent.height) + ", " +
           std::to_string(extent.width) + "]\n";
  };
  RC_ASSERT(shape_of("[[layer]]\ntype = 'convolution'\nname = 'a'\nout_channels = " +
                     std::to_string(channels) + "\n" + pair("kernel", kernel) +
                     pair("stride", stride) + pair("padding", padding)) == expected);
}

}  // namespace
}  // namespace edgeprune::config
