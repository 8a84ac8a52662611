#include "edgeprune/energy/recorder.h"

#include "edgeprune/core/start_thread.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <numeric>
#include <stop_token>
#include <thread>

namespace edgeprune::energy {
namespace {

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

double MeterRecord::joules() const {
  return std::accumulate(
      phases.begin(), phases.end(), 0.0,
      [](double sum, const ActivityUsage& phase) { return sum + phase.used.joules; });
}

struct Recorder::State {
  struct Reader {
    std::unique_ptr<Meter> meter;
    Tally tally;
    std::vector<double> phase_joules;
  };
  struct Phase {
    core::Activity activity = core::Activity::other;
    double seconds = 0;
  };

  RecorderOptions options;
  std::mutex mutex;
  std::condition_variable_any wakeup;
  std::vector<Reader> readers;
  std::vector<Phase> phases = {{}};
  std::size_t current = 0;
  double last_seconds = 0;
  std::exception_ptr failure;  // of a reading, whoever made it; memory has run out, say
  std::jthread thread;         // last: it ends before what it uses

  // All with the mutex held.
  void read_meters() noexcept;
  void require_no_failure() const {
    if (failure) std::rethrow_exception(failure);
  }
  void enter(core::Activity activity);
  [[nodiscard]] std::vector<ActivityUsage> phases_of(const Reader& reader) const;
  [[nodiscard]] double seconds() const;
  [[nodiscard]] double counted_joules() const;

  void run(const std::stop_token& stop);
};

void Recorder::State::read_meters() noexcept {
  try {
    const double now = options.clock();
    phases[current].seconds += std::max(0.0, now - last_seconds);
    last_seconds = now;
    for (Reader& reader : readers) {
      reader.phase_joules[current] += reader.tally.add(now, reader.meter->read());
    }
  } catch (...) {
    failure = std::current_exception();
  }
}

void Recorder::State::enter(core::Activity activity) {
  const auto known = std::ranges::find(phases, activity, &Phase::activity);
  current = static_cast<std::size_t>(known - phases.begin());
  if (known != phases.end()) return;
  phases.push_back({activity});
  for (Reader& reader : readers) reader.phase_joules.push_back(0);
}

std::vector<ActivityUsage> Recorder::State::phases_of(const Reader& reader) const {
  std::vector<ActivityUsage> joules;
  for (std::size_t i = 0; i < phases.size(); ++i) {
    joules.push_back({phases[i].activity, {phases[i].seconds, reader.phase_joules[i]}});
  }
  return joules;
}

double Recorder::State::seconds() const {
  return std::accumulate(phases.begin(), phases.end(), 0.0,
                         [](double sum, const Phase& phase) { return sum + phase.seconds; });
}

double Recorder::State::counted_joules() const {
  double joules = 0;
  for (const Reader& reader : readers) {
    if (reader.meter->info().is_counted) joules += reader.tally.joules();
  }
  return joules;
}

void Recorder::State::run(const std::stop_token& stop) {
  const std::chrono::duration<double> pause(options.sample_seconds);
  std::unique_lock lock(mutex);
  while (!stop.stop_requested() && !failure) {
    wakeup.wait_for(lock, stop, pause, [] { return false; });
    if (!stop.stop_requested()) read_meters();
  }
}

Recorder::Recorder(std::vector<std::unique_ptr<Meter>> meters, RecorderOptions options)
    : state_(std::make_unique<State>()) {
  const bool has_clock = static_cast<bool>(options.clock);
  state_->options = std::move(options);
  if (!has_clock) state_->options.clock = steady_seconds;
  for (std::unique_ptr<Meter>& meter : meters) {
    const Tally tally(meter->info());
    state_->readers.push_back({std::move(meter), tally, {0}});
  }
  state_->last_seconds = state_->options.clock();
  state_->read_meters();
  state_->require_no_failure();
  if (has_clock || state_->readers.empty()) return;
  state_->thread = core::start_thread(
      "the meters", [state = state_.get()](const std::stop_token& stop) { state->run(stop); });
}

Recorder::~Recorder() = default;

void Recorder::enter(core::Activity activity) {
  const std::lock_guard lock(state_->mutex);
  state_->read_meters();
  state_->enter(activity);
  state_->require_no_failure();
}

void Recorder::sample() {
  const std::lock_guard lock(state_->mutex);
  state_->read_meters();
  state_->require_no_failure();
}

bool Recorder::has_meters() const {
  return !state_->readers.empty();
}

double Recorder::counted_joules() const {
  const std::lock_guard lock(state_->mutex);
  state_->require_no_failure();
  return state_->counted_joules();
}

std::vector<ActivityUsage> Recorder::phases() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<ActivityUsage> sums;
  for (const State::Phase& phase : state_->phases) {
    sums.push_back({phase.activity, {.seconds = phase.seconds}});
  }
  for (const State::Reader& reader : state_->readers) {
    if (!reader.meter->info().is_counted) continue;
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i].used.joules += reader.phase_joules[i];
  }
  return sums;
}

std::vector<MeterRecord> Recorder::records() const {
  const std::lock_guard lock(state_->mutex);
  state_->require_no_failure();
  std::vector<MeterRecord> records;
  for (const State::Reader& reader : state_->readers) {
    records.push_back({.info = reader.meter->info(),
                       .counts = reader.tally.counts(),
                       .absurd = reader.tally.absurd(),
                       .phases = state_->phases_of(reader)});
  }
  return records;
}

double Recorder::uncertainty_joules() const {
  const std::lock_guard lock(state_->mutex);
  double resolution = 0;
  double delay = 0;
  for (const State::Reader& reader : state_->readers) {
    const MeterInfo& info = reader.meter->info();
    if (!info.is_counted) continue;
    resolution = std::max(resolution, info.resolution_joules);
    delay = std::max(delay, info.delay_seconds);
  }
  const double seconds = state_->seconds();
  return resolution + (seconds > 0 ? delay * state_->counted_joules() / seconds : 0);
}

double Recorder::idle_joules() const {
  const std::lock_guard lock(state_->mutex);
  return state_->options.idle_watts < 0 ? -1 : state_->options.idle_watts * state_->seconds();
}

}  // namespace edgeprune::energy
