import { randomBytes } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { expect, it, vi } from "vitest";
import { envelope, text } from "../fixtures/events.ts";
import { startWorld } from "./support/world.ts";

const secret = () => `whsec_${randomBytes(32).toString("base64")}`;

it("while a signing secret rotates, a bot verifies with the old one or the new one, and with no other", async () => {
  const [before, after, other] = [secret(), secret(), secret()];
  const heard: { headers: IncomingHttpHeaders; body: string }[] = [];
  const bot = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    heard.push({ headers: request.headers, body });
    response.end();
  });
  await new Promise<void>((resolve) => bot.listen(0, "127.0.0.1", resolve));
  const { port } = bot.address() as AddressInfo;
  const world = await startWorld({
    BOT_SIGNING_SECRET: `${after} ${before}`,
    BOT_URL: `http://127.0.0.1:${port}/`,
  });
  try {
    await world.post(envelope([text("m_rotation", "hi")]));
    await vi.waitFor(() => expect(heard).toHaveLength(1));
    const [{ headers, body } = { headers: {}, body: "" }] = heard;
    const verify = (key: string) => new Webhook(key).verify(body, headers as Record<string, string>);
    expect(headers["webhook-signature"]).toMatch(/^v1,\S+ v1,\S+$/);
    expect(verify(after)).toEqual(JSON.parse(body));
    expect(verify(before)).toEqual(JSON.parse(body));
    expect(() => verify(other)).toThrow(WebhookVerificationError);
  } finally {
    await world.end();
    bot.closeAllConnections();
    bot.close();
  }
});
