#include "guards.h"

#include <algorithm>

namespace edgeprune::toml_input {
namespace {

class DepthScan {
 public:
  DepthScan(std::string_view text, const DepthLimits& limits) : text_(text), limits_(limits) {}

  std::optional<TooDeep> run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'') {
        skip_string(c);
      } else if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else {
        count(c);
        if (parts_ > limits_.key_parts) return TooDeep{line(), true};
        if (nesting_ > limits_.nesting) return TooDeep{line(), false};
        ++at_;
      }
    }
    return std::nullopt;
  }

 private:
  void count(char c) {
    if (c == '.') {
      ++parts_;
      return;
    }
    if (c == '[' || c == '{') ++nesting_;
    if ((c == ']' || c == '}') && nesting_ > 0) --nesting_;
    if (std::string_view("[]{}=,\n").find(c) != std::string_view::npos) parts_ = 1;
  }

  [[nodiscard]] std::size_t quotes_at(std::size_t at, char quote, std::size_t most) const {
    std::size_t count = 0;
    while (count < most && at + count < text_.size() && text_[at + count] == quote) ++count;
    return count;
  }

  void skip_string(char quote) {
    const bool is_multi_line = quotes_at(at_, quote, 3) == 3;
    at_ += is_multi_line ? 3 : 1;
    while (at_ < text_.size()) {
      if (text_[at_] == '\n' && !is_multi_line) return;
      if (text_[at_] == quote) {
        // Two quotes may stand before the three that end a string of several lines.
        const std::size_t quotes = quotes_at(at_, quote, is_multi_line ? 5 : 1);
        at_ += quotes;
        if (!is_multi_line || quotes >= 3) return;
      } else {
        at_ += quote == '"' && text_[at_] == '\\' ? 2 : 1;
      }
    }
  }

  [[nodiscard]] std::size_t line() const {
    return 1 + static_cast<std::size_t>(std::count(text_.begin(), text_.begin() + at_, '\n'));
  }

  std::string_view text_;
  DepthLimits limits_;
  std::size_t at_ = 0;
  std::size_t parts_ = 1;
  std::size_t nesting_ = 0;
};

}  // namespace

std::optional<LongLine> first_line_above(std::string_view text, std::size_t max_bytes) {
  std::size_t number = 1;
  for (std::size_t begin = 0; begin < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end - begin > max_bytes) return LongLine{number, end - begin};
    begin = end + 1;
  }
  return std::nullopt;
}

std::optional<TooDeep> first_too_deep(std::string_view text, const DepthLimits& limits) {
  return DepthScan(text, limits).run();
}

}  // namespace edgeprune::toml_input
