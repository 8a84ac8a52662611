#include "parameter_groups.h"

#include "edgeprune/core/error.h"

#include <algorithm>

namespace edgeprune::nn {
namespace {

bool uses_muon(const OptimizerOptions& options) {
  return options.rule == nullptr && options.kind == OptimizerKind::muon;
}

bool is_muon_matrix(const OptimizerOptions& options, const TensorInfo& info) {
  if (!uses_muon(options)) return false;
  if (info.role != TensorRole::convolution_weight && info.role != TensorRole::linear_weight) {
    return false;
  }
  const std::size_t inputs = info.size / info.out_channels;
  return options.muon_max_size == 0 ||
         std::min<std::size_t>(info.out_channels, inputs) <= options.muon_max_size;
}

bool contains(std::span<const ParameterRange> ranges, const TensorInfo& info) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const ParameterRange& range) {
    return range.offset <= info.offset && info.offset + info.size <= range.offset + range.size;
  });
}

float rate_factor(const OptimizerOptions& options, TensorRole role) {
  const bool is_norm = role == TensorRole::batch_norm_weight || role == TensorRole::batch_norm_bias;
  return is_norm ? options.norm_learning_rate_factor : 1;
}

}  // namespace

void ParameterGroups::add(const ParameterRange& range, float rate_factor) {
  const auto follows = [&](const UpdatePart& last) {
    return last.rate_factor == rate_factor && last.parameter + last.size == range.offset &&
           last.in_first + last.size == num_trained;
  };
  if (!parts.empty() && follows(parts.back())) {
    parts.back().size += range.size;
  } else {
    parts.push_back({.parameter = range.offset,
                     .in_first = num_trained,
                     .in_second = num_elementwise,
                     .size = range.size,
                     .rate_factor = rate_factor});
  }
  num_trained += range.size;
  num_elementwise += range.size;
}

void ParameterGroups::add_matrix(const TensorInfo& weight) {
  matrices.push_back({.offset = weight.offset,
                      .in_state = num_trained,
                      .inputs = weight.size / weight.out_channels,
                      .outputs = weight.out_channels});
  num_trained += weight.size;
}

ParameterGroups groups_of(const OptimizerOptions& options,
                          std::span<const ParameterRange> trained) {
  if (uses_muon(options)) {
    throw core::Error(core::ErrorKind::config,
                      "train.optimizer is muon, which has to know the matrices among the "
                      "parameters; make the Optimizer from the network");
  }
  ParameterGroups groups;
  for (const ParameterRange& range : trained) groups.add(range, 1);
  return groups;
}

ParameterGroups groups_of(const OptimizerOptions& options, const Network& network, Freeze freeze) {
  const std::vector<ParameterRange> trained = trainable_ranges(network, freeze);
  const Operation* const head = network.head();
  ParameterGroups groups;
  for (const TensorInfo& info : tensor_layout(network)) {
    if (info.is_statistic() || !contains(trained, info)) continue;
    if (head != nullptr && info.operation() == head->name) {
      groups.add({info.offset, info.size}, options.head_learning_rate_factor);
    } else if (is_muon_matrix(options, info)) {
      groups.add_matrix(info);
    } else {
      groups.add({info.offset, info.size}, rate_factor(options, info.role));
    }
  }
  return groups;
}

}  // namespace edgeprune::nn
