#pragma once
// The version of edgeprune, as Semantic Versioning counts it. This is where it is written down: the
// build reads it from here, and so do the package and `edgeprune --version`.
//
//     #if EDGEPRUNE_VERSION_MAJOR > 0 || EDGEPRUNE_VERSION_MINOR >= 2
//     fmt::print("written by edgeprune {}\n", edgeprune::core::version());

#include <string_view>

#define EDGEPRUNE_VERSION_MAJOR 0
#define EDGEPRUNE_VERSION_MINOR 1
#define EDGEPRUNE_VERSION_PATCH 0

namespace edgeprune::core {

/// That of the library that is linked, e.g. "0.1.0"; the macros are those of the headers.
[[nodiscard]] std::string_view version();

}  // namespace edgeprune::core
