#pragma once
// Reads the scores of a run, or of any other program, back from a file.

#include <filesystem>
#include <string>
#include <vector>

namespace edgeprune::run {

/// One score per sample, high = hard. `path` is a .npy of float32: N or N x 1 from anywhere, taken
/// as they are, or N x columns with the scores.json of a run beside it, which names the columns and
/// their hard ends; `column` then says which one, and may be left empty where there is only one. An
/// Error of kind data says what is wrong and which columns there are.
[[nodiscard]] std::vector<float> read_score_column(const std::filesystem::path& path,
                                                   const std::string& column);

}  // namespace edgeprune::run
