#pragma once
// A comparison as one HTML file that opens anywhere without a network: the verdict first, then
// tables, plots and costs, and how to run it again. Chart.js is inside, with its licence, and so
// are all numbers (as comparison.json).

#include "edgeprune/compare/summary.h"

#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::compare {

struct ReportInput {
  std::string_view title;    // what was compared: the comparison's file
  std::string_view command;  // that makes it again
  std::string_view toml;     // the comparison as it was given
  const Summary& summary;
  const std::vector<std::string>& verdict;
  std::string_view json;  // comparison.json
  Match match = Match::kept;
};
[[nodiscard]] std::string report_html(const ReportInput& input);

}  // namespace edgeprune::compare
