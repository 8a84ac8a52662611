#include "edgeprune/nn/inspect.h"

#include "edgeprune/nn/model.h"

#include "engine/compile.h"

#include <map>

namespace edgeprune::nn {
namespace {

bool is_stored(const Operation& operation) {
  return operation.kind != OperationKind::batch_norm && operation.kind != OperationKind::clamp;
}

std::vector<Shape> input_shapes(const Network& network, const Operation& operation) {
  std::vector<Shape> shapes;
  for (const std::uint32_t id : operation.inputs) shapes.push_back(network.shape({id}));
  return shapes;
}

std::map<std::string_view, std::size_t> parameters_by_layer(const std::vector<TensorInfo>& layout) {
  std::map<std::string_view, std::size_t> parameters;
  for (const TensorInfo& info : layout) {
    if (!info.is_statistic()) parameters[info.operation()] += info.size;
  }
  return parameters;
}

}  // namespace

std::vector<LayerCost> layer_costs(const Network& network, const LayerCostOptions& options) {
  const std::vector<TensorInfo> layout = tensor_layout(network);
  const auto parameters = parameters_by_layer(layout);
  const std::vector<kernels::ElementType> types = stored_types(network, options.precision);
  std::vector<LayerCost> costs;
  for (std::size_t i = 0; i < types.size(); ++i) {
    const Operation& operation = network.operations()[i];
    if (operation.kind == OperationKind::input) continue;
    const std::size_t bytes = operation.shape.num_values() * kernels::size_of(types[i]);
    const auto found = parameters.find(operation.name);
    costs.push_back({.name = operation.name,
                     .kind = operation.layer,
                     .inputs = input_shapes(network, operation),
                     .output = operation.shape,
                     .parameters = found == parameters.end() ? 0 : found->second,
                     .forward_flops = network.forward_flops(operation),
                     .backward_flops = network.backward_flops(operation, options.freeze),
                     .activation_bytes = is_stored(operation) ? bytes : 0});
  }
  return costs;
}

TrainingMemory training_memory(const Network& network, const TrainingMemoryOptions& options) {
  TrainingMemory memory;
  for (const TensorInfo& info : tensor_layout(network)) {
    (info.is_statistic() ? memory.statistics_bytes : memory.parameter_bytes) +=
        info.size * sizeof(float);
  }
  memory.gradient_bytes = memory.parameter_bytes;
  const OptimizerMemory optimizer = optimizer_memory(options.optimizer, network, options.freeze);
  memory.optimizer_bytes = optimizer.state_bytes + optimizer.scratch_bytes;
  for (const LayerCost& layer : layer_costs(network, {.precision = options.precision})) {
    memory.activation_bytes += options.batch_size * layer.activation_bytes;
  }
  return memory;
}

}  // namespace edgeprune::nn
