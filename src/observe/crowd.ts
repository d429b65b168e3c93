import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * Holds a server to `most` connections by closing the oldest for a new one, so that clients who only keep connections
 * cannot shut out a probe. The first to go is one that waits for a request or has not sent all of its headers; only
 * when there is none, one whose client is slow to take its answer.
 */
export function closeOldestAbove(most: number, server: Server): void {
  const waiting = new Set<Socket>();
  const answering = new Set<Socket>();
  const forget = (socket: Socket): void => {
    waiting.delete(socket);
    answering.delete(socket);
  };
  server.on("connection", (socket) => {
    const [oldest] = waiting.size + answering.size < most ? [] : [...waiting, ...answering];
    if (oldest !== undefined) {
      // Not only when it is closed: the next connection may come before that.
      forget(oldest);
      oldest.destroy();
    }
    waiting.add(socket);
    socket.once("close", () => forget(socket));
  });
  server.on("request", ({ socket }, response: ServerResponse) => {
    if (waiting.delete(socket)) answering.add(socket);
    response.once("close", () => {
      if (answering.delete(socket) && !socket.destroyed) waiting.add(socket);
    });
  });
}
