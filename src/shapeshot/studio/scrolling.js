// On a screen that shows one thing at a time, the shapes of a new photo come into view by themselves.

import { narrow } from "./folds.js";

const STILL = "(prefers-reduced-motion: reduce)";

export function scrollToResults(session) {
  let seen = null; // the photo whose shapes were shown already: a setting that changes moves nothing
  session.addEventListener("shown", ({ detail: { photo } }) => {
    const isNew = photo && photo !== seen;
    seen = photo;
    if (!isNew || !narrow.matches) return;
    const behavior = matchMedia(STILL).matches ? "instant" : "smooth";
    document.getElementById("shapes").scrollIntoView({ block: "start", behavior });
  });
}
