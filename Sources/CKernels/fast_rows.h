// Rows on the way in and out of a convolution.

FAST_INLINE size_t width_left(size_t channels, size_t c) {
  return channels - c < FAST_WIDTH ? channels - c : FAST_WIDTH;
}

FAST_INLINE size_t bytes_of(plain_type type) { return type == PLAIN_F32 ? 4 : 2; }

// 1 / sqrt(mean square + epsilon) of a row.
FAST_INLINE float inverse_rms(const float *x, size_t channels, float epsilon) {
  vec squares = {0};
  for (size_t c = 0; c < channels; c += FAST_WIDTH) {
    vec v = vec_load_part(x + c, width_left(channels, c));
    squares = v * v + squares;
  }
  return 1.0f / sqrtf(vec_sum(squares) / (float)channels + epsilon);
}

FAST_INLINE void load_with(const fast_input *p, const void *from, size_t count, float *out,
                           size_t out_step, const plain_type type, const int has_norm,
                           const plain_function f) {
  const size_t channels = p->channels, padded = fast_padded(channels);
  const size_t whole = channels / FAST_WIDTH * FAST_WIDTH;
  for (size_t r = 0; r < count; r++, out += out_step) {
    const char *x = (const char *)from + r * p->row_step * bytes_of(type);
    for (size_t c = 0; c < whole; c += FAST_WIDTH) {
      vec v = vec_load_stored(x + c * bytes_of(type), type, FAST_WIDTH);
      if (has_norm) v = v * vec_load(p->scale + c) + vec_load(p->shift + c);
      vec_store(out + c, vec_apply(v, f));
    }
    for (size_t c = whole; c < padded; c += FAST_WIDTH) {
      const size_t width = c < channels ? channels - c : 0;
      vec v = vec_load_stored(x + c * bytes_of(type), type, width);
      if (has_norm) v = v * vec_load_part(p->scale + c, width) + vec_load_part(p->shift + c, width);
      vec_store(out + c, vec_apply(v, f));
    }
  }
}

static void load_rms(const fast_input *p, const void *from, size_t count, float *out,
                     size_t out_step) {
  const size_t channels = p->channels, padded = fast_padded(channels);
  for (size_t r = 0; r < count; r++) {
    const char *x = (const char *)from + r * p->row_step * bytes_of(p->type);
    float *to = out + r * out_step;
    for (size_t c = 0; c < padded; c += FAST_WIDTH) {
      const size_t width = c < channels ? width_left(channels, c) : 0;
      vec_store(to + c, vec_load_stored(x + c * bytes_of(p->type), p->type, width));
    }
    const vec inverse = vec_of(inverse_rms(to, channels, p->epsilon));
    for (size_t c = 0; c < channels; c += FAST_WIDTH) {
      const size_t width = width_left(channels, c);
      vec v = vec_load(to + c) * inverse * vec_load_part(p->scale + c, width) +
              vec_load_part(p->shift + c, width);
      vec_store(to + c, vec_apply(v, p->function));
    }
  }
}

static void load(const fast_input *p, const void *from, size_t count, float *out,
                 size_t out_step) {
  // The common cases are compiled apart, so that nothing is decided in their inner loops.
  const int has_norm = p->scale != 0;
  if (p->is_rms) {
    load_rms(p, from, count, out, out_step);
  } else if (p->type == PLAIN_F32 && has_norm && p->function == PLAIN_SILU) {
    load_with(p, from, count, out, out_step, PLAIN_F32, 1, PLAIN_SILU);
  } else if (p->type == PLAIN_F32 && !has_norm && p->function == PLAIN_NONE) {
    load_with(p, from, count, out, out_step, PLAIN_F32, 0, PLAIN_NONE);
  } else if (p->type == PLAIN_F32) {
    load_with(p, from, count, out, out_step, PLAIN_F32, has_norm, p->function);
  } else {
    load_with(p, from, count, out, out_step, PLAIN_BF16, has_norm, p->function);
  }
}

