#pragma once
// The fields of a configuration that name the user's own files.

#include "edgeprune/config/config.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace edgeprune::run {

/// Every field that names a file or directory of the user's own, apart from those that may be a
/// name instead. Points into `config`.
[[nodiscard]] std::vector<std::pair<std::string_view, std::string*>> given_paths(
    config::Config& config);

}  // namespace edgeprune::run
