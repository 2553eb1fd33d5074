"""Microsoft's own client for Python, over TLS, signed in by `azure-identity`. It takes addresses with https alone."""

import uuid
from enum import IntEnum
from time import monotonic, sleep, time_ns

import requests
from azure.identity import ClientSecretCredential
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.core.errors import HttpError
from PowerPlatform.Dataverse.models.filters import col
from PowerPlatform.Dataverse.models.upsert import UpsertItem
from report import ADDRESSES, CREDENTIALS, check, equal, refused

credential = ClientSecretCredential(
    CREDENTIALS["tenant"],
    CREDENTIALS["client_id"],
    CREDENTIALS["client_secret"],
    authority=ADDRESSES["entra"],
    disable_instance_discovery=True,
)
client = DataverseClient(ADDRESSES["dataverse"], credential)
records = client.records


def three(prefix):
    """Three accounts that nothing else looks for, by their telephone number."""
    telephone = f"{prefix}{time_ns()}"
    keys = records.create("account", [{"name": f"{prefix} {n}", "telephone1": telephone} for n in range(3)])
    return telephone, keys


def name(key):
    return records.retrieve("account", key, select=["name"])["name"]


def wait_until(true):
    end = monotonic() + 10
    while not true():
        assert monotonic() < end, "it did not come true within ten seconds"
        sleep(0.05)


@check("create, one and several")
def _():
    equal(name(records.create("account", {"name": "One"})), "One")
    telephone, keys = three("several")
    equal([name(key) for key in keys], ["several 0", "several 1", "several 2"])


@check("retrieve with an expand and annotations")
def _():
    parent = records.create("account", {"name": "Parent"})
    child = records.create("account", {"name": "Child", "parentaccountid@odata.bind": f"/accounts({parent})"})
    row = records.retrieve(
        "account",
        child,
        select=["name", "_parentaccountid_value"],
        expand=["parentaccountid($select=name)"],
        include_annotations="*",
    )
    equal(row["parentaccountid"]["name"], "Parent")
    equal(row["_parentaccountid_value@OData.Community.Display.V1.FormattedValue"], "Parent")
    assert row.etag.startswith('W/"'), row.etag


@check("a row that is not there is no row")
def _():
    equal(records.retrieve("account", str(uuid.uuid4())), None)


@check("an error has the service's code")
def _():
    error = refused(HttpError, lambda: records.create("account", {"nosuchcolumn": 1}))
    equal(error.status_code, 400)
    assert error.details["service_error_code"], error.details


@check("list with filter, order and top")
def _():
    telephone, _ = three("listed")
    rows = records.list("account", filter=f"telephone1 eq '{telephone}'", select=["name"], orderby=["name desc"], top=2)
    equal([row["name"] for row in rows], ["listed 2", "listed 1"])


@check("the query builder's filters")
def _():
    telephone, _ = three("built")
    query = client.query.builder("account").select("name").order_by("name")
    query = query.where((col("telephone1") == telephone) & col("name").in_(["built 0", "built 2"]))
    equal([row["name"] for row in query.execute()], ["built 0", "built 2"])
    query = client.query.builder("account").select("name").where((col("telephone1") == telephone) & ~col("name").endswith("1"))
    equal(len(query.execute()), 2)


@check("pages")
def _():
    telephone, _ = three("paged")
    pages = records.list_pages("account", filter=f"telephone1 eq '{telephone}'", select=["name"], page_size=2)
    equal([len(page) for page in pages], [2, 1])


@check("SQL")
def _():
    telephone, _ = three("sql")
    rows = client.query.sql(f"SELECT name FROM account WHERE telephone1 = '{telephone}' ORDER BY name")
    equal([row["name"] for row in rows], ["sql 0", "sql 1", "sql 2"])


@check("FetchXML")
def _():
    telephone, _ = three("fetch")
    condition = f'<condition attribute="telephone1" operator="eq" value="{telephone}"/>'
    xml = f'<fetch><entity name="account"><attribute name="name"/><filter>{condition}</filter></entity></fetch>'
    equal(len(client.query.fetchxml(xml).execute()), 3)


@check("update, one, several alike and several differently")
def _():
    telephone, keys = three("updated")
    records.update("account", keys[0], {"name": "first"})
    records.update("account", keys[1:], {"name": "alike"})
    equal([name(key) for key in keys], ["first", "alike", "alike"])
    records.update("account", keys, [{"name": "a"}, {"name": "b"}, {"name": "c"}])
    equal([name(key) for key in keys], ["a", "b", "c"])


@check("update does not create")
def _():
    error = refused(HttpError, lambda: records.update("account", str(uuid.uuid4()), {"name": "Nobody"}))
    equal(error.status_code, 404)


@check("upsert by an alternate key, one and several")
def _():
    keys = [{"cosell_referralid": f"R-{uuid.uuid4()}"} for _ in range(2)]
    item = lambda number, text: UpsertItem(alternate_key=keys[number], record={"name": text})
    records.upsert("opportunity", [item(0, "New")])
    records.upsert("opportunity", [item(0, "Newer"), item(1, "Also new")])
    found = lambda key: records.list("opportunity", filter=f"cosell_referralid eq '{key['cosell_referralid']}'")
    equal([[row["name"] for row in found(key)] for key in keys], [["Newer"], ["Also new"]])


