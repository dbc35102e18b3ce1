#if defined(__x86_64__)
#include <immintrin.h>
#define FAST_WIDTH 16
#define FAST_ROWS 14
#define FAST_HALVES
#pragma clang attribute push(                                                                   \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma,bmi,bmi2"))), \
    apply_to = function)
#include "fast_table.h"
#pragma clang attribute pop

extern const fast_kernels fast_kernels_avx512_bf16;
const fast_kernels fast_kernels_avx512_bf16 = FAST_TABLE("avx512_bf16");
#endif
