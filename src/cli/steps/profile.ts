import * as z from "zod/mini";
import type { Job } from "../job.ts";
import type { ConfigFile } from "../places/config-file.ts";
import type { GatewayApi } from "../places/gateway-api.ts";
import { Trouble } from "../terminal/trouble.ts";

/** A page's Messenger profile, from the file to Meta by way of the gateway, which is who compares and applies. */

const changeSchema = z.object({
  property: z.string(),
  action: z.enum(["set", "delete"]),
  from: z.optional(z.unknown()),
  to: z.optional(z.unknown()),
});
export type ProfileChange = z.infer<typeof changeSchema>;
const diffSchema = z.object({
  changes: z.array(changeSchema),
  conflict: z.optional(z.nullable(z.string())),
  warnings: z.array(z.string()),
});
export type ProfileDifference = z.infer<typeof diffSchema>;

export interface WantedProfile {
  page: string;
  profile: Record<string, unknown>;
  platform?: string;
}

export const wantedProfiles = (config: ConfigFile | undefined, pages: readonly string[]): WantedProfile[] =>
  pages.flatMap((page) => {
    const profile = config?.profileOf(page);
    return profile === undefined ? [] : [{ page, profile }];
  });

/** @throws Trouble if the gateway or Meta refuses */
export async function profileCall(
  api: GatewayApi,
  what: "diff" | "apply",
  { page, ...wanted }: WantedProfile,
): Promise<ProfileDifference> {
  const answer = await api.call(`/profile.${what}`, { page_id: page, ...wanted }, diffSchema);
  if (answer.ok) return answer.value;
  throw new Trouble(
    "gateway_refused",
    `Page ${page}: the gateway says ${answer.code}: ${answer.detail}`,
    "docs/api.md, “Messenger profile”, says what to do about it.",
  );
}

export async function theProfiles(
  job: Job,
  api: GatewayApi | undefined,
  config: ConfigFile | undefined,
  pages: readonly string[],
): Promise<void> {
  const { report } = job;
  const wanted = wantedProfiles(config, pages);
  if (wanted.length === 0) {
    report.step(
      "Profile",
      "skipped",
      config ? "the file says nothing of it" : "there is no messengate.config.json",
    );
    return;
  }
  if (!api) {
    report.step(
      "Profile",
      "unknown",
      "the gateway's admin key isn't known here",
      "Set MESSENGATE_API_KEY, and run it again.",
    );
    return;
  }
  for (const one of wanted) {
    const { changes, warnings } = await profileCall(api, "apply", one);
    for (const warning of warnings) report.say(`  ${warning}`);
    if (changes.length === 0) report.step("Profile", "good", `page ${one.page} is as the file has it`);
    else report.step("Profile", "done", `page ${one.page}: ${changes.map(inWords).join(", ")}`);
  }
}

export const inWords = ({ action, property }: ProfileChange): string => `${action} ${property}`;
