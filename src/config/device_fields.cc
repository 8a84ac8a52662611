#include "edgeprune/energy/plausible.h"

#include "field_rows.h"

namespace edgeprune::config {
namespace {

// energy::kMostWatts, as a reading is bounded.
constexpr bool is_watts(double x) {
  return x >= 0 && x <= energy::kMostWatts;
}
constexpr Limits kWatts = {"in [0, 100000]", is_watts};
constexpr Limits kIdleWatts = {"-1 or in [0, 100000]",
                               [](double x) { return x == -1 || is_watts(x); }};
constexpr Limits kSampleSeconds = {"in [0.001, 60]",
                                   [](double x) { return x >= 0.001 && x <= 60; }};
constexpr Limits kPercent = {"in [0, 100]", [](double x) { return x >= 0 && x <= 100; }};
constexpr Limits kThreads = {"in [0, 1024]", [](double x) { return x >= 0 && x <= 1024; }};

constexpr Word<budget::Shrink> kShrinks[] = {
    {"epochs", budget::Shrink::epochs},
    {"share", budget::Shrink::share},
};
constexpr Word<energy::MeterChoice> kMeters[] = {
    {"auto", energy::MeterChoice::automatic},  {"none", energy::MeterChoice::none},
    {"rapl", energy::MeterChoice::rapl},       {"battery", energy::MeterChoice::battery},
    {"hwmon", energy::MeterChoice::hwmon},     {"nvml", energy::MeterChoice::nvml},
    {"command", energy::MeterChoice::command}, {"file", energy::MeterChoice::file},
    {"model", energy::MeterChoice::model},
};

}  // namespace

std::vector<FieldRow> limits_rows() {
  return {
      field(
          {.key = "limits.memory_bytes",
           .unit = "bytes",
           .description =
               "The most memory that the whole process may take, as predicted: a number, or text "
               "such as `\"400MB\"` (1000) or `\"512MiB\"` (1024). 0: no limit.",
           .may_change = MayChange::always,
           .decides = Decides::last_bits},
          kAny, [](auto& c) -> auto& { return c.limits.memory_bytes; }),
  };
}

std::vector<FieldRow> budget_rows() {
  return {
      field(
          {.key = "budget.samples",
           .unit = "samples",
           .description =
               "Forward and backward passes over a sample that the run may spend, warm-up "
               "included; forward passes that score count by their share of the work. Training "
               "lasts as long as they allow, instead of `train.epochs`. 0: no budget.",
           .may_change = MayChange::until_selected,
           .is_set_by_comparison = true},
          kNotNegative, [](auto& c) -> auto& { return c.budget.samples; }),
      field(
          {.key = "budget.seconds",
           .unit = "seconds",
           .description =
               "The time that the run may take, everything included, pauses apart. `train.epochs` "
               "is shortened to fit ([costs.md](costs.md)). 0: no budget.",
           .may_change = MayChange::always},
          kQuantity, [](auto& c) -> auto& { return c.budget.limits.seconds; }),
      field(
          {.key = "budget.joules",
           .unit = "joules",
           .description = "The energy that the run may take, by the meters that count "
                          "(`energy.meter`). `train.epochs` is shortened to fit. 0: no budget.",
           .may_change = MayChange::always},
          kQuantity, [](auto& c) -> auto& { return c.budget.limits.joules; }),
      field(
          {.key = "budget.bytes",
           .unit = "bytes",
           .description = "What may stay stored after selection: the keep ratio is lowered to fit. "
                          "0: no budget.",
           .may_change = MayChange::until_selected},
          kAny, [](auto& c) -> auto& { return c.budget.bytes; }),
      words<kShrinks>(
          {.key = "budget.shrink",
           .description = "What a run short of time or energy makes less of. `epochs`: passes over "
                          "the kept samples, the last one cut. `share`: it makes all its passes, "
                          "each over a fresh share of the kept samples.",
           .may_change = MayChange::until_selected},
          [](auto& c) -> auto& { return c.budget.shrink; }),
      field(
          {.key = "budget.file",
           .description = "A TOML file with `seconds`, `joules` and `harvest`, read again before "
                          "every decision: what the budget is by now, and the watts that come in "
                          "over time ([costs.md](costs.md#a-budget-that-changes)).",
           .path = FieldPath::path,
           .may_change = MayChange::always},
          kAny, [](auto& c) -> auto& { return c.budget.file; }),
      field(
          {.key = "budget.replay",
           .description = "The decisions.jsonl of an earlier run: its decisions are taken again, "
                          "whatever this run measures, and the bits are the same.",
           .path = FieldPath::path,
           .may_change = MayChange::until_selected,
           .is_dropped_for_controls = true},
          kAny, [](auto& c) -> auto& { return c.budget.replay; }),
  };
}

std::vector<FieldRow> energy_rows() {
  return {
      words<kMeters>(
          {.key = "energy.meter",
           .description = "What joules are read from ([energy.md](energy.md)). "
                          "`auto`: the best one that can be read, else none. `model`: power times "
                          "time, nothing is measured.",
           .may_change = MayChange::always},
          [](auto& c) -> auto& { return c.energy.meter; }),
      field(
          {.key = "energy.command",
           .description = "`command`: prints watts (`12.3`, `12.3 W`) or joules (`512 J`) each "
                          "time it is called.",
           .may_change = MayChange::always},
          kAny, [](auto& c) -> auto& { return c.energy.command; }),
      field(
          {.key = "energy.file",
           .description = "`file`: holds the same, and is read again and again.",
           .path = FieldPath::path,
           .may_change = MayChange::always},
          kAny, [](auto& c) -> auto& { return c.energy.file; }),
      field(
          {.key = "energy.power_watts",
           .unit = "watts",
           .description =
               "`model`: the device's power while it trains. 0: that of `device.profile`.",
           .may_change = MayChange::always},
          kWatts, [](auto& c) -> auto& { return c.energy.power_watts; }),
      field(
          {.key = "energy.idle_watts",
           .unit = "watts",
           .description = "What the machine takes doing nothing, reported apart. -1: that of "
                          "`device.profile`, or not known.",
           .may_change = MayChange::always},
          kIdleWatts, [](auto& c) -> auto& { return c.energy.idle_watts; }),
      field(
          {.key = "energy.sample_seconds",
           .unit = "seconds",
           .description = "Time between readings.",
           .may_change = MayChange::always},
          kSampleSeconds, [](auto& c) -> auto& { return c.energy.sample_seconds; }),
  };
}

std::vector<FieldRow> device_rows() {
  return {
      field(
          {.key = "device.profile",
           .description = "The device as a profile describes it: a file, such as a calibration "
                          "writes, or the name of a shipped one "
                          "([costs.md](costs.md#shipped-profiles)). Predictions come from it.",
           .path = FieldPath::path_or_name},
          kAny, [](auto& c) -> auto& { return c.device.profile; }),
  };
}

std::vector<FieldRow> pause_rows() {
  return {
      field(
          {.key = "pause.battery_percent",
           .unit = "percent",
           .description =
               "The run pauses while the battery is below this and not charging. 0: never.",
           .may_change = MayChange::always,
           .decides = Decides::nothing},
          kPercent, [](auto& c) -> auto& { return c.pause.battery_percent; }),
      field(
          {.key = "pause.temperature_celsius",
           .unit = "degrees Celsius",
           .description = "The run pauses while the hottest thermal zone is above this. 0: never.",
           .may_change = MayChange::always,
           .decides = Decides::nothing},
          kNotNegative, [](auto& c) -> auto& { return c.pause.temperature_celsius; }),
      field(
          {.key = "pause.allowed_hours",
           .description =
               "Local time in which the run may work, such as `\"22:00-06:00\"`. Empty: always.",
           .may_change = MayChange::always,
           .decides = Decides::nothing},
          kAny, [](auto& c) -> auto& { return c.pause.allowed_hours; }),
      field(
          {.key = "pause.stops",
           .description = "Instead of waiting, a run that should pause ends, resumably, with an "
                          "exit code of its own.",
           .may_change = MayChange::always,
           .decides = Decides::nothing},
          kAny, [](auto& c) -> auto& { return c.pause.stops; }),
  };
}

std::vector<FieldRow> run_rows() {
  return {
      field(
          {.key = "run.directory",
           .description = "Where everything is written.",
           .decides = Decides::nothing,
           .is_set_by_comparison = true,
           .is_dropped_for_controls = true},
          kAny, [](auto& c) -> auto& { return c.run.directory; }),
      field(
          {.key = "run.seed",
           .description =
               "What all randomness follows from: at most 2^63 - 1, TOML's largest integer.",
           .is_set_by_comparison = true},
          kSeed, [](auto& c) -> auto& { return c.run.seed; }),
      field(
          {.key = "run.controls",
           .description =
               "Strategies to run beside this one for comparison, such as `full`, `random`, "
               "`random_scratch` and `short`.",
           .decides = Decides::nothing,
           .is_set_by_comparison = true,
           .is_dropped_for_controls = true},
          kNotEmpty, [](auto& c) -> auto& { return c.run.controls; }),
      field(
          {.key = "run.threads",
           .unit = "threads",
           .description = "0: as many as the process may use. Results are the same bits on any "
                          "number.",
           .may_change = MayChange::always,
           .decides = Decides::nothing,
           .is_set_by_comparison = true},
          kThreads, [](auto& c) -> auto& { return c.run.threads; }),
      field(
          {.key = "run.checkpoint_seconds",
           .unit = "seconds",
           .description = "Time between checkpoints: at most this much work is lost to a power "
                          "cut. 0: a checkpoint after every step.",
           .may_change = MayChange::always,
           .decides = Decides::nothing},
          kNotNegative, [](auto& c) -> auto& { return c.run.checkpoint_seconds; }),
  };
}

}  // namespace edgeprune::config
