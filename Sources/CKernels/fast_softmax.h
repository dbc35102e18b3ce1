// Online softmax: Milakov and Gimelshein, "Online normalizer calculation for softmax" (2018).

// Brings one row's maximum up to date, with its scores times `scale`.
FAST_INLINE void find_maximum(const float *scores, size_t line_step, size_t count, float scale,
                              float *maximum) {
  vec top = vec_of(*maximum);
  size_t c = 0;
  for (; c + FAST_WIDTH <= count; c += FAST_WIDTH) {
    top = vec_max(vec_load(scores + in_lines(c, line_step)) * scale, top);
  }
  float largest = top[0];
  FAST_UNROLL for (int j = 1; j < FAST_WIDTH; j++) largest = top[j] > largest ? top[j] : largest;
  for (; c < count; c++) {
    const float x = scores[in_lines(c, line_step)] * scale;
    largest = x > largest ? x : largest;
  }
  *maximum = largest;
}

FAST_INLINE void softmax_to(const fast_softmax *p, const plain_type to) {
  // Values in a line, of which bfloat16 takes half a float's place.
  const size_t line = fast_lane_count * 4 / bytes_of(to);
  for (size_t r = 0; r < p->rows; r++) {
    const float *scores = p->scores + r * fast_lane_count;
    const float former = p->maxima[r];
    find_maximum(scores, p->line_step, p->count, p->scale, &p->maxima[r]);
    const vec largest = vec_of(p->maxima[r]);
    vec total = {0};
    for (size_t c = 0; c < p->padded; c += FAST_WIDTH) {
      vec v = {0};
      if (c < p->count) {
        v = vec_exp(vec_load(scores + in_lines(c, p->line_step)) * p->scale - largest);
        for (size_t j = p->count - c; j < FAST_WIDTH; j++) v[j] = 0;
      }
      float *out = p->out + c / line * p->line_step + r * fast_lane_count;
      vec_store_stored((char *)out + c % line * bytes_of(to), to, FAST_WIDTH, v);
      total = total + v;
    }
    p->corrections[r] = vec_exp(vec_of(former) - largest)[0];
    p->sums[r] = p->sums[r] * p->corrections[r] + vec_sum(total);
  }
}

static void softmax(const fast_softmax *p) {
  if (p->to == PLAIN_F32) {
    softmax_to(p, PLAIN_F32);
  } else {
    softmax_to(p, PLAIN_BF16);
  }
}

static void scale(float *lines, const float *factors, size_t count) {
  for (size_t r = 0; r < count; r++, lines += fast_lane_count) {
    const vec factor = vec_of(factors[r]);
    FAST_UNROLL for (int c = 0; c < fast_lane_count; c += FAST_WIDTH)
        vec_store(lines + c, vec_load(lines + c) * factor);
  }
}
