// Transforms of F(m x m, 3x3) for m = 4 and 6: Lavin and Gray, "Fast Algorithms for Convolutional
// Neural Networks" (2016), with the points 0, 1, -1, 2, -2, for m = 6 also 1/2 and -1/2, and infinity.
//
// With stride 2 the even samples meet two taps and the odd ones one: F(4, 2) with the points 0, 1, -1,
// 2 and infinity, where a single tap as the first of two has no product at infinity.

enum { most_inputs = 9, most_points = 8, most_side = 6 };

// One axis of the input transform.
FAST_INLINE void to_points(const vec *d, vec *t, const fast_algorithm algorithm) {
  if (algorithm == FAST_F4_STRIDED) {
    FAST_UNROLL for (int odd = 0; odd < 2; odd++) {
      const vec *e = d + odd;
      vec *u = t + 5 * odd;
      u[0] = 2.0f * (e[0] - e[4]) + (e[6] - e[2]);
      u[1] = (e[6] - e[4]) - 2.0f * e[2];
      u[2] = 2.0f * e[2] + (e[6] - 3.0f * e[4]);
      u[3] = e[6] - e[2];
      if (!odd) u[4] = 2.0f * (e[2] - e[6]) + (e[8] - e[4]);
    }
  } else if (algorithm == FAST_F4) {
    vec a = d[4] - 4.0f * d[2], b = d[3] - 4.0f * d[1];
    vec c = d[4] - d[2], e = 2.0f * (d[3] - d[1]);
    t[0] = 4.0f * d[0] + (d[4] - 5.0f * d[2]);
    t[1] = a + b;
    t[2] = a - b;
    t[3] = c + e;
    t[4] = c - e;
    t[5] = 4.0f * d[1] + (d[5] - 5.0f * d[3]);
  } else {
    vec a = d[6] + (d[2] - 4.25f * d[4]), b = d[5] + (d[1] - 4.25f * d[3]);
    vec c = d[6] + (0.25f * d[2] - 1.25f * d[4]), e = 2.0f * d[5] + (0.5f * d[1] - 2.5f * d[3]);
    vec f = d[6] + (4.0f * d[2] - 5.0f * d[4]), g = 0.5f * d[5] + (2.0f * d[1] - 2.5f * d[3]);
    t[0] = (d[0] - d[6]) + 5.25f * (d[4] - d[2]);
    t[1] = a + b;
    t[2] = a - b;
    t[3] = c + e;
    t[4] = c - e;
    t[5] = f + g;
    t[6] = f - g;
    t[7] = (d[7] - d[1]) + 5.25f * (d[3] - d[5]);
  }
}

// What comes behind the vector at `c` of a row of `channels`. Each lies at as many places, far from one
// another, as there are points: no CPU foresees that, so each is asked into the cache one ahead.
FAST_INLINE const float *next_in_lines(const float *first, const fast_lines *lines, size_t row,
                                       size_t c, size_t channels) {
  return c + FAST_WIDTH < channels
             ? first + row_in_lines(lines, row) + in_lines(c + FAST_WIDTH, lines->line_step)
             : first + row_in_lines(lines, row + 1);
}

FAST_INLINE void transform_input_with(const fast_input_tiles *p, const fast_algorithm algorithm,
                                      const int parts) {
  const int points = (int)fast_inputs(algorithm);
  for (size_t tile = 0; tile < p->tiles; tile++) {
    const size_t start = tile * fast_step(algorithm) * fast_lane_count;
    float *out = p->out + row_in_lines(&p->lines, p->first + tile);
    for (size_t c = 0; c < p->channels; c += FAST_WIDTH) {
      const float *next = next_in_lines(p->out, &p->lines, p->first + tile, c, p->channels);
      const size_t corner = start + in_lines(c, p->line_step);
      vec half[most_inputs][most_inputs];
      FAST_UNROLL for (int x = 0; x < points; x++) {
        vec d[most_inputs], t[most_inputs];
        FAST_UNROLL for (int y = 0; y < points; y++) {
          const size_t at = corner + (size_t)y * p->row_step + (size_t)x * fast_lane_count;
          d[y] = vec_load(p->parts[0].first + at) * vec_of(p->parts[0].factor);
          FAST_UNROLL for (int i = 1; i < parts; i++)
              d[y] = vec_load(p->parts[i].first + at) * vec_of(p->parts[i].factor) + d[y];
        }
        to_points(d, t, algorithm);
        FAST_UNROLL for (int y = 0; y < points; y++) half[y][x] = t[y];
      }
      float *target = out + in_lines(c, p->lines.line_step);
      FAST_UNROLL for (int y = 0; y < points; y++) {
        vec t[most_inputs];
        to_points(half[y], t, algorithm);
        FAST_UNROLL for (int x = 0; x < points; x++) {
          __builtin_prefetch(next + (size_t)(y * points + x) * p->point_step, 1);
          vec_store(target + (size_t)(y * points + x) * p->point_step, t[x]);
        }
      }
    }
  }
}

