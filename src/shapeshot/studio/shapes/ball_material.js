// Points drawn as little lit balls: one square a point, its shading computed as that of a sphere.

import { ShaderMaterial } from "../three/three.js";

const VERTEX = `
  attribute vec3 color;
  uniform float size;
  uniform float pixels; // half the view's height
  varying vec3 vColor;
  varying vec3 vLight;
  varying vec3 vUp;
  void main() {
    vColor = color;
    vLight = normalize(mat3(viewMatrix) * vec3(0.45, 0.8, 0.65));
    vUp = normalize(mat3(viewMatrix) * vec3(0.0, 1.0, 0.0));
    vec4 seen = modelViewMatrix * vec4(position, 1.0);
    gl_Position = projectionMatrix * seen;
    gl_PointSize = max(size * pixels * projectionMatrix[1][1] / -seen.z, 1.5);
  }`;

const FRAGMENT = `
  uniform bool isLit;
  varying vec3 vColor;
  varying vec3 vLight;
  varying vec3 vUp;
  void main() {
    vec2 place = gl_PointCoord * 2.0 - 1.0;
    float squared = dot(place, place);
    if (squared > 1.0) discard;
    vec3 normal = vec3(place.x, -place.y, sqrt(1.0 - squared));
    float sky = 0.62 + 0.2 * dot(normal, vUp);
    float light = isLit ? sky + 0.45 * max(dot(normal, vLight), 0.0) : 1.0;
    gl_FragColor = vec4(vColor * light, 1.0);
    #include <colorspace_fragment>
  }`;

// size: a ball's diameter, in the units of the scene. The view sets `uniforms.pixels`.
export function ballMaterial(size, isLit) {
  return new ShaderMaterial({
    uniforms: { size: { value: size }, pixels: { value: 150 }, isLit: { value: isLit } },
    vertexShader: VERTEX,
    fragmentShader: FRAGMENT,
  });
}
