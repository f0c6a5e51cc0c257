// The scene around a shape: light from above and the front, a rim of it from behind, and a soft shadow where it stands.

import {
  CanvasTexture, DirectionalLight, Group, HemisphereLight, Mesh, MeshBasicMaterial, PlaneGeometry, Scene, SRGBColorSpace,
} from "../three/three.js";

// A scene, and the group that holds the shape and its shadow.
export function makeStage() {
  const scene = new Scene();
  scene.add(new HemisphereLight(0xffffff, 0xc4bdb3, 1.5));
  scene.add(light(1.85, 2.2, 4, 3), light(0.6, -3, 1.5, 1.5), light(1.1, -1, 2.5, -3));
  const shadow = makeShadow();
  const holder = new Group();
  scene.add(holder, shadow);
  return { scene, holder, shadow };
}

function light(intensity, x, y, z) {
  const lamp = new DirectionalLight(0xffffff, intensity);
  lamp.position.set(x, y, z);
  return lamp;
}

// A plane of unit size with a radial gradient: cheap, and the same for every shape.
function makeShadow() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 128;
  const context = canvas.getContext("2d");
  const gradient = context.createRadialGradient(64, 64, 10, 64, 64, 64);
  gradient.addColorStop(0, "rgba(10, 14, 24, 0.3)");
  gradient.addColorStop(0.55, "rgba(10, 14, 24, 0.13)");
  gradient.addColorStop(1, "rgba(10, 14, 24, 0)");
  context.fillStyle = gradient;
  context.fillRect(0, 0, 128, 128);
  const map = new CanvasTexture(canvas);
  map.colorSpace = SRGBColorSpace;
  const plane = new Mesh(new PlaneGeometry(1, 1), new MeshBasicMaterial({ map, transparent: true, depthWrite: false }));
  plane.rotation.x = -Math.PI / 2;
  plane.visible = false;
  return plane;
}
