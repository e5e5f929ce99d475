#version 300 es
// A mixture at a pixel, from the survivors of its tile.
//
// At (u, v) of the tile, survivor k has log2 of the density
//
//   D_k = d + g s + h t - (a s + b t)^2 - (c t)^2,   s = u - u0,  t = v - v0,
//
// less the tile's plane l0 + lu u + lv v, the same for all. With the largest D subtracted, the
// responsibilities are r_k = 2^(D_k - max) / sum, the mean is sum r_k e_k with e_k affine in
// (s, t), the variance is sum r_k (var_k + (e_k - pivot)^2) - (mean - pivot)^2, the entropy is
// -sum r_k log r_k, and log2 p is l0 + lu u + lv v + max + log2 sum. The maximum is found on the
// way: sums are rescaled when it grows.
precision highp float;
precision highp int;
precision highp sampler2D;

uniform sampler2D entries;   // five texels a survivor
uniform sampler2D swatches;  // one texel a survivor
uniform float height;
uniform vec2 range;          // log2 density or nats: paper and full ink
uniform int nKnots;
uniform vec2 knots[16];
flat in vec4 first;          // first pixel of the tile, its u and v
flat in vec2 steps;
flat in vec2 list;           // first survivor, number of survivors
flat in vec3 tangent;
out vec4 pixel;

vec4 texel(sampler2D table, int i) {
  int width = textureSize(table, 0).x;
  return texelFetch(table, ivec2(i % width, i / width), 0);
}

float tone(float value) {
  float x = clamp(value, 0.0, 1.0);
  for (int i = 1; i < nKnots; i++) {
    if (x <= knots[i].x) {
      vec2 a = knots[i - 1], b = knots[i];
      return a.y + (b.y - a.y) * (x - a.x) / (b.x - a.x);
    }
  }
  return knots[nKnots - 1].y;
}

vec4 levels(vec3 color) {
  return vec4(floor(clamp(color, 0.0, 255.0) + 0.5) / 255.0, 1.0);
}

vec4 ink(float value) {
  return levels(vec3(255.0 * (1.0 - tone(value))));
}

void main() {
  vec2 at = vec2(gl_FragCoord.x, height - gl_FragCoord.y) - 0.5 - first.xy;
  vec2 uv = first.zw + floor(at + 0.5) * steps;
  int start = int(list.x), end = start + int(list.y);
  float top = -3.0e38, sum = 0.0, weighted = 0.0;
  vec3 mean = vec3(0.0), square = vec3(0.0), pivot = vec3(0.0);
  int best = start;
  for (int i = start; i < end; i++) {
    vec4 p0 = texel(entries, 5 * i), p1 = texel(entries, 5 * i + 1);
    vec2 st = uv - vec2(p0.w, p1.x);
    float z1 = p1.y * st.x + p1.z * st.y, z2 = p1.w * st.y;
    float d = p0.x + p0.y * st.x + p0.z * st.y - z1 * z1 - z2 * z2;
    if (d > top) {
      float shrink = exp2(max(top - d, -1.0e4));
#if QUANTITY == 3
      weighted = sum > 0.0 ? (weighted + sum * (top - d)) * shrink : 0.0;
#endif
      sum *= shrink;
      mean *= shrink;
      square *= shrink;
      top = d;
      best = i;
    }
    if (d - top < -32.0) continue; // it changes no level
    float r = exp2(d - top);
    sum += r;
#if QUANTITY == 3
    weighted += r * (d - top);
#endif
#if QUANTITY == 0 || QUANTITY == 2
    vec4 e = texel(entries, 5 * i + 2), ex = texel(entries, 5 * i + 3),
         ey = texel(entries, 5 * i + 4);
    vec3 color = e.xyz + ex.xyz * st.x + ey.xyz * st.y;
#if QUANTITY == 2
    if (sum == r) pivot = color;
    color -= pivot;
    square += r * (vec3(e.w, ex.w, ey.w) + color * color);
#endif
    mean += r * color;
#endif
  }
#if QUANTITY == 0
  pixel = levels(mean / sum);
#elif QUANTITY == 1
  pixel = levels(texel(swatches, best).rgb);
#elif QUANTITY == 2
  mean /= sum;
  pixel = levels(sqrt(max(square / sum - mean * mean, 0.0)));
#elif QUANTITY == 3
  float nats = (log2(sum) - weighted / sum) * 0.69314718056;
  pixel = ink((nats - range.x) / (range.y - range.x));
#else
  float bits = tangent.x + dot(tangent.yz, uv) + top + log2(sum);
#if QUANTITY == 4
  pixel = ink(exp2(bits - range.y));
#else
  pixel = ink((bits - range.x) / (range.y - range.x));
#endif
#endif
}
