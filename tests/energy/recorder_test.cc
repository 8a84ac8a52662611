#include "edgeprune/energy/recorder.h"

#include "fake_meter.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <new>
#include <semaphore>
#include <string>
#include <vector>

namespace edgeprune::energy {
namespace {

using core::Activity;
using testing::FakeMeter;

// A clock and meters that stand where the test puts them.
struct Bench {
  double seconds = 0;
  std::optional<double> watts = 0;
  std::optional<double> joules = 0;
  std::vector<std::unique_ptr<Meter>> meters;

  void add_power(MeterInfo info = {}) {
    info.method = Method::integrated;
    meters.push_back(std::make_unique<FakeMeter>(info, [this] { return watts; }));
  }
  void add_counter(MeterInfo info = {}) {
    info.method = Method::counter;
    meters.push_back(std::make_unique<FakeMeter>(info, [this] { return joules; }));
  }
  Recorder start(RecorderOptions options = {}) {
    options.clock = [this] { return seconds; };
    return {std::move(meters), options};
  }
};

void expect_phases(const std::vector<ActivityUsage>& phases,
                   const std::vector<ActivityUsage>& expected) {
  ASSERT_EQ(phases.size(), expected.size());
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const std::string_view name = name_of(expected[i].activity);
    EXPECT_EQ(name_of(phases[i].activity), name);
    EXPECT_DOUBLE_EQ(phases[i].used.seconds, expected[i].used.seconds) << name;
    EXPECT_DOUBLE_EQ(phases[i].used.joules, expected[i].used.joules) << name;
  }
}

TEST(Recorder, BooksJoulesToThePhaseUnderWay) {
  Bench bench;
  bench.add_counter();
  bench.joules = 500;
  Recorder recorder = bench.start();
  bench.seconds = 1, bench.joules = 502;
  recorder.enter(Activity::score);
  bench.seconds = 4, bench.joules = 532;
  recorder.enter(Activity::train);
  bench.seconds = 9, bench.joules = 632;
  recorder.sample();
  expect_phases(
      recorder.phases(),
      {{Activity::other, {1, 2}}, {Activity::score, {3, 30}}, {Activity::train, {5, 100}}});
  EXPECT_DOUBLE_EQ(recorder.counted_joules(), 132);
}

TEST(Recorder, GoesOnWithAPhaseThatIsEnteredAgain) {
  Bench bench;
  bench.add_power();
  bench.watts = 10;
  Recorder recorder = bench.start();
  recorder.enter(Activity::train);
  bench.seconds = 2;
  recorder.enter(Activity::evaluate);
  bench.seconds = 3;
  recorder.enter(Activity::train);
  bench.seconds = 7;
  recorder.enter(Activity::other);
  expect_phases(
      recorder.phases(),
      {{Activity::other, {0, 0}}, {Activity::train, {6, 60}}, {Activity::evaluate, {1, 10}}});
}

TEST(Recorder, DoesNotAddMetersThatAreNotCounted) {
  Bench bench;
  bench.add_counter({.name = "package-0"});
  bench.add_power({.name = "package-0 core", .is_counted = false});
  bench.watts = 8;
  Recorder recorder = bench.start();
  bench.seconds = 2, bench.joules = 50;
  recorder.sample();
  EXPECT_DOUBLE_EQ(recorder.counted_joules(), 50);
  expect_phases(recorder.phases(), {{Activity::other, {2, 50}}});
  const std::vector<MeterRecord> records = recorder.records();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[1].info.name, "package-0 core");
  EXPECT_DOUBLE_EQ(records[0].joules(), 50);
  EXPECT_DOUBLE_EQ(records[1].joules(), 16);
}

TEST(Recorder, AddsTheMetersThatAreCounted) {
  Bench bench;
  bench.add_counter();
  bench.add_power();
  bench.watts = 8;
  Recorder recorder = bench.start();
  bench.seconds = 2, bench.joules = 50;
  recorder.sample();
  EXPECT_DOUBLE_EQ(recorder.counted_joules(), 66);
}

TEST(Recorder, CountsTheReadingsOfEachMeter) {
  Bench bench;
  bench.add_counter();
  Recorder recorder = bench.start();
  bench.seconds = 1, bench.joules = std::nullopt;
  recorder.sample();
  bench.seconds = 2, bench.joules = 4;
  recorder.sample();
  const MeterRecord record = recorder.records().at(0);
  EXPECT_EQ(record.counts.samples, 2U);
  EXPECT_EQ(record.counts.gaps, 1U);
  EXPECT_DOUBLE_EQ(record.joules(), 4);
}

TEST(Recorder, KnowsSecondsButNoJoulesWithoutMeters) {
  Bench bench;
  Recorder recorder = bench.start();
  bench.seconds = 5;
  recorder.sample();
  EXPECT_FALSE(recorder.has_meters());
  EXPECT_DOUBLE_EQ(recorder.counted_joules(), 0);
  EXPECT_DOUBLE_EQ(recorder.uncertainty_joules(), 0);
  EXPECT_TRUE(recorder.records().empty());
  expect_phases(recorder.phases(), {{Activity::other, {5, 0}}});
}

