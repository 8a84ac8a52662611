#pragma once
// What a run measures of itself: a clock and the counted meters. Tests bring a device of their own.

#include "edgeprune/energy/recorder.h"
#include "edgeprune/train/budget_control.h"
#include "edgeprune/train/config.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::train {

/// What a run is busy with. Every moment but pauses belongs to exactly one.
enum class Activity { other, score, select, train, evaluate, pause };
/// "other", "score", "select", "train", "evaluate", "pause".
[[nodiscard]] std::string_view name_of(Activity activity);

enum class Work { step, forward };

class Spending {
 public:
  virtual ~Spending() = default;
  /// Since it began; never falls.
  [[nodiscard]] virtual Expense total() = 0;
  [[nodiscard]] virtual bool has_meter() const { return false; }
  /// What the meters may not know of yet.
  [[nodiscard]] virtual double uncertainty_joules() const { return 0; }
  /// The counted meters in words, with the method of each; empty without any.
  [[nodiscard]] virtual std::string meters() const { return ""; }
  /// Of each meter since it began, counted or not.
  [[nodiscard]] virtual std::vector<energy::MeterRecord> records() const { return {}; }
  /// Of a machine doing nothing, for as long; -1 where it is not known.
  [[nodiscard]] virtual double idle_joules() const { return -1; }
  /// From now on the run is busy with this. Begins with `other`.
  virtual void enter(Activity) {}
  /// Called after work on so many samples; a simulated device lets its clock run here.
  virtual void worked(Work, std::uint64_t /*samples*/) {}
  /// Lets so much time pass, without work.
  virtual void wait(double seconds);
};

/// The steady clock and the meters of the section [energy]; Errors as energy::open_meters.
[[nodiscard]] std::unique_ptr<Spending> measured_spending(const Config::Energy& energy);

}  // namespace edgeprune::train
