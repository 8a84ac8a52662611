#include "edgeprune/data/readers.h"

#include "fuzz_target.h"

using namespace edgeprune;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::accept_only_our_errors([&] { (void)data::gunzip(fuzz::as_text(data, size), "fuzz"); });
  return 0;
}
