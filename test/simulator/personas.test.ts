import { beforeEach, describe, expect, it } from "vitest";
import {
  type Answer,
  freshSimulator,
  graph,
  graphDelete,
  sendTo,
  threadOf,
  webhook,
  write,
} from "./world.ts";

const USER = "7001";
const profile_picture_url = "https://example.com/ada.png";
const create = async (name: string) => (await graph("/me/personas", { name, profile_picture_url })).body.id;

beforeEach(async () => {
  await freshSimulator();
  webhook();
});

describe("personas", () => {
  it("are made, read and deleted", async () => {
    const id = await create("Ada");
    expect((await graph(`/${id}`)).body).toEqual({ id, name: "Ada", profile_picture_url });
    expect((await graph("/me/personas")).body.data).toEqual([{ id, name: "Ada", profile_picture_url }]);
    expect((await graphDelete(`/${id}`)).body).toEqual({ success: true });
    expect((await graph(`/${id}`)).body.error).toMatchObject({ code: 100, error_subcode: 33 });
  });

  it("are listed in pages, each leading to the next", async () => {
    const ids = [await create("Ada"), await create("Ben"), await create("Chiara")];
    const seen: string[] = [];
    for (let path = "/me/personas?limit=2"; path !== ""; ) {
      const { body }: Answer = await graph(path);
      seen.push(...body.data.map((persona: { id: string }) => persona.id));
      path = String(body.paging.next ?? "").replace(/^.*\/v25\.0/, "");
    }
    expect(seen).toEqual(ids);
  });

  it("need a name and a picture's address", async () => {
    expect((await graph("/me/personas", { name: "Ada" })).body.error.message).toContain(
      "profile_picture_url",
    );
    expect((await graph("/me/personas", { profile_picture_url })).body.error.message).toContain("name");
  });

  it("show under a message sent in their name", async () => {
    await write(USER, "hello");
    const id = await create("Ada");
    await sendTo(USER, { text: "It's me" }, { persona_id: id });
    expect((await threadOf(USER)).messages.at(-1).persona).toEqual({ id, name: "Ada", profile_picture_url });
  });
});
