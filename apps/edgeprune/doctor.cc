#include "edgeprune/core/cpu_name.h"
#include "edgeprune/core/json_text.h"
#include "edgeprune/core/printable.h"
#include "edgeprune/core/thread_pool.h"
#include "edgeprune/core/units.h"
#include "edgeprune/energy/device_state.h"
#include "edgeprune/energy/discovery.h"
#include "edgeprune/kernels/target.h"
#include "edgeprune/nn/program.h"

#include "commands.h"
#include "output.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace edgeprune::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFashionMnist = "/usr/share/datasets/fashion-mnist";

// The instruction sets that matter to training, as /proc/cpuinfo spells them.
std::vector<std::string> cpu_features() {
  static constexpr const char* kWanted[] = {"sse4_1",      "avx2",     "fma",   "avx512f",
                                            "avx512_bf16", "amx_bf16", "asimd", "asimddp",
                                            "bf16",        "sve"};
  std::ifstream cpuinfo("/proc/cpuinfo");
  std::vector<std::string> found;
  for (std::string line; std::getline(cpuinfo, line);) {
    if (!line.starts_with("flags") && !line.starts_with("Features")) continue;
    std::istringstream words(line);
    for (std::string word; words >> word;) {
      for (const char* wanted : kWanted) {
        if (word == wanted) found.push_back(word);
      }
    }
    break;
  }
  return found;
}

double memory_bytes(int what) {
  return static_cast<double>(sysconf(what)) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// What was looked for, whether it is there, and how to get it if not.
struct Finding {
  std::string what;
  bool found = false;
  std::string fix;
};

std::vector<Finding> findings() {
  return {{fmt::format("Fashion-MNIST in {}", kFashionMnist),
           std::filesystem::exists(kFashionMnist),
           "apt-get install dataset-fashion-mnist, or name your own data in [data]"}};
}

Json meters_json() {
  Json json = Json::array();
  for (const energy::Finding& finding : energy::find_meters({})) {
    const energy::MeterInfo& info = finding.info;
    Json entry = {{"source", energy::name_of(info.source)},
                  {"name", info.name},
                  {"scope", energy::name_of(info.scope)},
                  {"method", energy::name_of(info.method)},
                  {"path", info.path},
                  {"usable", finding.is_usable}};
    if (finding.is_usable) {
      entry["read_by_a_run"] = finding.is_chosen;
      entry["counted"] = info.is_counted;
    } else {
      entry["why_not"] = finding.why_not;
    }
    json.push_back(std::move(entry));
  }
  return json;
}

Json device_state_json() {
  const energy::DeviceState state = energy::read_device_state("/sys");
  Json json = {
      {"battery_percent", nullptr}, {"charging", nullptr}, {"temperature_celsius", nullptr}};
  if (state.battery_percent) {
    json["battery_percent"] = *state.battery_percent;
    json["charging"] = state.is_charging;
  }
  if (state.temperature_celsius) json["temperature_celsius"] = *state.temperature_celsius;
  return json;
}

Json waiting_json() {
  const core::SpinTimes times = core::measure_spin_times();
  return {{"longest_spin_seconds", times.longest_seconds},
          {"shortest_spin_seconds", times.shortest_seconds}};
}

Json report() {
  Json json = {{"cpu", core::cpu_name()},
               {"simd_target", kernels::simd_target()},
               {"simd_targets_available", kernels::available_simd_targets()},
               {"floats_per_vector", kernels::simd_lanes()},
               {"bf16_available", nn::is_available(nn::Precision::bf16)},
               {"cpu_features", cpu_features()},
               {"threads", core::available_threads()},
               {"memory_bytes", memory_bytes(_SC_PHYS_PAGES)},
               {"memory_available_bytes", memory_bytes(_SC_AVPHYS_PAGES)}};
  for (const Finding& finding : findings()) {
    Json entry = {{"what", finding.what}, {"found", finding.found}};
    if (!finding.found) entry["fix"] = finding.fix;
    json["data"].push_back(entry);
  }
  json["waiting"] = waiting_json();
  json["meters"] = meters_json();
  json["device_state"] = device_state_json();
  return json;
}

std::string meter_line(const Json& meter) {
  const auto source = meter["source"].get<std::string>();
  const std::string name = core::printable(meter["name"].get<std::string>());
  const std::string label = name.empty() ? source : fmt::format("{}: {}", source, name);
  if (!meter["usable"].get<bool>()) {
    return fmt::format("meter         {}: no: {}\n", label,
                       core::printable(meter["why_not"].get<std::string>(), core::kNoLimit));
  }
  std::string use = "a run does not read it unless energy.meter names it";
  if (meter["read_by_a_run"].get<bool>()) {
    use = meter["counted"].get<bool>() ? "counted by a run"
                                       : "read by a run and shown, but part of another";
  }
  return fmt::format("meter         {}: {}, {}; {}\n", label, meter["scope"].get<std::string>(),
                     meter["method"].get<std::string>(), use);
}

void print_device_state(const Json& state) {
  if (!state["battery_percent"].is_null()) {
    print(fmt::format("battery       {:.0f} %{}\n", state["battery_percent"].get<double>(),
                      state["charging"].get<bool>() ? ", charging" : ""));
  }
  if (!state["temperature_celsius"].is_null()) {
    print(fmt::format("temperature   {:.1f} degrees Celsius, the hottest zone\n",
                      state["temperature_celsius"].get<double>()));
  }
}

void print_report(const Json& json) {
  print(fmt::format("CPU           {}\n", json["cpu"].get<std::string>()));
  print(
      fmt::format("SIMD target   {} ({} floats a vector); this binary and CPU can also run {}\n",
                  json["simd_target"].get<std::string>(), json["floats_per_vector"].get<int>(),
                  fmt::join(json["simd_targets_available"].get<std::vector<std::string>>(), ", ")));
  print(fmt::format("bf16          {}\n", json["bf16_available"].get<bool>()
                                              ? "available (train.precision)"
                                              : "not available: train.precision bf16 is refused; "
                                                "bf16_storage works"));
  print(fmt::format("CPU features  {}\n",
                    fmt::join(json["cpu_features"].get<std::vector<std::string>>(), " ")));
  print(fmt::format("threads       {}\n", json["threads"].get<int>()));
  const Json& waiting = json["waiting"];
  print(fmt::format("waiting       a thread spins for up to {:.1f} us, down to {:.1f} us where that is "
                    "in vain (processors are short), and then sleeps\n",
                    1e6 * waiting["longest_spin_seconds"].get<double>(),
                    1e6 * waiting["shortest_spin_seconds"].get<double>()));
  print(fmt::format("memory        {}, {} free\n", core::format_bytes(json["memory_bytes"]),
                    core::format_bytes(json["memory_available_bytes"])));
  for (const Finding& finding : findings()) {
    print(fmt::format("data          {}: {}\n", finding.what,
                      finding.found ? "found" : "missing; " + finding.fix));
  }
  for (const Json& meter : json["meters"]) print(meter_line(meter));
  print_device_state(json["device_state"]);
}

}  // namespace

void add_doctor(CLI::App& app) {
  const auto json = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand(
      "doctor", "Say what this machine offers, what is missing and how to get it");
  command->add_flag("--json", *json, "Print it as JSON");
  command->callback([json] {
    if (*json) {
      print(fmt::format("{}\n", core::json_text(report(), "the report", 2)));
    } else {
      print_report(report());
    }
  });
}

}  // namespace edgeprune::cli
