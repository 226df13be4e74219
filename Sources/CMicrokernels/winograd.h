// 3 x 3 convolution of stride 1 by Winograd's F(4 x 4, 3 x 3), in integers: 36 products make 16
// outputs of what takes 144. Each architecture has its own vocabulary, included before, and products.
//
// With the points 0, 1, -1, 2, -2 and infinity, a row of 4 outputs is A(Gg * Bd) of 6 inputs d and 3
// weights g. G has denominators up to 24; packing multiplies its rows by 24 (the last one by 12), so
// that all is whole numbers and the outputs are 24 x 24 = 576 times as large. Inputs in [-128, 127]
// transform to at most 100 * 128, weights to at most 144 * 128: both are int16. Sums wrap around 2^32;
// that loses nothing where 64 times the true sum fits, since 9 has an inverse and 64 is a shift.
//
// The vocabulary: `vec` of `lanes` int32, `depth` channels in a step, `group_vectors` of channels,
// blocks of at most `block_tiles`; staged inputs of `input_bytes`; `transforms_unrolled`: `patch` or,
// for the sake of size, 1; and the four functions below.

enum { patch = 6, positions = patch * patch, tile_side = 4 };

// Unsigned, since they may wrap.
typedef uint16_t words __attribute__((vector_size(lanes * 4), aligned(2)));
typedef uint32_t sums __attribute__((vector_size(lanes * 4), aligned(4)));
typedef int32_t signed_sums __attribute__((vector_size(lanes * 4)));

/// A vector of staged inputs.
SWL_INLINE words load_inputs(const void *p);

/// Adds a position's products of all channels to the sums of a block's tiles, [tile][vector].
/// - Returns: the weights of the next position.
SWL_INLINE const void *add_products(vec *sums, const uint16_t *factors, ptrdiff_t tile_step,
                                    const void *weights, int steps, int tiles);

/// A vector's accumulators from 64 times the sums of products.
SWL_INLINE vec accumulators_of(const swl_strip *s, int vector, signed_sums products);

/// Scales and stores the accumulators of pixels side by side, [pixel][vector].
SWL_INLINE void store_pixels(const swl_strip *s, int8_t *output, vec *values, int pixels);

/// B: from 6 inputs to 6 factors, at `step` from each other.
SWL_INLINE void transform_inputs(const words *d, words *v, int step) {
  words low = d[4 * step] - (d[2 * step] << 2), high = d[3 * step] - (d[step] << 2);
  words even = d[4 * step] - d[2 * step], odd = (d[3 * step] - d[step]) << 1;
  v[0] = ((d[0] - d[2 * step]) << 2) + even;
  v[step] = low + high;
  v[2 * step] = low - high;
  v[3 * step] = even + odd;
  v[4 * step] = even - odd;
  v[5 * step] = d[5 * step] - d[3 * step] - (odd << 1);
}

/// A: from 6 sums of products, at `step` from each other, to 4 outputs.
SWL_INLINE void transform_outputs(const sums *m, int step, sums *y, int y_step) {
  sums p = m[step] + m[2 * step], d = m[step] - m[2 * step];
  sums q = m[3 * step] + m[4 * step], e = (m[3 * step] - m[4 * step]) << 1;
  y[0] = m[0] + p + q;
  y[y_step] = d + e;
  y[2 * y_step] = p + (q << 2);
  y[3 * y_step] = d + ((e + e + m[5 * step]) << 1);
}

/// Windows to [tile][position][channel].
SWL_INLINE void winograd_inputs(const swl_winograd *w) {
  const ptrdiff_t channels = depth * w->strip.steps;
  uint16_t *target = w->factors;
  for (int row = 0; row < w->strip.rows; row += tile_side) {
    const char *window = (const char *)w->strip.input + row * w->strip.row_step;
    for (int pixel = 0; pixel < w->strip.pixels; pixel += tile_side) {
      for (ptrdiff_t channel = 0; channel < channels; channel += 2 * lanes) {
        // The last vector begins where it ends with the channels.
        ptrdiff_t first = channel + 2 * lanes <= channels ? channel : channels - 2 * lanes;
        const char *corner = window + input_bytes * first;
        words d[positions];
#pragma clang loop unroll_count(transforms_unrolled)
        for (int i = 0; i < patch; i++) {
          words inputs[patch];
#pragma clang loop unroll(full)
          for (int j = 0; j < patch; j++)
            inputs[j] = load_inputs(corner + i * w->strip.row_step + input_bytes * j * channels);
          transform_inputs(inputs, d + i * patch, 1);
        }
#pragma clang loop unroll_count(transforms_unrolled)
        for (int j = 0; j < patch; j++) {
          words v[positions];
          transform_inputs(d + j, v, patch);
#pragma clang loop unroll(full)
          for (int i = 0; i < patch; i++)
            *(words *)(target + (i * patch + j) * channels + first) = v[i * patch];
        }
      }
      window += w->strip.pixel_step;
      target += positions * channels;
    }
  }
}

