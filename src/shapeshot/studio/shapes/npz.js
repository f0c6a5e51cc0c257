// Reads numpy's .npz: a zip of .npy arrays, stored or deflated.

const TYPES = {
  "|b1": Uint8Array,
  "|u1": Uint8Array,
  "<i4": Int32Array,
  "<u4": Uint32Array,
  "<f4": Float32Array,
  "<f8": Float64Array,
};
const END_BYTES = 22; // of the end record, which has no comment behind it
const LOCAL_BYTES = 30; // of a member's own header, before its name and extra field

// name -> {data: typed array, shape: number[]}; row-major.
export async function readNpz(buffer) {
  const view = new DataView(buffer);
  const end = buffer.byteLength - END_BYTES;
  if (view.getUint32(end, true) !== 0x06054b50) throw new Error("not an .npz file");
  const arrays = {};
  let at = view.getUint32(end + 16, true);
  for (let count = view.getUint16(end + 10, true); count > 0; count--) {
    const nameBytes = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(new Uint8Array(buffer, at + 46, nameBytes));
    arrays[name.replace(/\.npy$/, "")] = readNpy(await member(buffer, view, at));
    at += 46 + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return arrays;
}

async function member(buffer, view, at) {
  const method = view.getUint16(at + 10, true);
  const numBytes = view.getUint32(at + 20, true);
  const local = view.getUint32(at + 42, true);
  const start = local + LOCAL_BYTES + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  const content = buffer.slice(start, start + numBytes);
  if (method === 0) return content;
  const inflated = new Blob([content]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(inflated).arrayBuffer();
}

function readNpy(buffer) {
  const view = new DataView(buffer);
  const isFirstVersion = view.getUint8(6) === 1;
  const start = isFirstVersion ? 10 : 12;
  const headerBytes = isFirstVersion ? view.getUint16(8, true) : view.getUint32(8, true);
  const header = new TextDecoder().decode(new Uint8Array(buffer, start, headerBytes));
  const type = TYPES[header.match(/'descr': '(.*?)'/)[1]];
  const shape = header.match(/'shape': \((.*?)\)/)[1].split(",").filter((text) => text.trim()).map(Number);
  if (!type || header.includes("'fortran_order': True")) throw new Error(`unexpected array ${header}`);
  return { data: new type(buffer.slice(start + headerBytes)), shape };
}
