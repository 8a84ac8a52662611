#include "edgeprune/cost/device_profile.h"

#include "edgeprune/core/error.h"

#include "support/temp_directory.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace edgeprune::cost {
namespace {

constexpr const char* kBoard = R"(name = "my-board"
description = "on the shelf"

[power.operating_watts]
value = 6.8
kind = "measured"
source = "USB meter, training cnn"
date = "2026-11-25"

[compute]
flops_per_second = { value = 30e9, kind = "estimated", source = "guess", date = "2026-11-25" }

[[timing]]
network = "cnn"
network_hash = "abc"
precision = "f32"
memory_mode = "keep"
threads = 4
batch_size = 64
step_overhead_seconds = 0.001
step_seconds_per_sample = 0.002
first_step_seconds = 0.02
forward_seconds_per_sample = 0.0005
read_seconds_per_sample = 1e-6
start_seconds = 0.1
save_seconds = 0.02
source = "edgeprune calibrate"
date = "2026-11-25"
)";

std::string message_of(const std::string& toml) {
  try {
    (void)parse_device_profile(toml, "board.toml");
  } catch (const core::Error& error) {
    EXPECT_EQ(error.kind(), core::ErrorKind::config);
    return error.what();
  }
  return "";
}

std::string with_number(const std::string& key, const std::string& table) {
  return "name = \"x\"\n" + key + " = " + table + "\n";
}

TEST(DeviceProfile, ReadsEachNumberWithItsSource) {
  const DeviceProfile board = parse_device_profile(kBoard, "board.toml");
  EXPECT_EQ(board.name, "my-board");
  EXPECT_EQ(board.description, "on the shelf");
  EXPECT_DOUBLE_EQ(board.operating_watts.value, 6.8);
  EXPECT_EQ(board.operating_watts.kind, NumberKind::measured);
  EXPECT_EQ(board.operating_watts.source, "USB meter, training cnn");
  EXPECT_EQ(board.operating_watts.date, "2026-11-25");
  EXPECT_DOUBLE_EQ(board.flops_per_second.value, 30e9);
  EXPECT_FALSE(board.idle_watts.is_known());
  ASSERT_EQ(board.timings.size(), 1U);
  EXPECT_EQ(board.timings[0].threads, 4U);
  EXPECT_DOUBLE_EQ(board.timings[0].step_seconds_per_sample, 0.002);
  EXPECT_EQ(board.timings[0].power_watts, -1);
}

TEST(DeviceProfile, NamesFileLineFieldAndFix) {
  EXPECT_EQ(message_of(with_number("power.operating_watts",
                                   R"({value = -3, kind = "measured", source = "a", date = "b"})")),
            "board.toml:2: power.operating_watts.value is -3; it must be in (0, 100000]");
  EXPECT_EQ(message_of(with_number("compute.duty_cycle", "{ value = 1.5 }")),
            "board.toml:2: compute.duty_cycle.value is 1.5; it must be in [1e-9, 1]");
  EXPECT_EQ(
      message_of(with_number("power.idle_watts", "{ value = nan }")),
      "board.toml:2: power.idle_watts.value is nan; it must be a finite number, in [0, 100000]");
  EXPECT_EQ(message_of(with_number("memory.bytes", "{ value = \"8GB\" }")),
            "board.toml:2: memory.bytes.value is \"8GB\"; it must be a number, in (0, 1e18]");
  EXPECT_EQ(message_of(with_number("memory.bytes", "8")),
            "board.toml:2: memory.bytes is 8; it must be a section, [memory.bytes]");
}