@check("a value that must be the only one is a conflict")
def _():
    row = {"name": "Double", "cosell_referralid": f"R-{uuid.uuid4()}"}
    records.create("opportunity", row)
    error = refused(HttpError, lambda: records.create("opportunity", row))
    equal((error.status_code, error.details["service_error_code"]), (412, "0x80060892"))


@check("choices are written by their labels")
def _():
    key = records.create("opportunity", {"name": "Labelled", "opportunityratingcode": "Hot"})
    equal(records.retrieve("opportunity", key, select=["opportunityratingcode"])["opportunityratingcode"], 1)


@check("delete, one and several")
def _():
    telephone, keys = three("deleted")
    records.delete("account", keys[0])
    equal(records.retrieve("account", keys[0]), None)
    job = records.delete("account", keys[1:])
    uuid.UUID(job)
    wait_until(lambda: not records.list("account", filter=f"telephone1 eq '{telephone}'"))


@check("a batch with reads, writes and a change set")
def _():
    key = records.create("account", {"name": "Batch"})
    batch = client.batch.new()
    batch.records.retrieve("account", key, select=["name"])
    with batch.changeset() as changes:
        contact = changes.records.create("contact", {"lastname": "Of a batch"})
        changes.records.update("account", key, {"primarycontactid@odata.bind": contact})
    batch.records.list("account", filter=f"accountid eq {key}", select=["name"])
    result = batch.execute()
    equal([answer.status_code for answer in result.responses], [200, 204, 204, 200])
    equal(result.responses[0].data["name"], "Batch")
    row = records.retrieve("account", key, select=["_primarycontactid_value"])
    equal(row["_primarycontactid_value"], result.responses[1].entity_id)


@check("a change set is done as one or not at all")
def _():
    key = records.create("account", {"name": "Before"})
    batch = client.batch.new()
    with batch.changeset() as changes:
        changes.records.update("account", key, {"name": "After"})
        changes.records.create("account", {"nosuchcolumn": 1})
    result = batch.execute()
    equal([answer.status_code for answer in result.failed], [400])
    equal(name(key), "Before")


@check("a batch goes on after an error when it is asked to")
def _():
    key = records.create("account", {"name": "Goes on"})
    batch = client.batch.new()
    batch.records.retrieve("account", str(uuid.uuid4()), select=["name"])
    batch.records.retrieve("account", key, select=["name"])
    result = batch.execute(continue_on_error=True)
    equal([answer.status_code for answer in result.responses], [404, 200])


class Size(IntEnum):
    SMALL = 1
    LARGE = 2


@check("a table, its columns and its key are made and used")
def _():
    suffix = str(time_ns())
    table = f"new_Order{suffix}"
    made = client.tables.create(table, {"new_Number": "string", "new_Amount": "decimal", "new_Size": Size})
    equal(made["table_logical_name"], table.lower())
    equal(client.tables.add_columns(table, {"new_Note": "memo", "new_Paid": "bool"}), ["new_Note", "new_Paid"])
    client.tables.create_alternate_key(table, "new_NumberKey", ["new_number"])
    wait_until(lambda: [key.status for key in client.tables.get_alternate_keys(table)] == ["Active"])
    item = lambda note: UpsertItem(alternate_key={"new_number": "7"}, record={"new_note": note, "new_size": "Large"})
    records.upsert(table, [item("First")])
    records.upsert(table, [item("Second")])
    rows = records.list(table, filter="new_number eq '7'", select=["new_note", "new_size"])
    equal([(row["new_note"], row["new_size"]) for row in rows], [("Second", 2)])
    columns = {column["LogicalName"]: column for column in client.tables.list_columns(table)}
    assert {"new_number", "new_amount", "new_size", "new_note", "new_paid"} <= columns.keys(), columns.keys()
    client.tables.delete(table)
    equal(client.tables.get(table), None)


@check("a refusal for too many requests says how long to wait")
def _():
    key = records.create("account", {"name": "Patient"})
    too_many = {"error": {"code": "0x80072322", "message": "Number of requests exceeded the limit of 6000."}}
    fault = {"service": "dataverse", "path_contains": key, "status": 429, "body": too_many, "times": 1}
    fault["headers"] = {"Retry-After": "3"}
    answer = requests.post(ADDRESSES["admin"] + "/faults", json=fault, timeout=30)
    assert answer.status_code == 200, answer.text
    error = refused(HttpError, lambda: name(key))
    equal((error.status_code, error.is_transient, error.details["retry_after"]), (429, True, 3))
    equal(name(key), "Patient")


@check("a data frame is written and read")
def _():
    telephone, keys = three("frame")
    query = client.query.builder("account").select("name").where(col("telephone1") == telephone)
    frame = query.execute().to_dataframe()
    equal(sorted(frame["name"]), ["frame 0", "frame 1", "frame 2"])
