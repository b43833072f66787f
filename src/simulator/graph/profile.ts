import * as z from "zod/mini";
import { plain } from "../json.ts";
import { accountOf, answer, type Edge, fail, fieldsOf, type GraphCall } from "./call.ts";
import { type GraphError, graphErrors } from "./errors.ts";
import { ON_INSTAGRAM, PROPERTIES, persistentMenuSchema } from "./profile-shape.ts";
import { conversationWith } from "./recipients.ts";
import { shapeError } from "./shape-checks.ts";

const NAMES = Object.keys(PROPERTIES);

const profileSchema = z.partial(z.object(PROPERTIES));
const namesSchema = z.object({ fields: z.array(z.string()).check(z.minLength(1)) });
const menuSchema = z.object({ psid: z.union([z.string(), z.int()]), persistent_menu: persistentMenuSchema });

const done = (call: GraphCall) => answer(call, { result: "success" });

/** Whose profile it is, or why there is none. */
const withAccount =
  (work: (call: GraphCall, accountId: string) => Response): Edge =>
  (call) => {
    const accountId = accountOf(call);
    if (accountId !== null) return work(call, accountId);
    return fail(call, graphErrors.badParameter("Param platform: this page has no Instagram account"));
  };

/** `GET /{page}/messenger_profile?fields=…`: those of the fields that are set. */
export const readProfile = withAccount((call, accountId) => {
  const fields = fieldsOf(call);
  if (fields.length === 0) return fail(call, graphErrors.badParameter("The parameter fields is required"));
  const unknown = fields.find((field) => !NAMES.includes(field));
  if (unknown !== undefined) return fail(call, graphErrors.noSuchField(unknown));
  const profile = Object.entries(call.rooms.profiles.read(accountId));
  const asked = Object.fromEntries(profile.filter(([name]) => fields.includes(name)));
  return answer(call, { data: Object.keys(asked).length === 0 ? [] : [asked] });
});

/** `POST /{page}/messenger_profile`: sets what is named, keeps the rest. */
export const setProfile = withAccount((call, accountId) => {
  const { rooms, parameters } = call;
  const parsed = profileSchema.safeParse(parameters);
  if (!parsed.success) return fail(call, shapeError(parsed.error));
  const properties = plain(parsed.data);
  const names = Object.keys(properties);
  if (names.length === 0) {
    return fail(call, graphErrors.badParameter(`Requires one of the params: ${NAMES.join(",")}`));
  }
  const foreign = foreignToInstagram(call, accountId, names);
  if (foreign) return fail(call, foreign);
  const isOnInstagram = rooms.pages.accountOf(accountId)?.platform === "instagram";
  const whole = { ...rooms.profiles.read(accountId), ...properties };
  if (!isOnInstagram && whole["persistent_menu"] !== undefined && whole["get_started"] === undefined) {
    return fail(call, graphErrors.menuNeedsGetStarted);
  }
  rooms.profiles.set(accountId, properties);
  return done(call);
});

/** `DELETE /{page}/messenger_profile {"fields":[…]}`. */
export const deleteProfile = withAccount((call, accountId) => {
  const parsed = namesSchema.safeParse(call.parameters);
  if (!parsed.success) return fail(call, shapeError(parsed.error));
  const { fields } = parsed.data;
  const unknown = fields.find((field) => !NAMES.includes(field));
  if (unknown !== undefined) {
    return fail(call, graphErrors.badParameter(`Param fields must be one of {${NAMES.join(", ")}}`));
  }
  const left = { ...call.rooms.profiles.read(accountId) };
  const menuStays = left["persistent_menu"] !== undefined && !fields.includes("persistent_menu");
  if (fields.includes("get_started") && menuStays) return fail(call, graphErrors.getStartedNeeded);
  call.rooms.profiles.delete(accountId, fields);
  return done(call);
});

/** `GET /{page}/custom_user_settings?psid=`: the menus that hold for one person. */
export function readUserSettings(call: GraphCall): Response {
  const conversation = conversationWith(call, psidOf(call));
  if (!conversation) return fail(call, graphErrors.noMatchingUser);
  const { profiles } = call.rooms;
  const menu = profiles.menuOf(conversation);
  const pageMenu = profiles.read(conversation.pageId)["persistent_menu"];
  return answer(call, {
    data: [
      {
        ...(menu === null ? {} : { user_level_persistent_menu: menu }),
        ...(pageMenu === undefined ? {} : { page_level_persistent_menu: pageMenu }),
      },
    ],
  });
}

/** `POST /{page}/custom_user_settings {psid, persistent_menu}`: the menu of one person. */
export function setUserSettings(call: GraphCall): Response {
  const parsed = menuSchema.safeParse(call.parameters);
  if (!parsed.success) return fail(call, shapeError(parsed.error));
  const conversation = conversationWith(call, psidOf(call));
  if (!conversation) return fail(call, graphErrors.noMatchingUser);
  if (call.rooms.profiles.read(conversation.pageId)["get_started"] === undefined) {
    return fail(call, graphErrors.menuNeedsGetStarted);
  }
  const { persistent_menu } = plain(parsed.data);
  call.rooms.profiles.setMenu(conversation, persistent_menu ?? []);
  return done(call);
}

/** `DELETE /{page}/custom_user_settings?psid=&params=["persistent_menu"]`. */
export function deleteUserSettings(call: GraphCall): Response {
  const { params } = call.parameters;
  if (!Array.isArray(params) || !params.includes("persistent_menu") || params.length !== 1) {
    return fail(call, graphErrors.badParameter('Param params must be ["persistent_menu"]'));
  }
  const conversation = conversationWith(call, psidOf(call));
  if (!conversation) return fail(call, graphErrors.noMatchingUser);
  call.rooms.profiles.deleteMenu(conversation);
  return done(call);
}

function psidOf({ parameters: { psid } }: GraphCall): string {
  return typeof psid === "string" || typeof psid === "number" ? String(psid) : "";
}

function foreignToInstagram(
  { rooms }: GraphCall,
  accountId: string,
  names: readonly string[],
): GraphError | null {
  if (rooms.pages.accountOf(accountId)?.platform !== "instagram") return null;
  const foreign = names.find((name) => !ON_INSTAGRAM.includes(name));
  return foreign === undefined
    ? null
    : graphErrors.badParameter(`Param ${foreign} is not supported with the platform instagram`);
}
