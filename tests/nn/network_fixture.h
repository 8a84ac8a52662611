#pragma once
// Small networks, their weights and their inputs for the tests of nn.

#include "edgeprune/core/random.h"
#include "edgeprune/core/thread_pool.h"
#include "edgeprune/nn/model.h"
#include "edgeprune/nn/program.h"

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace edgeprune::nn::testing {

/// Draws for tests, a function of the index alone.
class Draws {
 public:
  explicit Draws(std::uint32_t index) : stream_({.seed = 30, .index = index}) {}

  std::vector<float> uniform(std::size_t size, float low, float high) {
    std::vector<float> values(size);
    for (float& value : values) value = low + (high - low) * stream_.uniform();
    return values;
  }
  /// Whole numbers in [-bound, bound]: their sums and products are exact in float.
  std::vector<float> whole(std::size_t size, std::uint32_t bound) {
    std::vector<float> values(size);
    for (float& value : values) {
      value = static_cast<float>(stream_.below(2 * bound + 1)) - static_cast<float>(bound);
    }
    return values;
  }
  std::uint32_t below(std::uint32_t bound) { return stream_.below(bound); }

 private:
  core::RandomStream stream_;
};

inline TensorInfo tensor_named(const Network& network, const std::string& name) {
  for (const TensorInfo& info : tensor_layout(network)) {
    if (info.name == name) return info;
  }
  throw std::runtime_error("no tensor " + name);
}

/// Where the named tensor's values lie.
inline std::span<float> values_of(const Network& network, Model& model, const std::string& name) {
  const TensorInfo info = tensor_named(network, name);
  std::vector<float>& flat = info.is_statistic() ? model.statistics : model.parameters;
  return std::span(flat).subspan(info.offset, info.size);
}

/// A copy of the logits.
inline std::vector<float> logits_of(Program& program, Model& model, std::span<const float> images,
                                    Mode mode) {
  const std::size_t size = program.network().shape(program.network().input()).num_values();
  const auto logits =
      program.forward(model, images, static_cast<std::uint32_t>(images.size() / size), mode);
  return {logits.begin(), logits.end()};
}

}  // namespace edgeprune::nn::testing
