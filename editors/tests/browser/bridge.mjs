// From a WebSocket, one message each, to the standard input and output of a server, with headers, and back.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { WebSocketServer } from "ws";

/** Serves on a free port of this machine only; each connection gets a server of its own. */
export async function bridge(program, folder) {
  const sockets = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  const servers = new Set();
  sockets.on("connection", (socket) => {
    const server = spawn(program, ["lsp"], { cwd: folder, stdio: ["pipe", "pipe", "inherit"] });
    servers.add(server);
    server.on("exit", () => servers.delete(server));
    socket.on("message", (data) => {
      server.stdin.write(`Content-Length: ${data.length}\r\n\r\n`);
      server.stdin.write(data);
    });
    socket.on("close", () => server.stdin.end());
    let pending = Buffer.alloc(0);
    server.stdout.on("data", (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      for (;;) {
        const end = pending.indexOf("\r\n\r\n");
        if (end < 0) return;
        const length = /content-length: *(\d+)/i.exec(pending.subarray(0, end).toString("latin1"));
        const whole = end + 4 + Number(length[1]);
        if (pending.length < whole) return;
        socket.send(pending.subarray(end + 4, whole).toString("utf8"));
        pending = pending.subarray(whole);
      }
    });
  });
  await once(sockets, "listening");
  return {
    address: `ws://127.0.0.1:${sockets.address().port}`,
    close() {
      for (const server of servers) server.kill();
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
    },
  };
}
