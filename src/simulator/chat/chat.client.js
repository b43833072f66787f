import { element, webAddress } from "./elements.client.js";
import { call, connect } from "./live.client.js";
import { drawPeople } from "./people.client.js";
import { clearThread, drawThread, stayAtBottom, toBottom } from "./thread.client.js";

const at = (id) => document.getElementById(id);
const words = at("words");
const sendButton = at("composer").querySelector("button");
const LONGEST_HEIGHT_PX = 160;
const REFRESH_MS = 60;

const address = new URL(location.href);
const state = {
  pageId: address.searchParams.get("page") ?? undefined,
  userId: address.searchParams.get("user") ?? undefined,
  people: [],
};
let typingTimer;
let refreshIsDue = false;
let send = () => {};

const act = {
  tap: ({ title, payload }) => say({ postback: { title, payload } }),
  react: ({ mid }, on) => say({ reaction: on ? { mid } : { mid, action: "unreact" } }),
};

async function say(utterance) {
  const { userId, pageId } = state;
  if (!userId) return;
  await reporting(() => call("POST", `/_sim/users/${userId}/messages`, { page_id: pageId, ...utterance }));
  refreshSoon();
}

/** Does something for the person and tells them if it fails. */
async function reporting(work) {
  try {
    const result = await work();
    at("problem").hidden = true;
    return result;
  } catch (error) {
    at("problem").textContent = error.message;
    at("problem").hidden = false;
    return undefined;
  }
}

/** Many changes at once lead to one refresh. */
function refreshSoon() {
  if (refreshIsDue) return;
  refreshIsDue = true;
  setTimeout(() => {
    refreshIsDue = false;
    reporting(refresh);
  }, REFRESH_MS);
}

async function refresh() {
  const { userId, pageId } = state;
  const thread = userId ? await threadOf(userId, pageId) : undefined;
  const [people, deliveries] = await Promise.all([
    call("GET", `/_sim/users?page_id=${pageId}`),
    call("GET", "/_sim/deliveries?limit=1"),
  ]);
  if (state.userId !== userId || state.pageId !== pageId) return;
  state.people = people.data;
  drawPeople(state.people, userId, choose);
  drawHealth(deliveries.data[0]);
  drawTalk(thread);
}

/** @returns The thread, or undefined if the person is gone since the simulator was reset. */
async function threadOf(userId, pageId) {
  try {
    return await call("GET", `/_sim/users/${userId}/thread?page_id=${pageId}`);
  } catch (error) {
    if (error.code === "no_such_user") return undefined;
    throw error;
  }
}

function drawTalk(thread) {
  at("nobody").hidden = thread !== undefined;
  at("talk-bar").hidden = at("composer").hidden = thread === undefined;
  at("untouched").hidden = thread === undefined || thread.messages.length > 0;
  if (!thread) {
    state.userId = undefined;
    document.body.dataset.view = "list";
    clearThread();
    drawChips();
    drawTyping();
    return;
  }
  const { user, messages, typing_until: typingUntil } = thread;
  at("user-name").textContent = user.name;
  at("untouched-title").textContent = user.name;
  const page = at("page-choice").selectedOptions[0]?.textContent ?? "the page";
  at("user-note").textContent = `${user.id} \u00b7 writes to ${page}`;
  for (const id of ["user-picture", "untouched-picture"]) at(id).src = user.profile_pic;
  drawThread(messages, act);
  drawChips(messages.at(-1));
  drawTyping(typingUntil);
}

/** Quick replies belong to the latest message and go when anything follows it. */
function drawChips(latest) {
  const replies = latest?.from === "page" ? (latest.quick_replies ?? []) : [];
  const key = replies.length > 0 ? latest.mid : "";
  if (at("chips").dataset.mid === key) return;
  at("chips").dataset.mid = key;
  at("chips").hidden = replies.length === 0;
  at("chips").replaceChildren(...replies.map(chip));
  stayAtBottom();
}

