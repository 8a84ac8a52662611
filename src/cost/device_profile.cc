#include "edgeprune/cost/device_profile.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/nearest_word.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace edgeprune::embedded {
extern const std::string_view profile_jetson_orin_nano;
extern const std::string_view profile_laptop;
extern const std::string_view profile_phone_arm;
extern const std::string_view profile_raspberry_pi_4;
extern const std::string_view profile_raspberry_pi_5;
}  // namespace edgeprune::embedded

namespace edgeprune::cost {
namespace {

// One row per file of profiles/; src/cost/CMakeLists.txt embeds them.
struct Shipped {
  std::string_view name;
  const std::string_view& toml;
};
constexpr Shipped kShipped[] = {
    {"jetson-orin-nano", embedded::profile_jetson_orin_nano},
    {"laptop", embedded::profile_laptop},
    {"phone-arm", embedded::profile_phone_arm},
    {"raspberry-pi-4", embedded::profile_raspberry_pi_4},
    {"raspberry-pi-5", embedded::profile_raspberry_pi_5},
};

double distance(const NetworkTiming& timing, std::uint32_t batch_size) {
  return std::abs(static_cast<double>(timing.batch_size) - batch_size);
}

bool fits(const NetworkTiming& timing, const TimingRequest& request) {
  return timing.network_hash == request.network_hash && timing.precision == request.precision &&
         timing.memory_mode == request.memory_mode && timing.threads == request.threads;
}

}  // namespace

DeviceProfile read_device_profile(const std::string& name_or_path) {
  for (const Shipped& shipped : kShipped) {
    if (shipped.name == name_or_path) {
      return parse_device_profile(shipped.toml, name_or_path + ".toml");
    }
  }
  const bool is_path = name_or_path.ends_with(".toml") ||
                       name_or_path.find('/') != std::string::npos ||
                       std::filesystem::exists(name_or_path);
  if (is_path) return parse_device_profile(core::read_file(name_or_path), name_or_path);
  std::vector<std::string_view> names;
  for (const Shipped& shipped : kShipped) names.push_back(shipped.name);
  throw core::Error(core::ErrorKind::config,
                    fmt::format("device profile {} is not known; name a file, or one of {}{}",
                                core::printable(name_or_path), fmt::join(names, ", "),
                                core::did_you_mean(name_or_path, names)));
}

std::vector<std::string> shipped_profiles() {
  std::vector<std::string> names;
  for (const Shipped& shipped : kShipped) names.emplace_back(shipped.name);
  return names;
}

const NetworkTiming* timing_for(const DeviceProfile& profile, const TimingRequest& request) {
  const NetworkTiming* nearest = nullptr;
  for (const NetworkTiming& timing : profile.timings) {
    if (!fits(timing, request)) continue;
    if (nearest == nullptr ||
        distance(timing, request.batch_size) < distance(*nearest, request.batch_size)) {
      nearest = &timing;
    }
  }
  return nearest;
}

}  // namespace edgeprune::cost
