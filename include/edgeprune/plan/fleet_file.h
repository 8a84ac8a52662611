#pragma once
// Several devices that the weighted objective (13)-(14) is solved for together, from one TOML:
//
//   [[device]]
//   name = "gate"                  # as the answer calls it
//   profile = "raspberry-pi-5"     # a shipped profile, or a file beside this one
//   num_samples = 5000             # N_k
//   seconds = 600                  # budgets, each as in the section budget; may be left out
//   joules = 4000
//   bytes = "20MB"

#include "edgeprune/cost/device_profile.h"
#include "edgeprune/cost/planner.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::plan {

/// A device as the list has it.
struct ListedDevice {
  std::string name;
  std::string profile;  // the name of a shipped one, or of a file
  std::uint32_t num_samples = 0;
  cost::Budgets budgets;
};

/// Reads no profile. `name` stands for the file in messages. A mistake is an Error of kind config
/// with its place: "devices.toml:4: device.num_samples is -3; it must be above 0".
[[nodiscard]] std::vector<ListedDevice> parse_device_list(std::string_view toml,
                                                          const std::string& name);

struct FleetDevice {
  std::string name;
  cost::DeviceProfile profile;
  std::uint32_t num_samples = 0;
  cost::Budgets budgets;
};

/// The devices of a list with their profiles.
[[nodiscard]] std::vector<FleetDevice> read_fleet(const std::filesystem::path& path);

}  // namespace edgeprune::plan
