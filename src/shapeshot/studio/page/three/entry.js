export {
  AmbientLight, Box3, BufferAttribute, BufferGeometry, CanvasTexture, Color, DirectionalLight, DoubleSide, EdgesGeometry, Group, HemisphereLight,
  LineBasicMaterial, LineSegments, Mesh, MeshBasicMaterial, MeshStandardMaterial, PerspectiveCamera, PlaneGeometry, Points,
  REVISION, Scene, ShaderMaterial, SRGBColorSpace, Vector3, WebGLRenderer, WireframeGeometry, NeutralToneMapping,
} from "three";
export { OrbitControls } from "three/addons/controls/OrbitControls.js";
