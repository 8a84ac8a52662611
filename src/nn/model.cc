#include "edgeprune/nn/model.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/random.h"

#include <algorithm>
#include <cmath>

namespace edgeprune::nn {
namespace {

TensorRole weight_role(const Operation& operation) {
  if (operation.kind == OperationKind::depthwise) return TensorRole::depthwise_weight;
  return operation.is_linear ? TensorRole::linear_weight : TensorRole::convolution_weight;
}

void append_convolution(const Operation& operation, const Shape& input,
                        std::vector<TensorInfo>& layout) {
  TensorInfo weight{.name = operation.name + ".weight",
                    .role = weight_role(operation),
                    .kernel_height = operation.kernel.height,
                    .kernel_width = operation.kernel.width,
                    .in_channels = operation.kind == OperationKind::depthwise ? 1 : input.channels,
                    .out_channels = operation.shape.channels};
  weight.size = std::size_t{weight.kernel_height} * weight.kernel_width * weight.in_channels *
                weight.out_channels;
  layout.push_back(weight);
  if (!operation.bias) return;
  // A bias keeps its weight's shape: initialisation needs the fan-in.
  weight.name = operation.name + ".bias";
  weight.role = TensorRole::bias;
  weight.size = weight.out_channels;
  layout.push_back(weight);
}

void append_batch_norm(const Operation& operation, std::vector<TensorInfo>& layout) {
  const auto append = [&](const char* suffix, TensorRole role) {
    layout.push_back({.name = operation.name + suffix,
                      .role = role,
                      .size = operation.shape.channels,
                      .out_channels = operation.shape.channels});
  };
  append(".weight", TensorRole::batch_norm_weight);
  append(".bias", TensorRole::batch_norm_bias);
  append(".running_mean", TensorRole::running_mean);
  append(".running_var", TensorRole::running_variance);
}

std::size_t fan_in(const TensorInfo& info) {
  return std::size_t{info.kernel_height} * info.kernel_width * info.in_channels;
}

void draw_uniform(const TensorInfo& info, std::uint64_t seed, std::uint32_t index,
                  std::span<float> values) {
  core::RandomStream draws(
      {.seed = seed, .purpose = core::Purpose::initialization, .index = index});
  const float bound = 1.0f / std::sqrt(static_cast<float>(fan_in(info)));
  for (float& value : values) value = (2.0f * draws.uniform() - 1.0f) * bound;
}

void initialise(const TensorInfo& info, std::uint64_t seed, std::uint32_t index,
                std::span<float> values) {
  switch (info.role) {
    case TensorRole::convolution_weight:
    case TensorRole::depthwise_weight:
    case TensorRole::linear_weight:
    case TensorRole::bias:
      draw_uniform(info, seed, index, values);
      break;
    case TensorRole::batch_norm_weight:
    case TensorRole::running_variance:
      std::fill(values.begin(), values.end(), 1.0f);
      break;
    case TensorRole::batch_norm_bias:
    case TensorRole::running_mean:
      std::fill(values.begin(), values.end(), 0.0f);
      break;
  }
}

std::size_t total_size(const std::vector<TensorInfo>& layout, bool statistics) {
  std::size_t total = 0;
  for (const TensorInfo& info : layout) {
    if (info.is_statistic() == statistics) total += info.size;
  }
  return total;
}

bool is_trainable(const TensorInfo& info, const Network& network, Freeze freeze) {
  if (info.is_statistic()) return false;
  switch (freeze) {
    case Freeze::none:
      return true;
    case Freeze::backbone:
      return info.operation() == network.head()->name;
    case Freeze::batch_norm:
      return info.role != TensorRole::batch_norm_weight && info.role != TensorRole::batch_norm_bias;
  }
  return true;
}

}  // namespace

std::string_view TensorInfo::operation() const {
  return std::string_view(name).substr(0, name.rfind('.'));
}

std::vector<std::size_t> TensorInfo::file_shape() const {
  switch (role) {
    case TensorRole::convolution_weight:
    case TensorRole::depthwise_weight:
      return {out_channels, in_channels, kernel_height, kernel_width};
    case TensorRole::linear_weight:
      return {out_channels, std::size_t{in_channels} * kernel_height * kernel_width};
    default:
      return {size};
  }
}

std::vector<TensorInfo> tensor_layout(const Network& network) {
  std::vector<TensorInfo> layout;
  for (const Operation& operation : network.operations()) {
    if (operation.kind == OperationKind::convolution ||
        operation.kind == OperationKind::depthwise) {
      append_convolution(operation, network.operations()[operation.inputs[0]].shape, layout);
    } else if (operation.kind == OperationKind::batch_norm) {
      append_batch_norm(operation, layout);
    }
  }
  std::size_t next[2] = {0, 0};
  for (TensorInfo& info : layout) {
    info.offset = next[info.is_statistic()];
    next[info.is_statistic()] += info.size;
  }
  return layout;
}

std::size_t num_parameters(const Network& network) {
  return total_size(tensor_layout(network), false);
}

std::vector<ParameterRange> trainable_ranges(const Network& network, Freeze freeze) {
  if (freeze == Freeze::backbone && network.head() == nullptr) {
    throw core::Error(core::ErrorKind::config,
                      "model.freeze is backbone, which leaves the last linear layer to train, but "
                      "the network does not end in one; use none or batch_norm");
  }
  std::vector<ParameterRange> ranges;
  for (const TensorInfo& info : tensor_layout(network)) {
    if (!is_trainable(info, network, freeze)) continue;
    if (!ranges.empty() && ranges.back().offset + ranges.back().size == info.offset) {
      ranges.back().size += info.size;
    } else {
      ranges.push_back({info.offset, info.size});
    }
  }
  return ranges;
}

std::size_t num_parameters(std::span<const ParameterRange> ranges) {
  std::size_t total = 0;
  for (const ParameterRange& range : ranges) total += range.size;
  return total;
}

Model initial_model(const Network& network, std::uint64_t seed) {
  const std::vector<TensorInfo> layout = tensor_layout(network);
  Model model;
  model.parameters.resize(total_size(layout, false));
  model.statistics.resize(total_size(layout, true));
  for (std::uint32_t i = 0; i < layout.size(); ++i) {
    std::vector<float>& values = layout[i].is_statistic() ? model.statistics : model.parameters;
    initialise(layout[i], seed, i, std::span(values).subspan(layout[i].offset, layout[i].size));
  }
  return model;
}

}  // namespace edgeprune::nn
