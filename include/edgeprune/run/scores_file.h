#pragma once
// Reads the scores of a run, or of any other program, back from a file.

#include <filesystem>
#include <string>
#include <vector>

namespace edgeprune::run {

/// One score per sample, high = hard. `path` is a .npy of float32, of one of two kinds:
///
///   read_score_column("losses.npy", "")           // from any program: N, or N x 1
///   read_score_column("runs/a/scores.npy", "aum") // a run's: N x columns, scores.json beside it
///
/// Numbers from another program are taken as they are: high must already be hard. A run's
/// scores.json names the columns and their hard ends, and a column whose hard end is low is
/// negated. `column` says which one; it may be empty where there is only one. An Error of kind data
/// says what is wrong and which columns there are.
[[nodiscard]] std::vector<float> read_score_column(const std::filesystem::path& path,
                                                   const std::string& column);

}  // namespace edgeprune::run
