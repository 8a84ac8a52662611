// Reading and writing of device profiles.

#include "edgeprune/core/toml_string.h"
#include "edgeprune/cost/device_profile.h"
#include "edgeprune/toml_input/document.h"
#include "edgeprune/toml_input/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace edgeprune::cost {
namespace {

using toml_input::kAny;
using toml_input::kAtLeastOne;
using toml_input::kQuantity;
using toml_input::kQuantityAboveZero;
using toml_input::Limits;
using toml_input::Table;

constexpr std::size_t kLongestText = 400;

// Wide, but such that no product or quotient of them overflows.
constexpr Limits kShare = {"in [1e-9, 1]", [](double x) { return x >= 1e-9 && x <= 1; }};
constexpr Limits kStepSeconds = {"in [1e-12, 1e9]",
                                 [](double x) { return x >= 1e-12 && x <= 1e9; }};
constexpr Limits kWattsAboveZero = {"in (0, 100000]", [](double x) { return x > 0 && x <= 1e5; }};
constexpr Limits kWatts = {"in [0, 100000]", [](double x) { return x >= 0 && x <= 1e5; }};
constexpr Limits kBytes = {"in (0, 1e18]", [](double x) { return x > 0 && x <= 1e18; }};
constexpr Limits kPerSecond = {"in [1, 1e21]", [](double x) { return x >= 1 && x <= 1e21; }};

// One row per number of a profile: adding one adds its member, its row and its line in
// docs/costs.md.
struct NumberRow {
  std::string_view section;
  std::string_view key;
  SourcedNumber DeviceProfile::*member;
  Limits limits;
};
constexpr NumberRow kNumbers[] = {
    {"power", "operating_watts", &DeviceProfile::operating_watts, kWattsAboveZero},
    {"power", "idle_watts", &DeviceProfile::idle_watts, kWatts},
    {"power", "battery_joules", &DeviceProfile::battery_joules, kQuantityAboveZero},
    {"compute", "flops_per_second", &DeviceProfile::flops_per_second, kPerSecond},
    {"compute", "sustained_fraction", &DeviceProfile::sustained_fraction, kShare},
    {"compute", "duty_cycle", &DeviceProfile::duty_cycle, kShare},
    {"memory", "bytes", &DeviceProfile::memory_bytes, kBytes},
    {"storage", "bytes", &DeviceProfile::storage_bytes, kBytes},
    {"storage", "bytes_per_second", &DeviceProfile::storage_bytes_per_second, kPerSecond},
};
constexpr std::string_view kSections[] = {"power", "compute", "memory", "storage"};

constexpr NumberKind kKinds[] = {NumberKind::measured, NumberKind::data_sheet,
                                 NumberKind::estimated};

bool is_date(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00";
  return std::equal(text.begin(), text.end(), kForm.begin(), kForm.end(), [](char c, char form) {
    return form == '0' ? c >= '0' && c <= '9' : c == form;
  });
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// What keys were called in earlier versions, by their names of today.
constexpr std::pair<std::string_view, std::string_view> kRenamed[] = {
    {"compute.duty_share", "compute.duty_cycle"},
    {"compute.sustained_share", "compute.sustained_fraction"},
};

void check_keys(const Table& table, std::span<const std::string_view> keys,
                std::string_view lead_in) {
  for (const toml_input::Entry& entry : table.entries()) {
    const std::string name = table.name_of(entry.key);
    for (const auto& [old_name, new_name] : kRenamed) {
      if (name != old_name) continue;
      toml_input::fail(entry.place(), fmt::format("{} is now called {}", old_name, new_name));
    }
  }
  table.reject_unknown_keys(keys, lead_in);
}

std::string required_text(const Table& table, std::string_view key) {
  std::string text;
  table.require(key, kAny, text);
  if (text.empty() || text.size() > kLongestText ||
      std::any_of(text.begin(), text.end(), is_control)) {
    table.reject(key, fmt::format("text of 1 to {} bytes on one line", kLongestText));
  }
  return text;
}

std::string required_date(const Table& table, std::string_view key) {
  std::string date = required_text(table, key);
  if (!is_date(date)) table.reject(key, "a date in quotes, such as \"2026-11-25\"");
  return date;
}

double required_number(const Table& table, std::string_view key, const Limits& limits) {
  double number = 0;
  table.require(key, limits, number);
  return number;
}

std::uint32_t required_count(const Table& table, std::string_view key) {
  std::uint32_t count = 0;
  table.require(key, kAtLeastOne, count);
  return count;
}

NumberKind required_kind(const Table& table, std::string_view key) {
  std::vector<std::string_view> words;
  for (const NumberKind kind : kKinds) words.push_back(name_of(kind));
  return kKinds[table.word(key, words)];
}

// "those of power are", before the keys that a table may have.
std::string those_of(std::string_view name) {
  return fmt::format("those of {} are", name);
}

SourcedNumber read_number(const Table& table, std::string_view name, const Limits& limits) {
  constexpr std::string_view kKeys[] = {"value", "kind", "source", "date"};
  table.reject_unknown_keys(kKeys, those_of(name));
  return {.value = required_number(table, "value", limits),
          .kind = required_kind(table, "kind"),
          .source = required_text(table, "source"),
          .date = required_date(table, "date")};
}

std::vector<std::string_view> keys_of(std::string_view section) {
  std::vector<std::string_view> keys;
  for (const NumberRow& row : kNumbers) {
    if (row.section == section) keys.push_back(row.key);
  }
  return keys;
}

void read_numbers(const Table& section, std::string_view name, DeviceProfile& profile) {
  check_keys(section, keys_of(name), those_of(name));
  for (const NumberRow& row : kNumbers) {
    if (row.section != name) continue;
    const std::optional<Table> number = section.table(row.key);
    if (!number) continue;
    profile.*row.member = read_number(*number, section.name_of(row.key), row.limits);
  }
}

NetworkTiming read_timing(const Table& table) {
  constexpr std::string_view kKeys[] = {"network",
                                        "network_hash",
                                        "precision",
                                        "memory_mode",
                                        "threads",
                                        "batch_size",
                                        "step_overhead_seconds",
                                        "step_seconds_per_sample",
                                        "first_step_seconds",
                                        "forward_seconds_per_sample",
                                        "read_seconds_per_sample",
                                        "start_seconds",
                                        "save_seconds",
                                        "power_watts",
                                        "source",
                                        "date"};
  table.reject_unknown_keys(kKeys, those_of("timing"));
  NetworkTiming timing{
      .network = required_text(table, "network"),
      .network_hash = required_text(table, "network_hash"),
      .precision = required_text(table, "precision"),
      .memory_mode = required_text(table, "memory_mode"),
      .threads = required_count(table, "threads"),
      .batch_size = required_count(table, "batch_size"),
      .step_overhead_seconds = required_number(table, "step_overhead_seconds", kQuantity),
      .step_seconds_per_sample = required_number(table, "step_seconds_per_sample", kStepSeconds),
      .first_step_seconds = required_number(table, "first_step_seconds", kQuantity),
      .forward_seconds_per_sample = required_number(table, "forward_seconds_per_sample", kQuantity),
      .read_seconds_per_sample = required_number(table, "read_seconds_per_sample", kQuantity),
      .start_seconds = required_number(table, "start_seconds", kQuantity),
      .save_seconds = required_number(table, "save_seconds", kQuantity),
      .source = required_text(table, "source"),
      .date = required_date(table, "date")};
  (void)table.read("power_watts", kWattsAboveZero, timing.power_watts);
  return timing;
}

void print_number(const NumberRow& row, const SourcedNumber& number, std::string& toml) {
  fmt::format_to(std::back_inserter(toml),
                 "\n[{}.{}]\nvalue = {}\nkind = \"{}\"\nsource = {}\ndate = \"{}\"\n", row.section,
                 row.key, number.value, name_of(number.kind), core::toml_string(number.source),
                 number.date);
}

void print_timing(const NetworkTiming& timing, std::string& toml) {
  const auto line = [&](std::string_view key, const auto& value) {
    fmt::format_to(std::back_inserter(toml), "{} = {}\n", key, value);
  };
  toml += "\n[[timing]]\n";
  line("network", core::toml_string(timing.network));
  line("network_hash", core::toml_string(timing.network_hash));
  line("precision", core::toml_string(timing.precision));
  line("memory_mode", core::toml_string(timing.memory_mode));
  line("threads", timing.threads);
  line("batch_size", timing.batch_size);
  line("step_overhead_seconds", timing.step_overhead_seconds);
  line("step_seconds_per_sample", timing.step_seconds_per_sample);
  line("first_step_seconds", timing.first_step_seconds);
  line("forward_seconds_per_sample", timing.forward_seconds_per_sample);
  line("read_seconds_per_sample", timing.read_seconds_per_sample);
  line("start_seconds", timing.start_seconds);
  line("save_seconds", timing.save_seconds);
  if (timing.power_watts >= 0) line("power_watts", timing.power_watts);
  line("source", core::toml_string(timing.source));
  line("date", core::toml_string(timing.date));
}

}  // namespace

std::string_view name_of(NumberKind kind) {
  switch (kind) {
    case NumberKind::measured:
      return "measured";
    case NumberKind::data_sheet:
      return "data_sheet";
    case NumberKind::estimated:
      return "estimated";
  }
  return {};
}

DeviceProfile parse_device_profile(std::string_view toml, const std::string& name) {
  constexpr std::string_view kKeys[] = {"name",   "description", "power", "compute",
                                        "memory", "storage",     "timing"};
  const toml_input::Document document =
      toml_input::parse_document(toml, name, {"a profile", toml_input::kLargeFile});
  const Table root = document.root();
  root.reject_unknown_keys(kKeys);
  DeviceProfile profile{.name = required_text(root, "name")};
  if (root.has("description")) profile.description = required_text(root, "description");
  for (const std::string_view section : kSections) {
    const std::optional<Table> table = root.table(section);
    if (table) read_numbers(*table, section, profile);
  }
  for (const Table& timing : root.tables("timing")) profile.timings.push_back(read_timing(timing));
  return profile;
}

std::string to_toml(const DeviceProfile& profile) {
  std::string toml = fmt::format("name = {}\n", core::toml_string(profile.name));
  if (!profile.description.empty()) {
    toml += fmt::format("description = {}\n", core::toml_string(profile.description));
  }
  for (const NumberRow& row : kNumbers) {
    const SourcedNumber& number = profile.*row.member;
    if (number.is_known()) print_number(row, number, toml);
  }
  for (const NetworkTiming& timing : profile.timings) print_timing(timing, toml);
  return toml;
}

}  // namespace edgeprune::cost
