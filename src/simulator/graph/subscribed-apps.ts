import { ALL_FIELDS } from "../subscriptions.ts";
import { answer, fail, type GraphCall } from "./call.ts";
import { graphErrors } from "./errors.ts";

/** `GET /{page}/subscribed_apps`: our app, if it is on the page, and its fields. */
export function readSubscribedApps(call: GraphCall): Response {
  const { environment, subscriptions } = call.rooms;
  const subscribed_fields = subscriptions.ofPage(call.page.id);
  if (subscribed_fields.length === 0) return answer(call, { data: [] });
  const app = { category: "Business", link: "", name: "Simulated app", id: environment.appId };
  return answer(call, { data: [{ ...app, subscribed_fields }] });
}

/** `POST /{page}/subscribed_apps?subscribed_fields=…`: replaces the fields. */
export function subscribeToPage(call: GraphCall): Response {
  const fields = listOf(call.parameters["subscribed_fields"]);
  const unknown = fields.find((field) => !ALL_FIELDS.includes(field));
  if (fields.length === 0) {
    return fail(call, graphErrors.badParameter("The parameter subscribed_fields is required"));
  }
  if (unknown !== undefined) {
    const complaint = `Param subscribed_fields[${fields.indexOf(unknown)}] must be one of {${ALL_FIELDS.join(", ")}}`;
    return fail(call, graphErrors.badParameter(complaint));
  }
  if (!mayManage(call)) return fail(call, graphErrors.fieldsNeedPermission(fields));
  call.rooms.subscriptions.setPage(call.page.id, fields);
  return answer(call, { success: true });
}

function mayManage({ rooms, page }: GraphCall): boolean {
  return rooms.pages.settings(page.id).scopes.includes("pages_manage_metadata");
}

/** `DELETE /{page}/subscribed_apps`: no event of the page reaches us any more. */
export function unsubscribeFromPage(call: GraphCall): Response {
  call.rooms.subscriptions.setPage(call.page.id, []);
  return answer(call, { success: true });
}

/** A list as JSON or as text with commas. */
export function listOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === "string" ? value.split(",").filter((part) => part !== "") : [];
}
