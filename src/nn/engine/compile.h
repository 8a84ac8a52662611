#pragma once
// Turns a network's description into activations and the steps that compute them. No memory for
// tensors is set aside yet. Steps are fit for the SIMD target in use.

#include "step.h"

#include <memory>
#include <vector>

namespace edgeprune::nn {

struct CompiledNetwork {
  std::vector<std::unique_ptr<Activation>> activations;  // the first is the input
  std::vector<std::unique_ptr<Step>> steps;              // in forward order
  Activation* input = nullptr;
  Activation* output = nullptr;    // float, without a transform
  Activation* features = nullptr;  // what the head reads; null without a head
};

/// Batch norms and clamps are folded into the activation they follow, where nobody else reads it
/// untransformed; elsewhere the value is first written out. A batch norm is folded only into what a
/// convolution, linear or depthwise layer computes: their steps gather moments.
[[nodiscard]] CompiledNetwork compile(const Network& network, const ProgramOptions& options);

/// What the value of each operation is stored as, in their order; a batch norm's or clamp's is its
/// input's. compile() adds floats where a reader wants a bfloat16 value as such.
[[nodiscard]] std::vector<kernels::ElementType> stored_types(const Network& network,
                                                             Precision precision);

}  // namespace edgeprune::nn
