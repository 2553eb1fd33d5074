"""`azure-identity`, which most of Microsoft's Python libraries sign in with, over TLS."""

import logging

from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential, ClientSecretCredential, DeviceCodeCredential
from entra import CERTIFICATE, DATAVERSE, KEY, REFERRALS, decide, opens_dataverse, opens_referrals
from report import ADDRESSES, CREDENTIALS, check, refused

# What is refused on purpose need not be logged.
logging.getLogger("azure.identity").setLevel(logging.CRITICAL)

WHERE = {"authority": ADDRESSES["entra"], "disable_instance_discovery": True}
APPLICATION = (CREDENTIALS["tenant"], CREDENTIALS["client_id"])


def device(approve):
    answer = lambda address, user_code, expires: decide(user_code, approve)
    tenant, client = APPLICATION
    return DeviceCodeCredential(client, tenant_id=tenant, prompt_callback=answer, **WHERE)


@check("client secret")
def _():
    credential = ClientSecretCredential(*APPLICATION, CREDENTIALS["client_secret"], **WHERE)
    opens_dataverse(credential.get_token(DATAVERSE).token)


@check("a wrong secret")
def _():
    credential = ClientSecretCredential(*APPLICATION, "wrong", **WHERE)
    error = refused(ClientAuthenticationError, lambda: credential.get_token(DATAVERSE))
    assert "AADSTS7000215" in error.message, error.message


@check("certificate")
def _():
    pem = KEY.read_bytes() + CERTIFICATE.read_bytes()
    credential = CertificateCredential(*APPLICATION, certificate_data=pem, **WHERE)
    opens_dataverse(credential.get_token(DATAVERSE).token)


@check("certificate with its chain")
def _():
    pem = KEY.read_bytes() + CERTIFICATE.read_bytes()
    credential = CertificateCredential(*APPLICATION, certificate_data=pem, send_certificate_chain=True, **WHERE)
    opens_dataverse(credential.get_token(DATAVERSE).token)


@check("device code, for two services one after the other")
def _():
    credential = device(approve=True)
    opens_referrals(credential.get_token(REFERRALS).token)
    # The second token comes by the refresh token, without a person.
    opens_dataverse(credential.get_token(DATAVERSE).token)


@check("who signed in by device code")
def _():
    record = device(approve=True).authenticate(scopes=[REFERRALS])
    assert record.tenant_id == CREDENTIALS["tenant"], record.tenant_id
    assert record.username, record.username


@check("device code, and the person says no")
def _():
    error = refused(ClientAuthenticationError, lambda: device(approve=False).get_token(REFERRALS))
    assert "authorization_declined" in error.message or "declined" in error.message, error.message
