#pragma once
// Reads the meters in a thread of its own and books their joules to the phase under way.
//
//   Recorder recorder(open_meters(search), {.sample_seconds = 0.1});
//   recorder.enter(core::Activity::score);
//   ...
//   recorder.enter(core::Activity::other);
//   double spent = recorder.counted_joules();
//   for (const MeterRecord& record : recorder.records()) ...
//
// A phase is all of the time spent on one activity. Every moment belongs to exactly one, so that
// phases sum to the whole.

#include "edgeprune/core/usage.h"
#include "edgeprune/energy/meter.h"
#include "edgeprune/energy/tally.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace edgeprune::energy {

struct RecorderOptions {
  double sample_seconds = 0.1;
  double idle_watts = -1;  // of the machine doing nothing; -1: not known
  /// Seconds of a steady clock; empty: the machine's. With one of their own, tests call
  /// Recorder::sample() and no thread is started.
  std::function<double()> clock;
};

struct ActivityUsage {
  core::Activity activity = core::Activity::other;
  core::Usage used;
};

struct MeterRecord {
  MeterInfo info;
  ReadingCounts counts;
  std::string absurd;                 // the first reading that made no sense, in words
  std::vector<ActivityUsage> phases;  // in the order they were first entered
  [[nodiscard]] double joules() const;
};

class Recorder {
 public:
  Recorder(std::vector<std::unique_ptr<Meter>> meters, RecorderOptions options);
  ~Recorder();  // stops the thread
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // What a meter's reading threw, in whichever thread, the next of these throws, and each after it.

  /// From now on joules belong to this activity; reads the meters once. The first is `other`.
  void enter(core::Activity activity);
  /// Reads the meters once, now.
  void sample();

  [[nodiscard]] bool has_meters() const;
  /// Of the counted meters, since the recorder began, as of the last reading. 0 without meters.
  [[nodiscard]] double counted_joules() const;
  /// Of the counted meters, in the order the activities were first entered.
  [[nodiscard]] std::vector<ActivityUsage> phases() const;
  /// Of each meter, counted or not.
  [[nodiscard]] std::vector<MeterRecord> records() const;
  /// What the counted meters may still not know of: the largest resolution plus the largest delay
  /// times the mean power so far. A budget in joules is kept up to this.
  [[nodiscard]] double uncertainty_joules() const;
  /// idle_watts times the seconds recorded; -1 where idle_watts is not known.
  [[nodiscard]] double idle_joules() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace edgeprune::energy
