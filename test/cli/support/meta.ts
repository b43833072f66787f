import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";

/** Meta's Graph API for tests of what it can say that the simulator never does. */

interface GraphRequest {
  method: string;
  /** Without version: `/debug_token`. */
  path: string;
  parameters: Record<string, string>;
}

type Answer = { status?: number; body: unknown };

export interface MetaStandIn {
  url: string;
  requests: GraphRequest[];
  end(): Promise<void>;
}

/** @param answer what Meta says to a request; `undefined`: an error that nothing fits */
export async function metaStandIn(
  answer: (request: GraphRequest) => Answer | undefined,
): Promise<MetaStandIn> {
  const requests: GraphRequest[] = [];
  const server: Server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const url = new URL(request.url ?? "/", "http://meta");
    const parameters = Object.fromEntries([...url.searchParams, ...new URLSearchParams(body)]);
    const read = { method: request.method ?? "", path: url.pathname.replace(/^\/v\d+\.\d+/, ""), parameters };
    requests.push(read);
    const { status = 200, body: said } = answer(read) ?? refusal(100, "Unsupported request");
    response.writeHead(status, { "content-type": "application/json", connection: "close" });
    response.end(JSON.stringify(said));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (!address || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    end: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

export const refusal = (code: number, message: string): Answer => ({
  status: 400,
  body: { error: { message, type: "OAuthException", code, fbtrace_id: "A" } },
});

/** What `code_challenge` has to be (RFC 7636, 4.2). */
export const challengeOf = (verifier: string): string =>
  createHash("sha256").update(verifier).digest("base64url");