TEST(DeviceProfile, NeedsKindSourceAndDateOfEveryNumber) {
  EXPECT_EQ(message_of(with_number("power.idle_watts", "{ value = 1 }")),
            "board.toml:2: power.idle_watts.kind is missing; add it");
  EXPECT_EQ(message_of(with_number("power.idle_watts", R"({ value = 1, kind = "guess" })")),
            "board.toml:2: power.idle_watts.kind is \"guess\"; it must be one of measured, "
            "data_sheet, estimated");
  EXPECT_EQ(message_of(with_number("power.idle_watts", R"({ value = 1, kind = "mesured" })")),
            "board.toml:2: power.idle_watts.kind is \"mesured\"; it must be one of measured, "
            "data_sheet, estimated; did you mean measured?");
  EXPECT_EQ(message_of(with_number(
                "power.idle_watts",
                R"({ value = 1, kind = "measured", source = "meter", date = "yesterday" })")),
            "board.toml:2: power.idle_watts.date is \"yesterday\"; it must be a date in quotes, "
            "such as \"2026-11-25\"");
}

TEST(DeviceProfile, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(message_of("name = \"x\"\ncores = 4\n"),
            "board.toml:2: cores is not a field; the fields are name, description, power, compute, "
            "memory, storage, timing");
  EXPECT_EQ(message_of("name = \"x\"\n[power]\nwatts = 4\n"),
            "board.toml:3: power.watts is not a field; those of power are operating_watts, "
            "idle_watts, battery_joules");
  EXPECT_EQ(message_of("name = \"x\"\n[compute]\nduty_share = 1\n"),
            "board.toml:3: compute.duty_share is now called compute.duty_cycle");
  EXPECT_EQ(message_of("name = \"x\"\n[compute]\nsustained_share = { value = 1 }\n"),
            "board.toml:3: compute.sustained_share is now called compute.sustained_fraction");
  EXPECT_EQ(message_of("name = \"x\"\n[power.idle_wats]\n"),
            "board.toml:2: power.idle_wats is not a field; did you mean idle_watts?");
  EXPECT_EQ(message_of("name = \"x\"\ntiming = 4\n"),
            "board.toml:2: timing is 4; it must be a list of sections, [[timing]]");
  EXPECT_EQ(message_of("name = "),
            "board.toml:1: not valid TOML: Error while parsing key-value "
            "pair: encountered end-of-file (name)");
  EXPECT_EQ(message_of(""), "board.toml:1: name is missing; add it");
}

