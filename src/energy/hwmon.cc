// Watts, or joules, of sensors on the board: the kernel's hwmon class.
//
// Documentation/hwmon/sysfs-interface.rst of the Linux kernel: inN_input in millivolts, currN_input
// in milliamperes, powerN_input and powerN_average in microwatts, energyN_input in microjoules. An
// INA3221 (Documentation/hwmon/ina3221.rst) names its three rails by in[123]_label; its in4 to in7
// are shunt voltages, no rails.
//
// Rails nest: on a Jetson, VDD_IN feeds all others. Only what is known not to contain another is
// added up; the rest is shown.

#include "edgeprune/energy/plausible.h"

#include "sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace edgeprune::energy {
namespace {

// What feeds the whole board: Jetson Orin Nano, Orin NX and Xavier NX; Jetson Nano.
constexpr std::array<std::string_view, 2> kTotalRails = {"VDD_IN", "POM_5V_IN"};
// A Jetson AGX Orin has no rail of the whole; these three are apart from each other and together
// the module (Jetson Linux Developer Guide, power monitors).
constexpr std::array<std::string_view, 3> kAgxOrinRails = {"VDD_GPU_SOC", "VDD_CPU_CV",
                                                           "VIN_SYS_5V0"};

template <typename Names>
bool contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

struct Channel {
  std::string chip;
  std::string label;
  Candidate candidate;
};

MeterInfo describe(const std::filesystem::path& chip, const std::string& label) {
  const std::string name = read_line(chip / "name");
  return {.source = Source::hwmon,
          .name = fmt::format("{} {}", name, label),
          .scope = name == "amdgpu" ? Scope::gpu : Scope::other,
          .method = Method::integrated,
          .delay_seconds = std::min(read_count(chip / "update_interval", 1e-3).value.value_or(0),
                                    kMostDelaySeconds),
          .is_counted = false};
}

std::string label_of(const std::filesystem::path& chip, const std::string& channel) {
  const std::string label = read_line(chip / (channel + "_label"));
  return label.empty() ? channel : label;
}

Reading rail_watts(const std::filesystem::path& current_file,
                   const std::filesystem::path& voltage_file) {
  const Reading current = read_number(current_file, 1e-3);
  if (!current.value) return current;
  const Reading voltage = read_count(voltage_file, 1e-3);
  if (!voltage.value) return voltage;
  // A rail that idles reads a little below zero by the shunt's offset.
  return {std::max(0.0, *current.value * *voltage.value), ""};
}

void add_rails(const std::filesystem::path& chip, std::vector<Channel>& channels) {
  for (int i = 1; i <= 3; ++i) {
    const std::filesystem::path current = chip / fmt::format("curr{}_input", i);
    if (!std::filesystem::exists(current)) continue;
    const std::filesystem::path voltage = chip / fmt::format("in{}_input", i);
    const std::string label = label_of(chip, fmt::format("in{}", i));
    MeterInfo info = describe(chip, label);
    info.path = current.string();
    channels.push_back({"ina3221", label, try_meter(info, [current, voltage] {
                          return rail_watts(current, voltage);
                        })});
  }
}

// "power1_average" gives "power1" for ("power", "_average"); nothing for other names.
std::string channel_of(const std::filesystem::path& file, std::string_view kind,
                       std::string_view suffix) {
  const std::string name = file.filename().string();
  if (!name.starts_with(kind) || !name.ends_with(suffix)) return "";
  const std::string channel = name.substr(0, name.size() - suffix.size());
  const std::string number = channel.substr(std::min(channel.size(), kind.size()));
  const bool is_number =
      !number.empty() && number.find_first_not_of("0123456789") == std::string::npos;
  return is_number ? channel : "";
}

void add_sensors(const std::filesystem::path& chip, std::string_view kind, std::string_view suffix,
                 std::vector<Channel>& channels) {
  for (const auto& file : entries_of(chip, kind)) {
    const std::string channel = channel_of(file, kind, suffix);
    if (channel.empty()) continue;
    const std::string label = label_of(chip, channel);
    MeterInfo info = describe(chip, label);
    info.path = file.string();
    if (kind == "energy") info.method = Method::counter;
    channels.push_back({read_line(chip / "name"), label,
                        try_meter(info, [file] { return read_count(file, 1e-6); })});
  }
}

// Of a chip that shows the same channel in several ways, the best: joules, else watts, else watts
// averaged.
void add_chip(const std::filesystem::path& chip, std::vector<Channel>& channels) {
  const std::size_t before = channels.size();
  if (read_line(chip / "name") == "ina3221") add_rails(chip, channels);
  if (channels.size() == before) add_sensors(chip, "energy", "_input", channels);
  if (channels.size() == before) add_sensors(chip, "power", "_input", channels);
  if (channels.size() == before) add_sensors(chip, "power", "_average", channels);
}

void count_if(std::vector<Channel>& channels, const std::function<bool(const Channel&)>& is_whole) {
  for (Channel& channel : channels) {
    if (!channel.candidate.meter || !is_whole(channel)) continue;
    channel.candidate.finding.info.is_counted = true;
    channel.candidate.finding.info.scope = Scope::board;
  }
}

bool is_whole_board(const Channel& channel) {
  return contains(kTotalRails, channel.label) || channel.chip == "power_meter";
}

// A current monitor that somebody put into the supply's line.
bool is_single_monitor(const Channel& channel) {
  return channel.chip.starts_with("ina");
}

bool is_agx_orin_rail(const Channel& channel) {
  return contains(kAgxOrinRails, channel.label);
}

// One meter of the whole, else rails known to be apart, else a board's only monitor.
void count_the_whole(std::vector<Channel>& channels) {
  const auto count = [&channels](const auto& predicate) {
    return std::count_if(channels.begin(), channels.end(), [&](const Channel& channel) {
      return channel.candidate.meter && predicate(channel);
    });
  };
  const auto whole = std::find_if(channels.begin(), channels.end(), [](const Channel& channel) {
    return channel.candidate.meter && is_whole_board(channel);
  });
  if (whole != channels.end()) {
    count_if(channels, [&](const Channel& channel) { return &channel == &*whole; });
  } else if (count(is_agx_orin_rail) == static_cast<std::ptrdiff_t>(kAgxOrinRails.size())) {
    count_if(channels, is_agx_orin_rail);
  } else if (count(is_single_monitor) == 1) {
    count_if(channels, is_single_monitor);
  }
}

}  // namespace

std::vector<Candidate> look_at_hwmon(const MeterSearch& search) {
  const std::filesystem::path root = search.sysfs / "class/hwmon";
  std::vector<Channel> channels;
  for (const auto& chip : entries_of(root, "hwmon")) add_chip(chip, channels);
  count_the_whole(channels);
  std::vector<Candidate> found;
  for (Channel& channel : channels) found.push_back(std::move(channel.candidate));
  if (found.empty()) {
    found.push_back(unusable(
        {.source = Source::hwmon, .scope = Scope::board, .method = Method::integrated},
        fmt::format("no sensor of power in {}; boards with an INA219, INA226 or INA3221 have one",
                    root.string())));
  }
  return found;
}

}  // namespace edgeprune::energy
