#pragma once
// How a program (program.h) stores, computes and runs.

#include "edgeprune/nn/network.h"

#include <cstdint>

namespace edgeprune::nn {

enum class Mode {
  training,    // batch norm uses the batch's statistics and updates the running ones
  evaluation,  // batch norm uses the running statistics; no backward pass may follow
};

/// How activations and their gradients are stored and multiplied. Images, parameters and their
/// gradients, statistics, sums, losses, and what linear layers and global average pools compute are
/// always float.
enum class Precision {
  f32,
  bf16,          // activations stored, and with the weights multiplied, as bfloat16
  bf16_storage,  // activations stored as bfloat16; products are of floats, weights are not rounded
};

struct ProgramOptions {
  std::uint32_t max_batch = 64;  // core::BatchPlan::largest_batch(b) for batches of a BatchPlan
  Precision precision = Precision::f32;
  bool backward = true;          // false: no memory for gradients is set aside
  bool recompute = false;        // keep few activations; compute the rest again going backward
  Freeze freeze = Freeze::none;  // parameters whose gradients backward() does not write
  bool profile = false;          // measure every step's time; see Program::profile()
};

}  // namespace edgeprune::nn
