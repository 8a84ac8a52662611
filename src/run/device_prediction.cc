#include "device_prediction.h"

#include <algorithm>

namespace edgeprune::run {

std::optional<cost::DeviceProfile> device_of(const config::Config& config) {
  if (config.device.profile.empty()) return std::nullopt;
  return cost::read_device_profile(config.device.profile);
}

budget::MeterOptions with_power_of(const std::optional<cost::DeviceProfile>& device,
                                   budget::MeterOptions energy) {
  if (!device) return energy;
  if (energy.power_watts == 0) energy.power_watts = std::max(0.0, device->operating_watts.value);
  if (energy.idle_watts < 0) energy.idle_watts = device->idle_watts.value;
  return energy;
}

RunFacts facts_of(const RunSetup& setup) {
  return {.num_test = setup.data.num_test(),
          .bytes_per_sample = setup.sizes.read,
          .memory_bytes = setup.memory.predicted.total()};
}

cost::TimingRequest timing_request(const RunSetup& setup) {
  return {.network_hash = network_hash(setup.network),
          .precision = std::string(nn::name_of(setup.precision.precision)),
          .memory_mode = std::string(name_of(setup.memory.choice.mode)),
          .threads = setup.config.run.threads,
          .batch_size = setup.trainer_options().batch_size};
}

const cost::NetworkTiming* timing_of(const RunSetup& setup,
                                     const std::optional<cost::DeviceProfile>& device) {
  return device ? cost::timing_for(*device, timing_request(setup)) : nullptr;
}

std::optional<cost::RunCost> predicted_cost(const RunSetup& setup,
                                            const std::optional<cost::DeviceProfile>& device) {
  if (!device) return std::nullopt;
  return cost::predict_run_cost(run_work(setup.config, setup.plan, facts_of(setup)),
                                {.profile = *device, .timing = timing_of(setup, device)});
}

}  // namespace edgeprune::run
