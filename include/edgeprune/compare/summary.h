#pragma once
// The cells of a comparison put together: per setting and keep ratio one row for each strategy,
// with its mean and spread over seeds, its paired differences to the controls, and its cost.

#include "edgeprune/compare/cell_result.h"
#include "edgeprune/statistics/statistics.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::compare {

/// Means over the seeds.
struct Cost {
  double forward_backward_samples = 0;
  double forward_samples = 0;
  double flops = 0;
  double seconds = 0;
  double stored_bytes = 0;
};

struct Row {
  std::string strategy;
  std::uint32_t num_kept = 0;
  std::vector<double> accuracies;  // on the test set, in the order of the group's seeds
  statistics::Spread accuracy;
  Cost cost;
  std::array<statistics::PairedDifference, kControls.size()>
      against;  // this row less each control's

  [[nodiscard]] bool is_control() const;
  [[nodiscard]] const statistics::PairedDifference& against_control(std::string_view control) const;
};

struct Group {
  std::string setting;
  std::string keep_ratio;
  std::uint32_t num_samples = 0;
  std::vector<std::uint64_t> seeds;
  std::vector<Row> rows;  // the controls first

  [[nodiscard]] const Row& row(std::string_view strategy) const;
};

struct Summary {
  std::vector<Group> groups;
  // Differences of each strategy to each control, and of the controls among each other, once each.
  std::size_t num_differences = 0;
  std::size_t num_found = 0;       // whose interval does not hold 0
  std::size_t num_after_holm = 0;  // of these, with a Holm-adjusted p of at most 0.05

  [[nodiscard]] double expected_by_chance() const { return 0.05 * num_differences; }
};

/// Cells as make_grid orders them. Cells of a setting and seed that saw different data are an Error
/// of kind run_directory.
[[nodiscard]] Summary summarise(const std::vector<CellResult>& cells);

}  // namespace edgeprune::compare
