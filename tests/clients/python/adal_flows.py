"""`adal`, the library before `msal`, over TLS. It speaks the v1 endpoints, with which Partner Center's own pages sign in."""

from adal import AdalError, AuthenticationContext
from entra import AUTHORITY, KEY, certificate_thumbprint, decide, opens_dataverse, opens_referrals
from report import ADDRESSES, CREDENTIALS, check, equal, refused

DATAVERSE = ADDRESSES["dataverse"]
REFERRALS = ADDRESSES["referrals"]
CLIENT = CREDENTIALS["client_id"]
SECRET = CREDENTIALS["client_secret"]


def context():
    return AuthenticationContext(AUTHORITY, validate_authority=False)


@check("client secret")
def _():
    answer = context().acquire_token_with_client_credentials(DATAVERSE, CLIENT, SECRET)
    equal((answer["tokenType"], answer["resource"]), ("Bearer", DATAVERSE))
    assert answer["expiresIn"] > 3000, answer["expiresIn"]
    opens_dataverse(answer["accessToken"])


@check("a wrong secret")
def _():
    work = lambda: context().acquire_token_with_client_credentials(DATAVERSE, CLIENT, "wrong")
    error = refused(AdalError, work)
    equal((error.error_response["error"], error.error_response["error_codes"]), ("invalid_client", [7000215]))


@check("certificate")
def _():
    thumbprint = certificate_thumbprint()
    answer = context().acquire_token_with_client_certificate(DATAVERSE, CLIENT, KEY.read_text(), thumbprint)
    opens_dataverse(answer["accessToken"])


@check("refresh token, which comes back renewed")
def _():
    first = context().acquire_token_with_refresh_token(CREDENTIALS["refresh_token"], CLIENT, REFERRALS, SECRET)
    opens_referrals(first["accessToken"])
    again = context().acquire_token_with_refresh_token(first["refreshToken"], CLIENT, REFERRALS, SECRET)
    opens_referrals(again["accessToken"])


@check("a refresh token that is not good")
def _():
    work = lambda: context().acquire_token_with_refresh_token("nonsense", CLIENT, REFERRALS, SECRET)
    equal(refused(AdalError, work).error_response["error"], "invalid_grant")


@check("device code")
def _():
    device = context()
    code = device.acquire_user_code(REFERRALS, CLIENT)
    assert code["user_code"] in code["message"], code
    decide(code["user_code"], approve=True)
    answer = device.acquire_token_with_device_code(REFERRALS, code, CLIENT)
    equal(answer["tenantId"], CREDENTIALS["tenant"])
    opens_referrals(answer["accessToken"])
