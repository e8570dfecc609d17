// Logs in to Salesforce by a signed assertion, with nothing but Node.
//
// Settings, as `orgkey export --format dotenv` writes them: SF_INSTANCE_URL, SF_AUDIENCE, SF_USERNAME, SF_CONSUMER_KEY and
// SF_PRIVATE_KEY; or SF_PRIVATE_KEY_FILE, the path of the key.
import { sign } from "node:crypto";
import { readFileSync } from "node:fs";

export const API_VERSION = process.env.SF_API_VERSION ?? "67.0";

/** Salesforce refuses something, in its own words; trying again changes nothing. */
export class Refused extends Error {}

function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: see orgkey export --format dotenv`);
  return value;
}

function assertion() {
  const file = process.env.SF_PRIVATE_KEY_FILE;
  const key = file ? readFileSync(file, "utf8") : setting("SF_PRIVATE_KEY");
  const claims = {
    iss: setting("SF_CONSUMER_KEY"),
    sub: setting("SF_USERNAME"),
    aud: setting("SF_AUDIENCE"),
    exp: Math.floor(Date.now() / 1000) + 120,
  };
  const signed = [{ alg: "RS256" }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${signed}.${sign("sha256", Buffer.from(signed), key).toString("base64url")}`;
}

/** Returns { accessToken, instanceUrl, at }, the last one the org's time. Throws Refused, and other errors when the org cannot answer now. */
export async function logIn() {
  const answer = await fetch(`${setting("SF_INSTANCE_URL")}/services/oauth2/token`, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion: assertion() }),
    redirect: "error",
    signal: AbortSignal.timeout(60_000),
  });
  const text = await answer.text();
  if (answer.status >= 500) throw new Error(`Salesforce answers ${answer.status} to the login`);
  if (!answer.ok) throw new Refused(`Salesforce refuses the login: ${answer.status} ${text.slice(0, 500)}`);
  const token = JSON.parse(text);
  return { accessToken: token.access_token, instanceUrl: token.instance_url, at: Date.parse(answer.headers.get("date")) };
}
