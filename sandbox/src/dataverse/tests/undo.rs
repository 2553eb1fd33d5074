//! A request that a webhook refuses after others have seen what it did.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{asker, empty};
use crate::dataverse::hooks::Notification;
use crate::dataverse::keys::Key;
use crate::dataverse::options::OptionSet;
use crate::dataverse::rows::Dataverse;
use crate::dataverse::tables::Table;
use crate::dataverse::undo::Finished;
use crate::dataverse::write::Conditions;
use crate::options::ColumnKind;

const FIRST: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const SECOND: &str = "aaaaaaaa-0000-4000-8000-000000000002";
const NEW: &str = "aaaaaaaa-0000-4000-8000-000000000003";

fn create(crm: &mut Dataverse, id: &str, referral: &str) {
    let body = json!({"opportunityid": id, "cosell_referralid": referral});
    let asker = asker(crm);
    crm.create("opportunity", body.as_object().unwrap(), &asker).unwrap();
}

/// Ends a request for which a webhook is asked.
fn finish(crm: &mut Dataverse) -> Finished {
    crm.outbox.push(Notification {
        url: String::new(),
        headers: Vec::new(),
        body: String::new(),
        synchronous: true,
        leaves_no_trace: false,
        step: String::new(),
    });
    crm.finish().0
}

#[test]
fn what_others_have_seen_is_taken_back_as_a_change() {
    let (mut crm, _) = empty();
    create(&mut crm, FIRST, "R-1");
    create(&mut crm, SECOND, "R-2");
    crm.finish();
    let table = Arc::clone(crm.table("opportunity").unwrap());
    let asker = asker(&crm);
    create(&mut crm, NEW, "R-3");
    let body = json!({"cosell_referralid": "R-4"});
    let (key, conditions) = (Key::Id(FIRST.to_owned()), Conditions::default());
    crm.patch(&table, &key, body.as_object().unwrap(), &conditions, &asker).unwrap();
    crm.delete(&table, &Key::Id(SECOND.to_owned()), &conditions, &asker).unwrap();
    let finished = finish(&mut crm);
    let seen = crm.version();
    crm.cancel(finished);
    let shelf = crm.shelf("opportunity").unwrap();
    let deleted: Vec<&String> = shelf.deleted_since(seen).unwrap().map(|(_, id)| id).collect();
    assert_eq!(deleted, [NEW], "whoever saw the row is told that it is gone");
    for (id, referral) in [(FIRST, "R-1"), (SECOND, "R-2")] {
        let row = crm.row("opportunity", id).unwrap();
        assert!(row.version > seen, "whoever saw it otherwise is told how it is");
        assert_eq!(row.values["cosell_referralid"], Value::from(referral));
    }
    for (referral, rows) in [("R-1", 1), ("R-2", 1), ("R-3", 0), ("R-4", 0)] {
        assert_eq!(crm.rows_with("opportunity", "cosell_referralid", referral).count(), rows, "{referral}");
    }
}

fn add_column(crm: &mut Dataverse, name: &str) {
    let mut table = Table::clone(crm.table("opportunity").unwrap());
    table.add_column(name, ColumnKind::Integer, None, false);
    crm.tables_mut().insert("opportunity".to_owned(), Arc::new(table));
}

fn add_options(crm: &mut Dataverse, name: &str) {
    let set = OptionSet { metadata_id: uuid::Uuid::nil(), title: String::new(), options: Vec::new() };
    crm.option_sets_mut().insert(name.to_owned(), set);
}

#[test]
fn definitions_of_others_stay() {
    let (mut crm, _) = empty();
    let before = crm.tables.clone();
    add_column(&mut crm, "new_mine");
    add_options(&mut crm, "new_mine");
    let finished = finish(&mut crm);
    add_column(&mut crm, "new_other");
    add_options(&mut crm, "new_other");
    crm.finish();
    crm.cancel(finished);
    let columns = &crm.table("opportunity").unwrap().columns;
    assert_eq!((columns.contains_key("new_mine"), columns.contains_key("new_other")), (false, true));
    assert!(crm.option_sets.keys().eq(["new_other"]));

    let (mut crm, _) = empty();
    add_column(&mut crm, "new_mine");
    let finished = finish(&mut crm);
    crm.cancel(finished);
    assert!(crm.tables == before, "all is as it was");
}
