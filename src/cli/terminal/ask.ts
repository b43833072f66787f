import type { Readable, Writable } from "node:stream";
import * as clack from "@clack/prompts";
import { Trouble } from "./trouble.ts";

interface Question {
  /** Asked of a person. */
  message: string;
  /** How to give the answer where nobody can be asked. */
  how: string;
  /** @returns what is wrong with an answer, if something is */
  check?: (answer: string) => string | undefined;
  placeholder?: string;
  /** The prompt goes away when this is aborted. */
  signal?: AbortSignal;
}

interface Choice {
  value: string;
  label: string;
  hint?: string;
}

/** Whom to ask. */
export interface Ask {
  /** Whether somebody is there. */
  isPossible: boolean;
  text(question: Question): Promise<string>;
  /** A text that isn't shown while it is written. */
  secret(question: Question): Promise<string>;
  choose(question: Question, choices: readonly Choice[]): Promise<string>;
  chooseSome(question: Question, choices: readonly Choice[]): Promise<string[]>;
  confirm(question: Question): Promise<boolean>;
}

/** @param isConfirmed what a person would have to confirm is */
export function askNobody(isConfirmed: boolean): Ask {
  const refuse = ({ message, how }: Question): Promise<never> =>
    Promise.reject(new Trouble("answer_missing", `Nobody is there to ask: ${message}`, how));
  return {
    isPossible: false,
    text: refuse,
    secret: refuse,
    choose: refuse,
    chooseSome: refuse,
    confirm: (question) => (isConfirmed ? Promise.resolve(true) : refuse(question)),
  };
}

/** @param isConfirmed questions that only ask for a yes aren't asked */
export function askPerson(input: Readable, output: Writable, isConfirmed: boolean): Ask {
  const streams = { input, output };
  const prompt = ({ message, check, placeholder, signal }: Question) => ({
    ...streams,
    message,
    validate: (answer: string | undefined) => {
      const trimmed = (answer ?? "").trim();
      return trimmed === "" ? "It can't be empty." : check?.(trimmed);
    },
    ...(placeholder === undefined ? {} : { placeholder }),
    ...(signal === undefined ? {} : { signal }),
  });
  return {
    isPossible: true,
    text: async (question) => answered(await clack.text(prompt(question))).trim(),
    secret: async (question) => answered(await clack.password(prompt(question))).trim(),
    choose: async ({ message }, choices) =>
      answered(await clack.select({ ...streams, message, options: [...choices] })),
    chooseSome: async ({ message }, choices) =>
      answered(await clack.multiselect({ ...streams, message, options: [...choices], required: true })),
    confirm: async ({ message }) =>
      isConfirmed || answered(await clack.confirm({ ...streams, message, initialValue: false })),
  };
}

function answered<Answer>(answer: Answer | typeof clack.CANCEL_SYMBOL): Answer {
  if (isCancel(answer)) {
    throw new Trouble(
      "cancelled",
      "Cancelled.",
      "Run it again: what was done is found, the rest is done then.",
    );
  }
  return answer;
}

const isCancel = <Answer>(
  answer: Answer | typeof clack.CANCEL_SYMBOL,
): answer is typeof clack.CANCEL_SYMBOL => clack.isCancel(answer);
