// Reading and writing of device profiles.

#include "edgeprune/core/error.h"
#include "edgeprune/core/long_line.h"
#include "edgeprune/core/toml_string.h"
#include "edgeprune/cost/device_profile.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <sstream>

namespace edgeprune::cost {
namespace {

// The TOML reader recurses with every dot of a key, so that a very long one could exhaust the
// stack.
constexpr std::size_t kLargestFile = 256 * 1024;
constexpr std::size_t kLongestLine = 1000;
constexpr std::size_t kLongestText = 400;

struct Limits {
  std::string_view text;  // continues "it must be"
  bool (*contain)(double);
};
constexpr Limits kAboveZero = {"above 0", [](double x) { return x > 0; }};
constexpr Limits kNotNegative = {"at least 0", [](double x) { return x >= 0; }};
constexpr Limits kShare = {"in (0, 1]", [](double x) { return x > 0 && x <= 1; }};

// One row per number of a profile: adding one adds its member, its row and its line in
// docs/costs.md.
struct NumberRow {
  std::string_view section;
  std::string_view key;
  SourcedNumber DeviceProfile::*member;
  Limits limits;
};
constexpr NumberRow kNumbers[] = {
    {"power", "operating_watts", &DeviceProfile::operating_watts, kAboveZero},
    {"power", "idle_watts", &DeviceProfile::idle_watts, kNotNegative},
    {"power", "battery_joules", &DeviceProfile::battery_joules, kAboveZero},
    {"compute", "flops_per_second", &DeviceProfile::flops_per_second, kAboveZero},
    {"compute", "sustained_fraction", &DeviceProfile::sustained_fraction, kShare},
    {"compute", "duty_cycle", &DeviceProfile::duty_cycle, kShare},
    {"memory", "bytes", &DeviceProfile::memory_bytes, kAboveZero},
    {"storage", "bytes", &DeviceProfile::storage_bytes, kAboveZero},
    {"storage", "bytes_per_second", &DeviceProfile::storage_bytes_per_second, kAboveZero},
};
constexpr std::string_view kSections[] = {"power", "compute", "memory", "storage"};

constexpr NumberKind kKinds[] = {NumberKind::measured, NumberKind::data_sheet,
                                 NumberKind::estimated};

[[noreturn]] void fail(std::string_view place, std::string_view complaint) {
  throw core::Error(core::ErrorKind::config, fmt::format("{}: {}", place, complaint));
}

std::string shown(const toml::node& node) {
  if (node.is_table()) return "a table";
  if (node.is_array()) return "a list";
  if (node.is_floating_point()) return fmt::format("{}", node.value_or(0.0));
  std::ostringstream text;
  text << toml::node_view(node);
  return core::printable(std::move(text).str());
}

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

void refuse_renamed(std::string_view path, std::string_view place) {
  for (const auto& [old_name, new_name] : kRenamed) {
    if (path == old_name) fail(place, fmt::format("{} is now called {}", old_name, new_name));
  }
}

// A table of the file, whose keys are read one by one.
class Section {
 public:
  Section(const toml::table& table, std::string name, const std::string& file)
      : table_(table), name_(std::move(name)), file_(file) {}

  [[noreturn]] void reject(const toml::node& node, std::string_view complaint) const {
    fail(fmt::format("{}:{}", file_, node.source().begin.line), complaint);
  }

  /// The key as a message calls it: "power.idle_watts.value".
  [[nodiscard]] std::string path(std::string_view key) const {
    return name_.empty() ? std::string(key) : fmt::format("{}.{}", name_, key);
  }

  void allow(const std::vector<std::string_view>& keys) const {
    for (const auto& [key, node] : table_) {
      if (std::find(keys.begin(), keys.end(), key.str()) != keys.end()) continue;
      refuse_renamed(path(key.str()), fmt::format("{}:{}", file_, key.source().begin.line));
      fail(fmt::format("{}:{}", file_, key.source().begin.line),
           fmt::format("{} is not a field; {} are {}", core::printable(path(key.str())),
                       name_.empty() ? "the fields" : "those of " + name_, fmt::join(keys, ", ")));
    }
  }

  /// The section of that key, if there is one.
  [[nodiscard]] const toml::table* section(std::string_view key) const {
    const toml::node* node = table_.get(key);
    if (node == nullptr) return nullptr;
    if (!node->is_table()) must_be(key, *node, "a section");
    return node->as_table();
  }

  [[nodiscard]] bool has(std::string_view key) const { return table_.contains(key); }

  [[nodiscard]] const toml::array* tables(std::string_view key) const {
    const toml::node* node = table_.get(key);
    if (node == nullptr) return nullptr;
    const toml::array* list = node->as_array();
    const auto is_table = [](const toml::node& element) { return element.is_table(); };
    if (list == nullptr || !std::all_of(list->begin(), list->end(), is_table)) {
      must_be(key, *node, fmt::format("a list of sections, [[{}]]", key));
    }
    return list;
  }

  [[nodiscard]] double number(std::string_view key, const Limits& limits) const {
    const toml::node& node = required(key);
    const auto* integer = node.as_integer();
    const auto* floating = node.as_floating_point();
    if (integer == nullptr && floating == nullptr) must_be(key, node, "a number");
    const double value = integer != nullptr ? static_cast<double>(integer->get()) : floating->get();
    if (!std::isfinite(value) || !limits.contain(value)) must_be(key, node, limits.text);
    return value;
  }

