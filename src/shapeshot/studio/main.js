// The studio's assembly: a session, and the panels that show it. Everything goes through the HTTP API.

import { getFormats, getOptions } from "./api.js";
import { Batch } from "./batch.js";
import { foldWhereNarrow } from "./folds.js";
import { Gallery } from "./gallery.js";
import { complain, say } from "./messages.js";
import { patiently } from "./patience.js";
import { listenForCamera } from "./photo/camera.js";
import { listenForPhotos } from "./photo/input.js";
import { PhotoPanel } from "./photo/panel.js";
import { Candidates } from "./result/candidates.js";
import { ResultPanel } from "./result/panel.js";
import { scrollToResults } from "./scrolling.js";
import { Session } from "./session.js";
import { SettingsPanel } from "./settings.js";
import { listenForToken } from "./token.js";

const session = new Session();
const settings = new SettingsPanel(session);
const batch = new Batch(session);
new PhotoPanel(session);
new ResultPanel(session);
listenForToken();
foldWhereNarrow(session);
scrollToResults(session);

const take = (files) => batch.take(files);
listenForPhotos(take);
listenForCamera(take);
session.addEventListener("busy", ({ detail }) => {
  document.getElementById("views").classList.toggle("is-busy", detail);
  document.getElementById("views").setAttribute("aria-busy", String(detail));
});
performance.mark("studio:usable");
say("Ready.");
const learnt = learn();

// three.js is the bulk of the page: it comes after the first paint, and nothing waits for it but the views.
const { ShapesPanel } = await import("./shapes/panel.js");
const shapes = new ShapesPanel(session);
new Candidates(session, shapes);
const gallery = new Gallery(session, shapes);
document.getElementById("views").dataset.shown ??= "";
await learnt;
await gallery.restore();

// What the server takes: its limits, and the options of a reconstruction with their defaults and bounds.
async function learn() {
  try {
    const ask = async () => ({ ...(await getFormats()), ...(await getOptions()) });
    const { limits, options } = await patiently(ask, new AbortController().signal, complain);
    session.declare(options, limits);
    settings.build(options);
    complain(null);
  } catch (error) {
    complain(error.message);
  }
}
