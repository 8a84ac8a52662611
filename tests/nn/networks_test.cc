#include "edgeprune/nn/networks.h"

#include "edgeprune/core/error.h"
#include "edgeprune/nn/model.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace edgeprune::nn {
namespace {

using core::ErrorKind;
using edgeprune::testing::expect_error;

constexpr Shape kColour{.height = 32, .width = 32, .channels = 3};
constexpr Shape kGrey{.height = 28, .width = 28, .channels = 1};

// 27*32 + 288*64 + 576*128 (convolutions) + 2 * (32 + 64 + 128) (batch norms) + 1290 (linear).
TEST(Cnn, HasThePublishedNumberOfParameters) {
  EXPECT_EQ(num_parameters(cnn(kColour, 10)), 94762U);
  EXPECT_EQ(num_parameters(cnn(kGrey, 10)), 94186U);
}

TEST(Cnn, NamesItsTensorsInTheOrderOfAStateDict) {
  std::vector<std::string> names;
  for (const TensorInfo& info : tensor_layout(cnn(kColour, 10))) names.push_back(info.name);
  EXPECT_EQ(names, (std::vector<std::string>{
                       "conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean",
                       "bn1.running_var", "conv2.weight", "bn2.weight", "bn2.bias",
                       "bn2.running_mean", "bn2.running_var", "conv3.weight", "bn3.weight",
                       "bn3.bias", "bn3.running_mean", "bn3.running_var", "fc.weight", "fc.bias"}));
}

TEST(Cnn, WorksFromFourByFourPixelsOn) {
  EXPECT_EQ(cnn({.height = 4, .width = 4, .channels = 1}, 2).num_classes(), 2U);
  expect_error(ErrorKind::config, {"max_pool", "larger images"},
               [] { (void)cnn({.height = 3, .width = 8, .channels = 1}, 2); });
}

// 20*256 + 256 + 256*64 + 64 + 64*7 + 7
TEST(Mlp, HasALinearLayerPerHiddenSizeAndOneForTheClasses) {
  const Network network = mlp({1, 1, 20}, {256, 64}, 7);
  EXPECT_EQ(num_parameters(network), 22279U);
  EXPECT_EQ(network.num_classes(), 7U);
  EXPECT_EQ(tensor_layout(network).back().name, "fc3.bias");
}

TEST(Mlp, WithoutHiddenSizesIsALinearClassifier) {
  EXPECT_EQ(num_parameters(mlp({1, 1, 20}, {}, 7)), 147U);
}

TEST(Mlp, TakesImagesToo) {
  EXPECT_EQ(num_parameters(mlp({2, 3, 4}, {}, 5)), 2U * 3 * 4 * 5 + 5);
}

constexpr Shape kLargeColour{.height = 224, .width = 224, .channels = 3};

// "name shape" of the tensors whose names begin with one of the prefixes.
std::vector<std::string> tensors_of(const Network& network,
                                    std::initializer_list<std::string_view> prefixes) {
  std::vector<std::string> tensors;
  for (const TensorInfo& info : tensor_layout(network)) {
    const auto begins = [&](std::string_view prefix) { return info.name.starts_with(prefix); };
    if (std::none_of(prefixes.begin(), prefixes.end(), begins)) continue;
    std::string text = info.name;
    for (const std::size_t extent : info.file_shape()) text += ' ' + std::to_string(extent);
    tensors.push_back(text);
  }
  return tensors;
}

// The counts that torchvision's documentation gives.
TEST(MobileNetV2, HasThePublishedNumberOfParameters) {
  EXPECT_EQ(num_parameters(mobilenet_v2(kColour, {}, 10)), 2236682U);
  EXPECT_EQ(num_parameters(mobilenet_v2(kLargeColour, {.stem = Stem::imagenet}, 1000)), 3504872U);
}

// As torchvision.models.mobilenet_v2().state_dict() lists them, num_batches_tracked apart.
TEST(MobileNetV2, NamesAndShapesItsTensorsAsTorchvision) {
  const Network network = mobilenet_v2(kLargeColour, {.stem = Stem::imagenet}, 1000);
  EXPECT_EQ(tensors_of(network, {"features.0.", "features.1."}),
            (std::vector<std::string>{
                "features.0.0.weight 32 3 3 3", "features.0.1.weight 32", "features.0.1.bias 32",
                "features.0.1.running_mean 32", "features.0.1.running_var 32",
                "features.1.conv.0.0.weight 32 1 3 3", "features.1.conv.0.1.weight 32",
                "features.1.conv.0.1.bias 32", "features.1.conv.0.1.running_mean 32",
                "features.1.conv.0.1.running_var 32", "features.1.conv.1.weight 16 32 1 1",
                "features.1.conv.2.weight 16", "features.1.conv.2.bias 16",
                "features.1.conv.2.running_mean 16", "features.1.conv.2.running_var 16"}));
  EXPECT_EQ(tensors_of(network, {"features.17.", "features.18.0", "classifier"}),
            (std::vector<std::string>{
                "features.17.conv.0.0.weight 960 160 1 1", "features.17.conv.0.1.weight 960",
                "features.17.conv.0.1.bias 960", "features.17.conv.0.1.running_mean 960",
                "features.17.conv.0.1.running_var 960", "features.17.conv.1.0.weight 960 1 3 3",
                "features.17.conv.1.1.weight 960", "features.17.conv.1.1.bias 960",
                "features.17.conv.1.1.running_mean 960", "features.17.conv.1.1.running_var 960",
                "features.17.conv.2.weight 320 960 1 1", "features.17.conv.3.weight 320",
                "features.17.conv.3.bias 320", "features.17.conv.3.running_mean 320",
                "features.17.conv.3.running_var 320", "features.18.0.weight 1280 320 1 1",
                "classifier.1.weight 1000 1280", "classifier.1.bias 1000"}));
}

TEST(MobileNetV2, KeepsTheResolutionOfSmallImagesLonger) {
  // The input of the last pooling: 224 / 32, and 32 / 8.
  const auto last_extent = [](const Network& network) {
    const auto& operations = network.operations();
    return operations[operations.size() - 3].shape.height;
  };
  EXPECT_EQ(last_extent(mobilenet_v2(kLargeColour, {.stem = Stem::imagenet}, 10)), 7U);
  EXPECT_EQ(last_extent(mobilenet_v2(kColour, {}, 10)), 4U);
}

// max(8, 8 * floor((w * c + 4) / 8)), and 8 more where that is less than 0.9 * w * c: at 0.75,
// 24 -> 18 -> 16 < 16.2 -> 24.
TEST(MobileNetV2, RoundsScaledChannelsAsItsAuthorsDo) {
  const auto channels = [](float width_multiplier) {
    const Network network = mobilenet_v2(kColour, {.width_multiplier = width_multiplier}, 10);
    std::vector<std::uint32_t> widths;
    for (const TensorInfo& info : tensor_layout(network)) {
      const bool stem = info.name == "features.0.0.weight" || info.name == "features.18.0.weight";
      const bool projection = info.name.ends_with("conv.2.weight") && info.file_shape().size() == 4;
      if (stem || projection) widths.push_back(info.out_channels);
    }
    widths.erase(std::unique(widths.begin(), widths.end()), widths.end());
    return widths;
  };
  EXPECT_EQ(channels(1), (std::vector<std::uint32_t>{32, 24, 32, 64, 96, 160, 320, 1280}));
  EXPECT_EQ(channels(0.75f), (std::vector<std::uint32_t>{24, 48, 72, 120, 240, 1280}));
  EXPECT_EQ(channels(0.25f), (std::vector<std::uint32_t>{8, 16, 24, 40, 80, 1280}));
  EXPECT_EQ(channels(1.4f), (std::vector<std::uint32_t>{48, 32, 48, 88, 136, 224, 448, 1792}));
}

// The counts that torchvision's documentation gives; those of the small stem lack the 7x7 kernel's
// 64 * 3 * 40 weights and 990 classes of 513.
TEST(ResNet, HasThePublishedNumberOfParameters) {
  const auto count = [](const char* name, Stem stem, std::uint32_t num_classes) {
    const Shape& input = stem == Stem::imagenet ? kLargeColour : kColour;
    return num_parameters(build_network({.name = name, .stem = stem}, input, num_classes));
  };
  EXPECT_EQ(count("resnet18", Stem::imagenet, 1000), 11689512U);
  EXPECT_EQ(count("resnet34", Stem::imagenet, 1000), 21797672U);
  EXPECT_EQ(count("resnet18", Stem::small_image, 10), 11689512U - 64 * 3 * 40 - 990 * 513);
  EXPECT_EQ(count("resnet18", Stem::small_image, 10), 11173962U);
  EXPECT_EQ(count("resnet34", Stem::small_image, 10), 21282122U);
}

// As torchvision.models.resnet18().state_dict() lists them, num_batches_tracked apart.
TEST(ResNet, NamesAndShapesItsTensorsAsTorchvision) {
  const Network network =
      resnet(kLargeColour, {.blocks = {2, 2, 2, 2}, .stem = Stem::imagenet}, 1000);
  EXPECT_EQ(tensors_of(network, {"conv1", "bn1", "layer2.0.", "fc"}),
            (std::vector<std::string>{
                "conv1.weight 64 3 7 7",
                "bn1.weight 64",
                "bn1.bias 64",
                "bn1.running_mean 64",
                "bn1.running_var 64",
                "layer2.0.conv1.weight 128 64 3 3",
                "layer2.0.bn1.weight 128",
                "layer2.0.bn1.bias 128",
                "layer2.0.bn1.running_mean 128",
                "layer2.0.bn1.running_var 128",
                "layer2.0.conv2.weight 128 128 3 3",
                "layer2.0.bn2.weight 128",
                "layer2.0.bn2.bias 128",
                "layer2.0.bn2.running_mean 128",
                "layer2.0.bn2.running_var 128",
                "layer2.0.downsample.0.weight 128 64 1 1",
                "layer2.0.downsample.1.weight 128",
                "layer2.0.downsample.1.bias 128",
                "layer2.0.downsample.1.running_mean 128",
                "layer2.0.downsample.1.running_var 128",
                "fc.weight 1000 512",
                "fc.bias 1000",
            }));
  EXPECT_TRUE(tensors_of(network, {"layer1.0.downsample", "layer2.1.downsample"}).empty());
}

TEST(BuildNetwork, KnowsEveryNameItLists) {
  for (const std::string_view name : network_names()) {
    NetworkOptions options;
    options.name = name;
    EXPECT_EQ(build_network(options, kGrey, 10).num_classes(), 10U) << name;
  }
}

TEST(BuildNetwork, PassesHiddenSizesOn) {
  const NetworkOptions options{.name = "mlp", .hidden_sizes = {3}};
  EXPECT_EQ(num_parameters(build_network(options, {1, 1, 2}, 2)), 2U * 3 + 3 + 3 * 2 + 2);
}

TEST(BuildNetwork, MoreThanABillionParametersAreAnError) {
  for (const std::uint32_t size : {70'000U, 4'294'967'295U}) {
    const NetworkOptions options{.name = "mlp", .hidden_sizes = {size, size}};
    expect_error(ErrorKind::config, {"mlp", "parameters", "1e+09"},
                 [&] { (void)build_network(options, kGrey, 10); });
  }
}

TEST(BuildNetwork, AnUnknownNameIsAnErrorThatListsTheKnownOnes) {
  expect_error(ErrorKind::config, {"\"resnet\"", "cnn, mlp"},
               [] { (void)build_network({.name = "resnet"}, kGrey, 10); });
}

}  // namespace
}  // namespace edgeprune::nn
