#include "include/FastKernels.h"

extern const fast_kernels fast_kernels_baseline;
#if defined(__x86_64__)
extern const fast_kernels fast_kernels_avx2;
extern const fast_kernels fast_kernels_avx512;
extern const fast_kernels fast_kernels_avx512_bf16;
#endif

fast_level fast_best_level(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("x86-64-v4")) {
    return __builtin_cpu_supports("avx512bf16") ? FAST_AVX512_BF16 : FAST_AVX512;
  }
  if (__builtin_cpu_supports("x86-64-v3")) return FAST_AVX2;
#endif
  return FAST_BASELINE;
}

const fast_kernels *fast_kernels_for(fast_level level) {
#if defined(__x86_64__)
  const fast_level best = fast_best_level();
  if (level > best) level = best;
  if (level == FAST_AVX512_BF16) return &fast_kernels_avx512_bf16;
  if (level == FAST_AVX512) return &fast_kernels_avx512;
  if (level == FAST_AVX2) return &fast_kernels_avx2;
#endif
  return &fast_kernels_baseline;
}
