// Colours for the shapes, in linear light as three.js computes with.

const LINEAR = Float32Array.from({ length: 256 }, (_, level) => {
  const value = level / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4; // IEC 61966-2-1
});
const GREY = LINEAR[186];
// From unsure to sure; also in the legend's gradient (style/shapes.css). Readable without telling red from green.
const RAMP = [0xd9480f, 0xf2b134, 0xe9e6c9, 0x4aa3b5, 0x155c8a].map((hex) =>
  [16, 8, 0].map((shift) => LINEAR[(hex >> shift) & 255]));

// sRGB bytes [count, 3] -> linear float32 [count, 3]; grey where there are none.
export function linearColors(bytes, count) {
  const colors = new Float32Array(3 * count);
  if (!bytes) return colors.fill(GREY);
  for (let i = 0; i < colors.length; i++) colors[i] = LINEAR[bytes[i]];
  return colors;
}

// Confidence float32 [count] in 0..1 -> linear float32 [count, 3].
export function confidenceColors(confidence) {
  const colors = new Float32Array(3 * confidence.length);
  confidence.forEach((value, i) => {
    const place = Math.min(Math.max(value, 0), 1) * (RAMP.length - 1);
    const low = Math.min(Math.floor(place), RAMP.length - 2);
    for (let c = 0; c < 3; c++) colors[3 * i + c] = RAMP[low][c] + (place - low) * (RAMP[low + 1][c] - RAMP[low][c]);
  });
  return colors;
}