FAST_INLINE void transform_input_of(const fast_input_tiles *p, const fast_algorithm algorithm) {
  if (p->part_count == 1) {
    transform_input_with(p, algorithm, 1);
  } else {
    transform_input_with(p, algorithm, 2);
  }
}

static void transform_input(const fast_input_tiles *p) {
  switch (p->algorithm) {
    case FAST_F4: transform_input_of(p, FAST_F4); break;
    case FAST_F6: transform_input_of(p, FAST_F6); break;
    case FAST_F4_STRIDED: transform_input_of(p, FAST_F4_STRIDED); break;
  }
}

// One axis of the output transform; what `phase` lacks of the points is zero.
FAST_INLINE void from_points(const vec *m, vec *y, const fast_algorithm algorithm,
                             const fast_phase phase) {
  vec s1 = m[1] + m[2], d1 = m[1] - m[2];
  if (algorithm == FAST_F4_STRIDED) {
    y[0] = m[0] + s1 + m[3];
    y[1] = 2.0f * m[3] + d1;
    y[2] = 4.0f * m[3] + s1;
    y[3] = 8.0f * m[3] + d1 + m[4];
    return;
  }
  vec s2 = m[3] + m[4], d2 = m[3] - m[4];
  if (algorithm == FAST_F4) {
    y[0] = phase == FAST_ODD ? s1 + s2 : m[0] + s1 + s2;
    y[1] = 2.0f * d2 + d1;
    y[2] = 4.0f * s2 + s1;
    y[3] = phase == FAST_EVEN ? 8.0f * d2 + d1 : 8.0f * d2 + d1 + m[5];
  } else {
    vec s3 = m[5] + m[6], d3 = m[5] - m[6];
    y[0] = m[0] + s1 + (s2 + s3);
    y[1] = 2.0f * d2 + (0.5f * d3 + d1);
    y[2] = 4.0f * s2 + (0.25f * s3 + s1);
    y[3] = 8.0f * d2 + (0.125f * d3 + d1);
    y[4] = 16.0f * s2 + (0.0625f * s3 + s1);
    y[5] = 32.0f * d2 + (0.03125f * d3 + d1) + m[7];
  }
}

enum { f4_points = 6, f4_side = 4 };

static void frames_to_sets(const float *const frames[6], float *sets, size_t set_step, size_t count) {
  // Copies, for what is stored might be one of the pointers.
  const float *from[f4_points];
  FAST_UNROLL for (int f = 0; f < f4_points; f++) from[f] = frames[f];
  for (size_t i = 0; i < count; i += FAST_WIDTH) {
    vec line[f4_points], t[f4_points];
    FAST_UNROLL for (int f = 0; f < f4_points; f++) line[f] = vec_load(from[f] + i);
    to_points(line, t, FAST_F4);
    FAST_UNROLL for (int s = 0; s < f4_points; s++) vec_store(sets + (size_t)s * set_step + i, t[s]);
  }
}

static void sets_to_frames(const float *sets, size_t set_step, float *const frames[4], size_t count) {
  float *to[f4_side];
  FAST_UNROLL for (int f = 0; f < f4_side; f++) to[f] = frames[f];
  for (size_t i = 0; i < count; i += FAST_WIDTH) {
    vec m[f4_points], line[f4_side];
    FAST_UNROLL for (int s = 0; s < f4_points; s++) m[s] = vec_load(sets + (size_t)s * set_step + i);
    from_points(m, line, FAST_F4, FAST_WHOLE);
    FAST_UNROLL for (int f = 0; f < f4_side; f++) vec_store(to[f] + i, line[f]);
  }
}

// The product that has `point` of `phase`; -1 where there is none.
FAST_INLINE int product_of(const int point, const fast_phase phase) {
  switch (phase) {
    case FAST_EVEN: return point < 5 ? point : -1;
    case FAST_ODD: return point == 0 ? -1 : point == 1 ? 1 : point + 3;
    default: return point;
  }
}