TEST(DeviceProfile, RefusesLinesThatCouldExhaustTheReader) {
  EXPECT_EQ(message_of("name = \"x\"\n" + std::string(17'000, 'a') + " = 1\n"),
            "board.toml:2: the line has 17004 bytes; it may have 16384");
  EXPECT_EQ(message_of(std::string(262'145, '\n')),
            "board.toml: it has 262145 bytes, a profile has at most 262144; is it the right file?");
  EXPECT_EQ(message_of("name = \"x\"\na.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a = 1\n"),
            "board.toml:2: a key has more than 16 parts; it may have 16");
}

TEST(DeviceProfile, ComesFromAFile) {
  const testing::TempDirectory directory;
  const std::filesystem::path path = directory / "device_profile_test.toml";
  std::ofstream(path) << kBoard;
  EXPECT_EQ(read_device_profile(path.string()), parse_device_profile(kBoard, "board.toml"));
}

TEST(DeviceProfile, ListsTheShippedOnesForANameNobodyKnows) {
  const auto suggestion = [](const std::string& name) {
    try {
      (void)read_device_profile(name);
    } catch (const core::Error& error) {
      const std::string message = error.what();
      return message.substr(message.rfind(';'));
    }
    return std::string();
  };
  EXPECT_EQ(suggestion("lapdop"), "; did you mean laptop?");
  try {
    (void)read_device_profile("raspberry-pi-6");
    FAIL();
  } catch (const core::Error& error) {
    EXPECT_STREQ(error.what(),
                 "device profile raspberry-pi-6 is not known; name a file, or one of "
                 "jetson-orin-nano, laptop, phone-arm, raspberry-pi-4, raspberry-pi-5");
  }
}

TEST(ShippedProfiles, HaveSpeedAndPowerAndTheirOwnName) {
  for (const std::string& name : shipped_profiles()) {
    const DeviceProfile profile = read_device_profile(name);
    EXPECT_EQ(profile.name, name);
    EXPECT_TRUE(profile.flops_per_second.is_known()) << name;
    EXPECT_TRUE(profile.operating_watts.is_known()) << name;
  }
}

TEST(TimingFor, TakesTheNearestBatchSizeOfTheSameNetworkAndEngine) {
  DeviceProfile profile = parse_device_profile(kBoard, "board.toml");
  profile.timings.push_back(profile.timings[0]);
  profile.timings[1].batch_size = 256;
  const TimingRequest request{.network_hash = "abc",
                              .precision = "f32",
                              .memory_mode = "keep",
                              .threads = 4,
                              .batch_size = 200};
  EXPECT_EQ(timing_for(profile, request), &profile.timings[1]);
  TimingRequest other = request;
  other.batch_size = 100;
  EXPECT_EQ(timing_for(profile, other), &profile.timings[0]);
  for (const auto& change :
       std::vector<void (*)(TimingRequest&)>{[](TimingRequest& q) { q.network_hash = "abd"; },
                                             [](TimingRequest& q) { q.precision = "bf16"; },
                                             [](TimingRequest& q) { q.memory_mode = "recompute"; },
                                             [](TimingRequest& q) { q.threads = 2; }}) {
    other = request;
    change(other);
    EXPECT_EQ(timing_for(profile, other), nullptr);
  }
}

// Text as profiles hold it: on one line, with what TOML must escape.
std::string any_text() {
  const auto characters = rc::gen::elementOf(std::string(R"(abc "\'#=[]{}.é)"));
  // A lone byte of the é would not be UTF-8.
  std::string text = "x";
  for (const char c : *rc::gen::container<std::string>(characters)) {
    text += static_cast<unsigned char>(c) < 0x80 ? std::string(1, c) : std::string("é");
  }
  return text.substr(0, text.size() < 100 ? text.size() : 1);
}

double any_positive() {
  return *rc::gen::inRange(3, 1000) * std::pow(10.0, *rc::gen::inRange(0, 3)) / 3;
}

SourcedNumber any_number() {
  if (*rc::gen::inRange(0, 4) == 0) return {};
  return {.value = any_positive(),
          .kind = *rc::gen::element(NumberKind::measured, NumberKind::data_sheet,
                                    NumberKind::estimated),
          .source = any_text(),
          .date = "2026-11-25"};
}

NetworkTiming any_timing() {
  return {.network = any_text(),
          .network_hash = any_text(),
          .precision = "f32",
          .memory_mode = "keep",
          .threads = *rc::gen::inRange<std::uint32_t>(1, 4294967295U),
          .batch_size = *rc::gen::inRange<std::uint32_t>(1, 1000),
          .step_overhead_seconds = any_positive(),
          .step_seconds_per_sample = any_positive(),
          .first_step_seconds = any_positive(),
          .forward_seconds_per_sample = any_positive(),
          .read_seconds_per_sample = any_positive(),
          .start_seconds = any_positive(),
          .save_seconds = any_positive(),
          .power_watts = *rc::gen::element(-1.0, 3.25),
          .source = any_text(),
          .date = "2026-11-25"};
}

RC_GTEST_PROP(DeviceProfileProperty, ReadsBackWhatItWrites, ()) {
  DeviceProfile profile{.name = any_text(), .description = any_text()};
  profile.operating_watts = any_number();
  profile.idle_watts = any_number();
  profile.battery_joules = any_number();
  profile.flops_per_second = any_number();
  profile.memory_bytes = any_number();
  profile.storage_bytes = any_number();
  profile.storage_bytes_per_second = any_number();
  if (profile.idle_watts.is_known()) {
    profile.duty_cycle = profile.idle_watts;
    profile.duty_cycle.value = 0.3;
  }
  const auto num_timings = *rc::gen::inRange(0, 3);
  for (int i = 0; i < num_timings; ++i) profile.timings.push_back(any_timing());
  RC_ASSERT(parse_device_profile(to_toml(profile), "written.toml") == profile);
}

}  // namespace
}  // namespace edgeprune::cost
