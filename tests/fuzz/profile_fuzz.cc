#include "edgeprune/cost/device_profile.h"

#include "fuzz_target.h"

using namespace edgeprune;

// A device profile: what is accepted reads back from what it is written as.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::accept_only_our_errors([&] {
    const cost::DeviceProfile profile =
        cost::parse_device_profile(fuzz::as_text(data, size), "fuzz.toml");
    try {
      if (cost::parse_device_profile(cost::to_toml(profile), "written.toml") != profile) {
        std::abort();
      }
    } catch (const core::Error&) {
      std::abort();
    }
  });
  return 0;
}
