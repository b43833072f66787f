import { describe, expect, it } from "vitest";
import { template, times, verdictOn } from "./checking.ts";

const IN = "it.attachment.payload";
const postback = { type: "postback", title: "Buy", payload: "BUY" };
const card = { title: "Bag", subtitle: "Leather" };
const generic = (fields: object) =>
  template({ template_type: "generic", elements: [{ ...card, ...fields }] });
const buttons = (...list: unknown[]) =>
  template({ template_type: "button", text: "And now?", buttons: list });
const media = (element: object) => template({ template_type: "media", elements: [element] });
const receipt = (fields: object) =>
  template({
    template_type: "receipt",
    recipient_name: "A. Reader",
    order_number: "1",
    currency: "EUR",
    payment_method: "Visa 2345",
    summary: { total_cost: 56.14 },
    ...fields,
  });
const coupon = (fields: object) => template({ template_type: "coupon", title: "10% off", ...fields });
const question = { id: "q_1", type: "csat", score_option: "five_stars", score_label: "neg_pos" };
const feedback = (fields: object) =>
  template({
    template_type: "customer_feedback",
    title: "How was it?",
    subtitle: "Two questions",
    button_title: "Rate",
    feedback_screens: [{ questions: [question] }],
    business_privacy: { url: "https://shop.example/privacy" },
    ...fields,
  });
const asked = (fields: object) =>
  feedback({ feedback_screens: [{ questions: [{ ...question, ...fields }] }] });
const optIn = (fields: object) => template({ template_type: "notification_messages", ...fields });
const oneTime = (fields: object) =>
  template({ template_type: "one_time_notif_req", title: "Back in stock", payload: "STOCK", ...fields });

type Row = [what: string, good: unknown, bad: unknown, verdict: string];
const check = (_: string, good: unknown, bad: unknown, verdict: string) => {
  expect(verdictOn(good)).toBe("ok");
  expect(verdictOn(bad)).toBe(`${IN}${verdict}`);
};

describe("a card", () => {
  it.each<Row>([
    [
      "is one of ten",
      template({ template_type: "generic", elements: times(10, card) }),
      template({ template_type: "generic", elements: times(11, card) }),
      ".elements: must have 1 to 10 elements, has 11",
    ],
    [
      "has a title of 80 characters",
      generic({ title: "x".repeat(80) }),
      template({ template_type: "generic", elements: [card, card, { ...card, title: "x".repeat(93) }] }),
      ".elements[2].title: at most 80 characters, has 93",
    ],
    [
      "has a subtitle of 80 characters",
      generic({ subtitle: "x".repeat(80) }),
      generic({ subtitle: "x".repeat(81) }),
      ".elements[0].subtitle: at most 80 characters, has 81",
    ],
    [
      "has three buttons",
      generic({ buttons: times(3, postback) }),
      generic({ buttons: times(4, postback) }),
      ".elements[0].buttons: must have 1 to 3 elements, has 4",
    ],
    [
      "has something besides its title",
      template({
        template_type: "generic",
        elements: [{ title: "Bag", image_url: "https://shop.example/a" }],
      }),
      template({ template_type: "generic", elements: [{ title: "Bag" }] }),
      ".elements[0]: must have something besides its title: a subtitle, an image_url, a default_action or buttons",
    ],
    [
      "opens an address when it is tapped",
      generic({
        default_action: { type: "web_url", url: "https://shop.example", webview_height_ratio: "tall" },
      }),
      generic({ default_action: { type: "postback", payload: "X" } }),
      ".elements[0].default_action.type: must be one of web_url",
    ],
    [
      "is wide or square",
      template({ template_type: "generic", elements: [card], image_aspect_ratio: "square" }),
      template({ template_type: "generic", elements: [card], image_aspect_ratio: "round" }),
      ".image_aspect_ratio: must be one of horizontal, square",
    ],
  ])("%s", check);
});

