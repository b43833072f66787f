/** Where the person writes. Both are sent to through the same API and differ in what they can show. */
export type Platform = "messenger" | "instagram";
