/** The part of the Chrome DevTools protocol that takes a CPU profile of a running Worker. */

interface Node {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
  hitCount: number;
  children?: number[];
}

export interface CpuProfile {
  nodes: Node[];
  startTime: number;
  endTime: number;
  samples: number[];
  timeDeltas: number[];
}

const SAMPLE_MICROS = 200;

/** Profiles a Worker's JavaScript while something runs. */
export async function profileWhile(inspectorPort: number, work: () => Promise<unknown>): Promise<CpuProfile> {
  const targets = await (await fetch(`http://127.0.0.1:${inspectorPort}/json/list`)).json();
  const [{ webSocketDebuggerUrl }] = targets as [{ webSocketDebuggerUrl: string }];
  const socket = new WebSocket(webSocketDebuggerUrl);
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  socket.addEventListener("message", ({ data }) => {
    const { id, result, error } = JSON.parse(String(data));
    if (error) waiting.get(id)?.reject(new Error(JSON.stringify(error)));
    else waiting.get(id)?.resolve(result);
  });
  const opened = Promise.withResolvers<void>();
  socket.addEventListener("open", () => opened.resolve());
  socket.addEventListener("error", () => opened.reject(new Error("the inspector can't be reached")));
  await opened.promise;

  let last = 0;
  const call = (method: string, params = {}) => {
    const answer = Promise.withResolvers<unknown>();
    waiting.set(++last, answer);
    socket.send(JSON.stringify({ id: last, method, params }));
    return answer.promise;
  };
  try {
    await call("Profiler.enable");
    await call("Profiler.setSamplingInterval", { interval: SAMPLE_MICROS });
    await call("Profiler.start");
    await work();
    const { profile } = (await call("Profiler.stop")) as { profile: CpuProfile };
    return profile;
  } finally {
    socket.close();
  }
}

/** Time spent in each function itself, as a share of all samples, the largest first. */
export function selfTimes({ nodes }: CpuProfile): { where: string; share: number }[] {
  const all = nodes.reduce((sum, node) => sum + node.hitCount, 0);
  const hits = new Map<string, number>();
  for (const { callFrame, hitCount } of nodes) {
    const { functionName, lineNumber } = callFrame;
    const where = `${functionName || "(anonymous)"}${lineNumber > 0 ? `:${lineNumber + 1}` : ""}`;
    hits.set(where, (hits.get(where) ?? 0) + hitCount);
  }
  return [...hits].map(([where, count]) => ({ where, share: count / all })).sort((a, b) => b.share - a.share);
}
