#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/json_text.h"
#include "edgeprune/core/printable.h"
#include "edgeprune/core/units.h"
#include "edgeprune/energy/discovery.h"
#include "edgeprune/energy/recorder.h"
#include "edgeprune/plan/calibration.h"
#include "edgeprune/run/run_command.h"

#include "commands.h"
#include "output.h"
#include "run_options.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <unistd.h>
#include <utility>
#include <vector>

namespace edgeprune::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct CalibrateOptions : RunOptions {
  std::string output = "profile.toml";
  std::string name;
  double seconds = 10;
  bool add = false;
};

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof(name) - 1) == 0 && name[0] != 0 ? name : "this-machine";
}

// A folder beside the profile, gone when the measurement is over.
class ScratchFolder {
 public:
  explicit ScratchFolder(const fs::path& beside)
      : path_(fs::absolute(beside).parent_path() / ".calibrate-XXXXXX") {
    core::create_directories(path_.parent_path());
    std::string name = path_.string();
    if (mkdtemp(name.data()) == nullptr) {
      throw core::Error(core::ErrorKind::io,
                        fmt::format("{}: cannot create a folder there: {}; name another --output",
                                    path_.parent_path().string(), std::strerror(errno)));
    }
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// What is modelled is no measurement.
std::vector<std::unique_ptr<energy::Meter>> meters_of(const config::Config& config) {
  if (config.energy.meter == energy::MeterChoice::model) return {};
  return energy::open_meters({.choice = config.energy.meter,
                              .command = config.energy.command,
                              .file = config.energy.file});
}

std::string names_of(const std::vector<std::unique_ptr<energy::Meter>>& meters) {
  std::vector<std::string> names;
  for (const auto& meter : meters) {
    const energy::MeterInfo& info = meter->info();
    if (!info.is_counted) continue;
    names.push_back(fmt::format("{} {} ({}, {})", energy::name_of(info.source),
                                core::printable(info.name), energy::name_of(info.scope),
                                energy::name_of(info.method)));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

// What --force replaces may be written by hand, but it must be a profile.
void require_profile(const std::string& output) {
  try {
    (void)cost::parse_device_profile(core::read_file(output), output);
  } catch (const core::Error&) {
    throw core::Error(core::ErrorKind::usage,
                      fmt::format("--output {}: exists and is no device profile, so it is not "
                                  "replaced; name another",
                                  output));
  }
}

// Before anything is measured.
void require_output(const CalibrateOptions& options) {
  const bool exists = fs::exists(options.output);
  if (options.add && !exists) {
    throw core::Error(
        core::ErrorKind::io,
        fmt::format("{}: no such profile to add to; leave --add out", options.output));
  }
  if (exists && options.force) require_profile(options.output);
  if (!exists || options.force || options.add) return;
  throw core::Error(core::ErrorKind::usage,
                    fmt::format("{}: exists; --add extends it, --force replaces it, --output "
                                "names another",
                                options.output));
}

cost::DeviceProfile profile_to_write(const CalibrateOptions& options,
                                     const plan::Calibration& measured) {
  if (!options.add) {
    return plan::profile_of(measured, options.name.empty() ? host_name() : options.name);
  }
  cost::DeviceProfile profile = cost::read_device_profile(options.output);
  plan::add_to_profile(measured, profile);
  if (!options.name.empty()) profile.name = options.name;
  return profile;
}

Json timing_json(const cost::NetworkTiming& timing) {
  Json json = {{"network", timing.network},
               {"network_hash", timing.network_hash},
               {"precision", timing.precision},
               {"memory_mode", timing.memory_mode},
               {"threads", timing.threads},
               {"batch_size", timing.batch_size},
               {"step_overhead_seconds", timing.step_overhead_seconds},
               {"step_seconds_per_sample", timing.step_seconds_per_sample},
               {"first_step_seconds", timing.first_step_seconds},
               {"forward_seconds_per_sample", timing.forward_seconds_per_sample},
               {"read_seconds_per_sample", timing.read_seconds_per_sample},
               {"start_seconds", timing.start_seconds},
               {"save_seconds", timing.save_seconds},
               {"power_watts", nullptr}};
  if (timing.power_watts >= 0) json["power_watts"] = timing.power_watts;
  return json;
}

std::string power_text(const plan::Calibration& measured) {
  const std::string training = fmt::format("{:.2f} W while training", measured.timing.power_watts);
  if (measured.idle_watts <= 0) return training;
  return fmt::format("{}, {:.2f} W idle", training, measured.idle_watts);
}

std::string text_of(const plan::Calibration& measured) {
  const cost::NetworkTiming& timing = measured.timing;
  return fmt::format(
      "{}: {} in {}, {} threads (measured)\n"
      "a step takes {:.3f} ms and {:.2f} us a sample: {} at batches of {}; the first {:.3f} s "
      "more\n"
      "evaluation {:.2f} us a sample, reading {:.2f} us a sample, start {:.3f} s, a checkpoint "
      "{:.3f} s\n"
      "power: {}\n",
      measured.machine, timing.network, timing.precision, timing.threads,
      1e3 * timing.step_overhead_seconds, 1e6 * timing.step_seconds_per_sample,
      core::format_quantity(measured.flops_per_second, "FLOP/s"), timing.batch_size,
      timing.first_step_seconds, 1e6 * timing.forward_seconds_per_sample,
      1e6 * timing.read_seconds_per_sample, timing.start_seconds, timing.save_seconds,
      timing.power_watts < 0 ? "no meter on this machine; energy needs power.operating_watts"
                             : power_text(measured));
}

void calibrate(const CalibrateOptions& options) {
  require_output(options);
  watch_signals();
  const config::ResolvedConfig config = load_config(options);
  if (options.no_commands) run::refuse_command(*config);
  if (const std::string command = run::command_of(*config); !command.empty()) {
    say(fmt::format("note: {}\n", run::command_notice(command)));
  }
  const ScratchFolder scratch(options.output);
  plan::CalibrationOptions how{.seconds = options.seconds,
                               .scratch = scratch.path(),
                               .date = fmt::format("{:%Y-%m-%d}", std::chrono::system_clock::now()),
                               .stop = &stop_flag()};
  if (!options.quiet)
    how.tell = [](const std::string& text) { say(core::printable(text, core::kNoLimit) + "\n"); };
  auto meters = meters_of(*config);
  how.meter = names_of(meters);
  energy::Recorder recorder(std::move(meters), {.sample_seconds = config->energy.sample_seconds});
  if (recorder.has_meters()) {
    how.joules = [&recorder] {
      recorder.sample();
      return recorder.counted_joules();
    };
  }
  const plan::Calibration measured = plan::calibrate(config, how);
  const cost::DeviceProfile profile = profile_to_write(options, measured);
  core::write_file_atomically(options.output, cost::to_toml(profile));
  if (options.json) {
    const Json json = {{"profile", options.output},
                       {"name", profile.name},
                       {"machine", measured.machine},
                       {"flops_per_second", measured.flops_per_second},
                       {"idle_watts", measured.idle_watts > 0 ? Json(measured.idle_watts) : Json()},
                       {"timing", timing_json(measured.timing)}};
    print(core::json_text(json, "the calibration", 2) + "\n");
    return;
  }
  print(fmt::format("\n{}profile: {}\n", text_of(measured),
                    core::printable(options.output, core::kNoLimit)));
}

}  // namespace

void add_calibrate(CLI::App& app) {
  const auto options = std::make_shared<CalibrateOptions>();
  CLI::App* command = app.add_subcommand(
      "calibrate", "Measure this machine with your network and data, for `edgeprune plan`");
  add_configuration_options(*command, *options);
  command->add_option("--output", options->output, "The profile to write")->capture_default_str();
  command->add_option("--name", options->name, "What the profile is called (the host's name)");
  command
      ->add_option("--seconds", options->seconds,
                   "About so long steps and evaluations are repeated")
      ->check(is_in_range(0.1, 3600.0))
      ->capture_default_str();
  command->add_flag("--add", options->add,
                    "Extend this machine's profile by this network's timing");
  command->add_flag("--force", options->force, "Replace a profile that is already there");
  add_no_commands_option(*command, *options);
  add_output_options(*command, *options);
  command->callback([options] { calibrate(*options); });
}

}  // namespace edgeprune::cli
