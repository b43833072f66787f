import * as z from "zod/mini";
import { type GraphError, graphErrors } from "./errors.ts";

/** In a check's message, stands for the parameter it is about, such as `message[text]`. */
const PARAMETER = "{parameter}";

/** A string of at most so many characters; a surrogate pair counts as one. */
export function textUpTo(maximum: number) {
  return z.string().check(
    z.refine((text) => [...text].length <= maximum, {
      error: `Length of param ${PARAMETER} must be less than or equal to ${maximum}`,
    }),
  );
}

/** As `textUpTo`, and not empty. */
export function someTextUpTo(maximum: number) {
  return textUpTo(maximum).check(
    z.refine((text) => text.trim() !== "", {
      error: `Param ${PARAMETER} must be a non-empty UTF8 encoded string`,
    }),
  );
}

/** An http or https address. */
export const webAddress = z.string().check(
  z.refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
    error: `Param ${PARAMETER} must be a valid URL`,
  }),
);

/** @returns The error Meta would give for the first thing wrong, naming the parameter in brackets. */
export function shapeError(error: z.core.$ZodError): GraphError {
  const [issue] = error.issues;
  if (!issue) return graphErrors.badParameter("Invalid parameter");
  const parameter = bracketed(issue.path);
  switch (issue.code) {
    case "too_big":
      return issue.origin === "array" ? graphErrors.tooMany(parameter) : outOfRange(parameter);
    case "too_small":
      return issue.origin === "array" ? graphErrors.tooFew(parameter) : outOfRange(parameter);
    case "custom":
      return issue.message === INCOMPLETE
        ? graphErrors.incompleteElement
        : graphErrors.badParameter(issue.message.replaceAll(PARAMETER, parameter));
    default:
      return graphErrors.badParameter(complaint(issue, parameter));
  }
}

/** A check's message that stands for Meta's own error about an element without content. */
export const INCOMPLETE = "incomplete element";

function outOfRange(parameter: string): GraphError {
  return graphErrors.badParameter(`Param ${parameter} is out of range`);
}

function complaint(issue: z.core.$ZodIssue, parameter: string): string {
  switch (issue.code) {
    case "unrecognized_keys":
      return `Invalid keys "${issue.keys.join(", ")}" were found in param "${parameter}".`;
    case "invalid_type":
      return `Param ${parameter} must be ${article(issue.expected)} ${issue.expected}`;
    case "invalid_value":
      return `Param ${parameter} must be one of {${issue.values.map(String).join(", ")}}`;
    case "invalid_union":
      return `Param ${parameter} is missing or not one of the supported values`;
    default:
      return `Param ${parameter} is invalid`;
  }
}

function bracketed(path: readonly PropertyKey[]): string {
  const [first, ...rest] = path.map(String);
  return (first ?? "") + rest.map((part) => `[${part}]`).join("");
}

function article(noun: string): string {
  return /^[aeiou]/.test(noun) ? "an" : "a";
}
