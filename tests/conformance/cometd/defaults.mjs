// CometD for Node as it is configured when nobody configures it: prints the numbers of three events, then how it was connected.
import { CometD } from "cometd";
import { adapt } from "cometd-nodejs-client";

adapt();
const [channel] = process.argv.slice(2);
const client = new CometD();
const numbers = [];
client.configure({
  url: `${process.env.INSTANCE_URL}/cometd/67.0`,
  requestHeaders: { Authorization: `Bearer ${process.env.ACCESS_TOKEN}` },
});
client.handshake((reply) => {
  if (!reply.successful) return;
  client.batch(() => {
    client.subscribe(`${channel}Other__e`, () => {});
    client.subscribe(`${channel}__e`, ({ data }) => {
      console.log(JSON.stringify(data));
      if (numbers.push(data.payload.Number__c) === 3) client.disconnect(() => process.exit(0));
    }, () => console.error("listening to", channel, "by", client.getTransport().type));
  });
});
