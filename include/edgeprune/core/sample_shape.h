#pragma once
// The shape of one sample, of data and of what a network computes alike.

#include <cstddef>
#include <cstdint>

namespace edgeprune::core {

/// Height x width x channels, stored in this order (NHWC). A vector of F values is {1, 1, F}.
struct SampleShape {
  std::uint32_t height = 1;
  std::uint32_t width = 1;
  std::uint32_t channels = 1;

  [[nodiscard]] std::size_t num_pixels() const { return std::size_t{height} * width; }
  [[nodiscard]] std::size_t num_values() const { return num_pixels() * channels; }
  bool operator==(const SampleShape&) const = default;
};

}  // namespace edgeprune::core
