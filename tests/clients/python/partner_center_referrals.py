"""A client made from the published definition of the referrals API, over plain http. It knows nothing but the
definition, and what it sends is checked against it."""

import json
import logging
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import requests
from bravado.client import SwaggerClient
from bravado.exception import HTTPBadRequest, HTTPConflict, HTTPNotFound, HTTPPreconditionFailed, HTTPUnauthorized
from bravado.requests_client import RequestsClient
from bravado_core.validate import validate_schema_object
from report import ADDRESSES, CREDENTIALS, check, equal, refused

DEFINITION = Path(__file__).parent.parent / "referrals" / "PartnerCenterReferrals.swagger.json"
JSON = {"content-type": "application/json"}

# The definition gives two objects the same title, which matters for classes alone, and none are made.
logging.getLogger("bravado_core.model").setLevel(logging.ERROR)


def referrals(token):
    http = RequestsClient()
    host = urlsplit(ADDRESSES["referrals"]).netloc
    http.set_api_key(host, f"Bearer {token}", param_name="Authorization", param_in="header")
    definition = json.loads(DEFINITION.read_text(encoding="utf-8"))
    # By the definition no value is null, and the service's are: one check below looks at the answers without them.
    config = {"use_models": False, "validate_responses": False}
    client = SwaggerClient.from_spec(definition, http_client=http, config=config)
    # The definition names the real host, and this is the one thing that is set otherwise.
    client.swagger_spec.api_url = ADDRESSES["referrals"] + client.swagger_spec.spec_dict["basePath"]
    return client


def token():
    fields = {
        "grant_type": "refresh_token",
        "client_id": CREDENTIALS["client_id"],
        "client_secret": CREDENTIALS["client_secret"],
        "refresh_token": CREDENTIALS["refresh_token"],
        "scope": ADDRESSES["referrals"] + "/.default",
    }
    answer = requests.post(f"{ADDRESSES['entra']}/{CREDENTIALS['tenant']}/oauth2/v2.0/token", data=fields, timeout=30)
    answer.raise_for_status()
    return answer.json()["access_token"]


client = referrals(token())
api = client.Referrals


def deal(name, **fields):
    person = {"firstName": "Ada", "lastName": "Berg", "email": "ada@example.com", "phoneNumber": "5550100"}
    return {
        "name": name,
        "type": "Independent",
        "status": "New",
        "substatus": "Pending",
        "qualification": "SalesQualified",
        "externalReferenceId": "",
        "target": [{"id": "SOL-1234-ABC", "type": "SolutionProfile"}],
        "customerProfile": {
            "name": "Contoso Test",
            "address": {"addressLine1": "1 Test Way", "city": "Bellevue", "postalCode": "98004", "country": "US"},
            "team": [person],
        },
        "consent": {
            "consentToToShareInfoWithOthers": True,
            "consentToContact": True,
            "consentToShareReferralWithMicrosoftSellers": False,
        },
        "details": {
            "dealValue": 30000,
            "currency": "USD",
            "closingDateTime": "2030-03-24T18:30:00Z",
            "notes": "",
            "requirements": {"solutions": [{"id": "SOL-1234-ABC", "type": "Name"}]},
        },
        "team": [person],
        **fields,
    }


# With this consent Microsoft sees the deal.
SHARED = {**deal("")["consent"], "consentToShareReferralWithMicrosoftSellers": True}


def create(name, **fields):
    return body(api.CreateReferral(Referral=deal(name, **fields)))


def read(key):
    return body(api.GetReferralById(id=key, **JSON))


def patch(key, *operations):
    body = [{"op": "replace", "path": path, "value": value} for path, value in operations]
    return api.PatchReferralById(id=key, Referral=body, **JSON).response()


def listed(**options):
    return body(api.GetAllReferrals(**JSON, **{f"${name}": value for name, value in options.items()}))


def body(request):
    """The answer as it came: the client adds every property that is not there, as null."""
    return request.response().metadata.incoming_response.json()


def without_nulls(value):
    if isinstance(value, dict):
        return {name: without_nulls(part) for name, part in value.items() if part is not None}
    if isinstance(value, list):
        return [without_nulls(part) for part in value]
    return value


@check("create gives the deal, accepted")
def _():
    made = create("Created")
    equal((made["status"], made["substatus"]), ("Active", "Accepted"))
    equal(made["direction"], "Outgoing")


@check("read by id")
def _():
    made = create("Read", externalReferenceId="crm-1")
    found = read(made["id"])
    equal((found["name"], found["externalReferenceId"]), ("Read", "crm-1"))
    equal(found["eTag"], made["eTag"])


@check("answers are as the definition says, but for nulls")
def _():
    spec = client.swagger_spec
    definitions = spec.spec_dict["definitions"]
    one = "Microsoft.Partner.Service.PartnerReferrals.Contracts.V3.Referral"
    validate_schema_object(spec, definitions[one], without_nulls(create("Valid")))
    several = f"Swashbuckle.OData.ODataResponse[System.Collections.Generic.List[{one}]]"
    validate_schema_object(spec, definitions[several], without_nulls(listed(top=5)))


@check("a deal that is not there is a 404")
def _():
    refused(HTTPNotFound, lambda: read(str(uuid.uuid4())))


