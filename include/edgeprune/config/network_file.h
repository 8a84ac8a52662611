#pragma once
// A network of one's own, described layer by layer in a TOML file. docs/networks.md has the format.
//
//   nn::Network network = read_network_file("own.toml", {.height = 28, .width = 28}, 10);
//
// Shapes are inferred from those of the data. A mistake is an Error of kind config of one line that
// names file, line, layer and the fix: "own.toml:7: layer conv2: out_chanels is not a key of a
// convolution; did you mean out_channels?"

#include "edgeprune/nn/network.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace edgeprune::config {

/// Whether a value of model.network names such a file: it ends in ".toml".
[[nodiscard]] bool is_network_file(std::string_view network);

/// Whether the text is meant as a network (it has layers) rather than a configuration.
[[nodiscard]] bool describes_network(std::string_view toml);

[[nodiscard]] nn::Network read_network_file(const std::filesystem::path& path,
                                            const nn::Shape& input, std::uint32_t num_classes);
/// The same from memory; `name` stands for the file in messages.
[[nodiscard]] nn::Network parse_network_file(std::string_view toml, const std::string& name,
                                             const nn::Shape& input, std::uint32_t num_classes);

}  // namespace edgeprune::config
