const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 5000;

/**
 * Keeps a WebSocket to the simulator open, for as long as the page is.
 *
 * @param on `{open(), closed(), news(message)}`
 * @returns A function that sends a message, if the socket is open.
 */
export function connect(on) {
  let socket;
  let wait = FIRST_WAIT_MS;
  const open = () => {
    socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/_sim/live`);
    socket.addEventListener("open", () => {
      wait = FIRST_WAIT_MS;
      on.open();
    });
    socket.addEventListener("message", (event) => on.news(JSON.parse(event.data)));
    socket.addEventListener("close", () => {
      on.closed();
      setTimeout(open, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    });
  };
  open();
  return (message) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  };
}

/** Calls the control API. @throws CallRefused with the API's own sentence. */
export async function call(method, path, body) {
  const response = await fetch(path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await response.json();
  if (!response.ok) throw new CallRefused(answer.error);
  return answer;
}

/** The control API said no; `code` is one of those docs/simulator.md lists. */
export class CallRefused extends Error {
  constructor({ code, message } = {}) {
    super(message ?? "The simulator did not answer as it should.");
    this.code = code;
  }
}
