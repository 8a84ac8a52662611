#include "edgeprune/data/readers.h"

#include "fuzz_target.h"

using namespace edgeprune;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const std::uint32_t channels : {0u, 1u, 3u}) {
    fuzz::accept_only_our_errors([&] {
      const auto image = data::decode_image(fuzz::as_text(data, size), channels, "fuzz");
      (void)data::resize_image(image, 5, 7);
    });
  }
  return 0;
}
