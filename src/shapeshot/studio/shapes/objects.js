// From arrays to what three.js draws: one function a form, from a form's arrays and a shading to a Group.

import {
  BufferAttribute, BufferGeometry, CanvasTexture, Color, Group, LineBasicMaterial, LineSegments, Mesh, MeshBasicMaterial,
  MeshLambertMaterial, Points, SRGBColorSpace,
} from "../three/three.js";
import { confidenceColors, linearColors } from "./colors.js";
import { nearestValues } from "./nearest.js";
import { ballMaterial } from "./ball_material.js";
import { voxelGeometry } from "./voxels.js";

// form -> (shapes, shading, theme: {wire, ground}: CSS colours) -> Group. A form whose confidence is not known keeps its
// own colours.
export const BUILDERS = { voxels: buildVoxels, points: buildPoints, mesh: buildMesh };

function buildMesh({ mesh, points }, shading, theme) {
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(mesh.vertices.data, 3));
  geometry.setIndex(new BufferAttribute(new Uint32Array(mesh.faces.data), 1));
  geometry.computeVertexNormals();
  if (shading === "wireframe") {
    const lines = new Mesh(geometry, new MeshBasicMaterial({ color: new Color(theme.wire), wireframe: true }));
    return new Group().add(hiddenBehind(geometry, theme), lines);
  }
  const showsConfidence = shading === "confidence" && points.confidence;
  if (mesh.texture && !showsConfidence) return new Group().add(texturedMesh(geometry, mesh));
  const colors = showsConfidence
    ? confidenceColors(nearestValues(points.points.data, points.confidence.data, mesh.vertices.data))
    : linearColors(mesh.colors?.data, mesh.vertices.shape[0]);
  geometry.setAttribute("color", new BufferAttribute(colors, 3));
  return new Group().add(new Mesh(geometry, solidMaterial()));
}

// The photo on the surface: a place on it for each corner of each face.
function texturedMesh(geometry, { texture, corners, places }) {
  const spread = geometry.toNonIndexed();
  const uvs = new Float32Array(2 * corners.data.length);
  corners.data.forEach((place, i) => {
    uvs.set(places.data.subarray(2 * place, 2 * place + 2), 2 * i);
  });
  spread.setAttribute("uv", new BufferAttribute(uvs, 2));
  const map = new CanvasTexture(texture);
  map.colorSpace = SRGBColorSpace;
  return new Mesh(spread, solidMaterial({ map }));
}

function buildVoxels({ voxels }, shading, theme) {
  const { faces, edges, colors, confidence } = voxelGeometry(voxels);
  const isWire = shading === "wireframe";
  const material = { color: new Color(isWire ? theme.wire : 0x000000), transparent: !isWire, opacity: isWire ? 1 : 0.16 };
  const lines = new LineSegments(edges, new LineBasicMaterial(material));
  if (isWire) return new Group().add(hiddenBehind(faces, theme), lines);
  faces.setAttribute("color", new BufferAttribute(shading === "confidence" && confidence ? confidence : colors, 3));
  return new Group().add(new Mesh(faces, solidMaterial()), lines);
}

function buildPoints({ points }, shading, theme) {
  const count = points.points.shape[0];
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(points.points.data, 3));
  let colors = linearColors(points.colors?.data, count);
  if (shading === "confidence" && points.confidence) colors = confidenceColors(points.confidence.data);
  if (shading === "wireframe") {
    const wire = new Color(theme.wire);
    for (let i = 0; i < count; i++) wire.toArray(colors, 3 * i);
  }
  geometry.setAttribute("color", new BufferAttribute(colors, 3));
  // Spacing goes with the root of the number: points of one surface share its area.
  const size = Math.min(1.3 / Math.sqrt(count), 0.05) * (shading === "wireframe" ? 0.5 : 1);
  return new Group().add(new Points(geometry, ballMaterial(size, shading !== "wireframe")));
}

// Pushed back a little, so that the lines that lie on it win.
function solidMaterial(colors = { vertexColors: true }) {
  return new MeshLambertMaterial({
    ...colors, polygonOffset: true, polygonOffsetFactor: 1, polygonOffsetUnits: 1,
  });
}

// Draws in the view's own colour: lines at the back do not show through.
function hiddenBehind(geometry, theme) {
  const material = { color: new Color(theme.ground), polygonOffset: true, polygonOffsetFactor: 1, polygonOffsetUnits: 1 };
  return new Mesh(geometry, new MeshBasicMaterial(material));
}
