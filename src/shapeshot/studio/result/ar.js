// The object in the room, on phones: AR Quick Look on iPhones and iPads, Scene Viewer on Android.

import { request } from "../api.js";
import { complain, say } from "../messages.js";

const TEXT = "See it in your room";

// A button for what this device can do, or null. links: of the mesh, by suffix.
export function arButton(links) {
  if (links.usdz && document.createElement("a").relList.supports("ar")) return quickLook(links.usdz);
  const viewer = links.glb && sceneViewer(new URL(links.glb, location.href), navigator.userAgent);
  return viewer && Object.assign(document.createElement("a"), { className: "button", href: viewer, textContent: TEXT });
}

// The address that opens Android's viewer, or null elsewhere. The viewer fetches the file by itself, which works where the
// server has a certificate and asks for no token.
export function sceneViewer(file, userAgent) {
  if (!/android/i.test(userAgent) || file.protocol !== "https:" || sessionStorage.getItem("shapeshot-token")) return null;
  const asked = `file=${encodeURIComponent(file.href)}&mode=ar_preferred`;
  const app = "scheme=https;package=com.google.android.googlequicksearchbox;action=android.intent.action.VIEW";
  return `intent://arvr.google.com/scene-viewer/1.2?${asked}#Intent;${app};end;`;
}

// Safari opens the viewer for a link with rel="ar" whose only child is a picture.
function quickLook(path) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: TEXT });
  button.addEventListener("click", async () => {
    complain(null);
    say("Fetching the object…");
    try {
      const file = new Blob([await (await request(path)).arrayBuffer()], { type: "model/vnd.usdz+zip" });
      const link = Object.assign(document.createElement("a"), { rel: "ar", href: URL.createObjectURL(file) });
      link.append(new Image());
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      say("Ready.");
    } catch (error) {
      complain(error.message);
    }
  });
  return button;
}
