#pragma once
// How the test error falls with the keep ratio, from a comparison that was made: the F of
// (13)-(14).

#include "edgeprune/cost/planner.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::plan {

/// One run of a curve.
struct CurveRun {
  double keep_ratio = 1;
  double test_accuracy = 0;  // a share
};
/// Runs put together by keep ratio, ascending: 1 - accuracy, mean and standard error over the runs.
[[nodiscard]] std::vector<cost::CurvePoint> curve_of(const std::vector<CurveRun>& runs);

/// Which of a comparison's cells count. An empty setting is that of the file if it has but one.
struct CurveChoice {
  std::string strategy;  // as its table calls it: "top", "stratified:el2n"
  std::string setting;
};
/// From a comparison's comparison.json or comparison.csv (the name's ending says which). `full`
/// gives the point at keep ratio 1 where the strategy has none. A file that is neither is an Error
/// of kind data; a strategy or setting that it does not have, one of kind config that names those
/// it has.
[[nodiscard]] std::vector<cost::CurvePoint> read_accuracy_curve(const std::filesystem::path& path,
                                                                const CurveChoice& choice);

}  // namespace edgeprune::plan
