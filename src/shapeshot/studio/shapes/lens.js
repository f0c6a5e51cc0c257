// What of the scene a camera's picture shows: a plain field of view, or the piece of a photo that the crop is.

const FIELD = 30; // degrees from top to bottom, of the narrower side
const ROOM = 1.03; // around the shape, so that nothing touches the edge

// The distance at which a ball of this radius fits into a picture of this aspect (width over height), however it is turned.
export function fittingDistance(radius, aspect) {
  const half = Math.tan((FIELD * Math.PI) / 360) * Math.min(1, aspect);
  return (ROOM * radius) / Math.sin(Math.atan(half));
}

// square: {left, top, side} as photo_camera.js gives it: it fills the picture's shorter side; null for a plain view.
export function setLens(camera, aspect, square) {
  camera.fov = FIELD;
  if (!square) {
    camera.clearViewOffset();
    camera.aspect = aspect;
    camera.updateProjectionMatrix();
    return;
  }
  const whole = 2 * Math.tan((FIELD * Math.PI) / 360); // of a square picture, on the plane at distance 1
  const width = square.side * Math.max(1, aspect);
  const height = square.side * Math.max(1, 1 / aspect);
  const left = square.left - (width - square.side) / 2;
  const top = square.top + (height - square.side) / 2;
  camera.setViewOffset(whole, whole, left + whole / 2, whole / 2 - top, width, height);
}
