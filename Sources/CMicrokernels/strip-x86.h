// Dense strips for x86, in the vocabulary of the vector-*.h included before.

/// A tile's accumulators: at most this many.
enum { tile_vectors = 24 };

/// Scales, packs and stores a tile. Two pixels of two vectors, or four of one, fill a register
/// together.
SWL_INLINE void store_rounded(const swl_strip *s, int8_t *output, const vec *sums, int pixels,
                              int vectors, int is_twice) {
  const vec_clamp clamp = vec_clamp_of(s);
  const int across = vectors < 4 ? vectors : 4;
  const int joined = 4 / across;
  const int width = across * lanes;
#pragma clang loop unroll(full)
  for (int pixel = 0; pixel < pixels; pixel += joined) {
#pragma clang loop unroll(full)
    for (int first = 0; first < vectors; first += across) {
      vec values[4];
#pragma clang loop unroll(full)
      for (int i = 0; i < 4; i++) {
        int vector = first + i % across;
        int from = pixel + i / across;
        if (from >= pixels) from = pixels - 1;
        values[i] = vec_scale(sums[from * vectors + vector],
                              (const vec *)s->constants + vector * scale_rows, is_twice);
      }
      vec bytes = vec_pack(values, clamp);
      int8_t *target = output + pixel * s->output_step + first * lanes;
      // Groups of four vectors are packed in the order of their weights.
      if (vectors < 4) bytes = vec_in_sequence(bytes);
      if (joined == 1) {
        vec_store_first(target, bytes, s->channels - first * lanes);
      } else if (pixel + joined <= pixels && s->output_step == width && s->channels == width) {
        vec_store(target, bytes);
      } else {
        vec_store_first(target, bytes, s->channels);
#pragma clang loop unroll(full)
        for (int i = 1; i < joined && pixel + i < pixels; i++) {
          bytes = joined == 2 ? vec_second_half(bytes) : vec_second_quarter(bytes);
          vec_store_first(target + i * s->output_step, bytes, s->channels);
        }
      }
    }
  }
}

SWL_INLINE void store_tile(const swl_strip *s, int8_t *output, const vec *sums, int pixels,
                           int vectors) {
  if (s->rounding == SWL_TWICE) {
    store_rounded(s, output, sums, pixels, vectors, 1);
  } else {
    store_rounded(s, output, sums, pixels, vectors, 0);
  }
}

SWL_INLINE void tile(const swl_strip *s, const uint8_t *input, int8_t *output, int pixels,
                     int vectors) {
  vec sums[tile_vectors];
#pragma clang loop unroll(full)
  for (int i = 0; i < pixels * vectors; i++) sums[i] = vec_zero();
  const vec *weights = s->weights;
  for (int segment = 0; segment < s->segment_count; segment++) {
    const uint8_t *window = input + s->segments[segment];
    for (int step = 0; step < s->steps; step++) {
#pragma clang loop unroll(full)
      for (int pixel = 0; pixel < pixels; pixel++) {
        vec taps = vec_broadcast(window + pixel * s->pixel_step);
#pragma clang loop unroll(full)
        for (int vector = 0; vector < vectors; vector++) {
          vec *sum = &sums[pixel * vectors + vector];
          *sum = vec_dot(*sum, taps, weights[vector]);
        }
      }
      weights += vectors;
      window += step_bytes;
    }
  }
  store_tile(s, output, sums, pixels, vectors);
}

/// Cuts rows into tiles of nearly equal size: eight pixels are 4 + 4, not 6 + 2.
SWL_INLINE void strip(const swl_strip *s, int widest, int vectors) {
  for (int row = 0; row < s->rows; row++) {
    const uint8_t *input = (const uint8_t *)s->input + row * s->row_step;
    int8_t *output = s->output + row * s->output_row_step;
    int tiles = (s->pixels + widest - 1) / widest;
    for (int left = s->pixels; left > 0; tiles--) {
      int pixels = (left + tiles - 1) / tiles;
      switch (pixels) {
        case 8: if (widest >= 8) tile(s, input, output, 8, vectors); break;
        case 7: if (widest >= 7) tile(s, input, output, 7, vectors); break;
        case 6: if (widest >= 6) tile(s, input, output, 6, vectors); break;
        case 5: if (widest >= 5) tile(s, input, output, 5, vectors); break;
        case 4: if (widest >= 4) tile(s, input, output, 4, vectors); break;
        case 3: if (widest >= 3) tile(s, input, output, 3, vectors); break;
        case 2: if (widest >= 2) tile(s, input, output, 2, vectors); break;
        default: tile(s, input, output, 1, vectors);
      }
      input += pixels * s->pixel_step;
      output += pixels * s->output_step;
      left -= pixels;
    }
  }
}