@check("a deal without a customer is refused")
def _():
    refused(HTTPBadRequest, lambda: create("Nobody", customerProfile={}))


@check("filter by engagement, with order and top")
def _():
    engagement = create("Engaged")["engagementId"]
    found = listed(filter=f"engagementId eq '{engagement}'", orderby="createdDateTime desc", top=5)
    equal([row["name"] for row in found["value"]], ["Engaged"])


@check("filter by state and direction")
def _():
    found = listed(filter="status eq 'Active' and direction eq 'Outgoing'", top=1)
    equal(len(found["value"]), 1)
    equal(found["value"][0]["status"], "Active")


@check("select")
def _():
    row = listed(select="id,status", top=1)["value"][0]
    assert "id" in row and "name" not in row, row


@check("skip and count")
def _():
    every = listed(orderby="createdDateTime", count=True)["value"]
    rest = listed(orderby="createdDateTime", skip=1)["value"]
    equal([row["id"] for row in rest], [row["id"] for row in every][1:])


@check("patch changes a deal and its tag")
def _():
    made = create("Patched")
    answer = patch(made["id"], ("/details/dealValue", "45000"), ("/details/notes", "More"))
    equal(answer.metadata.status_code, 204)
    found = read(made["id"])
    equal((found["details"]["dealValue"], found["details"]["notes"]), (45000, "More"))
    assert found["eTag"] != made["eTag"], found["eTag"]


@check("a solution is added")
def _():
    made = create("Solution")
    added = {"op": "add", "path": "/details/requirements/solutions/-", "value": {"id": "SOL-9", "type": "Name"}}
    api.PatchReferralById(id=made["id"], Referral=[added], **JSON).response()
    equal(len(read(made["id"])["details"]["requirements"]["solutions"]), 2)


@check("a deal is won, and is closed then")
def _():
    made = create("Won")
    patch(made["id"], ("/status", "Closed"), ("/substatus", "Won"))
    found = read(made["id"])
    equal((found["status"], found["substatus"]), ("Closed", "Won"))
    refused((HTTPBadRequest, HTTPConflict), lambda: patch(made["id"], ("/details/notes", "Late")))


@check("a pair of states that do not go together is refused")
def _():
    made = create("Pair")
    refused(HTTPBadRequest, lambda: patch(made["id"], ("/status", "Active"), ("/substatus", "Won")))


@check("put writes the whole deal")
def _():
    made = create("Before")
    whole = {name: value for name, value in read(made["id"]).items() if name != "links"}
    whole["details"]["notes"] = "Written whole"
    put = lambda tag: api.UpdateReferralById(id=made["id"], odataReferral=whole, **{"if-match": tag}, **JSON).response()
    put(made["eTag"])
    equal(read(made["id"])["details"]["notes"], "Written whole")
    refused(HTTPPreconditionFailed, lambda: put(made["eTag"]))


@check("Microsoft is asked to co-sell by a second post")
def _():
    own = create("Co-sell", type="Shared", consent=SHARED)
    invitation = {
        "engagementId": own["engagementId"],
        "target": [{"id": "msft", "type": "BusinessProfileLocation"}],
        "inviteContext": {"assistanceRequestCode": "ProofOfConceptOrDemo", "notes": "Please help"},
    }
    create("Co-sell", type="Shared", consent=SHARED, **invitation)
    related = listed(filter=f"engagementId eq '{own['engagementId']}'")["value"]
    equal(len(related), 2)


@check("a deal of the portal is found")
def _():
    made = requests.post(ADDRESSES["admin"] + "/deals", json={"name": "From the portal"}, timeout=30).json()
    equal(read(made["id"])["direction"], "Incoming")


@check("a token for another service is refused")
def _():
    refused(HTTPUnauthorized, lambda: referrals("nobody").Referrals.GetAllReferrals(**JSON).response())


# The last check, since it moves the clock.
@check("a deal that was won after three days is registered")
def _():
    global api
    made = create("Registered", consent=SHARED)
    answer = requests.post(ADDRESSES["admin"] + "/clock", json={"advance_seconds": 4 * 24 * 3600}, timeout=30)
    assert answer.status_code == 200, answer.text
    # The token has ended meanwhile.
    api = referrals(token()).Referrals
    patch(made["id"], ("/status", "Closed"), ("/substatus", "Won"))
    registration = {
        "op": "add",
        "path": "/registrations/-",
        "value": {
            "contract": {
                "startDateTime": "2030-04-01T00:00:00Z",
                "endDateTime": "2031-04-01T00:00:00Z",
                "signDateTime": made["createdDateTime"],
                "term": "Finite",
                "value": 45000,
            },
            "type": "AzureIPCoSell",
            "solutionDetails": [{"id": "SOL-1234-ABC", "value": 45000, "currency": "USD"}],
        },
    }
    answer = api.CreateDealRegistrationByReferralId(id=made["id"], Referral=[registration], **JSON).response()
    equal(answer.metadata.status_code, 204)
    equal(len(read(made["id"])["registrations"]), 1)
    change = {"op": "replace", "path": "/registrations/0/contract/value", "value": 60000}
    api.PatchDealRegistrationByReferralId(id=made["id"], Referral=[change], **JSON).response()
    equal(read(made["id"])["registrations"][0]["contract"]["value"], 60000)
