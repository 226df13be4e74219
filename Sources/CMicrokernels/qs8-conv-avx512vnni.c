#if defined(__x86_64__)

#include "avx512.h"

enum { max_pixels = 8, max_vectors = 8 };

/// Scales, packs and stores a tile. Two pixels of two vectors, or four of one, fill a register
/// together.
SWL_AVX512_INLINE void store_tile(const swl_strip *s, int8_t *output, const __m512i *sums,
                                  int pixels, int vectors, int rounding) {
  const swl_clamp512 clamp = swl_make_clamp512(s);
  const int joined = vectors >= 4 ? 1 : 4 / vectors;
  const int quads = vectors >= 4 ? vectors / 4 : 1;
#pragma clang loop unroll(full)
  for (int pixel = 0; pixel < pixels; pixel += joined) {
#pragma clang loop unroll(full)
    for (int quad = 0; quad < quads; quad++) {
      __m512i values[4];
#pragma clang loop unroll(full)
      for (int i = 0; i < 4; i++) {
        int vector = quad * 4 + i % (vectors < 4 ? vectors : 4);
        int from = pixel + (vectors >= 4 ? 0 : i / vectors);
        if (from >= pixels) from = pixels - 1;
        const __m512i *constants = (const __m512i *)s->constants + vector * swl_scale_rows;
        values[i] = swl_scale512(sums[from * vectors + vector], constants, rounding);
      }
      __m512i bytes = swl_pack512(values, clamp, rounding);
      int8_t *target = output + pixel * s->output_step + quad * 64;
      if (vectors >= 4) {
        _mm512_mask_storeu_epi8(target, swl_first512(s->channels - quad * 64), bytes);
        continue;
      }
      bytes = swl_in_sequence512(bytes);
      if (pixel + joined <= pixels && s->output_step == vectors * 16 &&
          s->channels == vectors * 16) {
        _mm512_storeu_si512(target, bytes);
        continue;
      }
      const __mmask64 mask = swl_first512(s->channels);
      _mm512_mask_storeu_epi8(target, mask, bytes);
      for (int i = 1; i < joined && pixel + i < pixels; i++) {
        bytes = vectors == 2 ? _mm512_shuffle_i64x2(bytes, bytes, 0x4e)
                             : _mm512_shuffle_i64x2(bytes, bytes, 0x39);
        _mm512_mask_storeu_epi8(target + i * s->output_step, mask, bytes);
      }
    }
  }
}

SWL_AVX512_INLINE void tile(const swl_strip *s, const uint8_t *input, int8_t *output, int pixels,
                            int vectors) {
  __m512i sums[max_pixels * 4 > max_vectors ? max_pixels * 4 : max_vectors];
#pragma clang loop unroll(full)
  for (int i = 0; i < pixels * vectors; i++) sums[i] = _mm512_setzero_si512();
  const __m512i *weights = s->weights;
  for (int segment = 0; segment < s->segment_count; segment++) {
    const uint8_t *window = input + s->segments[segment];
    for (int step = 0; step < s->steps; step++) {
#pragma clang loop unroll(full)
      for (int pixel = 0; pixel < pixels; pixel++) {
        __m512i taps = _mm512_set1_epi32(*(const int32_t *)(window + pixel * s->pixel_step));
#pragma clang loop unroll(full)
        for (int vector = 0; vector < vectors; vector++) {
          __m512i *sum = &sums[pixel * vectors + vector];
          *sum = _mm512_dpbusd_epi32(*sum, taps, weights[vector]);
        }
      }
      weights += vectors;
      window += 4;
    }
  }
  if (s->rounding == SWL_TWICE_CLAMPED) {
    store_tile(s, output, sums, pixels, vectors, SWL_TWICE_CLAMPED);
  } else if (s->rounding == SWL_TWICE) {
    store_tile(s, output, sums, pixels, vectors, SWL_TWICE);
  } else {
    store_tile(s, output, sums, pixels, vectors, SWL_ONCE);
  }
}

/// Cuts rows into tiles of nearly equal size: eight pixels are 4 + 4, not 6 + 2.
SWL_AVX512_INLINE void strip(const swl_strip *s, int widest, int vectors) {
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

SWL_AVX512 void swl_qs8_conv_1x128c4__avx512vnni(const swl_strip *s) { strip(s, 1, 8); }
SWL_AVX512 void swl_qs8_conv_6x64c4__avx512vnni(const swl_strip *s) { strip(s, 6, 4); }
SWL_AVX512 void swl_qs8_conv_8x32c4__avx512vnni(const swl_strip *s) { strip(s, 8, 2); }
SWL_AVX512 void swl_qs8_conv_8x16c4__avx512vnni(const swl_strip *s) { strip(s, 8, 1); }

#endif