TEST(Recorder, IsUncertainByTheLargestResolutionAndTheLargestDelayAtMeanPower) {
  Bench bench;
  bench.add_power({.resolution_joules = 3, .delay_seconds = 0.5});
  bench.add_power({.resolution_joules = 1, .delay_seconds = 2});
  bench.add_power({.resolution_joules = 99, .delay_seconds = 99, .is_counted = false});
  bench.watts = 10;
  Recorder recorder = bench.start();
  EXPECT_DOUBLE_EQ(recorder.uncertainty_joules(), 3);
  bench.seconds = 4;
  recorder.sample();
  EXPECT_DOUBLE_EQ(recorder.uncertainty_joules(), 43);  // 3 J and 2 s at 20 W
}

TEST(Recorder, KnowsWhatAnIdleMachineWouldHaveDrawn) {
  Bench bench;
  Recorder recorder = bench.start({.idle_watts = 1.5});
  bench.seconds = 4;
  recorder.sample();
  EXPECT_DOUBLE_EQ(recorder.idle_joules(), 6);
  EXPECT_DOUBLE_EQ(bench.start().idle_joules(), -1);
}

TEST(Recorder, SamplesInAThreadOfItsOwn) {
  std::counting_semaphore<> reads(0);
  double joules = 0;
  std::vector<std::unique_ptr<Meter>> meters;
  meters.push_back(std::make_unique<FakeMeter>(MeterInfo{.method = Method::counter}, [&] {
    reads.release();
    return joules += 1;
  }));
  Recorder recorder(std::move(meters), {.sample_seconds = 1e-3});
  recorder.enter(Activity::train);
  for (int i = 0; i < 5; ++i) reads.acquire();
  const MeterRecord record = recorder.records().at(0);
  EXPECT_GE(record.counts.samples, 4U);  // the fifth may be under way
  EXPECT_DOUBLE_EQ(record.joules(), static_cast<double>(record.counts.samples) - 1);
}

// A meter for which memory runs out at some reading.
std::vector<std::unique_ptr<Meter>> meter_that_fails_at(int reading,
                                                        std::counting_semaphore<>* read = nullptr) {
  std::vector<std::unique_ptr<Meter>> meters;
  meters.push_back(std::make_unique<FakeMeter>(MeterInfo{.method = Method::counter},
                                               [reading, read, made = 0]() mutable {
                                                 if (read != nullptr) read->release();
                                                 if (++made == reading) throw std::bad_alloc();
                                                 return static_cast<double>(made);
                                               }));
  return meters;
}

TEST(Recorder, ThrowsWhatAReadingInItsThreadThrew) {
  std::counting_semaphore<> read(0);
  Recorder recorder(meter_that_fails_at(3, &read), {.sample_seconds = 1e-3});
  for (int i = 0; i < 3; ++i) read.acquire();
  EXPECT_THROW(while (true)(void) recorder.counted_joules(), std::bad_alloc);
  EXPECT_THROW(recorder.enter(Activity::train), std::bad_alloc) << "from then on";
  EXPECT_THROW((void)recorder.records(), std::bad_alloc);
}

TEST(Recorder, ThrowsWhatItsFirstReadingThrew) {
  EXPECT_THROW(Recorder(meter_that_fails_at(1), {}), std::bad_alloc);
}

TEST(Recorder, KeepsTheFirstReadingThatMadeNoSense) {
  Bench bench;
  bench.add_power({.name = "plug"});
  bench.watts = 1e308;
  Recorder recorder = bench.start();
  bench.seconds = 1, bench.watts = 5;
  recorder.sample();
  bench.seconds = 3;
  recorder.sample();
  EXPECT_DOUBLE_EQ(recorder.counted_joules(), 10);
  EXPECT_EQ(recorder.records().at(0).counts.gaps, 1U);
  EXPECT_EQ(recorder.records().at(0).absurd, "1e+308 W, more than 100000 W");
}

RC_GTEST_PROP(RecorderProperty, PhasesSumToTheWholeUnderAnySwitches, ()) {
  Bench bench;
  bench.add_counter({.wrap_joules = 1000});
  bench.add_power();
  bench.add_power({.is_counted = false});
  Recorder recorder = bench.start();
  int total = 0;
  double area = 0;
  const int num_steps = *rc::gen::inRange(0, 40);
  for (int i = 0; i < num_steps; ++i) {
    const int elapsed = *rc::gen::inRange(1, 5);
    const double before = *bench.watts;
    bench.seconds += elapsed;
    bench.watts = *rc::gen::inRange(0, 50);
    total += *rc::gen::inRange(0, 1000);
    bench.joules = total % 1000;
    area += elapsed * (before + *bench.watts) / 2;
    if (*rc::gen::arbitrary<bool>()) recorder.sample();
    recorder.enter(
        *rc::gen::element(Activity::other, Activity::score, Activity::train, Activity::pause));
  }
  double seconds = 0;
  double joules = 0;
  for (const ActivityUsage& phase : recorder.phases()) {
    RC_ASSERT(phase.used.joules >= 0);
    seconds += phase.used.seconds;
    joules += phase.used.joules;
  }
  // Whole seconds and half joules: sums are exact.
  RC_ASSERT(seconds == bench.seconds);
  RC_ASSERT(joules == total + area);
  RC_ASSERT(recorder.counted_joules() == joules);
}

}  // namespace
}  // namespace edgeprune::energy
