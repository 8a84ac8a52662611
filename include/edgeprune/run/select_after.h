#pragma once
// A selection from a run that has ended: after a dynamic strategy, or one that stores all samples,
// it says which of them to keep, so that the storage of the others can be freed.
//
//   const RunDirectory run = open_run_directory("runs/short");
//   const SelectionAfter after = select_after(
//       run, {.strategy = "facility_location", .keep_ratio = core::KeepRatio::parse("0.1")});
//   select::write_selection(directory, after.kept, after.manifest);
//
// A sample's score is its loss when it was last trained on. Samples that were never trained on are
// scored by one forward pass of the run's model; what that costs is in the result.

#include "edgeprune/core/keep_ratio.h"
#include "edgeprune/run/run_directory.h"
#include "edgeprune/run/run_inputs.h"
#include "edgeprune/select/manifest.h"
#include "edgeprune/select/strategy.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace edgeprune::run {

struct SelectAfterOptions {
  std::string strategy;  // of the run's catalogue; it ranks by `loss`, or by no score
  core::KeepRatio keep_ratio = core::KeepRatio::parse("0.5");
  const RunInputs* inputs = nullptr;  // where the run had data or a network in memory
};

struct SelectionAfter {
  std::vector<std::uint32_t> kept;  // ascending
  select::Manifest manifest;
  std::size_t num_scored = 0;         // samples that one forward pass scored
  std::uint64_t forward_samples = 0;  // of scoring and of features
  double flops = 0;                   // of these
};

/// Seed, quotas per class and parameters of strategies are the run's own. A run that is not
/// complete, that kept no losses (its strategy stored the kept samples alone) or whose data or
/// configuration have changed is an Error of kind run_directory; a strategy that needs more than a
/// loss and features is one of kind config.
[[nodiscard]] SelectionAfter select_after(const RunDirectory& run,
                                          const SelectAfterOptions& options);

}  // namespace edgeprune::run
