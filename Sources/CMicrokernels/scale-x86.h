// From a tile's sums, [pixel][vector], to its outputs, in the vocabulary of the vector-*.h included
// before.

/// What the tensors hold: int8 or int16.
typedef enum { of_bytes, of_words } element;

SWL_INLINE vec dot(vec sum, vec taps, vec weights, element kind) {
  return kind == of_words ? vec_dot_words(sum, taps, weights) : vec_dot(sum, taps, weights);
}

/// Scales a tile in place, vector by vector: its constants serve all pixels from registers.
SWL_INLINE void scale_tile(const swl_strip *s, vec *sums, int pixels, int vectors, int is_twice) {
#pragma clang loop unroll(full)
  for (int vector = 0; vector < vectors; vector++) {
    vec constants[scale_rows];
#pragma clang loop unroll(full)
    for (int row = 0; row < scale_rows; row++)
      constants[row] = vec_load((const vec *)s->constants + vector * scale_rows + row);
#pragma clang loop unroll(full)
    for (int pixel = 0; pixel < pixels; pixel++) {
      vec *value = &sums[pixel * vectors + vector];
      *value = vec_scale(*value, constants, is_twice);
    }
  }
}

/// Packs and stores a tile of scaled values as int16; two vectors fill a register and may come in the
/// order that packing undoes.
SWL_INLINE void pack_words_tile(const swl_strip *s, int8_t *output, const vec *scaled, int pixels,
                                int vectors, int is_ordered) {
  const vec_clamp clamp = vec_clamp_of_words(s);
#pragma clang loop unroll(full)
  for (int pixel = 0; pixel < pixels; pixel++) {
#pragma clang loop unroll(full)
    for (int first = 0; first < vectors; first += 2) {
      const vec *values = &scaled[pixel * vectors + first];
      vec words = vec_pack_words(values[0], values[first + 1 < vectors], clamp);
      if (!is_ordered) words = vec_words_in_sequence(words);
      vec_store_first(output + pixel * s->output_step + 2 * first * lanes, words,
                      2 * (s->channels - first * lanes));
    }
  }
}

/// Packs and stores a tile of scaled values. Two pixels of two vectors, or four of one, fill a
/// register together; four vectors may come in the order that packing undoes.
SWL_INLINE void pack_tile(const swl_strip *s, int8_t *output, const vec *scaled, int pixels,
                          int vectors, int is_ordered) {
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
        int from = pixel + i / across;
        if (from >= pixels) from = pixels - 1;
        values[i] = scaled[from * vectors + first + i % across];
      }
      vec bytes = vec_pack(values, clamp);
      int8_t *target = output + pixel * s->output_step + first * lanes;
      if (!is_ordered) bytes = vec_in_sequence(bytes);
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

/// Scales, packs and stores a tile of int16, which have one rounding only.
SWL_INLINE void store_words_tile(const swl_strip *s, int8_t *output, vec *sums, int pixels,
                                 int vectors) {
  scale_tile(s, sums, pixels, vectors, 0);
  pack_words_tile(s, output, sums, pixels, vectors, vectors >= 4);
}

/// Scales, packs and stores a tile.
SWL_INLINE void store_tile(const swl_strip *s, int8_t *output, vec *sums, int pixels, int vectors) {
  if (s->rounding == SWL_TWICE) {
    scale_tile(s, sums, pixels, vectors, 1);
  } else {
    scale_tile(s, sums, pixels, vectors, 0);
  }
  // Groups of four vectors have the order of packing in their weights.
  pack_tile(s, output, sums, pixels, vectors, vectors >= 4);
}
