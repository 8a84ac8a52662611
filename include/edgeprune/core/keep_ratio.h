#pragma once
// The keep ratio rho: the share of its samples that a device keeps (the paper calls it "pruning
// ratio"), in (0, 1], as the decimal the user wrote.
//
//   KeepRatio::parse("0.29").num_kept(100) == 29     // in doubles 0.29 * 100 is 28.999...
//
// M = floor(rho * N), equation (17), is computed in integers from the decimal digits.

#include <cstdint>
#include <string>
#include <string_view>

namespace edgeprune::core {

class KeepRatio {
 public:
  /// The ratio 1: everything is kept.
  KeepRatio() = default;

  /// From a decimal such as "0.1", ".25", "1" or "2e-3", of at most 18 significant digits.
  /// Anything else, and a value outside (0, 1], is an Error of kind config.
  [[nodiscard]] static KeepRatio parse(std::string_view text);
  /// From the shortest decimal that reads back as this double.
  [[nodiscard]] static KeepRatio from_double(double value);

  /// M = floor(rho * N). M = 0 is an Error of kind config that names the smallest usable ratio.
  [[nodiscard]] std::uint32_t num_kept(std::uint32_t num_samples) const;

  [[nodiscard]] const std::string& as_written() const { return text_; }
  [[nodiscard]] double value() const;

 private:
  std::string text_ = "1";
  std::int64_t digits_ = 1;  // the ratio is digits_ / 10^decimals_
  int decimals_ = 0;
};

/// The smallest ratio, rounded up to three significant digits, that keeps one of num_samples.
[[nodiscard]] std::string smallest_usable_keep_ratio(std::uint32_t num_samples);

}  // namespace edgeprune::core
