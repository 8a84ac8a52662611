#pragma once
// The networks that come with edgeprune, by name.

#include "edgeprune/nn/network.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::nn {

/// Three 3x3 convolutions of 32, 64 and 128 channels without bias, each with batch norm and ReLU,
/// the first two followed by 2x2 max pooling; global average pooling; a linear layer "fc".
/// 94,762 parameters for 3 channels and 10 classes. Needs at least 4 x 4 pixels.
[[nodiscard]] Network cnn(const Shape& input, std::uint32_t num_classes);

/// Linear layers "fc1", "fc2", ... of the hidden sizes, each with ReLU, and a last one for the
/// classes. No hidden sizes make a linear classifier.
[[nodiscard]] Network mlp(const Shape& input, const std::vector<std::uint32_t>& hidden_sizes,
                          std::uint32_t num_classes);

/// How a network begins: made for 224 x 224 pixels, or with strides kept for small images (32 x
/// 32).
enum class Stem { small_image, imagenet };

struct MobileNetV2Options {
  float width_multiplier = 1;     // channels are scaled by it and rounded to multiples of 8
  Stem stem = Stem::small_image;  // small_image: stride 1 in the first convolution and second group
};
/// MobileNetV2 (Sandler et al. 2018, arXiv 1801.04381) with torchvision's parameter names
/// ("features.0.0.weight", "classifier.1.bias"), without its dropout. 2,236,682 parameters for 10
/// classes at width 1.
[[nodiscard]] Network mobilenet_v2(const Shape& input, const MobileNetV2Options& options,
                                   std::uint32_t num_classes);

struct ResNetOptions {
  std::array<std::uint32_t, 4> blocks = {3, 4, 6, 3};  // per group; ResNet-18: 2, 2, 2, 2
  std::uint32_t channels = 64;                         // of the first group; doubled by each later
  Stem stem = Stem::small_image;  // small_image: a 3x3 convolution, no max pool
};
/// ResNets of basic blocks (He et al. 2016, arXiv 1512.03385) with torchvision's parameter names
/// ("layer1.0.conv1.weight", "fc.bias"). With the small stem and 10 classes ResNet-34 has
/// 21,282,122 parameters, ResNet-18 11,173,962.
[[nodiscard]] Network resnet(const Shape& input, const ResNetOptions& options,
                             std::uint32_t num_classes);

struct NetworkOptions {
  std::string name = "cnn";                         // one of network_names()
  std::vector<std::uint32_t> hidden_sizes = {256};  // mlp only
  float width_multiplier = 1;                       // mobilenet_v2 only
  Stem stem = Stem::small_image;                    // mobilenet_v2 and the resnets
};
[[nodiscard]] std::vector<std::string_view> network_names();
/// An unknown name is an Error of kind config that lists the known ones.
[[nodiscard]] Network build_network(const NetworkOptions& options, const Shape& input,
                                    std::uint32_t num_classes);

}  // namespace edgeprune::nn
