// The server's sentences are those of the command line. Here they are said in the page's language: what to click, never a
// flag, an argument or a package to install.

const WORDS = [
  [/background is too cluttered/, "The background is not plain: something else stands out from it, too. Click on the object, or " +
    "draw a box around it (“boxed”)."],
  [/no object found where you pointed/, "Nothing was found where you clicked. Click on the middle of the object, undo the " +
    "click, or draw a box around it (“boxed”)."],
  [/picture is empty or one plain colour/, "The photo is empty or one plain colour. Choose a photo of one object."],
  [/no object found/, "No object was found in this photo. Click on the object, draw a box around it (“boxed”), or choose " +
    "“all” where it fills the photo."],
  [/not what the photo is most about/, "What you clicked on is not what the photo is most about, or very small. Look at the " +
    "outline; click on the middle of the object if this is not it."],
  [/a point lies beside what was taken/, "One of your clicks lies beside what was taken. Look at the outline; undo the click, " +
    "or draw a box around the object (“boxed”)."],
  [/lies beside the photo|lies outside the region/, "That click lies beside the photo. Click on the object."],
  [/mask marks no pixel/, "Nothing is painted. Paint over the object, or choose “found” to go back to what the mask was."],
  [/the region .* holds too little/, "The box holds too little of the photo. Draw it around the whole object."],
  [/more than one object in the photo/, "There is more than one object in the photo, and the largest was taken. Click on the " +
    "one that you mean."],
  [/may show no object at all/, "The photo may show no object at all. Click on what you mean, or draw a box around it."],
  [/not sure which pixels are the object/, "It is not certain which pixels are the object. Look at the outline in the photo, " +
    "and click on the object or draw a box around it."],
  [/finder sees less of the object/, "More stands out from the background than looks like the object, and all of it was taken. " +
    "Look at the outline in the photo; click on the object, or paint it."],
  [/finder sees no object; what stands out/, "It does not look like an object; what stands out from the plain background was " +
    "taken, a shadow or a print perhaps. Click on the object, or paint it."],
  [/unlike anything the model was trained on.*: the shape may/, "This photo is unlike anything the model has learnt from, so the shape may mean " +
    "nothing. A photo of one whole household object on a plain background works best."],
  [/heif|heic/i, "This server does not read HEIC photos. Save the photo as JPEG, and choose that."],
];
const FOREIGN = /pip install|--\w|\w+='\w*'|--?[a-z]+ [A-Z]\b/;
const UNSAYABLE = "This server cannot do that. Try another photo, or say where the object is.";

// A sentence for the page, with a capital at its start and a full stop.
export function inPageWords(text) {
  const known = WORDS.find(([pattern]) => pattern.test(text));
  if (known) return known[1];
  const plain = text.replace(/ ?\([^()]*--[^()]*\)/g, "");
  return FOREIGN.test(plain) ? UNSAYABLE : sentence(plain);
}

function sentence(text) {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
