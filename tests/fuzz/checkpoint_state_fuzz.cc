#include "edgeprune/run/run_state.h"

#include "fuzz_target.h"

#include <cstdlib>

using namespace edgeprune;

// What a checkpoint says of its run: what is read can be written, and reads back as the same text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::accept_only_our_errors([&] {
    const std::string text = run::to_json(run::parse_run_state(fuzz::as_text(data, size), "fuzz"));
    if (run::to_json(run::parse_run_state(text, "written")) != text) std::abort();
  });
  return 0;
}
