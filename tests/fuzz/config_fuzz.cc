#include "edgeprune/config/config.h"

#include "fuzz_target.h"

#include <algorithm>
#include <string>
#include <vector>

using namespace edgeprune;

namespace {

constexpr std::string_view kEndOfFile = "\n---\n";

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

// A TOML file, and after a line of three dashes one override per line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  const std::size_t end = std::min(text.find(kEndOfFile), text.size());
  const std::string_view after = text.substr(std::min(end + kEndOfFile.size(), text.size()));
  fuzz::accept_only_our_errors([&] {
    const std::string toml =
        config::to_toml(config::parse_config(text.substr(0, end), "fuzz.toml", lines_of(after)));
    if (config::to_toml(config::parse_config(toml, "resolved.toml")) != toml) std::abort();
  });
  return 0;
}
