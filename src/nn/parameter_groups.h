#pragma once
// Which parameters an optimizer trains, and how: matrices by Muon, the rest one by one, each at the
// rate of its group.

#include "edgeprune/nn/model.h"
#include "edgeprune/nn/optimizer_options.h"

#include "muon.h"

#include <cstddef>
#include <span>
#include <vector>

namespace edgeprune::nn {

/// Some of the parameters that are updated one by one, and where their state lies.
struct UpdatePart {
  std::size_t parameter = 0;  // among all
  std::size_t in_first = 0;   // among all that is trained
  std::size_t in_second = 0;  // among what is updated one by one
  std::size_t size = 0;
  float rate_factor = 1;
};

/// Both in the order of the parameters.
struct ParameterGroups {
  std::vector<UpdatePart> parts;  // neighbours of one rate are merged
  std::vector<MuonMatrix> matrices;
  std::size_t num_trained = 0;
  std::size_t num_elementwise = 0;

  void add(const ParameterRange& range, float rate_factor);
  void add_matrix(const TensorInfo& weight);
};

/// Of flat arrays: one group, which Muon (Error of kind config) cannot do with.
[[nodiscard]] ParameterGroups groups_of(const OptimizerOptions& options,
                                        std::span<const ParameterRange> trained);
[[nodiscard]] ParameterGroups groups_of(const OptimizerOptions& options, const Network& network,
                                        Freeze freeze);

}  // namespace edgeprune::nn
