import { messageElement } from "./bubbles.client.js";
import { element } from "./elements.client.js";

/** Messages of one side closer together than this (ms) form one group. */
const GROUP_MS = 300_000;
const NEAR_BOTTOM_PX = 120;

const day = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });
const list = document.getElementById("thread");
const scroll = document.getElementById("scroll");
const jump = document.getElementById("jump");

/** What is on screen, by key, with the words it was drawn from: only what changed is drawn anew. */
let drawn = new Map();

jump.addEventListener("click", toBottom);
scroll.addEventListener("scroll", () => {
  if (isNearBottom()) jump.hidden = true;
});

/** Empties the thread, before another conversation is shown. */
export function clearThread() {
  drawn = new Map();
  list.replaceChildren();
  jump.hidden = true;
}

/** Shows these messages, keeping the reader's place unless they are at the end or have just written. */
export function drawThread(messages, act) {
  const stick = isNearBottom() || drawn.size === 0;
  const before = drawn;
  const lastBefore = list.lastElementChild?.dataset.mid;
  drawn = new Map();
  for (const { key, source, make } of itemsOf(messages, act)) {
    const known = before.get(key);
    drawn.set(key, known?.source === source ? known : { source, node: make() });
  }
  for (const [key, { node }] of before) if (drawn.get(key)?.node !== node) node.remove();
  let place = list.firstChild;
  for (const { node } of drawn.values()) {
    if (node === place) place = place.nextSibling;
    else list.insertBefore(node, place);
  }
  const latest = messages.at(-1);
  if (stick || (latest?.from === "user" && latest.mid !== lastBefore)) toBottom();
  else if (latest && latest.mid !== lastBefore) jump.hidden = false;
}

/** Scrolls to the latest message if the reader is there anyway; for what appears below it. */
export function stayAtBottom() {
  if (isNearBottom()) toBottom();
}

/** Scrolls to the latest message; pictures that are still loading are waited for once. */
export function toBottom() {
  scroll.scrollTop = scroll.scrollHeight;
  jump.hidden = true;
  for (const image of list.querySelectorAll("img")) {
    if (!image.complete) image.addEventListener("load", stayAtBottom, { once: true });
  }
}

function isNearBottom() {
  return scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR_BOTTOM_PX;
}

function* itemsOf(messages, act) {
  let lastDay = "";
  for (const [index, message] of messages.entries()) {
    const today = day.format(message.timestamp);
    if (today !== lastDay) {
      const text = today === day.format(Date.now()) ? "Today" : today;
      yield { key: `day ${today}`, source: text, make: () => element("li", { class: "day" }, text) };
    }
    const place = {
      first: today !== lastDay || !isOneGroup(messages[index - 1], message),
      last: !isOneGroup(message, messages[index + 1]),
    };
    lastDay = today;
    yield {
      key: message.mid,
      source: JSON.stringify([message, place]),
      make: () => messageElement(message, place, act),
    };
  }
}

function isOneGroup(one, next) {
  return (
    one !== undefined &&
    next !== undefined &&
    one.from === next.from &&
    one.status === next.status &&
    one.persona?.id === next.persona?.id &&
    one.app_id === next.app_id &&
    next.timestamp - one.timestamp < GROUP_MS
  );
}
