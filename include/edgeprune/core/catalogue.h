#pragma once
// Rows of one kind of thing, found by name: those that come with edgeprune and a program's own.
//
//   score::ScoreCatalogue scores = score::scores();   // a copy of ours
//   scores.add({.name = "mine", ...});                // a row of one's own
//   const score::ScoreKind& mine = scores.named("mine");
//
// A value: nothing is registered globally, and what is added to one catalogue is in no other. A row
// stays where it is while its catalogue lives and is not assigned to. Reading from several threads
// is safe, adding at the same time is not.

#include <cstddef>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace edgeprune::core {

/// An Error of kind config: CALLED is "NAME"; it must be one of KNOWN; did you mean ...?
[[noreturn]] void reject_unknown(std::string_view called, std::string_view name,
                                 std::span<const std::string_view> known);
/// A name is made of lower-case letters, digits and underscores, and `is_taken` by no other row;
/// else an Error of kind config that names the `kind` of thing.
void require_new_name(std::string_view kind, std::string_view name, bool is_taken);

/// `Row` has a `name` and, for messages, `kCalled`: what such a thing is called ("score").
template <typename Row>
class Catalogue {
 public:
  explicit Catalogue(std::deque<Row> rows) : rows_(std::move(rows)) {}

  /// At the end. A name that is taken, or that a file could not hold, is an Error of kind config.
  const Row& add(Row row) {
    require_new_name(Row::kCalled, row.name, find(row.name) != nullptr);
    return rows_.emplace_back(std::move(row));
  }

  /// Null where there is none of that name.
  [[nodiscard]] const Row* find(std::string_view name) const {
    for (const Row& row : rows_) {
      if (row.name == name) return &row;
    }
    return nullptr;
  }

  /// An unknown name is an Error of kind config that lists the known ones and the nearest. It calls
  /// the name what the user does: "the score", or the key or option that it was read from.
  [[nodiscard]] const Row& named(std::string_view name, std::string_view called) const {
    if (const Row* row = find(name)) return *row;
    reject_unknown(called, name, names());
  }
  [[nodiscard]] const Row& named(std::string_view name) const {
    return named(name, "the " + std::string(Row::kCalled));
  }

  [[nodiscard]] std::vector<std::string_view> names() const {
    std::vector<std::string_view> names;
    for (const Row& row : rows_) names.push_back(row.name);
    return names;
  }

  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  [[nodiscard]] const Row& operator[](std::size_t i) const { return rows_[i]; }
  [[nodiscard]] auto begin() const { return rows_.begin(); }
  [[nodiscard]] auto end() const { return rows_.end(); }

 private:
  std::deque<Row> rows_;
};

}  // namespace edgeprune::core
