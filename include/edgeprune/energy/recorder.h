#pragma once
// Reads the meters in a thread of its own and books their joules to the phase under way.
//
//   Recorder recorder(open_meters(search), {.sample_seconds = 0.1});
//   recorder.enter("score");
//   ...
//   recorder.enter("other");
//   double spent = recorder.counted_joules();
//   for (const MeterRecord& record : recorder.records()) ...
//
// Every moment belongs to exactly one phase, so that phases sum to the whole.

#include "edgeprune/energy/meter.h"
#include "edgeprune/energy/tally.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace edgeprune::energy {

struct RecorderOptions {
  double sample_seconds = 0.1;
  double idle_watts = -1;  // of the machine doing nothing; -1: not known
  /// Seconds of a steady clock; empty: the machine's. With one of their own, tests call
  /// Recorder::sample() and no thread is started.
  std::function<double()> clock;
};

struct PhaseJoules {
  std::string phase;
  double seconds = 0;
  double joules = 0;
};

struct MeterRecord {
  MeterInfo info;
  ReadingCounts counts;
  std::vector<PhaseJoules> phases;  // in the order they were first entered
  [[nodiscard]] double joules() const;
};

class Recorder {
 public:
  Recorder(std::vector<std::unique_ptr<Meter>> meters, RecorderOptions options);
  ~Recorder();  // stops the thread
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  /// From now on joules belong to this phase; reads the meters once. The first is "other".
  void enter(std::string_view phase);
  /// Reads the meters once, now.
  void sample();

  [[nodiscard]] bool has_meters() const;
  /// Of the counted meters, since the recorder began, as of the last reading. 0 without meters.
  [[nodiscard]] double counted_joules() const;
  /// Of the counted meters by phase.
  [[nodiscard]] std::vector<PhaseJoules> phases() const;
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
