// Preloaded into jsii's Node process by engine.py (NODE_OPTIONS=--require=...).
//
// A prebuilt CDKTF provider package names lib/index.js as its `main`: every resource and data source
// of the provider, 2,608 files for AWS. Beside it lies lib/lazy-index.js with the same exports behind
// getters, which loads what is touched. jsii asks for a package by its bare name, so that name is answered
// differently here. So is CDKTF's request for `archiver`, an eleventh of all that Node has to read: it zips
// assets, and an app without any never calls it. Every other request is Node's own affair.
"use strict";

const fs = require("fs");
const Module = require("module");
const path = require("path");

const PROVIDER = /^@cdktf\/provider-[^/]+$/;

const resolveFilename = Module._resolveFilename;

Module._resolveFilename = function (request, ...rest) {
  const resolved = resolveFilename.call(this, request, ...rest);
  if (!PROVIDER.test(request)) {
    return resolved;
  }
  const lazy = path.join(path.dirname(resolved), "lazy-index.js");
  if (path.basename(resolved) === "index.js" && fs.existsSync(lazy)) {
    return lazy;
  }
  fs.writeSync(
    2,
    `rolebridge: ${request} has no lib/lazy-index.js beside its entry file ${resolved}: ` +
      "Node loads the whole package, which takes seconds and some 600 MB more\n",
  );
  return resolved;
};

const load = Module._load;

Module._load = function (request, ...rest) {
  const archiver = () => load.call(this, request, ...rest);
  if (request !== "archiver") {
    return archiver();
  }
  return new Proxy(function () {}, {
    apply: (_, self, values) => Reflect.apply(archiver(), self, values),
    get: (_, name) => archiver()[name],
  });
};
