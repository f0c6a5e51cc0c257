// Masks as canvases whose alpha is the object, and how they are shown over the photo.

const DIM = "rgb(10 14 22 / 66%)";
const OUTLINE = "#7ea0ff";
const AROUND = [[1, 0], [-1, 0], [0, 1], [0, -1], [0.7, 0.7], [-0.7, 0.7], [0.7, -0.7], [-0.7, -0.7]];

export function makeCanvas(width, height) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  return canvas;
}

// A grey picture (white is the object) -> a canvas of the given size with the grey as alpha.
export async function maskFromUrl(url, width, height) {
  const picture = new Image();
  picture.src = url;
  await picture.decode();
  const canvas = makeCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(picture, 0, 0, width, height);
  const pixels = context.getImageData(0, 0, width, height);
  for (let i = 0; i < pixels.data.length; i += 4) {
    pixels.data[i + 3] = pixels.data[i];
    pixels.data.fill(255, i, i + 3);
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

export const maskToPng = (canvas) => new Promise((resolve) => canvas.toBlob(resolve, "image/png"));

// Dims what is outside the mask, and draws a line around it.
export function drawMask(context, mask) {
  const { width, height } = context.canvas;
  context.save();
  context.fillStyle = DIM;
  context.fillRect(0, 0, width, height);
  context.globalCompositeOperation = "destination-out";
  context.drawImage(mask, 0, 0);
  context.restore();
  context.drawImage(outline(mask, Math.max(width, height) / 220), 0, 0);
}

// The square that the network was shown.
export function drawCrop(context, crop, scale) {
  const side = crop.side * scale;
  context.save();
  context.strokeStyle = "#fff";
  context.lineWidth = context.canvas.width / 320;
  context.setLineDash([context.lineWidth * 4, context.lineWidth * 3]);
  context.strokeRect(crop.left * scale, crop.top * scale, side, side);
  context.restore();
}

// Where the user pointed; scale: of the photo's pixels on the canvas.
export function drawPoints(context, points, scale) {
  const radius = Math.max(4, context.canvas.width / 90);
  context.save();
  context.fillStyle = OUTLINE;
  context.strokeStyle = "#fff";
  context.lineWidth = radius / 2.5;
  for (const { x, y } of points) {
    context.beginPath();
    context.arc(x * scale, y * scale, radius, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  }
  context.restore();
}

function outline(mask, thickness) {
  const line = makeCanvas(mask.width, mask.height);
  const context = line.getContext("2d");
  for (const [x, y] of AROUND) context.drawImage(mask, x * thickness, y * thickness);
  context.globalCompositeOperation = "source-in";
  context.fillStyle = OUTLINE;
  context.fillRect(0, 0, line.width, line.height);
  context.globalCompositeOperation = "destination-out";
  context.drawImage(mask, 0, 0);
  return line;
}