// All columns of a tile's products through the vertical half of the output transform.
FAST_INLINE void transform_columns(const float *products, size_t step, vec half[][most_points],
                                   const fast_algorithm algorithm, const fast_phase vertical,
                                   const fast_phase horizontal) {
  const int side = (int)fast_side(algorithm), points = (int)fast_points(algorithm);
  const int across = horizontal == FAST_WHOLE ? points : fast_upsampled_count;
  FAST_UNROLL for (int x = 0; x < points; x++) {
    const int jx = product_of(x, horizontal);
    if (jx < 0) {
      FAST_UNROLL for (int y = 0; y < side; y++) half[y][x] = vec_of(0.0f);
      continue;
    }
    vec m[most_points], r[most_side];
    FAST_UNROLL for (int y = 0; y < points; y++) {
      const int jy = product_of(y, vertical);
      m[y] = jy < 0 ? vec_of(0.0f) : vec_load(products + (size_t)(jy * across + jx) * step);
    }
    from_points(m, r, algorithm, vertical);
    FAST_UNROLL for (int y = 0; y < side; y++) half[y][x] = r[y];
  }
}

FAST_INLINE void transform_output_with(const fast_output_tiles *p,
                                       const fast_algorithm algorithm, const fast_phase vertical,
                                       const fast_phase horizontal) {
  const int side = (int)fast_side(algorithm);
  const size_t column_step = (horizontal == FAST_WHOLE ? 1 : 2) * fast_lane_count;
  for (size_t tile = 0; tile < p->tiles; tile++) {
    const float *products = p->products + row_in_lines(&p->lines, p->first + tile);
    for (size_t c = 0; c < p->channels; c += FAST_WIDTH) {
      vec half[most_side][most_points];
      transform_columns(products + in_lines(c, p->lines.line_step), p->product_step, half,
                        algorithm, vertical, horizontal);
      FAST_UNROLL for (int y = 0; y < side; y++) {
        vec r[most_side];
        from_points(half[y], r, algorithm, horizontal);
        const size_t at = tile * (size_t)side * column_step + (size_t)y * p->row_step +
                          in_lines(c, p->target_line_step);
        for (size_t i = 0; i < p->contribution_count; i++) {
          const fast_contribution *to = &p->contributions[i];
          const vec factor = vec_of(to->factor);
          FAST_UNROLL for (int x = 0; x < side; x++) {
            float *target = to->target + at + (size_t)x * column_step;
            vec_store(target, to->accumulates ? factor * r[x] + vec_load(target) : factor * r[x]);
          }
        }
      }
    }
  }
}

static void transform_output(const fast_output_tiles *p) {
  if (p->algorithm == FAST_F6) {
    transform_output_with(p, FAST_F6, FAST_WHOLE, FAST_WHOLE);
  } else if (p->algorithm == FAST_F4_STRIDED) {
    transform_output_with(p, FAST_F4_STRIDED, FAST_WHOLE, FAST_WHOLE);
  } else if (p->vertical == FAST_WHOLE) {
    transform_output_with(p, FAST_F4, FAST_WHOLE, FAST_WHOLE);
  } else if (p->vertical == FAST_EVEN) {
    if (p->horizontal == FAST_EVEN) {
      transform_output_with(p, FAST_F4, FAST_EVEN, FAST_EVEN);
    } else {
      transform_output_with(p, FAST_F4, FAST_EVEN, FAST_ODD);
    }
  } else if (p->horizontal == FAST_EVEN) {
    transform_output_with(p, FAST_F4, FAST_ODD, FAST_EVEN);
  } else {
    transform_output_with(p, FAST_F4, FAST_ODD, FAST_ODD);
  }
}

// What is the same for all tiles that a call finishes.
typedef struct {
  fast_algorithm algorithm;
  plain_type type;
  int adds_residual, has_sums;
  plain_function function;
} finish_way;

