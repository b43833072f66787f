import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./support/person.ts";
import { PAGE, startWorld, type World } from "./support/world.ts";

/** What people do beside writing, and what Meta tells: the bot's to know, and each leaves its trace. */

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.end());

const about = (info: Record<string, unknown>) => info["about"] as Record<string, unknown>;

describe("postbacks and referrals", () => {
  it("a button is a postback with its payload, on record", async () => {
    const ada = world.person();
    const event = await ada.tells({ postback: { title: "Yes", payload: "YES" } });
    expect(event).toMatchObject({ type: "postback", raw: { postback: { title: "Yes", payload: "YES" } } });
    expect(event.id).toBe((event.raw as { postback: { mid: string } }).postback.mid);
    expect(await ada.messages()).toMatchObject([{ id: event.id, from_contact: true }]);
  });

  it("a postback without a mid is told apart by its content", async () => {
    const ada = world.person();
    const event = await ada.posts({ postback: { title: "Yes", payload: "YES" } });
    expect(event).toMatchObject({ type: "postback", id: expect.stringMatching(/^evt_/) });
  });

  it("Get Started carries how the person came", async () => {
    const ada = world.person();
    const event = await ada.tells({ get_started: true, referral: { ref: "flyer" } });
    expect(event).toMatchObject({ type: "postback", raw: { postback: { payload: "GET_STARTED" } } });
    await ada.knows((info) => expect(about(info)["referral"]).toMatchObject({ ref: "flyer" }));
  });

  it("a referral of somebody known is an event of its own and is noted", async () => {
    const ada = world.person();
    const event = await ada.tells({ referral: { ref: "poster", source: "SHORTLINK" } });
    expect(event).toMatchObject({ type: "referral" });
    await ada.knows((info) =>
      expect(about(info)["referral"]).toMatchObject({ ref: "poster", source: "SHORTLINK" }),
    );
  });

  it("a referral of a guest on a website keeps where from", async () => {
    const referral = {
      ref: "site",
      source: "CUSTOMER_CHAT_PLUGIN",
      referer_uri: "https://example.com/",
      is_guest_user: true,
    };
    const event = await world.person().tells({ referral });
    expect(event).toMatchObject({ type: "referral", raw: { referral } });
  });
});

describe("opt-ins", () => {
  const news = { type: "notification_messages", payload: "NEWS", title: "News" };

  it("one to a single notification leaves its token", async () => {
    const ada = world.person();
    const event = await ada.tells({ optin: { type: "one_time_notif_req", payload: "LAMP" } });
    expect(event.type).toBe("optin");
    const { one_time_notif_token: token } = (event.raw as { optin: Record<string, string> }).optin;
    await ada.knows((info) =>
      expect(about(info)["optins"]).toMatchObject([{ kind: "one_time", token, payload: "LAMP" }]),
    );
  });

  it("one to marketing messages leaves its token, frequency and expiry", async () => {
    const ada = world.person();
    const event = await ada.tells({ optin: { ...news, notification_messages_frequency: "WEEKLY" } });
    const { notification_messages_token: token } = (event.raw as { optin: Record<string, string> }).optin;
    await ada.knows((info) =>
      expect(about(info)["optins"]).toMatchObject([
        {
          kind: "marketing",
          token,
          frequency: "WEEKLY",
          status: "active",
          expires_at: expect.any(String),
        },
      ]),
    );
  });

  it("notifications that are stopped and resumed are the same token's", async () => {
    const ada = world.person();
    const { raw } = await ada.tells({ optin: news });
    const { notification_messages_token } = (raw as { optin: Record<string, string> }).optin;
    const change = { type: "notification_messages", notification_messages_token };
    await ada.tells({ optin: { ...change, notification_messages_status: "STOP_NOTIFICATIONS" } });
    await ada.knows((info) => expect(about(info)["optins"]).toMatchObject([{ status: "stopped" }]));
    await ada.tells({ optin: { ...change, notification_messages_status: "RESUME_NOTIFICATIONS" } });
    await ada.knows((info) => expect(about(info)["optins"]).toMatchObject([{ status: "active" }]));
  });

  it("one by a plugin leaves its ref", async () => {
    const ada = world.person();
    expect(await ada.tells({ optin: { ref: "checkout" } })).toMatchObject({ type: "optin" });
    await ada.knows((info) =>
      expect(about(info)["optins"]).toMatchObject([{ kind: "plugin", ref: "checkout" }]),
    );
  });

  it("one by checkbox has a conversation of its own, which can be written to", async () => {
    await world.person().acts({ optin: { ref: "cart", user_ref: "checkbox-1" } });
    const conversation_id = `${PAGE}_ref:checkbox-1`;
    await eventually(async () => {
      const { body } = await world.call("/conversations.info", { conversation_id });
      expect(about(body)["optins"]).toMatchObject([{ kind: "plugin", user_ref: "checkbox-1" }]);
    });
  });
});

