#if defined(__x86_64__)
#include <immintrin.h>
#define FAST_WIDTH 8
#define FAST_ROWS 6
#pragma clang attribute push(__attribute__((target("avx2,fma,bmi,bmi2"))), apply_to = function)
#include "fast_table.h"
#pragma clang attribute pop

extern const fast_kernels fast_kernels_avx2;
const fast_kernels fast_kernels_avx2 = FAST_TABLE("avx2");
#endif
