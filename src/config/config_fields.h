#pragma once
// The rows behind edgeprune/config/config.h: each field with the way to set it.

#include "edgeprune/config/config.h"

#include "field_row.h"

#include <string_view>
#include <vector>

namespace edgeprune::config {

[[nodiscard]] const std::vector<FieldRow>& field_rows();

/// The row of "section.key", or nullptr.
[[nodiscard]] const FieldRow* find_row(std::string_view key);
/// The field most like an unknown key, or "" if none is like it.
[[nodiscard]] std::string_view nearest_key(std::string_view unknown);

/// "data", "model", ... in the order of the table.
[[nodiscard]] std::vector<std::string_view> section_names();
/// The parts of "section.key"; a key without a dot is all name.
[[nodiscard]] std::string_view section_of(std::string_view key);
[[nodiscard]] std::string_view name_of(std::string_view key);

/// The defaults as they are documented: train.peak_learning_rate still follows from another field.
[[nodiscard]] Config unresolved_defaults();

}  // namespace edgeprune::config
