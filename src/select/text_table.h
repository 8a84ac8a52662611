#pragma once
// Tables of wrapped text.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::select {

/// The words of a text in lines of at most `width` characters; a longer word has its own line.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t width);

/// Cells side by side, each wrapped to its column's width, two spaces between, a newline at the
/// end.
[[nodiscard]] std::string table_row(const std::vector<std::string>& cells,
                                    const std::vector<std::size_t>& widths);

}  // namespace edgeprune::select
