#include "edgeprune/energy/meter.h"

namespace edgeprune::energy {

std::string_view name_of(Source source) {
  switch (source) {
    case Source::rapl:
      return "rapl";
    case Source::battery:
      return "battery";
    case Source::hwmon:
      return "hwmon";
    case Source::nvml:
      return "nvml";
    case Source::command:
      return "command";
    case Source::file:
      return "file";
    case Source::model:
      return "model";
  }
  return "";
}

std::string_view name_of(Scope scope) {
  switch (scope) {
    case Scope::package:
      return "package";
    case Scope::core:
      return "core";
    case Scope::dram:
      return "dram";
    case Scope::gpu:
      return "gpu";
    case Scope::board:
      return "board";
    case Scope::other:
      return "other";
  }
  return "";
}

std::string_view name_of(Method method) {
  switch (method) {
    case Method::counter:
      return "counter";
    case Method::integrated:
      return "integrated";
    case Method::modelled:
      return "modelled";
  }
  return "";
}

}  // namespace edgeprune::energy
