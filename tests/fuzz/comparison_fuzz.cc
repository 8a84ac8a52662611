#include "edgeprune/compare/comparison.h"

#include "fuzz_target.h"

#include <algorithm>

using namespace edgeprune;

// A configuration with [compare]: what is accepted compares something, and the configuration that
// is left keeps its lines.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  fuzz::accept_only_our_errors([&] {
    const compare::Comparison comparison = compare::parse_comparison(text, "fuzz.toml");
    if (comparison.strategies.empty() || comparison.keep_ratios.empty()) std::abort();
    if (comparison.seeds.empty() || comparison.settings.empty()) std::abort();
    const std::string& left = comparison.configuration;
    const auto lines = std::count(text.begin(), text.end(), '\n');
    const auto kept = std::count(left.begin(), left.end(), '\n');
    if (kept != lines + (text.ends_with('\n') ? 0 : 1)) std::abort();
  });
  return 0;
}
