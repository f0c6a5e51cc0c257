// How edges are smoothed. A GPU takes several samples a pixel for nothing; a browser that draws by the CPU pays five times
// the whole picture for them, so it gets finer pixels instead, and a screen whose pixels are fine needs neither.

const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;
const FINER = 1.5;

// {antialias, pixelRatio} for a WebGLRenderer.
export function smoothness() {
  const isFine = devicePixelRatio >= 2;
  const isSoftware = SOFTWARE.test(rendererName());
  return {
    antialias: !isFine && !isSoftware,
    pixelRatio: isSoftware && !isFine ? FINER : Math.min(devicePixelRatio, 2),
  };
}

// What draws, as the browser tells it; "" where it does not.
function rendererName() {
  const context = document.createElement("canvas").getContext("webgl2");
  const names = context?.getExtension("WEBGL_debug_renderer_info");
  const name = names ? context.getParameter(names.UNMASKED_RENDERER_WEBGL) : "";
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return name;
}
