// Takes a photo with the machine's camera. Where the page may not have it (no camera, or a page that came over plain
// http from another machine), the file chooser is asked for one instead: a phone's opens its camera.

import { complain } from "../messages.js";

const dialog = document.getElementById("camera");
const video = document.getElementById("camera-video");

export function listenForCamera(take) {
  document.getElementById("take").addEventListener("click", open);
  document.getElementById("camera-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", stop);
  document.getElementById("camera-take").addEventListener("click", async () => {
    const photo = await frame();
    dialog.close();
    take([[photo, "camera photo"]]);
  });
}

async function open() {
  complain(null);
  if (!navigator.mediaDevices?.getUserMedia) {
    document.getElementById("capture").click();
    return;
  }
  try {
    const wanted = { facingMode: "environment", width: { ideal: 1920 } };
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: wanted });
  } catch (error) {
    complain(error.name === "NotAllowedError"
      ? "The browser was not allowed to use the camera. Allow it in the address bar, or choose a photo."
      : "No camera could be opened. Connect one, or choose a photo.");
    return;
  }
  dialog.showModal();
  await video.play();
}

function stop() {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
}

function frame() {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  canvas.getContext("2d").drawImage(video, 0, 0);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.95));
}
