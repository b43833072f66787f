import { connect } from "node:net";

/**
 * One keep-alive HTTP/1.1 connection that sends ready-made bytes and reads no more of the answer than it must: the
 * load generator shares two cores with what it measures.
 */
export interface Connection {
  /** Sends one request. One at a time. @returns the answer's status */
  post(request: Buffer): Promise<number>;
  close(): void;
}

const HEAD_END = "\r\n\r\n";

export function openConnection(port: number): Promise<Connection> {
  const { promise, resolve, reject } = Promise.withResolvers<Connection>();
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  let waiting: PromiseWithResolvers<number> | undefined;
  let received: Buffer = Buffer.alloc(0);

  const fail = (error: Error) => {
    reject(error);
    waiting?.reject(error);
    waiting = undefined;
  };
  socket.on("error", fail);
  socket.on("close", () => fail(new Error("the server closed the connection")));
  socket.on("data", (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const headEnd = received.indexOf(HEAD_END);
    if (headEnd === -1) return;
    const head = received.toString("latin1", 0, headEnd);
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (length === undefined) return fail(new Error(`an answer without Content-Length:\n${head}`));
    if (received.length < headEnd + HEAD_END.length + Number(length)) return;
    received = Buffer.alloc(0);
    const { resolve: answer } = waiting ?? {};
    waiting = undefined;
    answer?.(Number(head.slice("HTTP/1.1 ".length, "HTTP/1.1 200".length)));
  });
  socket.once("connect", () =>
    resolve({
      post(request) {
        waiting = Promise.withResolvers();
        socket.write(request);
        return waiting.promise;
      },
      close: () => socket.destroy(),
    }),
  );
  return promise;
}
