#include "edgeprune/energy/quantity.h"

#include "fuzz_target.h"

#include <cmath>

using namespace edgeprune;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto quantity = energy::parse_quantity(fuzz::as_text(data, size));
  if (quantity && (!std::isfinite(quantity->value) || quantity->value < 0)) std::abort();
  return 0;
}