// Transforms a tile's rows back and stores those of its samples that lie in the frame; `width`
// channels from `c` on.
FAST_INLINE void finish_rows(vec half[][most_points], const fast_output *o, const fast_frame *frame,
                             size_t left, size_t c, size_t width, vec bias, const finish_way way) {
  const int side = (int)fast_side(way.algorithm);
  const size_t columns = frame->columns > left ? frame->columns - left : 0;
  const size_t column_bytes = o->row_step * bytes_of(way.type);
  char *first = (char *)frame->out + left * column_bytes + c * bytes_of(way.type);
  const int is_whole = columns >= (size_t)side && width == FAST_WIDTH;
  finish_sums all = {0};
  FAST_ROLL for (int y = 0; y < side; y++) {
    if ((size_t)y >= frame->rows) break;
    vec r[most_side];
    from_points(half[y], r, way.algorithm, FAST_WHOLE);
    char *row = first + (size_t)y * frame->row_step * bytes_of(way.type);
    if (is_whole) {
      FAST_UNROLL for (int x = 0; x < side; x++) {
        // The next tile's.
        if (way.adds_residual) __builtin_prefetch(row + (size_t)(x + side) * column_bytes, 1);
        r[x] = finish_vector(r[x], bias, row + (size_t)x * column_bytes, FAST_WIDTH, way.type,
                             way.adds_residual, way.function, o->streams);
      }
      if (way.has_sums) add_finished(&all, r, side);
    } else {
      for (size_t x = 0; x < columns && x < (size_t)side; x++) {
        const vec v = finish_vector(r[x], bias, row + x * column_bytes, width, way.type,
                                    way.adds_residual, way.function, o->streams);
        if (way.has_sums) add_finished(&all, &v, 1);
      }
    }
  }
  if (way.has_sums) {
    add_to_doubles(frame->sums + c, all.total, width);
    add_to_doubles(frame->squares + c, all.squares, width);
  }
}

FAST_INLINE void finish_with_way(const fast_output_tiles *p, const fast_output *o,
                                 const fast_frame *frame, const finish_way way) {
  const int side = (int)fast_side(way.algorithm), points = (int)fast_points(way.algorithm);
  for (size_t tile = 0; tile < p->tiles; tile++) {
    const float *products = p->products + row_in_lines(&p->lines, p->first + tile);
    for (size_t c = 0; c < o->channels; c += FAST_WIDTH) {
      const size_t width = width_left(o->channels, c);
      const vec bias = o->bias ? vec_load_part(o->bias + c, width) : vec_of(0.0f);
      const float *source = products + in_lines(c, p->lines.line_step);
      const float *next = next_in_lines(p->products, &p->lines, p->first + tile, c, o->channels);
      vec half[most_side][most_points];
      // Unrolled, all loads would come first and fill more registers than there are.
      FAST_ROLL for (int x = 0; x < points; x++) {
        vec m[most_points], r[most_side];
        FAST_UNROLL for (int y = 0; y < points; y++) {
          m[y] = vec_load(source + (size_t)(y * points + x) * p->product_step);
          __builtin_prefetch(next + (size_t)(y * points + x) * p->product_step);
        }
        from_points(m, r, way.algorithm, FAST_WHOLE);
        FAST_UNROLL for (int y = 0; y < side; y++) half[y][x] = r[y];
      }
      finish_rows(half, o, frame, tile * (size_t)side, c, width, bias, way);
    }
  }
}

// The common cases are compiled apart.
FAST_INLINE void finish_by(const fast_output_tiles *p, const fast_output *o,
                           const fast_frame *frame, const fast_algorithm algorithm,
                           const plain_type type) {
  const int has_sums = frame->sums != 0;
  if (o->function == PLAIN_NONE && has_sums && o->adds_residual) {
    finish_with_way(p, o, frame, (finish_way){algorithm, type, 1, 1, PLAIN_NONE});
  } else if (o->function == PLAIN_NONE && has_sums) {
    finish_with_way(p, o, frame, (finish_way){algorithm, type, 0, 1, PLAIN_NONE});
  } else {
    finish_with_way(p, o, frame,
                    (finish_way){algorithm, type, o->adds_residual, has_sums, o->function});
  }
}

FAST_INLINE void finish_of(const fast_output_tiles *p, const fast_output *o,
                           const fast_frame *frame, const fast_algorithm algorithm) {
  if (o->type == PLAIN_F32) {
    finish_by(p, o, frame, algorithm, PLAIN_F32);
  } else {
    finish_by(p, o, frame, algorithm, PLAIN_BF16);
  }
}

static void finish_tiles(const fast_output_tiles *p, const fast_output *o,
                         const fast_frame *frame) {
  switch (p->algorithm) {
    case FAST_F4: finish_of(p, o, frame, FAST_F4); break;
    case FAST_F6: finish_of(p, o, frame, FAST_F6); break;
    case FAST_F4_STRIDED: finish_of(p, o, frame, FAST_F4_STRIDED); break;
  }
}
