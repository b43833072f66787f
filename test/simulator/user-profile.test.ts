import { beforeEach, describe, expect, it } from "vitest";
import { control, freshSimulator, graph, PAGE_ID, webhook, write } from "./world.ts";

const USER = "7001";

beforeEach(async () => {
  await freshSimulator();
  webhook();
  await write(USER, "hello");
});

describe("a person's profile", () => {
  it("has locale, timezone and gender for those who may read them", async () => {
    await control("PUT", `/users/${USER}`, { locale: "de_DE", timezone: 2, gender: "female" });
    expect((await graph(`/${USER}?fields=first_name,locale`)).body.error.code).toBe(10);
    await control("PUT", `/pages/${PAGE_ID}`, { user_fields: ["locale", "timezone", "gender"] });
    expect((await graph(`/${USER}?fields=locale,timezone,gender`)).body).toEqual({
      id: USER,
      locale: "de_DE",
      timezone: 2,
      gender: "female",
    });
  });

  it.each([
    ["no_consent", 2018218],
    ["unreachable", 33],
  ])("may be refused: %s", async (profile, subcode) => {
    await control("PUT", `/users/${USER}`, { profile });
    expect((await graph(`/${USER}`)).body.error).toMatchObject({ code: 100, error_subcode: subcode });
  });

  it("is set field by field, and what is wrong is named", async () => {
    const answer = await control("PUT", `/users/${USER}`, { phone_number: "0123" });
    expect(answer.body.error.message).toContain("phone_number");
    await control("PUT", `/users/${USER}`, { phone_number: "+15550100" });
    await control("PUT", `/users/${USER}`, { gender: "male" });
    expect((await control("GET", `/users/${USER}`)).body).toMatchObject({
      phone_number: "+15550100",
      gender: "male",
      profile: "granted",
      available: true,
    });
  });
});
