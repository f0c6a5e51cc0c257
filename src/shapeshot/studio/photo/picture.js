// The photo as it is shown: small, so that a gallery of large photos stays light. The server gets the file itself.

import { makeCanvas } from "./mask.js";

const LONG_SIDE = 1024; // pixels: the server looks for the object at this size too

// {canvas, width, height: of the upright photo}, or null for a file that this browser cannot show.
export async function readPicture(blob) {
  const bitmap = await createImageBitmap(blob).catch(() => null);
  if (!bitmap) return null;
  const { width, height } = bitmap;
  const scale = Math.min(1, LONG_SIDE / Math.max(width, height));
  const canvas = makeCanvas(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return { canvas, width, height };
}
