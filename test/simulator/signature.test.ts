import { beforeEach, describe, expect, it } from "vitest";
import { escapedJson } from "../../src/simulator/webhook/escaping.ts";
import { hexHmac } from "../../src/simulator/webhook/signature.ts";
import { APP_SECRET, eventually, freshSimulator, webhook, write } from "./world.ts";

beforeEach(freshSimulator);

describe("the bytes of a webhook", () => {
  it("hold no character beyond ASCII: umlauts and emoji are escaped with lower-case digits", () => {
    expect(escapedJson({ text: "Grüße 😀" })).toBe('{"text":"Gr\\u00fc\\u00dfe \\ud83d\\ude00"}');
  });

  it("have slashes escaped, as Meta's do", () => {
    expect(escapedJson(["https://example.com/ä"])).toBe('["https:\\/\\/example.com\\/\\u00e4"]');
  });

  it("still say the same when parsed", () => {
    const value = { text: 'line\n"quote" \\ / \u2028 \u007f 日本 👩‍👩‍👧' };
    expect(JSON.parse(escapedJson(value))).toEqual(value);
  });
});

describe("the signature", () => {
  it("is the HMAC of exactly those bytes, in both of Meta's headers", async () => {
    const posts = webhook();
    await write("7001", "Grüße 😀");
    const post = await eventually(() => {
      const [first] = posts;
      if (!first) throw new Error("nothing posted yet");
      return first;
    });

    expect(post.body).toContain("Gr\\u00fc\\u00dfe \\ud83d\\ude00");
    expect(post.headers.get("X-Hub-Signature-256")).toBe(
      `sha256=${await hexHmac("SHA-256", APP_SECRET, post.body)}`,
    );
    expect(post.headers.get("X-Hub-Signature")).toBe(`sha1=${await hexHmac("SHA-1", APP_SECRET, post.body)}`);
    expect(post.headers.get("Content-Type")).toBe("application/json");
    expect(post.headers.get("User-Agent")).toBe("facebookexternalua");
  });

  it("is a known one for a known text", async () => {
    expect(await hexHmac("SHA-256", "key", "The quick brown fox jumps over the lazy dog")).toBe(
      "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8",
    );
  });
});
