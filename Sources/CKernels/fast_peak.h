// What no kernel can exceed: independent multiply-adds on registers alone, enough of them to hide the
// latency of two units and few enough for the registers.
static double peak(size_t rounds) {
  enum { sum_count = FAST_WIDTH == 16 ? 24 : 12 };
  vec sums[sum_count];
  FAST_UNROLL for (int i = 0; i < sum_count; i++) sums[i] = vec_of((float)i);
  vec factor = vec_of(0.999f), term = vec_of(0.001f);
  // The compiler must not see through the constants.
  __asm__ volatile("" : "+m"(factor), "+m"(term));
  for (size_t round = 0; round < rounds; round++) {
    FAST_UNROLL for (int i = 0; i < sum_count; i++) sums[i] = sums[i] * factor + term;
  }
  FAST_UNROLL for (int i = 0; i < sum_count; i++) __asm__ volatile("" : : "m"(sums[i]));
  return (double)rounds * sum_count * FAST_WIDTH;
}
