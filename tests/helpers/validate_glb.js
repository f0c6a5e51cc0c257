// node validate_glb.js NODE_MODULES FILE: what glTF's validator has against a file, as JSON.
const fs = require("fs");
const path = require("path");

const validator = require(path.join(process.argv[2], "gltf-validator"));
validator
  .validateBytes(new Uint8Array(fs.readFileSync(process.argv[3])))
  .then((report) => console.log(JSON.stringify(report.issues)));