  [[nodiscard]] std::uint32_t count(std::string_view key) const {
    const toml::node& node = required(key);
    const auto* integer = node.as_integer();
    constexpr std::int64_t kMax = std::numeric_limits<std::uint32_t>::max();
    if (integer == nullptr || integer->get() < 1 || integer->get() > kMax) {
      must_be(key, node, fmt::format("a whole number in [1, {}]", kMax));
    }
    return static_cast<std::uint32_t>(integer->get());
  }

  [[nodiscard]] std::string text(std::string_view key) const {
    const toml::node& node = required(key);
    const auto* string = node.as_string();
    if (string == nullptr || string->get().empty() || string->get().size() > kLongestText ||
        std::any_of(string->get().begin(), string->get().end(), is_control)) {
      must_be(key, node, fmt::format("text of 1 to {} bytes on one line", kLongestText));
    }
    return string->get();
  }

  [[nodiscard]] std::string date(std::string_view key) const {
    std::string date = text(key);
    if (!is_date(date)) must_be(key, required(key), "a date in quotes, such as \"2026-11-25\"");
    return date;
  }

  [[nodiscard]] NumberKind kind(std::string_view key) const {
    const std::string word = text(key);
    for (const NumberKind kind : kKinds) {
      if (word == name_of(kind)) return kind;
    }
    must_be(key, required(key), "one of measured, data_sheet, estimated");
  }

 private:
  [[nodiscard]] const toml::node& required(std::string_view key) const {
    const toml::node* node = table_.get(key);
    if (node == nullptr) reject(table_, fmt::format("{} is missing; add it", path(key)));
    return *node;
  }

  [[noreturn]] void must_be(std::string_view key, const toml::node& node,
                            std::string_view what) const {
    reject(node, fmt::format("{} is {}; it must be {}", path(key), shown(node), what));
  }

  const toml::table& table_;
  std::string name_;
  const std::string& file_;
};

SourcedNumber read_number(const Section& section, const Limits& limits) {
  section.allow({"value", "kind", "source", "date"});
  return {.value = section.number("value", limits),
          .kind = section.kind("kind"),
          .source = section.text("source"),
          .date = section.date("date")};
}

std::vector<std::string_view> keys_of(std::string_view section) {
  std::vector<std::string_view> keys;
  for (const NumberRow& row : kNumbers) {
    if (row.section == section) keys.push_back(row.key);
  }
  return keys;
}

void read_numbers(const Section& section, std::string_view name, const std::string& file,
                  DeviceProfile& profile) {
  section.allow(keys_of(name));
  for (const NumberRow& row : kNumbers) {
    const toml::table* table = row.section == name ? section.section(row.key) : nullptr;
    if (table == nullptr) continue;
    profile.*row.member = read_number({*table, section.path(row.key), file}, row.limits);
  }
}

NetworkTiming read_timing(const Section& section) {
  section.allow({"network", "network_hash", "precision", "memory_mode", "threads", "batch_size",
                 "step_overhead_seconds", "step_seconds_per_sample", "first_step_seconds",
                 "forward_seconds_per_sample", "read_seconds_per_sample", "start_seconds",
                 "save_seconds", "power_watts", "source", "date"});
  NetworkTiming timing{
      .network = section.text("network"),
      .network_hash = section.text("network_hash"),
      .precision = section.text("precision"),
      .memory_mode = section.text("memory_mode"),
      .threads = section.count("threads"),
      .batch_size = section.count("batch_size"),
      .step_overhead_seconds = section.number("step_overhead_seconds", kNotNegative),
      .step_seconds_per_sample = section.number("step_seconds_per_sample", kAboveZero),
      .first_step_seconds = section.number("first_step_seconds", kNotNegative),
      .forward_seconds_per_sample = section.number("forward_seconds_per_sample", kNotNegative),
      .read_seconds_per_sample = section.number("read_seconds_per_sample", kNotNegative),
      .start_seconds = section.number("start_seconds", kNotNegative),
      .save_seconds = section.number("save_seconds", kNotNegative),
      .source = section.text("source"),
      .date = section.date("date")};
  if (section.has("power_watts")) timing.power_watts = section.number("power_watts", kAboveZero);
  return timing;
}

void check_lengths(std::string_view text, const std::string& file) {
  if (text.size() > kLargestFile) {
    fail(file, fmt::format("it has {} bytes, a profile has at most {}; is it the right file?",
                           text.size(), kLargestFile));
  }
  const auto line = core::first_line_above(text, kLongestLine);
  if (!line) return;
  fail(fmt::format("{}:{}", file, line->number),
       fmt::format("the line has {} bytes; it may have {}", line->length, kLongestLine));
}

toml::table parse_toml(std::string_view text, const std::string& file) {
  check_lengths(text, file);
  try {
    return toml::parse(text, file);
  } catch (const toml::parse_error& error) {
    fail(fmt::format("{}:{}", file, error.source().begin.line),
         fmt::format("not valid TOML: {}", core::printable(error.description())));
  }
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
  const toml::table root = parse_toml(toml, name);
  const Section file(root, "", name);
  file.allow({"name", "description", "power", "compute", "memory", "storage", "timing"});
  DeviceProfile profile{.name = file.text("name")};
  if (file.has("description")) profile.description = file.text("description");
  for (const std::string_view section : kSections) {
    const toml::table* table = file.section(section);
    if (table != nullptr)
      read_numbers({*table, std::string(section), name}, section, name, profile);
  }
  if (const toml::array* timings = file.tables("timing")) {
    for (const toml::node& timing : *timings) {
      profile.timings.push_back(read_timing({*timing.as_table(), "timing", name}));
    }
  }
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