// Bias, function and RMS norm of one row, in place.
FAST_INLINE void finish_norm(const fast_output *p, float *row) {
  for (size_t c = 0; c < p->channels; c += FAST_WIDTH) {
    const size_t width = width_left(p->channels, c);
    vec v = vec_load(row + c);
    if (p->bias) v = v + vec_load_part(p->bias + c, width);
    vec_store(row + c, vec_apply(v, p->function));
  }
  const vec inverse = vec_of(inverse_rms(row, p->channels, p->epsilon));
  for (size_t c = 0; c < p->channels; c += FAST_WIDTH) {
    const size_t width = width_left(p->channels, c);
    vec v = vec_load(row + c) * inverse * vec_load_part(p->scale + c, width) +
            vec_load_part(p->shift + c, width);
    vec_store(row + c, v);
  }
}

FAST_INLINE void finish_with(const fast_output *p, const float *rows, size_t step, size_t count,
                             void *out, double *sums, const plain_type type,
                             const int adds_residual, const int has_sums,
                             const plain_function f) {
  const size_t channels = p->channels;
  for (size_t c = 0; c < channels; c += FAST_WIDTH) {
    const size_t width = width_left(channels, c);
    const vec bias = p->bias && !p->scale ? vec_load_part(p->bias + c, width) : vec_of(0.0f);
    vec total = {0}, squares = {0};
    for (size_t r = 0; r < count; r++) {
      char *to = (char *)out + (r * p->row_step + c) * bytes_of(type);
      vec v = vec_apply(vec_load(rows + r * step + c) + bias, f);
      if (adds_residual) v = v + vec_load_stored(to, type, width);
      vec_store_stored(to, type, width, v);
      if (has_sums) {
        // The statistics are those of the stored values.
        if (type != PLAIN_F32) v = vec_load_stored(to, type, width);
        total = total + v;
        squares = v * v + squares;
      }
    }
    if (has_sums) {
      for (size_t i = 0; i < width; i++) {
        sums[c + i] += total[i];
        sums[channels + c + i] += squares[i];
      }
    }
  }
}

static void finish(const fast_output *p, float *rows, size_t step, size_t count, void *out,
                   double *sums) {
  plain_function f = p->function;
  if (p->scale) {
    for (size_t r = 0; r < count; r++) finish_norm(p, rows + r * step);
    f = PLAIN_NONE;
  }
  if (p->type == PLAIN_F32 && f == PLAIN_NONE && sums) {
    if (p->adds_residual) {
      finish_with(p, rows, step, count, out, sums, PLAIN_F32, 1, 1, PLAIN_NONE);
    } else {
      finish_with(p, rows, step, count, out, sums, PLAIN_F32, 0, 1, PLAIN_NONE);
    }
  } else if (p->type == PLAIN_F32) {
    finish_with(p, rows, step, count, out, sums, PLAIN_F32, p->adds_residual, sums != 0, f);
  } else {
    finish_with(p, rows, step, count, out, sums, PLAIN_BF16, p->adds_residual, sums != 0, f);
  }
}

static float softmax_step(float *scores, size_t count, float scale, float *maximum, float *sum) {
  vec top = vec_of(*maximum);
  size_t i = 0;
  for (; i + FAST_WIDTH <= count; i += FAST_WIDTH) {
    vec v = vec_load(scores + i) * scale;
    vec_store(scores + i, v);
    top = vec_max(v, top);
  }
  float largest = top[0];
  for (int j = 1; j < FAST_WIDTH; j++) largest = top[j] > largest ? top[j] : largest;
  for (; i < count; i++) {
    scores[i] *= scale;
    largest = scores[i] > largest ? scores[i] : largest;
  }
  vec total = {0};
  float rest = 0;
  for (i = 0; i + FAST_WIDTH <= count; i += FAST_WIDTH) {
    vec v = vec_exp(vec_load(scores + i) - largest);
    vec_store(scores + i, v);
    total = total + v;
  }
  if (i < count) {
    vec v = vec_load_part(scores + i, count - i);
    v = vec_exp(v - largest);
    for (size_t j = 0; i + j < count; j++) {
      scores[i + j] = v[j];
      rest += v[j];
    }
  }
  const float correction = vec_exp(vec_of(*maximum - largest))[0];
  *sum = *sum * correction + vec_sum(total) + rest;
  *maximum = largest;
  return correction;
}
