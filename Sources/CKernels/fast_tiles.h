// Transforms of F(4x4, 3x3): Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks"
// (2016), with the points 0, 1, -1, 2, -2 and infinity.

// One axis of the input transform.
FAST_INLINE void to_points(const vec d[6], vec t[6]) {
  vec a = d[4] - 4.0f * d[2], b = d[3] - 4.0f * d[1];
  vec c = d[4] - d[2], e = 2.0f * (d[3] - d[1]);
  t[0] = 4.0f * d[0] + (d[4] - 5.0f * d[2]);
  t[1] = a + b;
  t[2] = a - b;
  t[3] = c + e;
  t[4] = c - e;
  t[5] = 4.0f * d[1] + (d[5] - 5.0f * d[3]);
}

FAST_INLINE void transform_input_with(const fast_input_tiles *p, const int has_second) {
  const vec a_factor = vec_of(p->a_factor), b_factor = vec_of(p->b_factor);
  for (size_t tile = 0; tile < p->tiles; tile++) {
    const size_t start = tile * 4 * p->column_step;
    float *out = p->out + tile * p->tile_step;
    for (size_t c = 0; c < p->channels; c += FAST_WIDTH) {
      vec half[6][6];
      FAST_UNROLL for (int x = 0; x < 6; x++) {
        vec d[6], t[6];
        FAST_UNROLL for (int y = 0; y < 6; y++) {
          const size_t at = start + (size_t)y * p->row_step + (size_t)x * p->column_step + c;
          d[y] = vec_load(p->a + at) * a_factor;
          if (has_second) d[y] = vec_load(p->b + at) * b_factor + d[y];
        }
        to_points(d, t);
        FAST_UNROLL for (int y = 0; y < 6; y++) half[y][x] = t[y];
      }
      FAST_UNROLL for (int y = 0; y < 6; y++) {
        vec t[6];
        to_points(half[y], t);
        FAST_UNROLL for (int x = 0; x < 6; x++)
            vec_store(out + (size_t)(y * 6 + x) * p->point_step + c, t[x]);
      }
    }
  }
}

static void transform_input(const fast_input_tiles *p) {
  if (p->b) {
    transform_input_with(p, 1);
  } else {
    transform_input_with(p, 0);
  }
}

// One axis of the output transform; what `phase` lacks of the points is zero.
FAST_INLINE void from_points(const vec m[6], vec y[4], const fast_phase phase) {
  vec s1 = m[1] + m[2], d1 = m[1] - m[2];
  vec s2 = m[3] + m[4], d2 = m[3] - m[4];
  y[0] = phase == FAST_ODD ? s1 + s2 : m[0] + s1 + s2;
  y[1] = 2.0f * d2 + d1;
  y[2] = 4.0f * s2 + s1;
  y[3] = phase == FAST_EVEN ? 8.0f * d2 + d1 : 8.0f * d2 + d1 + m[5];
}

// The product that has `point` of `phase`; -1 where there is none.
FAST_INLINE int product_of(const int point, const fast_phase phase) {
  switch (phase) {
    case FAST_EVEN: return point < 5 ? point : -1;
    case FAST_ODD: return point == 0 ? -1 : point == 1 ? 1 : point + 3;
    default: return point;
  }
}

FAST_INLINE void transform_output_with(const fast_output_tiles *p, const fast_phase vertical,
                                       const fast_phase horizontal) {
  const int across = horizontal == FAST_WHOLE ? fast_point_count : fast_upsampled_count;
  for (size_t tile = 0; tile < p->tiles; tile++) {
    const float *products = p->products + tile * p->tile_step;
    for (size_t c = 0; c < p->channels; c += FAST_WIDTH) {
      vec half[4][6];
      FAST_UNROLL for (int x = 0; x < 6; x++) {
        const int jx = product_of(x, horizontal);
        if (jx < 0) {
          FAST_UNROLL for (int y = 0; y < 4; y++) half[y][x] = vec_of(0.0f);
          continue;
        }
        vec m[6], r[4];
        FAST_UNROLL for (int y = 0; y < 6; y++) {
          const int jy = product_of(y, vertical);
          m[y] = jy < 0 ? vec_of(0.0f)
                        : vec_load(products + (size_t)(jy * across + jx) * p->product_step + c);
        }
        from_points(m, r, vertical);
        FAST_UNROLL for (int y = 0; y < 4; y++) half[y][x] = r[y];
      }
      FAST_UNROLL for (int y = 0; y < 4; y++) {
        vec r[4];
        from_points(half[y], r, horizontal);
        const size_t at = tile * 4 * p->column_step + (size_t)y * p->row_step + c;
        for (size_t i = 0; i < p->contribution_count; i++) {
          const fast_contribution *to = &p->contributions[i];
          const vec factor = vec_of(to->factor);
          FAST_UNROLL for (int x = 0; x < 4; x++) {
            float *target = to->target + at + (size_t)x * p->column_step;
            vec_store(target, to->accumulates ? factor * r[x] + vec_load(target) : factor * r[x]);
          }
        }
      }
    }
  }
}

static void transform_output(const fast_output_tiles *p) {
  if (p->vertical == FAST_WHOLE) {
    transform_output_with(p, FAST_WHOLE, FAST_WHOLE);
  } else if (p->vertical == FAST_EVEN) {
    if (p->horizontal == FAST_EVEN) {
      transform_output_with(p, FAST_EVEN, FAST_EVEN);
    } else {
      transform_output_with(p, FAST_EVEN, FAST_ODD);
    }
  } else if (p->horizontal == FAST_EVEN) {
    transform_output_with(p, FAST_ODD, FAST_EVEN);
  } else {
    transform_output_with(p, FAST_ODD, FAST_ODD);
  }
}
