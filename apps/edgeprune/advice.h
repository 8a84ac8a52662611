#pragma once
// What a user can do about an error, in terms of this command line. The library says what is wrong
// in terms of fields and files, and knows no option and no subcommand.

#include "edgeprune/core/error.h"

#include <string>

namespace edgeprune::cli {

/// What is printed right after the error's message: ": `edgeprune resume runs/a`", "; give
/// --run-dir DIR"; "" where the message says it all.
[[nodiscard]] std::string advice_for(const core::Error& error);

}  // namespace edgeprune::cli
