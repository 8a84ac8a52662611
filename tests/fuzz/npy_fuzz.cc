#include "edgeprune/core/npy.h"

#include "fuzz_target.h"

using namespace edgeprune;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::accept_only_our_errors([&] {
    const core::NpyArray array = core::parse_npy(fuzz::as_text(data, size), "fuzz");
    (void)core::npy_integers(array, "fuzz");
  });
  return 0;
}
