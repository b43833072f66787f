import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Person } from "./support/person.ts";
import { OTHER_PAGES, PAGE, startWorld, type World } from "./support/world.ts";

/** The Graph calls beside messages and threads: who a person is, personas, uploads, tokens and proofs. */

const [CURIOUS, PROVEN, NOBODY_ASKS] = OTHER_PAGES;
let world: World;
beforeAll(async () => {
  world = await startWorld({
    [CURIOUS]: { user_fields: ["first_name", "locale", "timezone"] },
    [NOBODY_ASKS]: { user_fields: [] },
  });
  await world.meta.page(CURIOUS, { user_fields: ["locale", "timezone"] });
  await world.meta.page(PROVEN, { appsecret_proof_required: true });
});
afterAll(() => world.end());

const profilesAtBot = (ada: Person) => ada.requests().map(({ conversation }) => conversation.profile ?? null);
const askedFor = async (ada: Person) =>
  (await world.meta.calls()).filter(({ method, path }) => method === "GET" && path.endsWith(`/${ada.id}`));

describe("a person's profile", () => {
  it("comes with the first delivery, and is asked for once", async () => {
    const ada = world.person();
    await world.meta.person(ada.id, { first_name: "Ada", last_name: "Abel" });
    await ada.tells({ text: "Hello" });
    await ada.tells({ text: "Again" });
    const known = { first_name: "Ada", last_name: "Abel", profile_pic: expect.any(String) };
    expect(profilesAtBot(ada)).toEqual([known, known]);
    expect(await askedFor(ada)).toHaveLength(1);
    expect((await ada.info())["profile"]).toMatchObject({ first_name: "Ada" });
  });

  it("has what the page's settings ask for", async () => {
    const ada = world.person(CURIOUS);
    await world.meta.person(ada.id, { first_name: "Ada", locale: "de_DE", timezone: 2 });
    await ada.tells({ text: "Hello" });
    expect(profilesAtBot(ada)).toEqual([{ first_name: "Ada", locale: "de_DE", timezone: 2 }]);
  });

  it("is not asked for where the page's settings say so", async () => {
    const ada = world.person(NOBODY_ASKS);
    await ada.tells({ text: "Hello" });
    expect(await askedFor(ada)).toEqual([]);
  });

  for (const profile of ["no_consent", "unreachable"]) {
    it(`of somebody who is ${profile} is unknown, and not asked for again`, async () => {
      const ada = world.person();
      await world.meta.person(ada.id, { profile });
      await ada.tells({ text: "Hello" });
      await ada.tells({ text: "Again" });
      expect(profilesAtBot(ada)).toEqual([null, null]);
      expect(await askedFor(ada)).toHaveLength(1);
    });
  }
});

describe("personas", () => {
  const persona = { name: "Ben", profile_picture_url: "https://example.com/ben.png" };
  const list = async () => (await world.call("/personas.list", { page_id: PAGE })).body["data"];

  it("are made, listed and deleted", async () => {
    const { body } = await world.call("/personas.create", { page_id: PAGE, ...persona }, "admin");
    expect(await list()).toContainEqual({ id: body["id"], ...persona });
    const gone = { page_id: PAGE, persona_id: body["id"] };
    expect(await world.call("/personas.delete", gone, "admin")).toMatchObject({ body: { deleted: true } });
    expect(JSON.stringify(await list())).not.toContain(String(body["id"]));
  });

  it("that Meta doesn't know make a message fail", async () => {
    const ada = world.person();
    await ada.getsAnswer([{ persona_id: "404", message: { text: "Hi" } }]);
    expect(await ada.settled()).toMatchObject({ metadata: { error: { code: "invalid" } } });
  });
});

describe("uploads", () => {
  it("that Meta refuses are answered with Meta's words", async () => {
    await world.meta.fails({
      applies_to: "calls",
      error: { code: 100, error_subcode: 2018047, message: "Upload attachment failure." },
    });
    const asked = { page_id: PAGE, type: "image", url: "https://example.com/a.png" };
    expect(await world.call("/attachments.upload", asked)).toMatchObject({
      status: 422,
      body: { code: "attachment", detail: "Meta: (#100/2018047) Upload attachment failure." },
    });
  });

  it("of a type that Meta lacks are refused", async () => {
    const asked = { page_id: PAGE, type: "hologram", url: "https://example.com/a" };
    expect(await world.call("/attachments.upload", asked)).toMatchObject({ status: 400 });
  });
});

describe("appsecret_proof", () => {
  it("goes with every call, so that apps that require it are served", async () => {
    const ada = world.person(PROVEN);
    await world.meta.person(ada.id, { first_name: "Ada" });
    await ada.getsAnswer([{ text: "Hi" }]);
    await ada.seesOne();
    expect(profilesAtBot(ada)).toMatchObject([{ first_name: "Ada" }]);
    expect(await world.call("/profile.get", { page_id: PROVEN })).toMatchObject({ status: 200 });
    expect(await world.call("/personas.list", { page_id: PROVEN })).toMatchObject({ status: 200 });
  });
});
