#pragma once
// What a finished cell came to, as its run's summary.json has it, and the table of all cells.

#include "edgeprune/compare/grid.h"

#include <cstdint>
#include <string>
#include <vector>

namespace edgeprune::compare {

struct CellResult {
  std::string setting;
  std::string strategy;
  std::string keep_ratio;  // as written; "1" for `full`
  std::uint64_t seed = 0;
  std::string run;  // its directory within the comparison's: "cells/..."
  std::string dataset_hash;
  std::string test_hash;          // empty where an earlier version wrote the summary
  std::uint32_t num_samples = 0;  // N
  std::uint32_t num_kept = 0;     // M
  double test_accuracy = 0;       // a share, after the last epoch
  double test_loss = 0;
  double train_accuracy = 0;  // over all N samples
  double kept_accuracy = 0;   // over the M kept ones
  // The cost of learning, the warm-up and selection included, evaluation apart.
  std::uint64_t steps = 0;
  std::uint64_t forward_backward_samples = 0;
  std::uint64_t forward_samples = 0;
  double flops = 0;
  double seconds = 0;       // measured
  double stored_bytes = 0;  // what must stay on the device until training ends
};

/// Reads the summary of a cell that is complete. Without a test set there is nothing to compare: an
/// Error of kind data.
[[nodiscard]] CellResult read_cell_result(const Cell& cell);

/// One line per cell under a line of names. A field with a comma or a quote stands in quotes.
[[nodiscard]] std::string cells_csv(const std::vector<CellResult>& cells);

}  // namespace edgeprune::compare
