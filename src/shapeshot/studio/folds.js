// What a narrow screen folds away and a wide one shows: every <details class="fold">. What somebody opens or closes stays
// so until the screen changes its kind.

export const narrow = matchMedia("(max-width: 899px)"); // as style/layout.css has it: one column

export function foldWhereNarrow(session) {
  const examples = document.getElementById("examples-fold");
  const fold = () => {
    for (const details of document.querySelectorAll("details.fold")) details.open = !narrow.matches;
    examples.open ||= !session.photo;
  };
  fold();
  narrow.addEventListener("change", fold);
  // With a photo on the page, its shapes come before other photos.
  session.addEventListener("photo", () => {
    if (narrow.matches && session.photo) examples.open = false;
  });
}

// Opens whatever an element is folded away in.
export function unfold(element) {
  for (let folded = element.closest("details"); folded; folded = folded.parentElement.closest("details")) folded.open = true;
}
