#pragma once
// What a network costs, layer by layer, from its description alone.
//
//   for (const LayerCost& layer : layer_costs(network)) total += layer.parameters;

#include "edgeprune/nn/network.h"
#include "edgeprune/nn/optimizer.h"
#include "edgeprune/nn/program.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::nn {

struct LayerCost {
  std::string name;           // empty where the layer has no tensors
  std::string_view kind;      // as in network files: "convolution", "linear", "relu", ...
  std::vector<Shape> inputs;  // of what it reads: one, or the two summands
  Shape output;
  std::size_t parameters = 0;
  double forward_flops = 0;  // for one sample, as Network counts them
  double backward_flops = 0;
  std::size_t activation_bytes = 0;  // for one sample: what is stored for the backward pass
};

struct LayerCostOptions {
  Freeze freeze = Freeze::none;
  Precision precision = Precision::f32;
};

/// One row per operation, in their order, without the input. The engine stores what convolutions,
/// linear layers, pools and sums compute, in the precision's types; batch norms and clamps are
/// applied by whoever reads a value and store nothing. A program may hold more, where it must write
/// a value out, or less, where values share memory: program_memory() (program.h) says.
[[nodiscard]] std::vector<LayerCost> layer_costs(const Network& network,
                                                 const LayerCostOptions& options = {});

struct TrainingMemoryOptions {
  std::uint32_t batch_size = 64;
  OptimizerOptions optimizer;
  Freeze freeze = Freeze::none;
  Precision precision = Precision::f32;
};

/// Bytes that training needs, by the description. The activations are those of layer_costs(), each
/// with a place of its own; what a Program really holds for them, their gradients and scratch is
/// program_memory() (program.h).
struct TrainingMemory {
  std::size_t parameter_bytes = 0;
  std::size_t statistics_bytes = 0;  // running means and variances
  std::size_t gradient_bytes = 0;    // of all parameters, trained or not
  std::size_t optimizer_bytes = 0;   // its state, of the trained parameters, and scratch
  std::size_t activation_bytes = 0;  // of a batch
};
[[nodiscard]] TrainingMemory training_memory(const Network& network,
                                             const TrainingMemoryOptions& options);

}  // namespace edgeprune::nn
