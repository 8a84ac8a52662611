#include "edgeprune/core/thread_pool.h"
#include "edgeprune/core/units.h"
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

Json report() {
  Json json = {{"simd_target", kernels::simd_target()},
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
  return json;
}

void print_report(const Json& json) {
  print(
      fmt::format("SIMD target   {} ({} floats a vector); this binary and CPU can also run {}\n",
                  json["simd_target"].get<std::string>(), json["floats_per_vector"].get<int>(),
                  fmt::join(json["simd_targets_available"].get<std::vector<std::string>>(), ", ")));
  print(fmt::format("bf16          {}\n", json["bf16_available"].get<bool>()
                                              ? "available (train.precision)"
                                              : "not available: train.precision bf16 is refused"));
  print(fmt::format("CPU features  {}\n",
                    fmt::join(json["cpu_features"].get<std::vector<std::string>>(), " ")));
  print(fmt::format("threads       {}\n", json["threads"].get<int>()));
  print(fmt::format("memory        {}, {} free\n", core::format_bytes(json["memory_bytes"]),
                    core::format_bytes(json["memory_available_bytes"])));
  for (const Finding& finding : findings()) {
    print(fmt::format("data          {}: {}\n", finding.what,
                      finding.found ? "found" : "missing; " + finding.fix));
  }
}

}  // namespace

void add_doctor(CLI::App& app) {
  const auto json = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand(
      "doctor", "Say what this machine offers, what is missing and how to get it");
  command->add_flag("--json", *json, "Print it as JSON");
  command->callback([json] {
    if (*json) {
      print(fmt::format("{}\n", report().dump(2)));
    } else {
      print_report(report());
    }
  });
}

}  // namespace edgeprune::cli
