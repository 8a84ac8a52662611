#include "edgeprune/nn/model.h"

#include "edgeprune/core/random.h"

#include <algorithm>
#include <cmath>

namespace edgeprune::nn {
namespace {

void append_convolution(const Operation& operation, const Shape& input,
                        std::vector<TensorInfo>& layout) {
  TensorInfo weight{
      .name = operation.name + ".weight",
      .role = operation.is_linear ? TensorRole::linear_weight : TensorRole::convolution_weight,
      .kernel_height = operation.kernel_height,
      .kernel_width = operation.kernel_width,
      .in_channels = input.channels,
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

}  // namespace

std::vector<std::size_t> TensorInfo::file_shape() const {
  switch (role) {
    case TensorRole::convolution_weight:
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
    if (operation.kind == OperationKind::convolution) {
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