/// Sums of the products of a block: [position][tile][vector].
SWL_INLINE void multiply(const swl_winograd *w, const uint16_t *factors, int tiles) {
  const ptrdiff_t channels = depth * w->strip.steps;
  const void *weights = w->strip.weights;
  vec *products = w->products;
  for (int position = 0; position < positions; position++) {
    vec sums[block_tiles * group_vectors];
#pragma clang loop unroll(full)
    for (int i = 0; i < tiles * group_vectors; i++) sums[i] = (vec){0};
    weights = add_products(sums, factors, positions * channels, weights, w->strip.steps, tiles);
    factors += channels;
#pragma clang loop unroll(full)
    for (int i = 0; i < tiles * group_vectors; i++) products[i] = sums[i];
    products += block_tiles * group_vectors;
  }
}

/// A tile's outputs from its sums, as many as lie inside.
SWL_INLINE void finish_tile(const swl_strip *s, const vec *products, int8_t *output, int rows,
                            int pixels) {
  sums y[group_vectors][tile_side][patch];
#pragma clang loop unroll_count(transforms_unrolled)
  for (int vector = 0; vector < group_vectors; vector++) {
#pragma clang loop unroll_count(transforms_unrolled)
    for (int j = 0; j < patch; j++) {
      const sums *column = (const sums *)products + j * block_tiles * group_vectors + vector;
      transform_outputs(column, patch * block_tiles * group_vectors, &y[vector][0][j], patch);
    }
  }
  for (int row = 0; row < rows; row++, output += s->output_row_step) {
    vec values[tile_side * group_vectors];
#pragma clang loop unroll(full)
    for (int vector = 0; vector < group_vectors; vector++) {
      sums four[tile_side];
      transform_outputs(y[vector][row], 1, four, 1);
#pragma clang loop unroll(full)
      for (int pixel = 0; pixel < tile_side; pixel++) {
        // 9 * 0x38e38e39 = 1.
        const signed_sums by_64 = (signed_sums)(four[pixel] * 0x38e38e39u);
        values[pixel * group_vectors + vector] = accumulators_of(s, vector, by_64);
      }
    }
    if (pixels == tile_side) {
      store_pixels(s, output, values, tile_side);
      continue;
    }
    for (int pixel = 0; pixel < pixels; pixel++)
      store_pixels(s, output + pixel * s->output_step, values + pixel * group_vectors, 1);
  }
}

/// A group of channels of all tiles, a block of tiles at a time.
SWL_INLINE void winograd_outputs(const swl_winograd *w) {
  const swl_strip *s = &w->strip;
  const uint16_t *factors = w->factors;
  const int across = (s->pixels + tile_side - 1) / tile_side;
  const int tiles = (s->rows + tile_side - 1) / tile_side * across;
  int blocks = (tiles + block_tiles - 1) / block_tiles;
  for (int first = 0, count; first < tiles; first += count, blocks--) {
    count = (tiles - first + blocks - 1) / blocks;
    switch (count) {
      case 6: if (block_tiles >= 6) multiply(w, factors, 6); break;
      case 5: if (block_tiles >= 5) multiply(w, factors, 5); break;
      case 4: if (block_tiles >= 4) multiply(w, factors, 4); break;
      case 3: if (block_tiles >= 3) multiply(w, factors, 3); break;
      case 2: multiply(w, factors, 2); break;
      default: multiply(w, factors, 1);
    }
    for (int tile = 0; tile < count; tile++) {
      int row = (first + tile) / across * tile_side, pixel = (first + tile) % across * tile_side;
      int rows = s->rows - row < tile_side ? s->rows - row : tile_side;
      int pixels = s->pixels - pixel < tile_side ? s->pixels - pixel : tile_side;
      int8_t *output = s->output + row * s->output_row_step + pixel * s->output_step;
      const vec *products = (const vec *)w->products + tile * group_vectors;
      finish_tile(s, products, output, rows, pixels);
    }
    factors += (ptrdiff_t)count * positions * depth * s->steps;
  }
}
