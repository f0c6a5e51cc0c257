// Several photos at once: every one of them is done, two at a time, with a line that says how far it is.

import { Problem } from "./api.js";
import { complain, say } from "./messages.js";

const AT_ONCE = 2;

export class Batch {
  constructor(session) {
    this.session = session;
    this.list = document.getElementById("batch");
    this.lines = [];
    session.addEventListener("result", () => this.#mended());
  }

  // files: of [Blob, name]. One alone is the photo on the page, as ever.
  take(files) {
    if (files.length > 1) this.#all(files);
    else if (files.length) this.#alone(...files[0]);
  }

  #alone(blob, name) {
    if (!this.isRunning) this.list.hidden = true; // all of it was seen
    this.session.setPhoto(blob, name);
  }

  async #all(files) {
    complain(null);
    this.stop?.abort();
    const stop = new AbortController();
    this.stop = stop;
    this.isRunning = true;
    const before = this.session.photo;
    let isShown = false;
    const lines = files.map(([blob, name]) => new Line(blob, name));
    this.lines = lines;
    this.list.replaceChildren(...lines.map(({ element }) => element));
    this.list.hidden = false;
    const waiting = [...lines];
    const work = async () => {
      while (waiting.length && !stop.signal.aborted) {
        const made = await this.#one(waiting.shift(), stop.signal);
        // The first that is done comes onto the page, unless another photo was given there meanwhile.
        if (made && !isShown && this.session.photo === before) {
          isShown = true;
          this.session.show(made);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    if (stop.signal.aborted) return;
    this.isRunning = false;
    say(this.#sum(lines));
  }

  async #one(line, signal) {
    const refusal = this.session.refusal(line.blob, line.name);
    if (refusal) {
      this.#failed(line, refusal);
      return null;
    }
    line.say("reconstructing…");
    try {
      const made = await this.session.makeBeside(line.blob, line.name, signal, (text) => line.say(text));
      line.done(made, () => this.session.show(made));
      return made;
    } catch (error) {
      if (!signal.aborted) this.#failed(line, error instanceof Problem ? error.message : "Something went wrong. Try it again.");
      return null;
    }
  }

  // It can be shown as a photo alone is: with what went wrong, and with all that says where its object is.
  #failed(line, text) {
    line.fail(text, () => this.session.setPhoto(line.blob, line.name));
  }

  // A photo that failed has its shapes now.
  #mended() {
    const { result } = this.session;
    const line = this.lines.find(({ blob, hasFailed }) => hasFailed && blob === result?.photo?.blob);
    line?.done(result, () => this.session.show(result));
  }

  #sum(lines) {
    const failed = lines.filter(({ hasFailed }) => hasFailed).length;
    return `${lines.length - failed} of ${lines.length} photos are done.`;
  }
}

class Line {
  hasFailed = false;

  constructor(blob, name) {
    Object.assign(this, { blob, name });
    this.element = document.createElement("li");
    this.bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
    this.bar.setAttribute("aria-label", name);
    this.text = Object.assign(document.createElement("span"), { textContent: "waiting" });
    this.element.append(Object.assign(document.createElement("b"), { textContent: name }), this.text, this.bar);
  }

  say(text) {
    this.element.dataset.state = "working";
    this.bar.removeAttribute("value"); // under way, for as long as it takes
    this.text.textContent = text;
  }

  done({ answer }, show) {
    this.hasFailed = false;
    this.#end("done", 1, `done in ${answer.result.timings.total.toFixed(2)} s`, show);
  }

  fail(text, show) {
    this.hasFailed = true;
    this.#end("failed", 0, text, show);
  }

  #end(state, value, text, show) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Show" });
    button.setAttribute("aria-label", `Show ${this.name}`);
    button.addEventListener("click", show);
    this.element.querySelector("button")?.remove();
    this.element.append(button);
    this.element.dataset.state = state;
    this.bar.value = value;
    this.bar.hidden = true;
    this.text.textContent = text;
  }
}
