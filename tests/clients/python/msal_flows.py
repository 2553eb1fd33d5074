"""`msal`, Microsoft's sign-in library for Python, over TLS: every way to a token that an unattended program has."""

import msal
from entra import AUTHORITY, CERTIFICATE, DATAVERSE, KEY, REFERRALS
from entra import certificate_thumbprint, decide, get, opens_dataverse, opens_referrals
from report import ADDRESSES, CREDENTIALS, check, equal


def confidential(credential=CREDENTIALS["client_secret"], **options):
    options = {"authority": AUTHORITY, "instance_discovery": False, **options}
    return msal.ConfidentialClientApplication(CREDENTIALS["client_id"], client_credential=credential, **options)


def public():
    return msal.PublicClientApplication(CREDENTIALS["client_id"], authority=AUTHORITY, instance_discovery=False)


def token(answer):
    assert "access_token" in answer, answer
    return answer["access_token"]


def refused(answer, error, code):
    equal((answer.get("error"), answer.get("error_codes")), (error, [code]))
    assert answer["error_description"].startswith(f"AADSTS{code}"), answer
    assert answer["correlation_id"] and answer["trace_id"], answer


@check("client secret")
def _():
    app = confidential()
    first = app.acquire_token_for_client([DATAVERSE])
    opens_dataverse(token(first))
    # The second one comes from the library's own cache.
    again = app.acquire_token_for_client([DATAVERSE])
    equal((again["token_source"], again["access_token"]), ("cache", first["access_token"]))


@check("the authority by OpenID discovery alone")
def _():
    app = confidential(authority=None, oidc_authority=f"{AUTHORITY}/v2.0")
    opens_dataverse(token(app.acquire_token_for_client([DATAVERSE])))


@check("a wrong secret")
def _():
    refused(confidential("wrong").acquire_token_for_client([DATAVERSE]), "invalid_client", 7000215)


@check("an application that is not there")
def _():
    stranger = msal.ConfidentialClientApplication(
        "00000000-0000-4000-8000-00000000dead",
        client_credential="secret",
        authority=AUTHORITY,
        instance_discovery=False,
    )
    refused(stranger.acquire_token_for_client([DATAVERSE]), "unauthorized_client", 700016)


@check("a service that is not there")
def _():
    answer = confidential().acquire_token_for_client(["https://nosuch.example/.default"])
    refused(answer, "invalid_resource", 500011)


@check("certificate, by its SHA-256 thumbprint")
def _():
    app = confidential({"private_key": KEY.read_text(), "public_certificate": CERTIFICATE.read_text()})
    opens_dataverse(token(app.acquire_token_for_client([DATAVERSE])))


@check("certificate, by its SHA-1 thumbprint")
def _():
    app = confidential({"private_key": KEY.read_text(), "thumbprint": certificate_thumbprint()})
    opens_dataverse(token(app.acquire_token_for_client([DATAVERSE])))


@check("a certificate that was not registered")
def _():
    answer = confidential({"private_key": KEY.read_text(), "thumbprint": "00" * 20}).acquire_token_for_client([DATAVERSE])
    equal(answer.get("error"), "invalid_client")


@check("refresh token, which comes back renewed")
def _():
    app = confidential()
    answer = app.acquire_token_by_refresh_token(CREDENTIALS["refresh_token"], [REFERRALS])
    opens_referrals(token(answer))
    renewed = answer["refresh_token"]
    assert renewed != CREDENTIALS["refresh_token"]
    opens_referrals(token(app.acquire_token_by_refresh_token(renewed, [REFERRALS])))


@check("a refresh token that is not good")
def _():
    answer = confidential().acquire_token_by_refresh_token("nonsense", [REFERRALS])
    equal(answer.get("error"), "invalid_grant")


@check("an application alone is not let into the referrals")
def _():
    answer = confidential().acquire_token_for_client([REFERRALS])
    equal(get(ADDRESSES["referrals"] + "/v1.0/engagements/referrals", token(answer)).status_code, 403)


@check("device code, and then without a person")
def _():
    app = public()
    flow = app.initiate_device_flow([REFERRALS])
    assert flow["user_code"] in flow["message"], flow
    assert flow["verification_uri"] in flow["message"], flow
    decide(flow["user_code"], approve=True)
    opens_referrals(token(app.acquire_token_by_device_flow(flow)))
    (account,) = app.get_accounts()
    opens_referrals(token(app.acquire_token_silent([REFERRALS], account)))
    renewed = app.acquire_token_silent([REFERRALS], account, force_refresh=True)
    equal(renewed["token_source"], "identity_provider")
    opens_referrals(token(renewed))


@check("device code before the person has answered")
def _():
    app = public()
    flow = app.initiate_device_flow([REFERRALS])
    # The library stops to ask at this time.
    flow["expires_at"] = 0
    equal(app.acquire_token_by_device_flow(flow)["error"], "authorization_pending")


@check("device code, and the person says no")
def _():
    app = public()
    flow = app.initiate_device_flow([REFERRALS])
    decide(flow["user_code"], approve=False)
    equal(app.acquire_token_by_device_flow(flow)["error"], "authorization_declined")
