#pragma once
// The networks that come with edgeprune, by name.

#include "edgeprune/nn/network.h"

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

struct NetworkOptions {
  std::string name = "cnn";                         // one of network_names()
  std::vector<std::uint32_t> hidden_sizes = {256};  // mlp only
};
[[nodiscard]] std::vector<std::string_view> network_names();
/// An unknown name is an Error of kind config that lists the known ones.
[[nodiscard]] Network build_network(const NetworkOptions& options, const Shape& input,
                                    std::uint32_t num_classes);

}  // namespace edgeprune::nn
