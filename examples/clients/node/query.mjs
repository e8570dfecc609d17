// Logs in to Salesforce by a signed assertion and asks for the org's name, with jsforce.
import jsforce from "jsforce";
import { API_VERSION, logIn } from "./log-in.mjs";

async function connect() {
  const { accessToken, instanceUrl } = await logIn();
  return new jsforce.Connection({
    accessToken,
    instanceUrl,
    version: API_VERSION,
    // jsforce calls this when the session has ended, and asks again with the new token
    refreshFn: (_connection, done) => logIn().then(({ accessToken }) => done(null, accessToken), done),
  });
}

try {
  const connection = await connect();
  const found = await connection.query("SELECT Id, Name FROM Organization");
  console.log(found.records[0].Name);
} catch (error) {
  console.error(error.errorCode ? `Salesforce refuses the query: ${error.errorCode}: ${error.message}` : error.message);
  process.exitCode = 1;
}
