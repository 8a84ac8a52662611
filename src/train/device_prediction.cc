#include "device_prediction.h"

#include "edgeprune/train/run_work.h"

#include <algorithm>

namespace edgeprune::train {

Config::Energy energy_of_device(const Config& config) {
  Config::Energy energy = config.energy;
  if (config.device.profile.empty()) return energy;
  const cost::DeviceProfile profile = cost::read_device_profile(config.device.profile);
  if (energy.power_watts == 0) energy.power_watts = std::max(0.0, profile.operating_watts.value);
  if (energy.idle_watts < 0) energy.idle_watts = profile.idle_watts.value;
  return energy;
}

cost::TimingQuestion timing_question(const RunSetup& setup) {
  return {.network_hash = network_hash(setup.network),
          .precision = std::string(name_of(setup.precision.precision)),
          .memory_way = std::string(name_of(setup.memory.choice.way)),
          .threads = setup.config.run.threads,
          .batch_size = setup.trainer_options().batch_size};
}

std::optional<cost::RunCost> predicted_cost(const RunSetup& setup) {
  if (setup.config.device.profile.empty()) return std::nullopt;
  const cost::DeviceProfile profile = cost::read_device_profile(setup.config.device.profile);
  const cost::RunWork work =
      run_work(setup.config, setup.plan,
               {.num_test = setup.data.test ? setup.data.test->num_samples() : 0,
                .bytes_per_sample = setup.data.train.stored_bytes_per_sample,
                .memory_bytes = setup.memory.predicted.total()});
  const cost::NetworkTiming* timing = cost::timing_for(profile, timing_question(setup));
  return cost::predict_run_cost(work, {.profile = profile, .timing = timing});
}

}  // namespace edgeprune::train
