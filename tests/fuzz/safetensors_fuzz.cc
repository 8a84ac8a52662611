#include "edgeprune/core/safetensors.h"

#include "fuzz_target.h"

#include <cstdlib>

using namespace edgeprune;

// What is read can be written, and reads back as the same bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::accept_only_our_errors([&] {
    const std::string bytes =
        core::to_bytes(core::parse_safetensors(fuzz::as_text(data, size), "fuzz"));
    if (core::to_bytes(core::parse_safetensors(bytes, "written")) != bytes) std::abort();
  });
  return 0;
}
