// The ways in: choose, drop, paste, an example.

const EXAMPLES = ["armchair", "chair", "sofa", "bed"]; // examples/NAME.jpg; examples/README.md says whose they are

// take: called with a list of [Blob, name].
export function listenForPhotos(take) {
  for (const id of ["file", "capture"]) {
    const input = document.getElementById(id);
    input.addEventListener("change", () => {
      take(named(input.files));
      input.value = ""; // so that the same file can be chosen again
    });
  }
  listenForDrops(take);
  addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find((pasted) => pasted.type.startsWith("image/"));
    if (file) take([[file, "pasted photo"]]);
  });
  for (const name of EXAMPLES) document.getElementById("examples").append(exampleButton(name, take));
}

const named = (files) => [...files].map((file) => [file, file.name]);

function listenForDrops(take) {
  const setOver = (isOver) => document.body.classList.toggle("is-over", isOver);
  addEventListener("dragover", (event) => {
    event.preventDefault(); // else the browser leaves the page to show the file
    setOver(true);
  });
  addEventListener("dragleave", (event) => event.relatedTarget ?? setOver(false));
  addEventListener("drop", (event) => {
    event.preventDefault();
    setOver(false);
    take(named(event.dataTransfer.files));
  });
}

function exampleButton(name, take) {
  const button = document.createElement("button");
  button.type = "button";
  const picture = new Image(100, 100);
  picture.src = `examples/${name}.jpg`;
  picture.alt = "";
  button.append(picture, name);
  button.addEventListener("click", async () => take([[await (await fetch(picture.src)).blob(), name]]));
  return button;
}
