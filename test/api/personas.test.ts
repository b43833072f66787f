import { exports } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { codeOf } from "../support/gateway.ts";

const ADMIN = "admin-key-of-the-tests-0001";
const OPERATOR = "operator-key-of-the-tests-1";
afterEach(() => vi.restoreAllMocks());

const call = (path: string, body: unknown, key = ADMIN) =>
  exports.default.fetch(
    new Request(`https://gateway.invalid${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify(body),
    }),
  );
const answering = (answer: object, status = 200) =>
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => Response.json(answer, { status }));

const ADA = { id: "51", name: "Ada", profile_picture_url: "https://cdn.invalid/ada.png" };

describe("/personas.list", () => {
  it("shows a page's personas", async () => {
    answering({ data: [ADA] });
    expect(await (await call("/personas.list", {}, OPERATOR)).json()).toEqual({
      data: [ADA],
      pagination_data: { previous_cursor: null, next_cursor: null, total: 1 },
    });
  });

  it("says when Meta can't be reached", async () => {
    vi.spyOn(globalThis, "fetch").mockRejectedValue(new Error("Network connection lost."));
    const response = await call("/personas.list", {}, OPERATOR);
    expect(await response.json()).toMatchObject({
      status: 502,
      code: "no_answer",
      detail: "no answer from Graph.",
      meta: { status: null },
    });
  });
});

describe("/personas.create", () => {
  it("answers the persona with its id", async () => {
    const fetched = answering({ id: "51" });
    const { id: _, ...wanted } = ADA;
    expect(await (await call("/personas.create", wanted)).json()).toEqual(ADA);
    expect(JSON.parse(String(fetched.mock.lastCall?.[1]?.body))).toMatchObject(wanted);
  });

  it("refuses one without a name or with a picture that Meta can't fetch", async () => {
    const fetched = answering({ id: "51" });
    for (const body of [
      { name: " ", profile_picture_url: ADA.profile_picture_url },
      { name: "Ada", profile_picture_url: "ftp://cdn.invalid/a" },
      { name: "Ada" },
    ]) {
      expect(await codeOf(await call("/personas.create", body))).toEqual([400, "invalid_body"]);
    }
    expect(fetched).not.toHaveBeenCalled();
  });

  it("is for admins", async () => {
    expect(await codeOf(await call("/personas.create", {}, OPERATOR))).toEqual([403, "role_too_low"]);
  });
});

describe("/personas.delete", () => {
  it("deletes one", async () => {
    const fetched = vi
      .spyOn(globalThis, "fetch")
      .mockImplementation(async (_, init) => Response.json(init?.method === "GET" ? ADA : { success: true }));
    expect(await (await call("/personas.delete", { persona_id: "51" })).json()).toEqual({ deleted: true });
    expect(fetched.mock.lastCall?.[1]).toMatchObject({ method: "DELETE" });
    expect(String(fetched.mock.lastCall?.[0])).toContain("/v25.0/51?");
  });

  it("says that there is none of that id", async () => {
    answering({ error: { code: 100, error_subcode: 33, message: "Unsupported delete request." } }, 400);
    const response = await call("/personas.delete", { persona_id: "52" });
    expect(await response.json()).toMatchObject({
      status: 422,
      detail: "Meta: (#100/33) Unsupported delete request.",
    });
  });

  it("deletes nothing that is no persona", async () => {
    const message = "(#100) Tried accessing nonexisting field (profile_picture_url)";
    const fetched = answering({ error: { code: 100, message } }, 400);
    expect((await call("/personas.delete", { persona_id: "52" })).ok).toBe(false);
    expect(fetched.mock.calls.map(([, init]) => init?.method)).toEqual(["GET"]);
  });

  it("is for admins", async () => {
    expect(await codeOf(await call("/personas.delete", { persona_id: "51" }, OPERATOR))).toEqual([
      403,
      "role_too_low",
    ]);
  });
});
