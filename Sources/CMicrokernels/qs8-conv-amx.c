#if defined(__x86_64__)

#include "vector-avx512.h"

#include "include/x86.h"
#include "strip-x86.h"

// AMX is a server tier: tiles of 16 pixels by 16 channels, 64 taps at once. Requantisation takes
// longer than the products, so that of one tile runs while the next one is multiplied.

#define AMX_TARGET                                                                             \
  __attribute__((                                                                              \
      target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,amx-tile,amx-int8")))
#define AMX_INLINE AMX_TARGET __attribute__((always_inline)) static inline

enum { tile_pixels = 16, tile_steps = 16 };

/// Intel SDM volume 1, 18.2: the argument of LDTILECFG.
typedef struct __attribute__((packed, aligned(64))) {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} tile_config;

/// Tiles 0-3: sums, 4 and 5: windows, 6 and 7: weights.
AMX_INLINE void configure(int pixels, int steps) {
  tile_config config = {.palette = 1};
  for (int tile = 0; tile < 4; tile++) {
    config.row_bytes[tile] = 64;
    config.rows[tile] = (uint8_t)pixels;
  }
  for (int tile = 4; tile < 6; tile++) {
    config.row_bytes[tile] = (uint16_t)(steps * step_bytes);
    config.rows[tile] = (uint8_t)pixels;
  }
  for (int tile = 6; tile < 8; tile++) {
    config.row_bytes[tile] = 64;
    config.rows[tile] = (uint8_t)steps;
  }
  _tile_loadconfig(&config);
}

/// The sums of one tile of pixels and all vectors, in tiles 0 to 3.
AMX_INLINE void multiply(const swl_strip *s, const int8_t *input, int vectors, int block) {
  const ptrdiff_t tile_bytes = (ptrdiff_t)block * 64;
  const int8_t *weights = s->weights;
  _tile_zero(0);
  if (vectors > 1) _tile_zero(1);
  if (vectors > 2) _tile_zero(2);
  if (vectors > 3) _tile_zero(3);
  for (int segment = 0; segment < s->segment_count; segment++) {
    const int8_t *window = input + s->segments[segment];
    for (int step = 0; step < s->steps; step += block) {
      _tile_loadd(4, window, s->pixel_step);
      _tile_loadd(6, weights, 64);
      _tile_dpbssd(0, 4, 6);
      if (vectors > 1) {
        _tile_loadd(7, weights + tile_bytes, 64);
        _tile_dpbssd(1, 4, 7);
      }
      if (vectors > 2) {
        _tile_loadd(6, weights + 2 * tile_bytes, 64);
        _tile_dpbssd(2, 4, 6);
      }
      if (vectors > 3) {
        _tile_loadd(7, weights + 3 * tile_bytes, 64);
        _tile_dpbssd(3, 4, 7);
      }
      weights += vectors * tile_bytes;
      window += block * step_bytes;
    }
  }
}

/// Tiles 0 to 3 as [pixel][vector].
AMX_INLINE void keep(vec *sums, int vectors) {
  const ptrdiff_t pixel_bytes = vectors * (ptrdiff_t)sizeof(vec);
  _tile_stored(0, sums, pixel_bytes);
  if (vectors > 1) _tile_stored(1, sums + 1, pixel_bytes);
  if (vectors > 2) _tile_stored(2, sums + 2, pixel_bytes);
  if (vectors > 3) _tile_stored(3, sums + 3, pixel_bytes);
}

/// Output pixels as one run: rows follow each other at a pitch of which `width` are outputs.
typedef struct {
  int width, pitch, total;
} run;

/// Scales and stores pixels of a kept tile, vector by vector as scale_tile does.
AMX_INLINE void store_pixels(const swl_strip *s, int8_t *output, const vec *sums, int pixels,
                             int vectors, int is_twice) {
  vec scaled[4 * 4];
#pragma clang loop unroll(full)
  for (int vector = 0; vector < vectors; vector++) {
    vec constants[scale_rows];
#pragma clang loop unroll(full)
    for (int row = 0; row < scale_rows; row++)
      constants[row] = vec_load((const vec *)s->constants + vector * scale_rows + row);
#pragma clang loop unroll(full)
    for (int pixel = 0; pixel < pixels; pixel++) {
      const vec *sum = &sums[pixel * vectors + vector];
      // From memory it is the load that moves the lanes; arithmetic is what there is too little of.
      vec odd;
      __asm__("vmovshdup %1, %0" : "=v"(odd) : "m"(*sum));
      scaled[pixel * vectors + vector] = vec_scale_halves(*sum, odd, constants, is_twice);
    }
  }
  pack_tile(s, output, scaled, pixels, vectors, vectors == 4);
}

/// Requantises a tile from `first` on; columns between two rows are skipped.
AMX_INLINE void store(const swl_strip *s, const vec *sums, const run *r, int first, int pixels,
                      int vectors, int is_twice) {
  int row = first / r->pitch, column = first - row * r->pitch;
  for (int pixel = 0; pixel < pixels;) {
    if (column >= r->width) {
      pixel += r->pitch - column;
      column = 0;
      row++;
      continue;
    }
    int left = r->width - column < pixels - pixel ? r->width - column : pixels - pixel;
    int8_t *output = s->output + row * s->output_row_step + column * s->output_step;
    column += left;
    for (; left >= 4; left -= 4, pixel += 4, output += 4 * s->output_step)
      store_pixels(s, output, sums + pixel * vectors, 4, vectors, is_twice);
    for (; left > 0; left--, pixel++, output += s->output_step)
      store_pixels(s, output, sums + pixel * vectors, 1, vectors, is_twice);
  }
}

AMX_INLINE void tiles(const swl_strip *s, const int8_t *input, const run *r, int vectors,
                      int block, int is_twice) {
  vec sums[tile_pixels * 4];
  int previous = -1;
  for (int first = 0; first < r->total; first += tile_pixels) {
    // The last tile begins where it ends with the last pixel: what it repeats is the same.
    int begin = first + tile_pixels <= r->total || r->total < tile_pixels
                    ? first
                    : r->total - tile_pixels;
    multiply(s, input + begin * s->pixel_step, vectors, block);
    if (previous >= 0) store(s, sums, r, previous, tile_pixels, vectors, is_twice);
    keep(sums, vectors);
    previous = begin;
  }
  const int rest = r->total < tile_pixels ? r->total : tile_pixels;
  store(s, sums, r, previous, rest, vectors, is_twice);
}

AMX_INLINE void strip_by_tiles(const swl_strip *s, int vectors, int is_twice) {
  const int blocks = (s->steps + tile_steps - 1) / tile_steps, block = s->steps / blocks;
  const int pitch = s->rows > 1 ? (int)(s->row_step / s->pixel_step) : s->pixels;
  // Short rows are multiplied with the columns between them; long ones, or such as do not begin at
  // a multiple of a pixel, one by one.
  if (s->rows == 1 || (pitch * s->pixel_step == s->row_step && s->pixels % tile_pixels != 0)) {
    const run r = {s->pixels, pitch, (s->rows - 1) * pitch + s->pixels};
    configure(r.total < tile_pixels ? r.total : tile_pixels, block);
    tiles(s, s->input, &r, vectors, block, is_twice);
  } else {
    const run r = {s->pixels, s->pixels, s->pixels};
    configure(r.total < tile_pixels ? r.total : tile_pixels, block);
    swl_strip row = *s;
    for (int i = 0; i < s->rows; i++) {
      tiles(&row, (const int8_t *)s->input + i * s->row_step, &r, vectors, block, is_twice);
      row.output += s->output_row_step;
    }
  }
  _tile_release();
}

AMX_INLINE void strip_of(const swl_strip *s, int vectors) {
  if (s->rounding == SWL_TWICE) {
    strip_by_tiles(s, vectors, 1);
  } else {
    strip_by_tiles(s, vectors, 0);
  }
}

AMX_TARGET void swl_qs8_conv_16x64c64__amx(const swl_strip *s) { strip_of(s, 4); }
AMX_TARGET void swl_qs8_conv_16x32c64__amx(const swl_strip *s) { strip_of(s, 2); }
AMX_TARGET void swl_qs8_conv_16x16c64__amx(const swl_strip *s) { strip_of(s, 1); }

#endif
