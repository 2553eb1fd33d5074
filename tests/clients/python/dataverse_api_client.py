"""The package `dataverse-api` over plain http. It asks much of the definitions before it does anything, writes its
addresses with other escapes than the rest, and follows pages by itself."""

import logging
import uuid
from time import time_ns

import requests
from dataverse_api.dataverse import DataverseClient
from dataverse_api.errors import DataverseAPIError
from report import ADDRESSES, CREDENTIALS, check, equal, refused

# What is refused on purpose need not be logged.
logging.disable(logging.ERROR)

session = requests.Session()
session.headers["Authorization"] = f"Bearer {CREDENTIALS['seller_token']}"
client = DataverseClient(session, ADDRESSES["dataverse"])


def accounts():
    return client.entity("account")


def key_of(response):
    return response.headers["OData-EntityId"].rstrip(")").rsplit("(", 1)[1]


def made(**row):
    return key_of(accounts().create([row])[0])


def named(key, *columns):
    return accounts().read(select=columns, filter=f"accountid eq {key}")[0]


@check("what a table is called, and its keys")
def _():
    opportunity = client.entity("opportunity")
    equal(opportunity.entity_set_name, "opportunities")
    equal(opportunity.primary_id_attr, "opportunityid")
    assert ["cosell_referralid"] in opportunity.alternate_keys.values(), opportunity.alternate_keys


@check("which bulk messages a table takes")
def _():
    assert accounts().supports_create_multiple
    assert accounts().supports_update_multiple


@check("the relationships of a table")
def _():
    relationships = client.entity("opportunity").relationships
    assert "customerid_account" in str(relationships.single_valued), relationships.single_valued


@check("create, one by one")
def _():
    responses = accounts().create([{"name": "One"}, {"name": "Two"}])
    equal([response.status_code for response in responses], [204, 204])
    equal(named(key_of(responses[1]), "name")["name"], "Two")


@check("create with the row in the answer")
def _():
    (response,) = accounts().create([{"name": "Shown"}], return_created=True)
    equal((response.status_code, response.json()["name"]), (201, "Shown"))


@check("create by one CreateMultiple")
def _():
    (response,) = accounts().create([{"name": "Many 1"}, {"name": "Many 2"}], mode="multiple")
    equal(len(response.json()["Ids"]), 2)


@check("read with filter, order, columns and top")
def _():
    telephone = str(time_ns())
    for name in ["b b", "a+a", "c'c"]:
        made(name=name, telephone1=telephone)
    mine = f"telephone1 eq '{telephone}'"
    rows = accounts().read(select=["name"], filter=mine, order_by="name desc", top=2)
    equal([row["name"] for row in rows], ["c'c", "b b"])
    rows = accounts().read(select=["name"], filter=f"{mine} and (name eq 'a+a' or name eq 'c''c')", order_by="name")
    equal([row["name"] for row in rows], ["a+a", "c'c"])


@check("read follows pages")
def _():
    telephone = str(time_ns())
    for number in range(5):
        made(name=f"Page {number}", telephone1=telephone)
    mine = {"select": ["name"], "filter": f"telephone1 eq '{telephone}'", "order_by": "name", "page_size": 2}
    equal([row["name"][-1] for row in accounts().read(**mine)], ["0", "1", "2", "3", "4"])
    equal(len(accounts().read(**mine, return_responses=True)), 3)


@check("read with formatted values and an expand")
def _():
    parent = made(name="Parent")
    child = made(name="Child", **{"parentaccountid@odata.bind": f"/accounts({parent})"})
    (row,) = accounts().read(
        select=["_parentaccountid_value"],
        filter=f"accountid eq {child}",
        expand="parentaccountid($select=name)",
        return_formatted_values=True,
    )
    equal(row["_parentaccountid_value@OData.Community.Display.V1.FormattedValue"], "Parent")
    equal(row["parentaccountid"]["name"], "Parent")


@check("a filter that cannot be read is refused")
def _():
    error = refused(DataverseAPIError, lambda: accounts().read(filter="name eq"))
    equal(error.response.status_code, 400)


@check("upsert by the id")
def _():
    key = str(uuid.uuid4())
    for name in ["New", "Newer"]:
        (response,) = accounts().upsert([{"accountid": key, "name": name}])
        equal(response.status_code, 204)
    equal(named(key, "name")["name"], "Newer")


@check("upsert by an alternate key")
def _():
    opportunity = client.entity("opportunity")
    referral = f"R-{uuid.uuid4()}"
    key = next(name for name, columns in opportunity.alternate_keys.items() if columns == ["cosell_referralid"])
    for name in ["New", "Newer"]:
        opportunity.upsert([{"cosell_referralid": referral, "name": name}], altkey_name=key)
    rows = opportunity.read(select=["name"], filter=f"cosell_referralid eq '{referral}'")
    equal([row["name"] for row in rows], ["Newer"])


@check("a value that must be the only one is a conflict")
def _():
    row = {"name": "Double", "cosell_referralid": f"R-{uuid.uuid4()}"}
    first, second = client.entity("opportunity").create([row, row])
    equal((first.status_code, second.status_code), (204, 412))
    equal(second.json()["error"]["code"], "0x80060892")


@check("a column is cleared")
def _():
    key = made(name="Cleared", telephone1="1")
    (response,) = accounts().delete_columns(["telephone1"], ids=[key])
    equal(response.status_code, 204)
    equal(named(key, "telephone1")["telephone1"], None)


@check("delete by a filter")
def _():
    telephone = str(time_ns())
    for number in range(3):
        made(name=f"Gone {number}", telephone1=telephone)
    mine = f"telephone1 eq '{telephone}'"
    equal([response.status_code for response in accounts().delete(filter=mine)], [204, 204, 204])
    equal(accounts().read(filter=mine), [])


@check("a batch whose lines end in a line feed alone is refused, as documented")
def _():
    (response,) = accounts().create([{"name": "Line feeds"}], mode="batch")
    equal((response.status_code, response.json()["error"]["code"]), (400, "0x80048d19"))


@check("the languages and a definition")
def _():
    equal(client.get_language_codes(), [1033])
    equal(client.get_entity_definition("account").schema_name, "Account")
