#pragma once
// The rows behind edgeprune/config/config.h: each field with the way to set it.

#include "edgeprune/config/config.h"

#include "config_values.h"

#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::config {

struct FieldRow {
  ConfigField documented;
  Limits limits;
  bool is_text;  // a string or a word: --set takes it without quotes
  /// Sets the field and returns "", or leaves it and returns what the value must be.
  std::string (*set)(Config&, const GivenValue&, const Limits&);
  /// Of a field that is a string, that string; else null.
  std::string& (*text)(Config&) = nullptr;
};
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
