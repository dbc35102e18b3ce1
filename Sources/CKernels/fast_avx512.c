#if defined(__x86_64__)
#include <immintrin.h>
#define FAST_WIDTH 16
#define FAST_ROWS 14
// No "arch=x86-64-v4": its tuning prefers vectors of 256 bits.
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi,bmi2"))), apply_to = function)
#include "fast_table.h"
#pragma clang attribute pop

extern const fast_kernels fast_kernels_avx512;
const fast_kernels fast_kernels_avx512 = FAST_TABLE("avx512");
#endif
