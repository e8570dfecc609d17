// A server that listens to channels of Salesforce with CometD and loses no event that the org still keeps:
//
//     node listen.mjs places.json /event/Order__e /data/UserChangeEvent
//
// Each event is a line of JSON on stdout. The file keeps where each channel is: the replay id of its last event, or when it was
// first listened to. After a new login, a lost connection or a new start the channel goes on from there. A channel that is not
// in the file begins with what is new. RETRY_MS is the shortest pause after a failure, 1000 unless set.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { CometD } from "cometd";
import { adapt } from "cometd-nodejs-client";
import { API_VERSION, Refused, logIn } from "./log-in.mjs";

const NEW_EVENTS = -1;
const ALL_EVENTS = -2;
const SHORTEST_PAUSE = Number(process.env.RETRY_MS ?? 1000);
const LONGEST_PAUSE = 60 * SHORTEST_PAUSE;

const [file, ...channels] = process.argv.slice(2);
if (!channels.length) {
  console.error("usage: node listen.mjs FILE CHANNEL...");
  process.exit(2);
}
const places = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stopping.abort());

function log(...words) {
  console.error(new Date().toISOString(), ...words);
}

/** What the server is for. It may see an event twice: a crash between this and the note of its place. */
function handle(channel, data) {
  console.log(JSON.stringify({ channel, replayId: data.event.replayId, payload: data.payload }));
}

function note(channel, place) {
  places[channel] = place;
  writeFileSync(`${file}.new`, JSON.stringify(places)); // the old file stays whole until the new one is
  renameSync(`${file}.new`, file);
}

/** When an event was published, by the org's clock, in milliseconds. */
function publishedAt({ payload }) {
  return payload.ChangeEventHeader?.commitTimestamp ?? Date.parse(payload.CreatedDate);
}

/** Subscribes to a channel from its place on; `loggedInAt` is where a channel begins that has none. */
function subscribe(cometd, channel, loggedInAt, failed) {
  const place = places[channel];
  const replayId = place ? (place.replayId ?? ALL_EVENTS) : NEW_EVENTS;
  const receive = ({ data }) => {
    if (cometd.isDisconnected()) return; // it came with one that failed, and comes again
    try {
      if (!(publishedAt(data) < place?.since)) handle(channel, data);
      note(channel, { replayId: data.event.replayId });
    } catch (error) {
      failed(error); // an event that cannot be handled or noted must not be passed over
    }
  };
  cometd.subscribe(channel, receive, { ext: { replay: { [channel]: replayId } } }, (reply) => {
    if (reply.successful) {
      if (!places[channel]) note(channel, { since: loggedInAt });
      log("listening to", channel, "from", replayId);
    } else if (/replayId .* invalid/.test(reply.error ?? "") && place?.replayId) {
      log(channel, "has lost the event", place.replayId, "and maybe later ones; going on with the oldest that is kept");
      note(channel, { since: 0 });
      subscribe(cometd, channel, loggedInAt, failed);
    } else if (reply.failure || reply.advice) {
      failed(new Error(`not subscribed to ${channel}: ${reply.error ?? "the connection is lost"}`)); // a new client will be
    } else {
      failed(new Refused(`Salesforce refuses ${channel}: ${reply.error}`));
    }
  });
}

/**
 * Listens with one session. Returns when the session has ended or the server stops, and whether it was of use; throws Refused
 * when a channel is refused.
 */
function listen({ accessToken, instanceUrl, at }) {
  const cometd = new CometD();
  cometd.unregisterTransport("websocket"); // Salesforce has long polling only
  cometd.configure({
    url: `${instanceUrl}/cometd/${API_VERSION}`,
    requestHeaders: { Authorization: `Bearer ${accessToken}` },
    appendMessageTypeToURL: false,
    backoffIncrement: SHORTEST_PAUSE,
    maxBackoff: LONGEST_PAUSE,
    maxNetworkDelay: 15_000,
    logLevel: "error",
  });
  return new Promise((ended, refused) => {
    let isOver = false;
    const leave = () => finish(ended, true);
    function finish(settle, result) {
      if (isOver) return;
      isOver = true;
      stopping.signal.removeEventListener("abort", leave);
      // Good manners, no more: the org forgets a client that stays away, and may not answer any more.
      const goodbye = new Promise((said) => (cometd.isDisconnected() ? said() : cometd.disconnect(said)));
      Promise.race([goodbye, sleep(SHORTEST_PAUSE)]).then(() => settle(result));
    }
    const failed = (error) => finish(refused, error);
    let wasConnected = false;
    // A client that the org has forgotten is told to shake hands again, and CometD does it; its subscriptions are gone then.
    cometd.addListener("/meta/handshake", (reply) => {
      if (reply.successful) {
        wasConnected = true;
        for (const channel of channels) subscribe(cometd, channel, at, failed);
      }
    });
    // "none" is the org's word that this session is of no use any more: log in anew.
    cometd.addListener("/meta/unsuccessful", (reply) => {
      if (isOver) return; // what the goodbye of an ended session is answered is of no interest
      if (reply.advice?.reconnect === "none") {
        log("the session has ended:", reply.ext?.sfdc?.failureReason ?? reply.error);
        finish(ended, wasConnected);
      } else {
        log("not connected:", reply.error || reply.failure?.reason || "no answer");
      }
    });
    stopping.signal.addEventListener("abort", leave);
    cometd.handshake();
  });
}

adapt();
let pause = 0;
while (!stopping.signal.aborted) {
  try {
    await sleep(pause, undefined, { signal: stopping.signal });
    pause = Math.min(Math.max(2 * pause, SHORTEST_PAUSE), LONGEST_PAUSE);
    const session = await logIn();
    if (stopping.signal.aborted) break;
    if (await listen(session)) pause = SHORTEST_PAUSE;
  } catch (error) {
    if (stopping.signal.aborted) break;
    log(error.message);
    if (error instanceof Refused) process.exit(1);
  }
}
process.exit(0);
