// The page: one editor with what the language client for CodeMirror offers, and nothing of Rubric.

import { languageServerExtensions, LSPClient } from "@codemirror/lsp-client";
import { lintGutter } from "@codemirror/lint";
import { EditorView } from "@codemirror/view";
import { basicSetup } from "codemirror";

function connect(address) {
  const socket = new WebSocket(address);
  const handlers = [];
  socket.addEventListener("message", (event) => handlers.forEach((handler) => handler(event.data)));
  const transport = {
    send: (message) => socket.send(message),
    subscribe: (handler) => handlers.push(handler),
    unsubscribe: (handler) => handlers.splice(handlers.indexOf(handler), 1),
  };
  return new Promise((resolve, reject) => {
    socket.addEventListener("open", () => resolve(transport));
    socket.addEventListener("error", () => reject(new Error("the bridge does not answer")));
  });
}

window.start = async ({ address, root, uri, text }) => {
  const client = new LSPClient({ rootUri: root, timeout: 20_000, extensions: languageServerExtensions() });
  client.connect(await connect(address));
  await client.initializing;
  window.view = new EditorView({
    doc: text,
    parent: document.querySelector("#editor"),
    extensions: [basicSetup, lintGutter(), client.plugin(uri, "rubric")],
  });
  return client.serverCapabilities;
};
