#pragma once
// What a device can do and what it takes, each number with its source.
//
//   const DeviceProfile pi = read_device_profile("raspberry-pi-5");   // shipped, or a file
//
// A profile is TOML (docs/costs.md has every field):
//
//   name = "my-board"
//   [power.operating_watts]
//   value = 6.8
//   kind = "measured"
//   source = "USB meter, training cnn"
//   date = "2026-11-25"
//
// A number nobody knows is left out; whoever needs it says so, naming the field.

#include "edgeprune/core/error.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::cost {

enum class NumberKind { measured, data_sheet, estimated };
[[nodiscard]] std::string_view name_of(NumberKind kind);

struct SourcedNumber {
  double value = -1;  // -1: not known
  NumberKind kind = NumberKind::estimated;
  std::string source;
  std::string date;  // YYYY-MM-DD

  [[nodiscard]] bool is_known() const { return value >= 0; }
  bool operator==(const SourcedNumber&) const = default;
};

/// What one network was measured to take on the device: one [[timing]] of the profile.
struct NetworkTiming {
  std::string network;       // as train.network_name says it
  std::string network_hash;  // of its description, input shape and classes
  std::string precision;     // "f32", "bf16", "bf16_storage"
  std::string memory_mode;   // "keep", "recompute", ...
  std::uint32_t threads = 0;
  std::uint32_t batch_size = 0;  // the larger one measured
  // A training step takes step_overhead_seconds + samples * step_seconds_per_sample: the line
  // through two batch sizes.
  double step_overhead_seconds = 0;
  double step_seconds_per_sample = 0;
  double first_step_seconds = 0;          // beyond the others: it touches memory first
  double forward_seconds_per_sample = 0;  // evaluation mode
  double read_seconds_per_sample = 0;     // the data set, once, at the start
  double start_seconds = 0;               // program and network, before the first step
  double save_seconds = 0;                // one checkpoint
  double power_watts = -1;                // while training; -1: no meter
  std::string source;
  std::string date;

  bool operator==(const NetworkTiming&) const = default;
};

struct DeviceProfile {
  std::string name;
  std::string description;
  SourcedNumber operating_watts;  // P_k, while training
  SourcedNumber idle_watts;
  SourcedNumber battery_joules;
  SourcedNumber flops_per_second;    // f_k, what training sustains; used where no timing fits
  SourcedNumber sustained_fraction;  // of flops_per_second after minutes of load (heat), in (0, 1]
  SourcedNumber duty_cycle;          // of the time that the device may work, in (0, 1]
  SourcedNumber memory_bytes;
  SourcedNumber storage_bytes;             // free for data
  SourcedNumber storage_bytes_per_second;  // reading
  std::vector<NetworkTiming> timings;

  bool operator==(const DeviceProfile&) const = default;
};

/// The name of a shipped profile, else a file. A wrong file is an Error of kind config, one line
/// with file, line, field and fix; so is a name that is neither, with the names of the shipped
/// ones.
[[nodiscard]] DeviceProfile read_device_profile(const std::string& name_or_path);
/// `name` stands for the file in messages.
[[nodiscard]] DeviceProfile parse_device_profile(std::string_view toml, const std::string& name);
/// TOML that reads back to the same profile, if it holds what parse_device_profile accepts.
[[nodiscard]] std::string to_toml(const DeviceProfile& profile);
/// The names of the shipped profiles, ascending.
[[nodiscard]] std::vector<std::string> shipped_profiles();

struct TimingRequest {
  std::string network_hash;
  std::string precision;
  std::string memory_mode;
  std::uint32_t threads = 0;
  std::uint32_t batch_size = 0;
};
/// The timing measured for exactly this network, precision, memory mode and threads, of the nearest
/// batch size; null where there is none.
[[nodiscard]] const NetworkTiming* timing_for(const DeviceProfile& profile,
                                              const TimingRequest& request);

}  // namespace edgeprune::cost