function chip(reply) {
  const names = { user_phone_number: "Send my phone number", user_email: "Send my e-mail address" };
  const examples = { user_phone_number: "+15550100", user_email: "person@example.com" };
  const title = reply.title ?? names[reply.content_type];
  const button = element("button", { type: "button" });
  const image = webAddress(reply.image_url);
  if (image) button.append(element("img", { src: image, alt: "" }));
  button.append(title);
  button.addEventListener("click", () => {
    const example = examples[reply.content_type];
    say({ quick_reply: { title: example ?? reply.title, payload: example ?? reply.payload } });
    words.focus();
  });
  return button;
}

function drawTyping(until = 0) {
  clearTimeout(typingTimer);
  const left = until - Date.now();
  at("typing").hidden = left <= 0;
  if (left <= 0) return;
  typingTimer = setTimeout(drawTyping, left);
  stayAtBottom();
}

function drawHealth(attempt) {
  if (!attempt) return;
  const good = attempt.outcome === "accepted";
  const what = attempt.status === null ? "unreachable" : `answered ${attempt.status}`;
  const then = attempt.outcome === "retrying" ? ", will try again" : ", gave up";
  at("webhook-health").dataset.state = good ? "good" : "bad";
  at("webhook-text").textContent = good ? `Webhook accepted in ${attempt.ms} ms` : `Webhook ${what}${then}`;
}

/** Shows this person's conversation, making them if nobody has that id; without an id, the list. */
async function choose(userId, { push = true } = {}) {
  state.userId = userId;
  if (push) {
    const next = new URL(location.href);
    if (userId) next.searchParams.set("user", userId);
    else next.searchParams.delete("user");
    history.pushState(null, "", next);
  }
  document.body.dataset.view = userId ? "talk" : "list";
  clearThread();
  drawChips();
  drawTyping();
  tellView();
  await reporting(async () => {
    if (userId && !state.people.some(({ id }) => id === userId))
      await call("PUT", `/_sim/users/${userId}`, {});
    await refresh();
  });
  if (!userId) return;
  toBottom();
  if (matchMedia("(hover: hover)").matches) words.focus();
}

function tellView() {
  if (!state.userId || !state.pageId) return;
  const isOpen = document.body.dataset.view === "talk" || matchMedia("(min-width: 721px)").matches;
  const visible = isOpen && document.visibilityState === "visible";
  send({ page_id: state.pageId, user_id: state.userId, visible });
}

function newUserId() {
  const ids = state.people.map(({ id }) => Number(id)).filter((id) => id < 1_000_000);
  return String(Math.max(7000, ...ids) + 1);
}

function fitWords() {
  words.style.height = "auto";
  words.style.height = `${Math.min(words.scrollHeight, LONGEST_HEIGHT_PX)}px`;
  sendButton.disabled = words.value.trim() === "";
}

function submit() {
  const text = words.value.trim();
  if (text === "") return;
  words.value = "";
  fitWords();
  say({ text });
}

at("new-user").addEventListener("click", () => choose(newUserId()));
at("back").addEventListener("click", () => choose(undefined));
at("get-started").addEventListener("click", () => say({ get_started: true }));
at("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
words.addEventListener("input", fitWords);
words.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  submit();
});
at("page-choice").addEventListener("change", ({ target }) => {
  state.pageId = target.value;
  choose(state.userId);
});
document.addEventListener("visibilitychange", tellView);
addEventListener("popstate", () =>
  choose(new URL(location.href).searchParams.get("user") ?? undefined, { push: false }),
);

async function start() {
  const { data: pages } = await call("GET", "/_sim/pages");
  state.pageId = pages.find(({ id }) => id === state.pageId)?.id ?? pages[0].id;
  at("page-choice").replaceChildren(
    ...pages.map(({ id, name }) => element("option", { value: id, selected: id === state.pageId }, name)),
  );
  at("page-choice").disabled = pages.length === 1;
  await refreshPeople();
  await choose(state.userId, { push: false });
  send = connect({
    open: () => {
      at("connection").hidden = true;
      tellView();
      refreshSoon();
    },
    closed: () => {
      at("connection").hidden = false;
    },
    news: refreshSoon,
  });
}

async function refreshPeople() {
  state.people = (await call("GET", `/_sim/users?page_id=${state.pageId}`)).data;
}

reporting(start);
