import { graphOf, type Job, settingOf } from "../job.ts";
import { checkApp, type MetaApp } from "../meta/app.ts";

/** Which app it is, and that its secret is right. Asks for what isn't given. */
export async function theApp(job: Job): Promise<MetaApp> {
  const { ask, report } = job;
  const id =
    job.played?.app.id ??
    settingOf(job, "META_APP_ID") ??
    (await ask.text({
      message: "App ID (at the top of the app's dashboard, developers.facebook.com/apps):",
      how: "Give --app-id, or set META_APP_ID.",
      check: (text) => (/^\d{1,32}$/.test(text) ? undefined : "It is made of digits."),
    }));
  const secret =
    job.played?.app.secret ??
    job.given.appSecret() ??
    knownSecret(job) ??
    (await ask.secret({
      message: "App secret (App settings › Basic):",
      how: "Set META_APP_SECRET, or give --app-secret-env NAME or --app-secret-file PATH.",
    }));
  report.conceal(secret, `${id}|${secret}`);
  const app = { id, secret };
  const name = await checkApp(graphOf(job), app);
  report.step("App", "good", `${id} (${name}): the secret is right`);
  return app;
}

/** While it is rotated, the first is the current one. */
const knownSecret = (job: Job): string | undefined =>
  job.place.known().get("META_APP_SECRET")?.split(",")[0]?.trim();
