// The HTTP API (docs/http-api.md): requests, and every failure as a Problem with a sentence.

import { inPageWords } from "./words.js";

const GONE = "The studio's server does not answer. Start “shapeshot studio” again; this page goes on by itself then.";

export class Problem extends Error {
  // status: of the answer, 0 where there was none. retryAfter: seconds, or null.
  constructor(status, detail, retryAfter = null) {
    super(detail);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  get isTransient() {
    return [0, 429, 503].includes(this.status);
  }
}

let token = sessionStorage.getItem("shapeshot-token");
let askForToken = async () => null;

// ask: shows the question and resolves to what was typed in.
export function onTokenNeeded(ask) {
  askForToken = ask;
}

// The API lies beside the page, under whatever path a proxy shows both; links are from the root, or whole addresses.
const besidePage = (path) => path.replace(/^.*\/(?=v1\/)/, "");

// fetch that throws Problem for whatever is not a success, and DOMException "AbortError" where the signal says so.
export async function request(path, { signal, body, method = body ? "POST" : "GET" } = {}) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  let answer;
  try {
    answer = await fetch(besidePage(path), { method, body, headers, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, GONE);
  }
  if (answer.ok) return answer;
  if (answer.status === 401) token = await askForToken();
  if (answer.status === 401 && token) {
    sessionStorage.setItem("shapeshot-token", token);
    return request(path, { signal, body, method });
  }
  throw await problemOf(answer);
}

export const getFormats = async (signal) => (await request("v1/formats", { signal })).json();
export const getOptions = async (signal) => (await request("v1/options", { signal })).json();
export const findObject = async (form, signal) => (await request("v1/objects", { body: form, signal })).json();
export const reconstruct = async (form, signal) =>
  (await request("v1/reconstructions", { body: form, signal })).json();

// Whether the server takes work; never throws.
export async function isReady() {
  try {
    return (await fetch("readyz", { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

async function problemOf(answer) {
  const seconds = Number.parseInt(answer.headers.get("Retry-After"), 10);
  let detail = `The server answered ${answer.status} ${answer.statusText}.`;
  try {
    detail = inPageWords((await answer.json()).detail ?? detail);
  } catch {
    // No problem document: the status has to do.
  }
  return new Problem(answer.status, detail, Number.isNaN(seconds) ? null : seconds);
}
