#include "edgeprune/plan/fleet_file.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/units.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <limits>
#include <set>

namespace edgeprune::plan {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kKeys[] = {"name",    "profile", "num_samples",
                                      "seconds", "joules",  "bytes"};

[[noreturn]] void fail(const fs::path& path, const toml::source_position& at,
                       const std::string& what) {
  throw core::Error(core::ErrorKind::config,
                    fmt::format("{}:{}: {}", path.string(), at.line, what));
}

// One [[device]], each of its fields read once.
class DeviceTable {
 public:
  DeviceTable(const fs::path& path, const toml::table& table) : path_(path), table_(table) {
    for (const auto& [key, value] : table) {
      if (std::find(std::begin(kKeys), std::end(kKeys), key.str()) != std::end(kKeys)) continue;
      fail(path_, key.source().begin,
           fmt::format("unknown field device.{}; there are {}", core::printable(key.str()),
                       fmt::join(kKeys, ", ")));
    }
  }

  [[nodiscard]] std::string text(std::string_view key) const {
    const toml::node& node = required(key);
    const auto value = node.value_exact<std::string>();
    if (!value || value->empty()) {
      fail(path_, node.source().begin, fmt::format("device.{} must be a text in quotes", key));
    }
    return *value;
  }

  [[nodiscard]] std::uint32_t count(std::string_view key) const {
    const toml::node& node = required(key);
    const auto value = node.value_exact<std::int64_t>();
    if (!value || *value < 1 || *value > std::numeric_limits<std::uint32_t>::max()) {
      fail(path_, node.source().begin,
           fmt::format("device.{} must be a whole number above 0", key));
    }
    return static_cast<std::uint32_t>(*value);
  }

  [[nodiscard]] double budget(std::string_view key) const {
    const toml::node* node = table_.get(key);
    if (node == nullptr) return 0;
    const auto value = node->value<double>();
    if (!node->is_number() || !value || !(*value > 0)) {
      fail(path_, node->source().begin, fmt::format("device.{} must be a number above 0", key));
    }
    return *value;
  }

  [[nodiscard]] double bytes() const {
    const toml::node* node = table_.get("bytes");
    if (node == nullptr || node->is_number()) return budget("bytes");
    const auto parsed = core::parse_bytes(text("bytes"));
    if (!parsed || parsed->count == 0) {
      fail(path_, node->source().begin, "device.bytes must be a size such as \"20MB\"");
    }
    return static_cast<double>(parsed->count);
  }

 private:
  [[nodiscard]] const toml::node& required(std::string_view key) const {
    const toml::node* node = table_.get(key);
    if (node == nullptr) {
      fail(path_, table_.source().begin, fmt::format("device.{} is missing; add it", key));
    }
    return *node;
  }

  const fs::path& path_;
  const toml::table& table_;
};

// A file is looked for beside the list.
cost::DeviceProfile profile_of_device(const fs::path& list, const std::string& name) {
  const fs::path beside = list.parent_path() / name;
  return cost::read_device_profile(fs::exists(beside) ? beside.string() : name);
}

FleetDevice device_of(const fs::path& path, const toml::table& table) {
  const DeviceTable device(path, table);
  return {.name = device.text("name"),
          .profile = profile_of_device(path, device.text("profile")),
          .num_samples = device.count("num_samples"),
          .budgets = {.seconds = device.budget("seconds"),
                      .joules = device.budget("joules"),
                      .stored_bytes = device.bytes()}};
}

toml::table parsed(const fs::path& path) {
  try {
    return toml::parse(core::read_file(path), path.string());
  } catch (const toml::parse_error& error) {
    fail(path, error.source().begin, core::printable(error.description()));
  }
}

}  // namespace

std::vector<FleetDevice> read_fleet(const fs::path& path) {
  const toml::table file = parsed(path);
  for (const auto& [key, value] : file) {
    if (key.str() == "device" && value.is_array_of_tables()) continue;
    fail(path, key.source().begin,
         fmt::format("{} does not belong here; there are [[device]] tables alone",
                     core::printable(key.str())));
  }
  std::vector<FleetDevice> devices;
  std::set<std::string> names;
  if (const toml::array* tables = file.get_as<toml::array>("device")) {
    for (const toml::node& node : *tables) {
      devices.push_back(device_of(path, *node.as_table()));
      if (names.insert(devices.back().name).second) continue;
      fail(path, node.source().begin,
           fmt::format("device.name \"{}\" is there twice; each device needs one of its own",
                       core::printable(devices.back().name)));
    }
  }
  if (devices.empty()) fail(path, {1, 1}, "holds no [[device]]; add one");
  return devices;
}

}  // namespace edgeprune::plan
