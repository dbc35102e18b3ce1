#define FAST_WIDTH 4
#define FAST_ROWS 6
#include "fast_table.h"

extern const fast_kernels fast_kernels_baseline;
#if defined(__aarch64__)
const fast_kernels fast_kernels_baseline = FAST_TABLE("neon");
#else
const fast_kernels fast_kernels_baseline = FAST_TABLE("baseline");
#endif
