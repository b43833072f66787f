import { element, icon, webAddress } from "./elements.client.js";

const HEART = "M10 16.5S3.5 12.6 3.5 8.2A3.4 3.4 0 0 1 10 6.8a3.4 3.4 0 0 1 6.5 1.4c0 4.4-6.5 8.3-6.5 8.3Z";
const TICKS = {
  sent: ["\u25cb", "Sent"],
  delivered: ["\u2713", "Delivered"],
  seen: ["\u2713\u2713", "Seen"],
};
/** What Meta names without giving the emoji. */
const REACTIONS = {
  love: "\u2764\ufe0f",
  smile: "\ud83d\ude06",
  wow: "\ud83d\ude2e",
  sad: "\ud83d\ude22",
  angry: "\ud83d\ude20",
  like: "\ud83d\udc4d",
  dislike: "\ud83d\udc4e",
};
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/**
 * One message of the thread.
 *
 * @param message As `GET /_sim/users/{psid}/thread` gives it.
 * @param place `{first, last}`: whether it begins and ends a run of messages of one side.
 * @param act `{tap(button), react(message, on)}`: called when the person taps something.
 */
export function messageElement(message, { first, last }, act) {
  const parts = element("div", { class: "parts" }, ...partsOf(message, act));
  const row = element("div", { class: "row" }, parts);
  if (message.from === "page" && message.text !== undefined) row.append(reactButton(message, act));
  const author = first ? authorOf(message) : undefined;
  const item = element(
    "li",
    {
      class: `message${first ? " first" : ""}${last ? " last" : ""}`,
      "data-from": message.from,
      "data-mid": message.mid,
      "data-status": message.status,
    },
    element("span", { class: "sr-only" }, message.from === "user" ? "You: " : "Page: "),
    ...(author ? [element("div", { class: "author" }, author)] : []),
    row,
  );
  if (last || message.edits) item.append(metaOf(message));
  return item;
}

/** Who wrote it for the page, if it was not simply the bot. */
function authorOf({ persona, app_id: appId }) {
  if (persona) return persona.name;
  if (appId === undefined) return undefined;
  return appId === null ? "Written in Meta's inbox" : `Written by app ${appId}`;
}

function partsOf(message, act) {
  if (message.unsent) return [kind("Message unsent")];
  const attachments = message.attachments ?? (message.attachment ? [message.attachment] : []);
  const parts = attachments.map((attachment) => attachmentElement(attachment, act));
  if (message.text !== undefined) parts.unshift(element("div", { class: "bubble" }, message.text));
  if (message.template) parts.push(kind(`Utility template ${message.template.name}`));
  if (message.reaction) {
    const { emoji, reaction } = message.reaction;
    parts.push(
      element("span", { class: "reaction", title: reaction }, emoji ?? REACTIONS[reaction] ?? REACTIONS.love),
    );
  }
  return parts;
}

function attachmentElement(attachment, act) {
  const payload = attachment.payload ?? {};
  const url = webAddress(payload.url ?? attachment.url);
  switch (attachment.type) {
    case "sticker":
      return kind("Sticker");
    case "image":
      return url ? picture(url) : kind(attachment.type);
    case "video":
      return url ? element("video", { class: "clip", src: url, controls: true }) : kind("video");
    case "audio":
      return url ? element("audio", { class: "clip", src: url, controls: true }) : kind("audio");
    case "template":
      return templateElement(payload, act);
    case "like_heart":
      return element("div", { class: "bubble" }, "\u2764\ufe0f");
    default:
      return url ? link(url, attachment.title ?? payload.title ?? attachment.type) : kind(attachment.type);
  }
}

function templateElement(payload, act) {
  switch (payload.template_type) {
    case "generic":
      return cards(
        payload.elements.map((one) => card(one.image_url, one.title, one.subtitle, one.buttons, act)),
      );
    case "media":
      return cards(payload.elements.map((one) => card(one.url, undefined, undefined, one.buttons, act)));
    case "button": {
      const whole = card(undefined, undefined, undefined, payload.buttons, act);
      whole.prepend(element("div", { class: "words" }, payload.text));
      whole.classList.add("wide");
      return whole;
    }
    default:
      return kind(`${payload.template_type} template`);
  }
}

function cards(list) {
  return element("div", { class: "cards", tabindex: list.length > 1 ? "0" : undefined }, ...list);
}

function card(imageUrl, title, subtitle, buttons, act) {
  const whole = element("div", { class: "card" });
  const source = webAddress(imageUrl);
  if (source) whole.append(element("img", { src: source, alt: "", loading: "lazy" }));
  if (title) {
    const words = element("div", { class: "words" }, element("div", { class: "title" }, title));
    if (subtitle) words.append(element("div", { class: "subtitle" }, subtitle));
    whole.append(words);
  }
  if (buttons?.length) {
    whole.append(element("div", { class: "card-buttons" }, ...buttons.map((one) => cardButton(one, act))));
  }
  return whole;
}

function cardButton(button, act) {
  if (button.type === "web_url") {
    return element(
      "a",
      { href: webAddress(button.url), target: "_blank", rel: "noopener noreferrer" },
      button.title,
    );
  }
  const names = { account_link: "Log in", account_unlink: "Log out" };
  const node = element("button", { type: "button" }, button.title ?? names[button.type] ?? button.type);
  if (button.type === "postback") node.addEventListener("click", () => act.tap(button));
  else node.disabled = true;
  return node;
}

function reactButton(message, act) {
  const on = message.reaction?.from === "user";
  const label = on ? "Take the heart back" : "React with a heart";
  const node = element("button", {
    type: "button",
    class: "react",
    "aria-label": label,
    title: label,
    "aria-pressed": String(on),
  });
  node.append(icon(HEART));
  node.addEventListener("click", () => act.react(message, !on));
  return node;
}

function metaOf(message) {
  const time = new Date(message.timestamp);
  const meta = element(
    "div",
    { class: "meta" },
    element("time", { datetime: time.toISOString() }, clock.format(time)),
  );
  if (message.edits) meta.append(element("span", { class: "edited" }, "edited"));
  if (message.from === "user") {
    const [mark, name] = TICKS[message.status];
    meta.append(
      element(
        "span",
        { class: "tick", "data-status": message.status, role: "img", "aria-label": name, title: name },
        mark,
      ),
    );
  }
  return meta;
}

function picture(url) {
  const image = element("img", { class: "picture", src: url, alt: "Picture" });
  image.addEventListener("error", () => image.replaceWith(kind("Picture could not be loaded")), {
    once: true,
  });
  return image;
}

function link(url, text) {
  return element(
    "div",
    { class: "bubble" },
    element("a", { class: "file", href: url, target: "_blank", rel: "noopener noreferrer" }, text),
  );
}

function kind(name) {
  return element("div", { class: "bubble" }, element("span", { class: "kind" }, name));
}
