#pragma once
// A network's numbers: all parameters in one flat array, all running statistics in another.
//
// Optimizers, checkpoints and gradients work on the flat arrays and need not know what lies where.
// Inside, a convolution's weight is kernel height x kernel width x in x out, a depthwise one's
// kernel height x kernel width x channels; model files hold PyTorch's out x in x height x width
// (model_file.h converts).

#include "edgeprune/nn/network.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::nn {

enum class TensorRole {
  convolution_weight,
  depthwise_weight,
  linear_weight,
  bias,
  batch_norm_weight,
  batch_norm_bias,
  running_mean,  // statistics from here on
  running_variance,
};

/// Where one named tensor lies.
struct TensorInfo {
  std::string name;  // as in model files, e.g. "conv1.weight"
  TensorRole role = TensorRole::bias;
  std::size_t offset = 0;  // in floats, into Model::parameters, or statistics for a statistic
  std::size_t size = 0;    // in floats
  // Weights only: the shape inside.
  std::uint32_t kernel_height = 1;
  std::uint32_t kernel_width = 1;
  std::uint32_t in_channels = 1;  // that one output channel reads
  std::uint32_t out_channels = 1;

  /// The operation it belongs to, e.g. "conv1".
  [[nodiscard]] std::string_view operation() const;
  [[nodiscard]] bool is_statistic() const { return role >= TensorRole::running_mean; }
  /// The shape in a model file, PyTorch's.
  [[nodiscard]] std::vector<std::size_t> file_shape() const;
};

/// Every tensor of the network, in the order of its operations (PyTorch's state_dict order).
[[nodiscard]] std::vector<TensorInfo> tensor_layout(const Network& network);
[[nodiscard]] std::size_t num_parameters(const Network& network);

/// The flat parameters from `offset` on, `size` of them.
struct ParameterRange {
  std::size_t offset = 0;
  std::size_t size = 0;
  bool operator==(const ParameterRange&) const = default;
};

/// The parameters that training changes: ascending, neighbours merged. To freeze the backbone of a
/// network without a head (Network::head) is an Error of kind config.
[[nodiscard]] std::vector<ParameterRange> trainable_ranges(const Network& network, Freeze freeze);
[[nodiscard]] std::size_t num_parameters(std::span<const ParameterRange> ranges);

struct Model {
  std::vector<float> parameters;
  std::vector<float> statistics;          // running means and variances
  std::uint64_t num_batches_tracked = 0;  // training batches seen by every batch norm
};

/// Weights drawn as PyTorch's nn defaults: convolution and linear weights and biases uniform within
/// +-1/sqrt(fan_in), batch norm 1 and 0, running statistics 0 and 1. A function of the seed alone.
[[nodiscard]] Model initial_model(const Network& network, std::uint64_t seed);

}  // namespace edgeprune::nn
