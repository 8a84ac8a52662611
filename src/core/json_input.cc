#include "edgeprune/core/json_input.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <vector>

namespace edgeprune::core {
namespace {

using nlohmann::json;

// Walks through a text without keeping it.
class Check final : public nlohmann::json_sax<json> {
 public:
  Check(std::string_view text, const JsonSource& source) : text_(text), source_(source) {}

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool string(string_t& value) override {
    require_short(value);
    return true;
  }

  bool start_object(std::size_t) override { return open(); }
  bool start_array(std::size_t) override { return open(); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    require_short(name);
    if (keys_.back().insert(name).second) return true;
    reject_json(source_, fmt::format("it names '{}' twice", printable(name)));
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    const auto end = text_.begin() + static_cast<std::ptrdiff_t>(std::min(position, text_.size()));
    constexpr int kOutOfRange = 406;
    reject_json(source_,
                fmt::format("line {}: {}", 1 + std::count(text_.begin(), end, '\n'),
                            error.id == kOutOfRange ? "a number is out of range" : "not JSON"));
  }

 private:
  bool open() {
    keys_.emplace_back();
    if (keys_.size() <= source_.limits.depth) return true;
    reject_json(source_, fmt::format("it is nested more than {} deep", source_.limits.depth));
  }
  bool close() {
    keys_.pop_back();
    return true;
  }
  void require_short(const std::string& text) const {
    if (text.size() <= source_.limits.string_bytes) return;
    reject_json(source_, fmt::format("it holds a text of {} bytes where at most {} can be",
                                     text.size(), source_.limits.string_bytes));
  }

  std::string_view text_;
  const JsonSource& source_;
  std::vector<std::set<std::string>> keys_;  // of the objects and lists that are open
};

// "[json.exception.out_of_range.403] key 'a' not found" without where the library keeps it.
std::string_view without_origin(std::string_view why) {
  const std::size_t end = why.starts_with("[json.exception") ? why.find("] ") : why.npos;
  return end == why.npos ? why : why.substr(end + 2);
}

}  // namespace

void reject_json(const JsonSource& source, std::string_view why) {
  constexpr std::size_t kLongest = 160;
  throw Error(source.kind,
              fmt::format("{}: {} ({}); {}", source.name, source.what,
                          printable(without_origin(why), kLongest), source.fix),
              source.context);
}

void check_json(std::string_view text, const JsonSource& source) {
  if (text.size() > source.limits.bytes) {
    reject_json(source,
                fmt::format("{} bytes, at most {} can be", text.size(), source.limits.bytes));
  }
  Check check(text, source);
  (void)json::sax_parse(text, &check);
}

}  // namespace edgeprune::core
