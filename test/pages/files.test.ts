import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { Files } from "../../src/pages/files.ts";

const freshPage = () => env.PAGE.getByName(crypto.randomUUID());

describe("the files Meta keeps for a page", () => {
  it("are known by type and address, as they were learnt last, until they are forgotten", async () => {
    const page = freshPage();
    expect(await page.file("image https://files.invalid/a")).toBeNull();
    await page.keepFile("image https://files.invalid/a", "1");
    await page.keepFile("image https://files.invalid/a", "2");
    expect(await page.file("image https://files.invalid/a")).toBe("2");
    expect(await page.file("video https://files.invalid/a")).toBeNull();
    await page.forgetFile("image https://files.invalid/a");
    expect(await page.file("image https://files.invalid/a")).toBeNull();
  });

  it("are 5000 at most: addresses that differ each time push the oldest out", async () => {
    await runInDurableObject(freshPage(), (_, { storage: { sql } }) => {
      const files = new Files(sql);
      sql.exec(
        `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
         INSERT INTO file (name, attachment, at) SELECT 'image ' || i, i, i FROM n`,
      );
      files.keep("image new", "9", 9999);
      expect(files.find("image 1")).toBeNull();
      expect(files.find("image 2")).toBe("2");
      expect(files.find("image new")).toBe("9");
    });
  });
});
