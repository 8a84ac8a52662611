#pragma once
// The main() that benchmark programs share: a mistake on the command line ends as CLI11 says, an
// error as the line "unavailable: REASON", which the scripts show, and kUnavailable.

#include "protocol.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <exception>

namespace edgeprune::benchmarks {

/// `body(app)` declares the options, parses and measures; what it returns is the exit code.
template <typename Body>
int benchmark_main(const char* description, Body&& body) {
  CLI::App app(description);
  try {
    return body(app);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  } catch (const std::exception& error) {
    fmt::print("unavailable: {}\n", error.what());
    return kUnavailable;
  }
}

}  // namespace edgeprune::benchmarks
