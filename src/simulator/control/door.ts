import { userIdSchema } from "../ids.ts";
import type { Rooms } from "../rooms.ts";
import { Refusal, refused } from "./answers.ts";
import { routes } from "./routes.ts";

/** Answers a call of the control API. Only a Refusal becomes an answer; anything else is a bug and is thrown. */
export async function controlDoor(rooms: Rooms, request: Request): Promise<Response> {
  const url = new URL(request.url);
  for (const { path, methods } of routes) {
    const match = path.exec({ pathname: url.pathname });
    if (!match) continue;
    const handle = methods[request.method];
    if (!handle) {
      const allowed = Object.keys(methods).join(", ");
      const refusal = new Refusal(405, "method_not_allowed", `This path takes ${allowed}.`);
      return refused(refusal, { Allow: allowed });
    }
    try {
      const { user, page: pageId = "" } = match.pathname.groups;
      const userId = user === undefined ? "" : checkedUserId(user);
      return await handle({ rooms, request, url, userId, pageId });
    } catch (error) {
      if (error instanceof Refusal) return refused(error);
      throw error;
    }
  }
  return refused(
    new Refusal(404, "no_such_path", "There is nothing here; docs/simulator.md lists all paths."),
  );
}

/** @throws Refusal if the path's user id is not 1 to 32 digits. */
function checkedUserId(text: string): string {
  const parsed = userIdSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new Refusal(400, "invalid_user_id", "A user id has 1 to 32 digits.");
}
