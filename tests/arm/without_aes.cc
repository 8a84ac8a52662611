// Preloaded before a program, hides the AES instructions that the CPU reports: what the program
// then does is what it does on a Raspberry Pi 4. qemu 7.2 models no such CPU.
#include <dlfcn.h>
#include <sys/auxv.h>

extern "C" unsigned long getauxval(unsigned long type) noexcept {
  using Getauxval = unsigned long (*)(unsigned long);
  static const auto real = reinterpret_cast<Getauxval>(dlsym(RTLD_NEXT, "getauxval"));
  const unsigned long value = real(type);
  return type == AT_HWCAP ? value & ~static_cast<unsigned long>(HWCAP_AES) : value;
}
