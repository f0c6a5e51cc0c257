// Which of the views is the large one, and what it can do: fill the screen, and turn by itself.

const element = (id) => document.getElementById(id);

export class LargeView extends EventTarget {
  // "change": another form is large. viewers: by form.
  constructor(viewers) {
    super();
    Object.assign(this, { viewers, form: "mesh", isRotating: false });
    element("views").addEventListener("click", ({ target }) => {
      if (target.dataset.enlarge !== undefined) this.#choose(target.closest("figure").dataset.form);
    });
    element("rotating").addEventListener("click", () => this.rotate(!this.isRotating));
    for (const viewer of Object.values(viewers)) viewer.addEventListener("grab", () => this.rotate(false));
    this.#fullScreen();
    this.#show();
  }

  get viewer() {
    return this.viewers[this.form];
  }

  get box() {
    return document.querySelector(`[data-form=${this.form}] .view`);
  }

  rotate(isOn) {
    this.isRotating = isOn;
    element("rotating").setAttribute("aria-pressed", String(isOn));
    for (const [form, viewer] of Object.entries(this.viewers)) viewer.rotate(isOn && form === this.form);
  }

  #choose(form) {
    this.form = form;
    this.#show();
    this.rotate(this.isRotating);
    this.dispatchEvent(new Event("change"));
    this.viewer?.canvas.focus({ preventScroll: true });
  }

  #show() {
    for (const figure of document.querySelectorAll("#views figure")) {
      const isLarge = figure.dataset.form === this.form;
      figure.classList.toggle("is-large", isLarge);
      figure.querySelector("[data-enlarge]").hidden = isLarge;
    }
  }

  // The whole section: its buttons have to be at hand there, too.
  #fullScreen() {
    const [button, section] = [element("full-screen"), element("shapes")];
    button.hidden = !section.requestFullscreen; // iPhones have none
    button.addEventListener("click", () => {
      if (document.fullscreenElement) document.exitFullscreen();
      else section.requestFullscreen();
    });
    document.addEventListener("fullscreenchange", () => {
      button.setAttribute("aria-pressed", String(Boolean(document.fullscreenElement)));
    });
  }
}
