import { element } from "./elements.client.js";

const list = document.getElementById("user-list");
const nobody = document.getElementById("no-people");
const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

/** Shows the people, the current one marked. The buttons are kept, so that the focus stays where it is. */
export function drawPeople(people, currentId, choose) {
  nobody.hidden = people.length > 0;
  const known = new Map([...list.children].map((item) => [item.dataset.user, item]));
  const items = people.map((person) => {
    const item = known.get(person.id) ?? personItem(person, choose);
    fill(item, person, person.id === currentId);
    return item;
  });
  const same =
    items.length === list.children.length && items.every((item, index) => item === list.children[index]);
  if (same) return;
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  list.replaceChildren(...items);
  focused?.focus();
}

function personItem(person, choose) {
  const button = element(
    "button",
    { type: "button", class: "person" },
    element("img", { class: "avatar", alt: "", src: person.profile_pic, width: "44", height: "44" }),
    element("span", { class: "name" }),
    element("span", { class: "when" }),
    element("span", { class: "line" }),
  );
  button.addEventListener("click", () => choose(person.id));
  return element("li", { "data-user": person.id }, button);
}

function fill(item, { id, name, last_message: last }, isCurrent) {
  item.firstElementChild.setAttribute("aria-current", String(isCurrent));
  item.querySelector(".name").textContent = name;
  item.querySelector(".line").textContent = last
    ? `${last.from === "user" ? "You: " : ""}${last.text}`
    : `No messages yet \u00b7 ${id}`;
  item.querySelector(".when").textContent = last ? when(last.timestamp) : "";
}

function when(timestamp) {
  const isToday = new Date(timestamp).toDateString() === new Date().toDateString();
  return (isToday ? time : date).format(timestamp);
}
