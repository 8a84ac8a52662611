#include "edgeprune/core/printable.h"
#include "edgeprune/core/toml_string.h"

#include "fuzz_target.h"

#include <cstdlib>
#include <string>

using namespace edgeprune;

// Whatever the bytes, a terminal shows them, and what is shown once is shown the same again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string shown = core::printable(fuzz::as_text(data, size), core::kNoLimit);
  if (!core::is_utf8(shown) || core::printable(shown, core::kNoLimit) != shown) std::abort();
  if (core::printable_lines(shown) != shown) std::abort();
  for (const char c : shown) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) std::abort();
  }
  if (core::printable(fuzz::as_text(data, size), 16).size() > 16 * 4 + 3) std::abort();
  return 0;
}
