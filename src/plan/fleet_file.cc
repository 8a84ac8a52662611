#include "edgeprune/plan/fleet_file.h"

#include "edgeprune/core/files.h"
#include "edgeprune/toml_input/document.h"
#include "edgeprune/toml_input/message.h"

#include <fmt/format.h>

#include <set>

namespace edgeprune::plan {
namespace {

namespace fs = std::filesystem;

using toml_input::kAboveZero;
using toml_input::kNotEmpty;
using toml_input::kQuantityAboveZero;
using toml_input::Table;

constexpr toml_input::Limits kBytes = {"in (0, 1e18]", [](double x) { return x > 0 && x <= 1e18; }};

constexpr std::string_view kKeys[] = {"name",    "profile", "num_samples",
                                      "seconds", "joules",  "bytes"};

// A file is looked for beside the list.
cost::DeviceProfile profile_of_device(const fs::path& list, const std::string& name) {
  const fs::path beside = list.parent_path() / name;
  return cost::read_device_profile(fs::exists(beside) ? beside.string() : name);
}

double stored_bytes_of(const Table& table) {
  const auto given = table.find("bytes");
  double bytes = 0;
  if (given && given->number()) {
    table.require("bytes", kBytes, bytes);
  } else if (core::ByteCount count; table.read("bytes", kAboveZero, count)) {
    bytes = static_cast<double>(count.count);
  }
  return bytes;
}

ListedDevice device_of(const Table& table) {
  table.reject_unknown_keys(kKeys);
  ListedDevice device;
  table.require("name", kNotEmpty, device.name);
  table.require("profile", kNotEmpty, device.profile);
  table.require("num_samples", kAboveZero, device.num_samples);
  (void)table.read("seconds", kQuantityAboveZero, device.budgets.seconds);
  (void)table.read("joules", kQuantityAboveZero, device.budgets.joules);
  device.budgets.stored_bytes = stored_bytes_of(table);
  return device;
}

}  // namespace

std::vector<ListedDevice> parse_device_list(std::string_view toml, const std::string& name) {
  constexpr std::string_view kTables[] = {"device"};
  const toml_input::Document document =
      toml_input::parse_document(toml, name, {"a device list", toml_input::kLargeFile});
  const Table root = document.root();
  root.reject_unknown_keys(kTables);
  std::vector<ListedDevice> devices;
  std::set<std::string> names;
  for (const Table& table : root.tables("device")) {
    devices.push_back(device_of(table));
    if (names.insert(devices.back().name).second) continue;
    toml_input::fail(table.place(),
                     fmt::format("device.name {} is there twice; each device needs one of its own",
                                 table.get("name").for_message()));
  }
  if (devices.empty()) root.fail("it holds no [[device]]; add one");
  return devices;
}

std::vector<FleetDevice> read_fleet(const fs::path& path) {
  std::vector<FleetDevice> devices;
  for (const ListedDevice& listed : parse_device_list(core::read_file(path), path.string())) {
    devices.push_back({.name = listed.name,
                       .profile = profile_of_device(path, listed.profile),
                       .num_samples = listed.num_samples,
                       .budgets = listed.budgets});
  }
  return devices;
}

}  // namespace edgeprune::plan
