// The OpenAPI document as a page: every route with its fields, its answers and a command to try it. Nothing is fetched but
// that document.

import { describe } from "./schema.js";

const KEY = "shapeshot-token"; // as the studio's page keeps it
const element = (id) => document.getElementById(id);

element("token").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, element("token-text").value);
  load();
});
load();

async function load() {
  const token = sessionStorage.getItem(KEY);
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const answer = await fetch("openapi.json", { headers }).catch(() => null);
  element("token").hidden = answer?.status !== 401;
  if (answer?.ok) show(await answer.json());
  else if (answer?.status !== 401) complain("The server does not answer. Load this page again once it does.");
  else if (token) complain("That is not the token.");
}

function complain(text) {
  element("alert").hidden = !text;
  element("alert").textContent = text ?? "";
}

function show(document) {
  complain(null);
  element("title").textContent = `${document.info.title}: HTTP API`;
  element("version").textContent = document.info.version;
  element("description").textContent = document.info.description ?? "";
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })));
  element("routes").replaceChildren(...all.map(link));
  element("operations").replaceChildren(...all.map((one) => section(one, document)));
}

const idOf = ({ method, path }) => `${method} ${path}`.toLowerCase().replace(/[^a-z0-9]+/g, "-");

function link(one) {
  const anchor = made("a", { href: `#${idOf(one)}` });
  anchor.append(made("code", { textContent: `${one.method} ${one.path}` }));
  const item = made("li");
  item.append(anchor, made("span", { textContent: ` ${one.operation.summary ?? ""}` }));
  return item;
}

function section(one, document) {
  const { method, path, operation } = one;
  const part = made("section", { id: idOf(one) });
  const head = made("h2");
  head.append(made("code", { textContent: `${method} ${path}` }));
  part.append(head, made("p", { textContent: operation.summary ?? "" }));
  if (operation.description) part.append(made("p", { textContent: operation.description }));
  part.append(made("pre", { textContent: command(one, document) }));
  const fields = fieldsOf(operation, document);
  if (fields.length) part.append(made("h3", { textContent: "Fields" }), table(["field", "type", "meaning"], fields));
  part.append(made("h3", { textContent: "Answers" }), ...answersOf(operation, document));
  for (const block of part.querySelectorAll("pre")) block.tabIndex = 0; // a long line is scrolled by keys, too
  return part;
}

// A curl command that works as it stands, but for the file and the id.
function command({ method, path, operation }, document) {
  const words = ["curl"];
  if (document.security) words.push("-H 'Authorization: Bearer TOKEN'");
  if (method !== "GET") words.push(`-X ${method}`);
  if (operation.requestBody) words.push("-F image=@photo.jpg");
  const base = document.servers?.[0]?.url ?? location.href.replace(/\/docs\/?([?#].*)?$/, "");
  return [...words, `'${base}${path.replace(/\{result_id\}/, "ID").replace(/\{format\}/, "glb")}'`].join(" ");
}

// Of the path, the query and the form: [name, type, meaning].
function fieldsOf({ parameters = [], requestBody }, document) {
  const rows = parameters.map(({ name, schema, required, in: place }) =>
    [`${name}${required ? "" : " (may be left out)"}`, describe(schema, document), `in the ${place}`]);
  const form = requestBody?.content["multipart/form-data"]?.schema;
  for (const [name, schema] of Object.entries(form?.properties ?? {})) {
    const needed = form.required?.includes(name) ? " (needed)" : "";
    rows.push([`${name}${needed}`, describe(schema, document), schema.description ?? ""]);
  }
  return rows;
}

function answersOf({ responses }, document) {
  return Object.entries(responses).map(([status, { description, content = {} }]) => {
    const folded = made("details");
    const types = Object.keys(content).join(", ");
    folded.append(made("summary", { textContent: `${status} ${description}` }), made("p", { textContent: types }));
    const [media] = Object.values(content);
    const example = media && exampleOf(media, document);
    if (example !== undefined && example !== null) {
      folded.append(made("pre", { textContent: JSON.stringify(example, null, 2) }));
    }
    return folded;
  });
}

function exampleOf({ example, schema }, document) {
  if (example !== undefined) return example;
  const name = schema?.$ref?.split("/").at(-1);
  return (name ? document.components.schemas[name] : schema)?.example;
}

function table(heads, rows) {
  const grid = made("table");
  const head = made("tr");
  head.append(...heads.map((text) => made("th", { textContent: text, scope: "col" })));
  grid.append(head, ...rows.map((cells) => {
    const row = made("tr");
    row.append(...cells.map((text) => made("td", { textContent: text })));
    return row;
  }));
  const window = made("div", { className: "scrolls", tabIndex: 0, role: "group" });
  window.setAttribute("aria-label", "Fields");
  window.append(grid);
  return window;
}

function made(tag, properties = {}) {
  return Object.assign(document.createElement(tag), properties);
}
