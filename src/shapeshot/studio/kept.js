// What a reload of the page keeps of this session: photos, answers and what was said of the object, in the browser's own
// database. The shapes are not among them: the server has those. Another tab is another session.

const DATABASE = "shapeshot";
const STORE = "results";
const KEY = "shapeshot-session";
const DAY = 86_400_000; // ms: what a closed tab left behind is removed by the next visit after so long

// entry: {answer, name, options, picture, photo: Blob, object, time}. Never fails: without a database the session lasts
// until the page is left.
export async function remember(entry) {
  const { answer, name, options, picture, object } = entry;
  const plain = { key: `${session()} ${answer.id}`, session: session(), time: entry.time, answer, name, options, picture, object };
  await change((store) => store.put({ ...plain, photo: entry.photo?.blob ?? null }));
}

export async function forget(entries) {
  await remove(entries.map(({ answer }) => ({ key: `${session()} ${answer.id}` })));
}

// The session's entries, the newest first; those of others that are older than a day go.
export async function recall() {
  const all = (await read()) ?? [];
  const old = all.filter((entry) => entry.session !== session() && Date.now() - entry.time > DAY);
  if (old.length) await remove(old);
  return all.filter((entry) => entry.session === session()).sort((a, b) => b.time - a.time);
}

// Which result was on the page: its id, "" where nothing was.
export function lastShown() {
  return stored(`${KEY}-shown`) ?? "";
}

export function rememberShown(id) {
  store(`${KEY}-shown`, id);
}

function session() {
  let name = stored(KEY);
  if (!name) {
    name = `${Date.now()}-${Math.random()}`;
    store(KEY, name);
  }
  return name;
}

function stored(key) {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return "this page";
  }
}

function store(key, value) {
  try {
    sessionStorage.setItem(key, value);
  } catch {
    // Storage is blocked.
  }
}

async function remove(entries) {
  await change((store) => {
    for (const { key } of entries) store.delete(key);
  });
}

async function read() {
  const database = await open();
  if (!database) return null;
  const asked = database.transaction(STORE).objectStore(STORE).getAll();
  return settled(asked).then(() => asked.result, () => null).finally(() => database.close());
}

async function change(act) {
  const database = await open();
  if (!database) return;
  const transaction = database.transaction(STORE, "readwrite");
  const done = new Promise((resolve) => {
    for (const end of ["complete", "error", "abort"]) transaction.addEventListener(end, resolve);
  });
  act(transaction.objectStore(STORE));
  await done;
  database.close();
}

async function open() {
  try {
    const asked = indexedDB.open(DATABASE, 1);
    asked.addEventListener("upgradeneeded", () => asked.result.createObjectStore(STORE, { keyPath: "key" }));
    await settled(asked);
    return asked.result;
  } catch {
    return null; // the browser gives this page no database
  }
}

function settled(asked) {
  return new Promise((resolve, reject) => {
    asked.addEventListener("success", resolve);
    asked.addEventListener("error", () => reject(asked.error));
    asked.addEventListener("blocked", () => reject(new Error("blocked")));
  });
}
