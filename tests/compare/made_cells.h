#pragma once
// Cells of a comparison that was never run: made of accuracies and costs that a test chooses.

#include "edgeprune/compare/summary.h"

#include <string>
#include <vector>

namespace edgeprune::compare {

struct MadeRow {
  std::string strategy;
  std::vector<double> accuracies;  // of seeds 1, 2, ...
  double flops = 1e9;
  double stored_bytes = 1000;
};

/// The cells of one setting and keep ratio; `full` gets the ratio 1.
inline std::vector<CellResult> made_cells(const std::vector<MadeRow>& rows,
                                          const std::string& setting = "as configured",
                                          const std::string& keep_ratio = "0.1") {
  std::vector<CellResult> cells;
  for (const MadeRow& row : rows) {
    for (std::size_t i = 0; i < row.accuracies.size(); ++i) {
      const bool is_full = row.strategy == "full";
      cells.push_back({.setting = setting,
                       .strategy = row.strategy,
                       .keep_ratio = is_full ? "1" : keep_ratio,
                       .seed = i + 1,
                       .run = "cells/" + row.strategy,
                       .dataset_hash = "d",
                       .test_hash = "t",
                       .num_samples = 1000,
                       .num_kept = row.stored_bytes > 5000 ? 1000u : 100u,
                       .test_accuracy = row.accuracies[i],
                       .test_loss = 1,
                       .train_accuracy = 0.5,
                       .kept_accuracy = 0.5,
                       .steps = 10,
                       .forward_backward_samples = 640,
                       .forward_samples = 20,
                       .flops = row.flops,
                       .seconds = 2,
                       .stored_bytes = row.stored_bytes});
    }
  }
  return cells;
}

/// full, random, random_scratch and short, as far apart as one would expect.
inline std::vector<MadeRow> made_controls() {
  return {{"full", {0.905, 0.91, 0.885}, 1e10, 10000},
          {"random", {0.70, 0.71, 0.69}, 1.5e9, 1000},
          {"random_scratch", {0.65, 0.66, 0.66}, 1e9, 1000},
          {"short", {0.80, 0.82, 0.81}, 1.5e9, 10000}};
}

inline std::vector<MadeRow> with_row(MadeRow row) {
  std::vector<MadeRow> rows = made_controls();
  rows.push_back(std::move(row));
  return rows;
}

}  // namespace edgeprune::compare
