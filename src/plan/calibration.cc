#include "edgeprune/plan/calibration.h"

#include "edgeprune/core/batch_plan.h"
#include "edgeprune/core/cpu_name.h"
#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/random.h"
#include "edgeprune/core/thread_pool.h"
#include "edgeprune/data/loader.h"
#include "edgeprune/run/checkpoint.h"
#include "edgeprune/run/planned_run.h"
#include "edgeprune/run/run_files.h"
#include "edgeprune/run/run_network.h"
#include "edgeprune/statistics/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <unistd.h>
#include <utility>

namespace edgeprune::plan {
namespace {

using Clock = std::chrono::steady_clock;

// Of the seconds asked for, so much goes to steps, the rest to evaluations.
constexpr double kStepsShare = 0.75;
// Besides, where there is a meter.
constexpr double kIdleShare = 0.2;
constexpr double kMaxIdleSeconds = 5;
// The fewest repetitions that make a median, however long they take.
constexpr std::size_t kFewestPasses = 5;
// A pass is about so long: hundreds of small steps, or a few of a large network.
constexpr double kPassSeconds = 0.25;
constexpr std::uint32_t kFewestSteps = 4;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

template <typename Work>
double seconds_of(Work&& work) {
  const auto start = Clock::now();
  work();
  return seconds_since(start);
}

// -1 where a meter is too coarse to have seen any joules.
double watts_if_any(double joules, double seconds) {
  return joules > 0 ? joules / seconds : -1;
}

std::string machine_text() {
  return fmt::format("{}, {} threads", core::cpu_name(), core::available_threads());
}

std::uint64_t memory_of_machine() {
  return static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

class Measurement {
 public:
  Measurement(const config::ResolvedConfig& config, const CalibrationOptions& options)
      : options_(options),
        run_(config),
        trainer_(run_.network(), run_.first_model(), run_.trainer_options(), run_.pool()),
        large_(run_.trainer_options().batch_size),
        small_(small_batch()) {}

  // What the machine draws while this process waits. -1: no meter, or too coarse a one.
  double idle_watts() {
    if (!options_.joules) return -1;
    const double joules_before = options_.joules();
    const auto start = Clock::now();
    while (seconds_since(start) < std::min(kMaxIdleSeconds, kIdleShare * options_.seconds)) {
      check_stop();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    const double watts = watts_if_any(options_.joules() - joules_before, seconds_since(start));
    if (watts > 0) tell(fmt::format("idle: {:.2f} W", watts));
    return watts;
  }

  cost::NetworkTiming timing() {
    const config::Config& config = run_.config();
    const cost::TimingRequest request = run_.timing_request();
    cost::NetworkTiming timing{
        .network = run::network_name(config),
        .network_hash = request.network_hash,
        .precision = request.precision,
        .memory_mode = request.memory_mode,
        .threads = request.threads,
        .batch_size = large_,
        .source = fmt::format("calibrated on {} samples of {}", run_.data().train.num_samples(),
                              run_.data().train.name),
        .date = options_.date};
    measure_steps(timing);
    timing.forward_seconds_per_sample = forward_seconds();
    timing.start_seconds = start_seconds();
    timing.read_seconds_per_sample = read_seconds();
    timing.save_seconds = save_seconds();
    return timing;
  }

  [[nodiscard]] double flops_per_second(const cost::NetworkTiming& timing) const {
    const double step = timing.step_overhead_seconds + large_ * timing.step_seconds_per_sample;
    return run_.work().flops_per_sample * large_ / step;
  }

 private:
  // A quarter of the batch, as far as batch norm can use it.
  [[nodiscard]] std::uint32_t small_batch() const {
    return std::min(large_, std::max(2u, large_ / 4));
  }

  void tell(const std::string& text) const {
    if (options_.tell) options_.tell(text);
  }

  void check_stop() const {
    if (options_.stop == nullptr || !options_.stop->load(std::memory_order_relaxed)) return;
    throw core::Error(core::ErrorKind::interrupted, "stopped; nothing was written");
  }

  // Seconds per step of one pass over the first batches of a random order.
  double pass(std::uint32_t batch_size, std::uint32_t num_steps) {
    const std::uint32_t num_samples = run_.data().train.num_samples();
    auto order = core::random_permutation(num_samples, {.seed = run_.config().run.seed,
                                                        .purpose = core::Purpose::warmup_order,
                                                        .epoch = next_epoch_});
    order.resize(std::min<std::size_t>(order.size(), std::size_t{batch_size} * num_steps));
    const core::BatchPlan plan(static_cast<std::uint32_t>(order.size()), batch_size);
    data::BatchLoader source(run_.data().train, order, plan,
                             {.normalisation = run_.data().normalisation,
                              .augmentation = run_.config().train.augmentation,
                              .seed = run_.config().run.seed,
                              .epoch = next_epoch_++,
                              .pool = trainer_.loading_pool()});
    const float rate = run_.config().train.schedule.base_learning_rate;
    const double seconds = seconds_of([&] {
      while (const data::Batch* batch = source.next()) (void)trainer_.train_batch(*batch, rate);
    });
    // A short last batch counts by its share.
    return seconds * batch_size / static_cast<double>(order.size());
  }

  [[nodiscard]] static std::uint32_t steps_in_a_pass(double step_seconds) {
    return std::max(kFewestSteps, static_cast<std::uint32_t>(kPassSeconds / step_seconds));
  }

  void measure_steps(cost::NetworkTiming& timing) {
    // Before the others, whose memory it touches.
    const double first = pass(large_, 1);
    const std::uint32_t large_steps = steps_in_a_pass(pass(large_, kFewestSteps));
    const std::uint32_t small_steps = steps_in_a_pass(pass(small_, kFewestSteps));
    const double joules_before = options_.joules ? options_.joules() : 0;
    const auto start = Clock::now();
    std::vector<double> large;
    std::vector<double> small;
    while (large.size() < kFewestPasses || seconds_since(start) < kStepsShare * options_.seconds) {
      check_stop();
      large.push_back(pass(large_, large_steps));
      small.push_back(pass(small_, small_steps));
    }
    if (options_.joules) {
      timing.power_watts = watts_if_any(options_.joules() - joules_before, seconds_since(start));
    }
    const StepLine line =
        step_line({small_, statistics::median(small)}, {large_, statistics::median(large)});
    timing.step_overhead_seconds = line.overhead;
    timing.step_seconds_per_sample = line.per_sample;
    timing.first_step_seconds = std::max(0.0, first - statistics::median(large));
    tell(
        fmt::format("step: {:.3f} ms at {} samples, {:.3f} ms at {}; medians of {} passes; the "
                    "first step {:.3f} s more",
                    1e3 * statistics::median(large), large_, 1e3 * statistics::median(small),
                    small_, large.size(), timing.first_step_seconds));
  }

  double forward_seconds() {
    const data::Dataset& samples = run_.data().train;
    std::vector<std::uint32_t> some = data::all_samples(samples);
    some.resize(std::min<std::size_t>(some.size(), std::size_t{large_} * kFewestSteps));
    const auto evaluate = [&] {
      return seconds_of(
                 [&] { (void)trainer_.evaluate(samples, some, run_.data().normalisation); }) /
             static_cast<double>(some.size());
    };
    (void)evaluate();
    const double once = evaluate();
    const auto wanted = static_cast<std::size_t>(kPassSeconds / once);
    some = data::all_samples(samples);
    some.resize(
        std::clamp<std::size_t>(wanted, std::min<std::size_t>(some.size(), large_), some.size()));
    std::vector<double> seconds;
    const auto start = Clock::now();
    while (seconds.size() < kFewestPasses ||
           seconds_since(start) < (1 - kStepsShare) * options_.seconds) {
      check_stop();
      seconds.push_back(evaluate());
    }
    tell(fmt::format("evaluation: {:.1f} us a sample", 1e6 * statistics::median(seconds)));
    return statistics::median(seconds);
  }

  // Network, weights and program, made once more.
  double start_seconds() {
    const double seconds = seconds_of([&] {
      const train::Trainer another(run_.network(), run_.first_model(), run_.trainer_options(),
                                   run_.pool());
    });
    tell(fmt::format("start: {:.3f} s", seconds));
    return seconds;
  }

  double read_seconds() {
    const double seconds = seconds_of([&] { (void)run::open_run_data(run_.config()); });
    tell(fmt::format("reading the data: {:.3f} s", seconds));
    return seconds / static_cast<double>(run_.data().num_evaluated());
  }

  double save_seconds() {
    core::create_directories(options_.scratch);
    run::RunState state;
    state.kept = data::all_samples(run_.data().train);
    std::vector<double> seconds;
    for (int i = 0; i < 3; ++i) {
      seconds.push_back(seconds_of([&] {
        run::write_checkpoint(
            options_.scratch, state,
            {.model = trainer_.model(), .optimizer = trainer_.optimizer_state(), .gathered = {}});
      }));
    }
    for (const std::string_view name : run::kCheckpointFiles) {
      std::filesystem::remove(options_.scratch / name);
    }
    tell(fmt::format("a checkpoint: {:.3f} s", statistics::median(seconds)));
    return statistics::median(seconds);
  }

  const CalibrationOptions& options_;
  run::PlannedRun run_;
  train::Trainer trainer_;
  std::uint32_t large_;
  std::uint32_t small_;
  std::uint32_t next_epoch_ = 0;
};

cost::SourcedNumber measured(double value, const std::string& source, const std::string& date) {
  return {.value = value, .kind = cost::NumberKind::measured, .source = source, .date = date};
}

bool is_for_the_same(const cost::NetworkTiming& a, const cost::NetworkTiming& b) {
  return a.network_hash == b.network_hash && a.precision == b.precision &&
         a.memory_mode == b.memory_mode && a.threads == b.threads && a.batch_size == b.batch_size;
}

}  // namespace

StepLine step_line(const StepSeconds& smaller, const StepSeconds& larger) {
  const StepLine through_origin{.per_sample = larger.seconds / larger.batch_size};
  if (smaller.batch_size >= larger.batch_size) return through_origin;
  const double slope =
      (larger.seconds - smaller.seconds) / (larger.batch_size - smaller.batch_size);
  const double overhead = larger.seconds - slope * larger.batch_size;
  if (overhead < 0 || slope <= 0) return through_origin;
  return {.overhead = overhead, .per_sample = slope};
}

Calibration calibrate(const config::ResolvedConfig& config, const CalibrationOptions& options) {
  Measurement measurement(config, options);
  const double idle_watts = measurement.idle_watts();
  Calibration result{.timing = measurement.timing(),
                     .idle_watts = idle_watts,
                     .memory_bytes = memory_of_machine(),
                     .machine = machine_text()};
  if (options.joules) result.timing.source += "; power by " + options.meter;
  result.flops_per_second = measurement.flops_per_second(result.timing);
  return result;
}

cost::DeviceProfile profile_of(const Calibration& calibration, const std::string& name) {
  const cost::NetworkTiming& timing = calibration.timing;
  cost::DeviceProfile profile{.name = name, .description = calibration.machine};
  profile.flops_per_second =
      measured(calibration.flops_per_second,
               fmt::format("calibrated: {} in {}, batches of {}, {} threads", timing.network,
                           timing.precision, timing.batch_size, timing.threads),
               timing.date);
  profile.memory_bytes = measured(static_cast<double>(calibration.memory_bytes),
                                  "the system's count of pages", timing.date);
  if (timing.power_watts >= 0) {
    profile.operating_watts = measured(timing.power_watts, timing.source, timing.date);
  }
  if (calibration.idle_watts > 0) {
    profile.idle_watts = measured(calibration.idle_watts, timing.source, timing.date);
  }
  profile.timings = {timing};
  return profile;
}

void add_to_profile(const Calibration& calibration, cost::DeviceProfile& profile) {
  if (profile.description != calibration.machine) {
    throw core::Error(
        core::ErrorKind::config,
        fmt::format("the profile {} is of \"{}\", this machine is \"{}\"", profile.name,
                    core::printable(profile.description), calibration.machine),
        {core::ErrorReason::profile_of_another});
  }
  for (cost::NetworkTiming& timing : profile.timings) {
    if (!is_for_the_same(timing, calibration.timing)) continue;
    timing = calibration.timing;
    return;
  }
  profile.timings.push_back(calibration.timing);
}

}  // namespace edgeprune::plan