describe("a button", () => {
  it.each<Row>([
    [
      "opens an address",
      buttons({ type: "web_url", title: "Shop", url: "https://shop.example" }),
      buttons({ type: "web_url", title: "Shop" }),
      ".buttons[0].url: is missing; it must be text",
    ],
    [
      "has a title of 20 characters",
      buttons({ ...postback, title: "x".repeat(20) }),
      buttons(postback, { ...postback, title: "x".repeat(21) }),
      ".buttons[1].title: at most 20 characters, has 21",
    ],
    [
      "has a payload of 1000 characters",
      buttons({ ...postback, payload: "x".repeat(1000) }),
      buttons({ ...postback, payload: "x".repeat(1001) }),
      ".buttons[0].payload: at most 1000 characters, has 1001",
    ],
    [
      "calls a number",
      buttons({ type: "phone_number", title: "Call", payload: "+4930123456" }),
      buttons({ type: "phone_number", title: "Call", payload: "030 123456" }),
      ".buttons[0].payload: must be a phone number that begins with + and the country code",
    ],
    [
      "links an account",
      buttons({ type: "account_link", url: "https://shop.example/login" }, { type: "account_unlink" }),
      buttons({ type: "account_link", url: "/login" }),
      ".buttons[0].url: must be an http or https URL",
    ],
    [
      "starts a game",
      buttons({ type: "game_play", title: "Play", payload: "{}", game_metadata: { player_id: "1" } }),
      buttons({ type: "game_play" }),
      ".buttons[0].title: is missing; it must be text",
    ],
    [
      "is of a type that Meta has",
      buttons(postback),
      buttons({ type: "element_share" }),
      ".buttons[0].type: must be one of web_url, postback, phone_number, account_link, account_unlink, game_play",
    ],
    [
      "is one of three at most",
      buttons(...times(3, postback)),
      buttons(),
      ".buttons: must have 1 to 3 elements, has 0",
    ],
    [
      "is under a text of 640 characters",
      template({ template_type: "button", text: "x".repeat(640), buttons: [postback] }),
      template({ template_type: "button", text: "x".repeat(641), buttons: [postback] }),
      ".text: at most 640 characters, has 641",
    ],
  ])("%s", check);
});

describe("a template", () => {
  it.each<Row>([
    [
      "shows one picture or video",
      media({ media_type: "image", url: "https://www.facebook.com/photo/1", buttons: [postback] }),
      template({ template_type: "media", elements: times(2, { media_type: "image", attachment_id: "1" }) }),
      ".elements: must have exactly 1 element, has 2",
    ],
    [
      "shows it by its id or its address",
      media({ media_type: "video", attachment_id: "1" }),
      media({ media_type: "video" }),
      ".elements[0]: must have exactly one of attachment_id, url",
    ],
    [
      "shows ten products",
      template({ template_type: "product", elements: times(10, { id: "1" }) }),
      template({ template_type: "product", elements: times(11, { id: "1" }) }),
      ".elements: must have 1 to 10 elements, has 11",
    ],
    [
      "lists 100 items of a receipt",
      receipt({ elements: times(100, { title: "Shirt", price: "25.00", quantity: 1 }) }),
      receipt({ elements: times(101, { title: "Shirt", price: 25 }) }),
      ".elements: must have 0 to 100 elements, has 101",
    ],
    [
      "has amounts in a receipt",
      receipt({ adjustments: [{ name: "Coupon", amount: 10 }] }),
      receipt({ summary: { total_cost: "a lot" } }),
      ".summary.total_cost: must be a number such as 4.95",
    ],
    [
      "has a whole address on a receipt",
      receipt({
        address: { street_1: "1 Main St", city: "Town", postal_code: "1", state: "CA", country: "US" },
      }),
      receipt({ address: { street_1: "1 Main St", postal_code: "1", state: "CA", country: "US" } }),
      ".address.city: is missing; it must be text",
    ],
    [
      "says who gets a receipt",
      receipt({}),
      receipt({ recipient_name: undefined }),
      ".recipient_name: is missing; it must be text",
    ],
    [
      "gives a coupon by its code or where it is used",
      coupon({ coupon_url: "https://shop.example" }),
      coupon({}),
      ": must have a coupon_code or a coupon_url",
    ],
    [
      "gives a coupon without spaces",
      coupon({ coupon_code: "10OFF" }),
      coupon({ coupon_code: "10 OFF" }),
      ".coupon_code: must be a code without spaces",
    ],
    [
      "has a coupon's title of 80 characters",
      coupon({ coupon_code: "A", title: "x".repeat(80), subtitle: "x".repeat(80) }),
      coupon({ coupon_code: "A", title: "x".repeat(81) }),
      ".title: at most 80 characters, has 81",
    ],
    [
      "asks to be notified once, under 65 characters",
      oneTime({ title: "x".repeat(65) }),
      oneTime({ title: "x".repeat(66) }),
      ".title: at most 65 characters, has 66",
    ],
    [
      "asks once with a payload",
      oneTime({ payload: "x".repeat(1000) }),
      oneTime({ payload: undefined }),
      ".payload: is missing; it must be text",
    ],
    [
      "asks for marketing messages, under 65 characters",
      optIn({ title: "x".repeat(65), payload: "NEWS" }),
      optIn({ title: "x".repeat(66), payload: "NEWS" }),
      ".title: at most 65 characters, has 66",
    ],
    [
      "asks for five kinds of marketing messages",
      optIn({ elements: times(5, { title: "News", payload: "NEWS" }) }),
      optIn({ elements: times(6, { title: "News", payload: "NEWS" }) }),
      ".elements: must have 1 to 5 elements, has 6",
    ],
    [
      "asks for marketing messages with a payload",
      optIn({ payload: "NEWS", notification_messages_cta_text: "SIGN_UP" }),
      optIn({ title: "News" }),
      ": must have a payload, or elements that have one each",
    ],
  ])("%s", check);
});

