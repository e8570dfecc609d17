// Runs the body of an async function with jsforce, a connection and what was given; prints what it returns, or how it failed.
const jsforce = require("jsforce");

async function main() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const { connection, body, given } = JSON.parse(Buffer.concat(chunks));
  const run = Object.getPrototypeOf(main).constructor("jsforce", "conn", "given", body);
  try {
    const conn = new jsforce.Connection(connection);
    conn.metadata.pollInterval = 50;
    return { returned: (await run(jsforce, conn, given)) ?? null };
  } catch (error) {
    return { failed: { name: error.name, message: error.message } };
  }
}

main().then((answer) => process.stdout.write(JSON.stringify(answer)));
