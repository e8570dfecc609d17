#!/usr/bin/env bash
# Logs in to Salesforce by a signed assertion and asks for the org's name, with openssl and curl.
#
# Settings, as `orgkey export --format dotenv` writes them: SF_INSTANCE_URL, SF_AUDIENCE, SF_USERNAME, SF_CONSUMER_KEY and
# SF_PRIVATE_KEY; or SF_PRIVATE_KEY_FILE, the path of the key. Neither key nor token goes through argv.
set -euo pipefail
: "${SF_INSTANCE_URL:?}" "${SF_AUDIENCE:?}" "${SF_USERNAME:?}" "${SF_CONSUMER_KEY:?}"
: "${SF_PRIVATE_KEY_FILE:=}" "${SF_API_VERSION:=67.0}"
token=""

private_key() {
  if [[ -n $SF_PRIVATE_KEY_FILE ]]; then cat -- "$SF_PRIVATE_KEY_FILE"; else printf '%s\n' "${SF_PRIVATE_KEY:?}"; fi
}

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

# curl with settings on its input; prints the body, then the status in a line of its own.
request() { curl --silent --show-error --max-time 60 --write-out '\n%{http_code}' --config - "$@"; }

# Puts a new access token into $token.
log_in() {
  local header claims signature answer
  header=$(printf '{"alg":"RS256"}' | base64url)
  claims=$(printf '{"iss":"%s","sub":"%s","aud":"%s","exp":%d}' \
    "$SF_CONSUMER_KEY" "$SF_USERNAME" "$SF_AUDIENCE" "$(($(date +%s) + 120))" | base64url)
  signature=$(printf '%s.%s' "$header" "$claims" | openssl dgst -sha256 -sign <(private_key) -binary | base64url)
  answer=$(printf 'data = "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=%s.%s.%s"\n' \
    "$header" "$claims" "$signature" | request "$SF_INSTANCE_URL/services/oauth2/token")
  if [[ ${answer##*$'\n'} != 200 ]]; then
    printf 'Salesforce refuses the login: %s\n' "${answer%$'\n'*}" >&2
    return 1
  fi
  token=$(sed -n 's/.*"access_token": *"\([^"]*\)".*/\1/p' <<<"$answer")
}

# Puts the answer to a SOQL query into $answer: body, line break, status.
ask() {
  answer=$(printf 'header = "Authorization: Bearer %s"\n' "$token" |
    request --get --data-urlencode "q=$1" "$SF_INSTANCE_URL/services/data/v$SF_API_VERSION/query")
}

# Prints the answer to a SOQL query. A session ends sooner or later: then log in anew, once.
query() {
  local answer
  ask "$1"
  if [[ ${answer##*$'\n'} == 401 ]]; then
    log_in
    ask "$1"
  fi
  if [[ ${answer##*$'\n'} != 200 ]]; then
    printf 'Salesforce refuses the query: %s\n' "${answer%$'\n'*}" >&2
    return 1
  fi
  printf '%s\n' "${answer%$'\n'*}"
}

log_in
query "SELECT Id, Name FROM Organization"
