"""An app that is written with Authlib, unmodified: it says where a person is to go, is told where the person was sent back
to, and goes through the life of its tokens."""

import sys

from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

origin, client_id, secret, redirect_uri = sys.argv[1:5]
method = "client_secret_basic" if secret else "none"
session = OAuth2Session(
    client_id,
    secret or None,
    scope="read:configs read:services",
    redirect_uri=redirect_uri,
    code_challenge_method="S256",
    token_endpoint_auth_method=method,
    revocation_endpoint_auth_method=method,
)
server = session.get(origin + "/.well-known/oauth-authorization-server", withhold_token=True).json()
verifier = generate_token(48)
address, state = session.create_authorization_url(server["authorization_endpoint"], code_verifier=verifier)
print(address, flush=True)
back = sys.stdin.readline().strip()
token = session.fetch_token(server["token_endpoint"], authorization_response=back, code_verifier=verifier, state=state)
assert token["scope"] == "read:services read:configs", token
assert session.get(origin + "/api/v1/whoami").json()["kind"] == "oauth_grant"
first = token["refresh_token"]
token = session.refresh_token(server["token_endpoint"], refresh_token=first)
assert token["refresh_token"] != first
if secret:
    told = session.introspect_token(server["introspection_endpoint"], token=token["access_token"]).json()
    assert told["active"] and told["client_id"] == client_id, told
assert session.revoke_token(server["revocation_endpoint"], token=token["refresh_token"]).status_code == 200
try:
    session.refresh_token(server["token_endpoint"], refresh_token=token["refresh_token"])
except OAuthError as error:
    assert error.error == "invalid_grant", error
else:
    raise AssertionError("a token that was taken back is taken")
print("done", flush=True)
