#include "edgeprune/energy/meter_search.h"

namespace edgeprune::energy {

// What a choice names; nothing for `automatic` and `none`.
std::optional<Source> source_of(MeterChoice choice) {
  switch (choice) {
    case MeterChoice::automatic:
    case MeterChoice::none:
      return std::nullopt;
    case MeterChoice::rapl:
      return Source::rapl;
    case MeterChoice::battery:
      return Source::battery;
    case MeterChoice::hwmon:
      return Source::hwmon;
    case MeterChoice::nvml:
      return Source::nvml;
    case MeterChoice::command:
      return Source::command;
    case MeterChoice::file:
      return Source::file;
    case MeterChoice::model:
      return Source::model;
  }
  return std::nullopt;
}

std::string_view name_of(MeterChoice choice) {
  if (choice == MeterChoice::automatic) return "auto";
  const std::optional<Source> source = source_of(choice);
  return source ? name_of(*source) : "none";
}

}  // namespace edgeprune::energy