describe("a request for feedback", () => {
  it.each<Row>([
    [
      "has a title of 65 characters",
      feedback({ title: "x".repeat(65) }),
      feedback({ title: "x".repeat(66) }),
      ".title: at most 65 characters, has 66",
    ],
    [
      "has a subtitle of 80 characters",
      feedback({ subtitle: "x".repeat(80) }),
      feedback({ subtitle: "x".repeat(81) }),
      ".subtitle: at most 80 characters, has 81",
    ],
    [
      "has a button of 20 characters",
      feedback({ button_title: "x".repeat(20) }),
      feedback({ button_title: "x".repeat(21) }),
      ".button_title: at most 20 characters, has 21",
    ],
    [
      "holds no address",
      feedback({}),
      feedback({ title: "See https://shop.example" }),
      ".title: must not hold a URL",
    ],
    [
      "expires within a week",
      feedback({ expires_in_days: 7 }),
      feedback({ expires_in_days: 8 }),
      ".expires_in_days: must be a whole number from 1 to 7",
    ],
    [
      "has one screen",
      feedback({}),
      feedback({ feedback_screens: [] }),
      ".feedback_screens: must have exactly 1 element, has 0",
    ],
    [
      "has one question",
      asked({}),
      feedback({ feedback_screens: [{ questions: [question, question] }] }),
      ".feedback_screens[0].questions: must have exactly 1 element, has 2",
    ],
    [
      "names its question",
      asked({ id: "x".repeat(80) }),
      asked({ id: "q-1" }),
      ".feedback_screens[0].questions[0].id: must be 1 to 80 letters, digits or underscores",
    ],
    [
      "asks in 5 to 85 characters",
      asked({ title: "x".repeat(85) }),
      asked({ title: "x".repeat(86) }),
      ".feedback_screens[0].questions[0].title: at most 85 characters, has 86",
    ],
    [
      "asks in more than a word",
      asked({ title: "Good?" }),
      asked({ title: "Ok?!" }),
      ".feedback_screens[0].questions[0].title: at least 5 characters, has 4",
    ],
    [
      "has a scale that goes with its question",
      asked({ type: "nps", score_option: "zero_to_ten" }),
      asked({ type: "nps" }),
      ".feedback_screens[0].questions[0].score_option: must be one of zero_to_ten",
    ],
    [
      "asks for a score or for words",
      asked({ type: "free_form" }),
      asked({ type: "stars" }),
      ".feedback_screens[0].questions[0].type: must be one of csat, nps, ces, free_form",
    ],
    [
      "asks on in 65 characters",
      asked({ follow_up: { type: "free_form", placeholder: "x".repeat(65) } }),
      asked({ follow_up: { type: "free_form", placeholder: "x".repeat(66) } }),
      ".feedback_screens[0].questions[0].follow_up.placeholder: at most 65 characters, has 66",
    ],
    [
      "links the privacy policy",
      feedback({}),
      feedback({ business_privacy: {} }),
      ".business_privacy.url: is missing; it must be text",
    ],
  ])("%s", check);
});

describe("templates that are not known here", () => {
  it("pass with whatever they hold, as long as they are objects", () => {
    expect(verdictOn(template({ template_type: "hologram", elements: "many" }))).toBe("ok");
    expect(verdictOn(template({ template_type: "utility", name: "order_shipped" }))).toBe("ok");
    expect(verdictOn(template({}))).toBe(`${IN}.template_type: is missing; it must be text`);
    expect(verdictOn({ attachment: { type: "template", payload: "hologram" } })).toBe(
      `${IN}: must be an object`,
    );
  });

  it("pass on Instagram too, but those of Messenger do not", () => {
    expect(verdictOn(template({ template_type: "hologram" }), "instagram")).toBe("ok");
    expect(verdictOn(coupon({ coupon_code: "A" }), "instagram")).toBe(
      `${IN}.template_type: is a template that Instagram does not have`,
    );
  });
});

describe("on Instagram, a template", () => {
  it("has buttons that open an address or post back, and no others", () => {
    expect(
      verdictOn(
        buttons(postback, { type: "web_url", title: "Shop", url: "https://shop.example" }),
        "instagram",
      ),
    ).toBe("ok");
    expect(verdictOn(generic({ buttons: [{ type: "account_unlink" }] }), "instagram")).toBe(
      `${IN}.elements[0].buttons[0].type: must be one of web_url, postback`,
    );
  });
});
