// The settings of a reconstruction: a control for each option that the server declares (GET /v1/options).

import { makeControl } from "./controls.js";

const GROUPS = { find: "sliders", shape: "sliders", finish: "finish" }; // the element for the options of each stage

export class SettingsPanel {
  constructor(session) {
    this.session = session;
    this.controls = [];
    document.getElementById("again").addEventListener("click", () => session.run({ look: true }));
    document.getElementById("defaults").addEventListener("click", () => session.setOptions(session.defaults));
    for (const event of ["option", "result"]) session.addEventListener(event, () => this.#show());
    session.addEventListener("busy", () => (document.getElementById("again").disabled = !session.photo));
  }

  // Once the server has said which options there are.
  build(options) {
    for (const option of options.filter(({ control }) => control)) {
      const control = makeControl(option, (value) => this.session.setOptions({ [option.name]: value }));
      document.getElementById(GROUPS[option.stage]).append(control.element);
      this.controls.push(control);
    }
    this.#show();
    document.getElementById("settings").dataset.limits = "known";
  }

  #show() {
    const { options, result } = this.session;
    for (const control of this.controls) control.show(options[control.option.name] ?? null, result?.answer.result);
  }
}
