#include "edgeprune/plan/fleet_file.h"

#include "fuzz_target.h"

#include <cmath>

using namespace edgeprune;

// A device list: what is accepted has devices with names, samples and finite budgets.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto is_budget = [](double x) { return std::isfinite(x) && x >= 0; };
  fuzz::accept_only_our_errors([&] {
    const auto devices = plan::parse_device_list(fuzz::as_text(data, size), "fuzz.toml");
    if (devices.empty()) std::abort();
    for (const plan::ListedDevice& device : devices) {
      const cost::Budgets& budgets = device.budgets;
      if (device.name.empty() || device.profile.empty() || device.num_samples == 0) std::abort();
      if (!is_budget(budgets.seconds) || !is_budget(budgets.joules)) std::abort();
      if (!is_budget(budgets.stored_bytes)) std::abort();
    }
  });
  return 0;
}
