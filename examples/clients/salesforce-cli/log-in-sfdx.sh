#!/bin/sh
# The same as log-in.sh by the command of the old guides, `sfdx auth:jwt:grant`, which the newest CLI still knows.
set -eu
: "${SF_INSTANCE_URL:?}" "${SF_AUDIENCE:?}" "${SF_USERNAME:?}" "${SF_CONSUMER_KEY:?}" "${SF_PRIVATE_KEY_FILE:?}"

SFDX_AUDIENCE_URL=$SF_AUDIENCE sfdx auth:jwt:grant \
  --instanceurl "$SF_INSTANCE_URL" --clientid "$SF_CONSUMER_KEY" --username "$SF_USERNAME" \
  --jwtkeyfile "$SF_PRIVATE_KEY_FILE"
SFDX_AUDIENCE_URL=$SF_AUDIENCE sfdx data query --target-org "$SF_USERNAME" --query "SELECT Id, Name FROM Organization"
