#include "text_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace edgeprune::select {

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines(1);
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) {
    if (lines.back().empty()) {
      lines.back() = word;
    } else if (lines.back().size() + 1 + word.size() <= width) {
      lines.back() += ' ' + word;
    } else {
      lines.push_back(word);
    }
  }
  return lines;
}

std::string table_row(const std::vector<std::string>& cells,
                      const std::vector<std::size_t>& widths) {
  std::vector<std::vector<std::string>> columns;
  std::size_t height = 0;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    columns.push_back(wrapped(cells[c], widths[c]));
    height = std::max(height, columns.back().size());
  }
  std::string text;
  for (std::size_t line = 0; line < height; ++line) {
    std::string row;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      row += fmt::format("{:<{}}", line < columns[c].size() ? columns[c][line] : "", widths[c] + 2);
    }
    text += row.substr(0, row.find_last_not_of(' ') + 1) + '\n';
  }
  return text;
}

}  // namespace edgeprune::select
