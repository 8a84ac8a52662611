#include "edgeprune/budget/budget_file.h"

#include "fuzz_target.h"

#include <cmath>

using namespace edgeprune;

// A budget.file: what is accepted is finite, not negative and ascends.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto is_limit = [](double x) { return std::isfinite(x) && x >= 0; };
  fuzz::accept_only_our_errors([&] {
    const budget::BudgetLimits limits =
        budget::parse_budget_file(fuzz::as_text(data, size), "fuzz.toml", {});
    if (!is_limit(limits.seconds) || !is_limit(limits.joules)) std::abort();
    double before = -1;
    for (const budget::HarvestPoint& point : limits.harvest) {
      if (!is_limit(point.from_seconds) || !is_limit(point.watts)) std::abort();
      if (point.from_seconds <= before) std::abort();
      before = point.from_seconds;
    }
  });
  return 0;
}
