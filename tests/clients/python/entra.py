"""What the sign-in libraries of Python are checked with."""

import os
from pathlib import Path

import requests
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from report import ADDRESSES, CREDENTIALS

AUTHORITY = f"{ADDRESSES['entra']}/{CREDENTIALS['tenant']}"
DATAVERSE = ADDRESSES["dataverse"] + "/.default"
REFERRALS = ADDRESSES["referrals"] + "/.default"

# The application's own, which the sandbox was told of.
KEY = Path(os.environ["CLIENT_KEY"])
CERTIFICATE = Path(os.environ["CLIENT_CERTIFICATE"])


def certificate_thumbprint():
    """The SHA-1 of the certificate, by which the older libraries name it."""
    return x509.load_pem_x509_certificate(CERTIFICATE.read_bytes()).fingerprint(SHA1()).hex()


def opens_dataverse(token):
    """Passes when the CRM takes the token."""
    answer = get(ADDRESSES["dataverse"] + "/api/data/v9.2/WhoAmI", token)
    assert answer.status_code == 200, answer.text


def opens_referrals(token):
    """Passes when the referrals take the token."""
    answer = get(ADDRESSES["referrals"] + "/v1.0/engagements/referrals", token)
    assert answer.status_code == 200, answer.text


def get(address, token):
    return requests.get(address, headers={"Authorization": f"Bearer {token}"}, timeout=30)


def decide(user_code, approve):
    """What a person does at another device: types the code, and says yes or no."""
    answer = requests.post(f"{ADDRESSES['admin']}/device-codes/{user_code}", json={"approve": approve}, timeout=30)
    assert answer.status_code == 200, answer.text
