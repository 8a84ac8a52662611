#include "edgeprune/core/keep_ratio.h"

#include "edgeprune/core/error.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace edgeprune::core {
namespace {

// __extension__ keeps -Wpedantic builds quiet about the 128-bit integer.
__extension__ using Int128 = __int128;

constexpr int kMaxDigits = 18;

[[noreturn]] void reject(std::string_view text) {
  throw Error(ErrorKind::config,
              fmt::format("the keep ratio is {}; it must be a decimal in (0, 1], such as 0.1",
                          text.empty() ? "empty" : text));
}

Int128 power_of_ten(int exponent) {
  Int128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

int parse_exponent(std::string_view text, std::string_view whole) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  int exponent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
  const bool whole_text = error == std::errc() && end == text.data() + text.size();
  if (!whole_text || exponent > 2 * kMaxDigits || exponent < -2 * kMaxDigits) reject(whole);
  return exponent;
}

}  // namespace

KeepRatio KeepRatio::parse(std::string_view text) {
  KeepRatio ratio;
  ratio.text_ = text;
  ratio.digits_ = 0;
  const std::size_t e = text.find_first_of("eE");
  const std::string_view mantissa = text.substr(0, e);
  int significant = 0;
  bool point = false;
  bool any_digit = false;
  for (const char c : mantissa) {
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9') reject(text);
    any_digit = true;
    if (significant > 0 || c != '0') ++significant;
    if (significant > kMaxDigits) reject(text);
    ratio.digits_ = ratio.digits_ * 10 + (c - '0');
    if (point) ++ratio.decimals_;
  }
  if (!any_digit) reject(text);
  if (e != std::string_view::npos) ratio.decimals_ -= parse_exponent(text.substr(e + 1), text);
  while (ratio.digits_ != 0 && ratio.digits_ % 10 == 0 && ratio.decimals_ > 0) {
    ratio.digits_ /= 10;
    --ratio.decimals_;
  }
  // Below 10^-18 nothing is kept of any 32-bit count; above one is refused anyway.
  if (ratio.decimals_ > 2 * kMaxDigits || ratio.decimals_ < 0) reject(text);
  if (ratio.digits_ <= 0 || Int128{ratio.digits_} > power_of_ten(ratio.decimals_)) reject(text);
  return ratio;
}

KeepRatio KeepRatio::from_double(double value) {
  if (!std::isfinite(value)) reject(fmt::format("{}", value));
  return parse(fmt::format("{}", value));
}

std::uint32_t KeepRatio::num_kept(std::uint32_t num_samples) const {
  const auto kept = Int128{digits_} * num_samples / power_of_ten(decimals_);
  if (kept == 0) {
    throw Error(ErrorKind::config,
                fmt::format("the keep ratio {} keeps none of {} samples; the smallest usable ratio "
                            "is {}",
                            text_, num_samples, smallest_usable_keep_ratio(num_samples)));
  }
  return static_cast<std::uint32_t>(kept);
}

double KeepRatio::value() const {
  return static_cast<double>(digits_) / static_cast<double>(power_of_ten(decimals_));
}

std::string smallest_usable_keep_ratio(std::uint32_t num_samples) {
  if (num_samples <= 1) return "1";
  int decimals = 3;
  while (power_of_ten(decimals - 2) < num_samples) ++decimals;
  const Int128 scaled = (power_of_ten(decimals) + num_samples - 1) / num_samples;
  std::string digits = fmt::format("{}", static_cast<std::int64_t>(scaled));
  digits.insert(0, static_cast<std::size_t>(decimals) - digits.size(), '0');
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  return "0." + digits;
}

}  // namespace edgeprune::core
