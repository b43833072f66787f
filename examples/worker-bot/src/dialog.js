/**
 * A pizza order in three questions. The Worker remembers nothing: where the talk stands is in the conversation's
 * state, which the gateway keeps and hands back with every delivery. So the same delivery gets the same answer, however
 * often it comes: a lost answer left the state as it was.
 */

const SIZES = { SMALL: "small", LARGE: "large" };
/** An order that nobody goes on with is forgotten. */
const FORGOTTEN_AFTER_SECONDS = 3600;
/** Meta refuses longer texts; what we repeat to people is far shorter. */
const MAX_NAME = 80;

/** The answer to a whole delivery. One delivery may hold several events; their replies go out in this order. */
export function answerTo({ conversation, events }) {
  let { state } = conversation;
  const messages = [];
  for (const event of events) {
    const said = saidIn(event);
    if (said === undefined) continue;
    const reply = replyTo(state, said);
    messages.push(reply.message);
    state = reply.state ?? null;
    // From here on it is a person's turn: nothing that comes later is ours to answer.
    if (reply.handover) return answer(reply.handover);
  }
  return messages.length === 0 ? {} : answer();

  function answer(handover) {
    return {
      messages,
      state,
      // Should somebody else have changed the state meanwhile, theirs stays.
      state_version: conversation.state_version,
      state_ttl: FORGOTTEN_AFTER_SECONDS,
      ...(handover ? { handover } : {}),
    };
  }
}

/** What the user wrote or tapped; `raw` is the event as Meta sent it. Nothing for receipts and the like. */
function saidIn({ type, standby, raw }) {
  if (standby) return undefined;
  if (type === "postback") return { text: raw.postback.title ?? "", payload: raw.postback.payload };
  if (type !== "message") return undefined;
  return { text: raw.message.text ?? "", payload: raw.message.quick_reply?.payload };
}

/** @returns what is said, and where the talk stands after it */
function replyTo(state, { text, payload }) {
  const word = (payload ?? text).trim().toUpperCase();
  if (word === "HUMAN") return { message: { text: "A person will answer you here." }, handover: "human" };
  if (word === "ORDER") return askForSize("Which size?");
  if (state?.step === "size") {
    return SIZES[word] ? askForName(word) : askForSize("There are only these two. Which one?");
  }
  if (state?.step === "name") {
    return text.trim() === "" ? askForName(state.size) : askWhetherRight(state.size, text.trim());
  }
  if (state?.step === "right" && word === "YES")
    return { message: { text: "Thank you, it is in the oven." } };
  if (state?.step === "right" && word === "NO") return askForSize("Once more, then. Which size?");
  return {
    message: choice("I take orders for pizza.", { ORDER: "Order", HUMAN: "Talk to a person" }),
    state,
  };
}

const askForSize = (question) => ({
  message: choice(question, { SMALL: "Small", LARGE: "Large" }),
  state: { step: "size" },
});

const askForName = (size) => ({
  message: { text: `A ${SIZES[size]} one. Under which name?` },
  state: { step: "name", size },
});

function askWhetherRight(size, written) {
  const name = [...written].slice(0, MAX_NAME).join("");
  return {
    message: choice(`A ${SIZES[size]} pizza for ${name}. Is that right?`, { YES: "Yes", NO: "No" }),
    state: { step: "right", size, name },
  };
}

/** A text with quick replies: payload → title. */
const choice = (text, titles) => ({
  text,
  quick_replies: Object.entries(titles).map(([payload, title]) => ({ content_type: "text", title, payload })),
});
