#include "Peak.h"

#include "plain_common.h"

// Enough independent sums to hide the latency of two units; each is as wide as the widest vectors,
// which narrower units handle in halves.
enum { sums = 20, lanes = 16 };
typedef float vector __attribute__((vector_size(lanes * sizeof(float))));

PLAIN_VARIANTS double peak_multiply_adds(long rounds) {
  vector sum[sums];
  for (int i = 0; i < sums; i++) sum[i] = (vector){0} + (float)i;
  vector factor = (vector){0} + 0.999f;
  vector term = (vector){0} + 0.001f;
  // The compiler must not see through the constants.
  __asm__ volatile("" : "+m"(factor), "+m"(term));
  for (long round = 0; round < rounds; round++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < sums; i++) sum[i] = sum[i] * factor + term;
  }
  for (int i = 0; i < sums; i++) __asm__ volatile("" : : "m"(sum[i]));
  return (double)rounds * sums * lanes;
}
