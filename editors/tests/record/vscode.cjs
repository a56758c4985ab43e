// What `vscode-languageclient` puts into `initialize`, computed by the package itself: `vscode.cjs FOLDER`.
//
// Visual Studio Code cannot be installed from a package registry. All of `initialize` but the names of the product and
// of the folders is made by the language client, from its own features; what it needs of the editor to do so is given
// here: any property is a function, a class and an object.

const Module = require("node:module");
const path = require("node:path");
const { pathToFileURL } = require("node:url");

const folder = process.argv[2];
const extension = path.join(__dirname, "..", "..", "vscode");

const anything = () =>
  new Proxy(class {}, {
    get: (target, key) => {
      if (key === "prototype") return target.prototype;
      if (key === Symbol.toPrimitive) return () => "";
      if (key === Symbol.iterator) return function* () {};
      if (key === "then" || key === "toJSON") return undefined;
      return (target[key] ??= anything());
    },
    apply: () => anything(),
    construct: () => anything(),
  });
class Base {}
class EventEmitter {
  event = () => ({ dispose() {} });
  fire() {}
  dispose() {}
}
const uri = { fsPath: folder, scheme: "file", toString: () => pathToFileURL(folder).href };
const vscode = new Proxy(
  {
    version: "1.107.0",
    env: { appName: "Visual Studio Code", language: "en" },
    Uri: { parse: (text) => ({ toString: () => text }), file: () => uri },
    EventEmitter,
    workspace: new Proxy(
      { workspaceFolders: [{ uri, name: path.basename(folder), index: 0 }], textDocuments: [], getConfiguration: () => ({ get: () => undefined }) },
      { get: (target, key) => (key in target ? target[key] : () => ({ dispose() {} })) },
    ),
  },
  { get: (target, key) => (key in target ? target[key] : (target[key] = /^[A-Z]/.test(String(key)) ? class extends Base {} : anything())) },
);

const load = Module._load;
Module._load = (request, ...rest) => (request === "vscode" ? vscode : load(request, ...rest));
const { LanguageClient, TransportKind } = require(require.resolve("vscode-languageclient/node", { paths: [extension] }));

const client = new LanguageClient(
  "rubric",
  "Rubric",
  { command: "rubric", args: ["lsp"], transport: TransportKind.stdio },
  { documentSelector: [{ language: "rubric", scheme: "file" }, { language: "rubric", scheme: "untitled" }], outputChannel: anything() },
);
client.doInitialize = (_, parameters) => {
  process.stdout.write(JSON.stringify(parameters));
  process.exit(0);
};
client.initialize(anything()).catch((error) => {
  console.error(error);
  process.exit(1);
});