describe("accounts, forms and judgements", () => {
  it("an account that is linked and unlinked is noted", async () => {
    const ada = world.person();
    const linking = { status: "linked", authorization_code: "code" };
    expect(await ada.tells({ account_linking: linking })).toMatchObject({ type: "account_linking" });
    await ada.knows((info) => expect(about(info)["account"]).toMatchObject({ status: "linked" }));
    await ada.tells({ account_linking: { status: "unlinked" } });
    await ada.knows((info) => expect(about(info)["account"]).toMatchObject({ status: "unlinked" }));
  });

  it("what is typed into a form is kept by key, and never logged", async () => {
    const ada = world.person();
    const responses = [{ key: "email", value: "ada@example.com" }];
    const event = await ada.tells({ customer_information: { screens: [{ screen_id: "0", responses }] } });
    expect(event.type).toBe("messaging_customer_information");
    await ada.knows((info) => expect(about(info)["contact"]).toEqual({ email: "ada@example.com" }));
    expect(world.gateway.output()).not.toContain("ada@example.com");
  });

  it("the judgement of an answer is noted with its message", async () => {
    const ada = world.person();
    const event = await ada.tells({ response_feedback: { feedback: "Good response", mid: "m_1" } });
    expect(event.type).toBe("response_feedback");
    await ada.knows((info) => expect(about(info)["feedback"]).toMatchObject({ mid: "m_1" }));
  });

  it("a feedback form is noted with its answers", async () => {
    const ada = world.person();
    const feedback_screens = [{ screen_id: 0, questions: { q1: { type: "csat", payload: "4" } } }];
    const event = await ada.tells({ messaging_feedback: { feedback_screens } });
    expect(event.type).toBe("messaging_feedback");
    await ada.knows((info) =>
      expect(about(info)["feedback"]).toMatchObject({
        feedback: { feedback_screens: [{ questions: { q1: { payload: "4" } } }] },
      }),
    );
  });
});

describe("what Meta tells a page", () => {
  const pageAbout = async () => {
    const { body } = await world.call("/conversations.info", { conversation_id: `${PAGE}_page` });
    return about(body);
  };
  const ofPage = (item: unknown) =>
    eventually(() => {
      const found = world.bot.eventsOf(`${PAGE}_page`).find(({ raw }) => {
        return JSON.stringify(raw) === JSON.stringify(item);
      });
      expect(found).toBeDefined();
      return found;
    });

  it("a warning of its policy, which the page's own conversation keeps", async () => {
    const policy_enforcement = { action: "warning", reason: "Too many messages" };
    const { event } = await world.meta.tellPage(PAGE, { policy_enforcement });
    expect(await ofPage(event)).toMatchObject({ type: "policy_enforcement" });
    await eventually(async () => expect((await pageAbout())["policy"]).toMatchObject(policy_enforcement));
  });

  it("the roles of its apps", async () => {
    const app_roles = { "555666777888": ["primary_receiver"] };
    const { event } = await world.meta.tellPage(PAGE, { app_roles });
    expect(await ofPage(event)).toMatchObject({ type: "app_roles" });
    await eventually(async () => expect((await pageAbout())["roles"]).toEqual(app_roles));
  });
});

describe("rare kinds", () => {
  const kinds: [type: string, value: Record<string, unknown>][] = [
    ["message_context", { something: "new" }],
    ["game_play", { game_id: "1", player_id: "2", context_type: "SOLO" }],
    ["payment", { payload: "ORDER", amount: { currency: "EUR", amount: "29.62" } }],
    ["pre_checkout", { payload: "ORDER", amount: { currency: "EUR", amount: "29.62" } }],
    ["checkout_update", { payload: "ORDER", shipping_address: { id: 10 } }],
    ["order", { products: [{ retailer_id: "SKU-1", quantity: 1 }], note: "Soon" }],
    ["label", { action: "add", page_label_id: "55" }],
  ];
  for (const [type, value] of kinds) {
    it(`${type} passes through under its name`, async () => {
      expect(await world.person().posts({ [type]: value })).toMatchObject({ type, raw: { [type]: value } });
    });
  }
});
