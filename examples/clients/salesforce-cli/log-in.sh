#!/bin/sh
# Logs the Salesforce CLI in by a signed assertion and asks for the org's name.
#
# Settings: SF_INSTANCE_URL, SF_AUDIENCE, SF_USERNAME, SF_CONSUMER_KEY, as `orgkey export --format dotenv` writes them, and
# SF_PRIVATE_KEY_FILE, the path of the key (`--format pem=FILE`): the CLI keeps the path, and logs in with it whenever a
# session has ended. Leave the file there, readable by you alone.
set -eu
: "${SF_INSTANCE_URL:?}" "${SF_AUDIENCE:?}" "${SF_USERNAME:?}" "${SF_CONSUMER_KEY:?}" "${SF_PRIVATE_KEY_FILE:?}"

SF_AUDIENCE_URL=$SF_AUDIENCE sf org login jwt \
  --instance-url "$SF_INSTANCE_URL" --client-id "$SF_CONSUMER_KEY" --username "$SF_USERNAME" \
  --jwt-key-file "$SF_PRIVATE_KEY_FILE"
SF_AUDIENCE_URL=$SF_AUDIENCE sf data query --target-org "$SF_USERNAME" --query "SELECT Id, Name FROM Organization"
