// The model of equation (8), E = P x tau: a power that somebody stated, times the time that passed.
// Nothing is measured.

#include "sources.h"

namespace edgeprune::energy {

std::vector<Candidate> look_at_model(const MeterSearch& search) {
  const MeterInfo info = {.source = Source::model,
                          .name = "power_watts",
                          .scope = Scope::board,
                          .method = Method::modelled};
  std::vector<Candidate> found;
  found.push_back(try_meter(info, [watts = search.power_watts] {
    if (watts > 0) return Reading{watts, ""};
    return unreadable("energy.power_watts is not given, nor a device profile with a power");
  }));
  return found;
}

}  // namespace edgeprune::energy
