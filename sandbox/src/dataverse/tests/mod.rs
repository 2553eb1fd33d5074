//! What can only be seen from within.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod lists;
mod undo;

use std::sync::Arc;

use serde_json::{Value, json};

use super::call::Asker;
use super::filter::prepare;
use super::record::RowRecord;
use super::rows::Dataverse;
use super::select::Wanted;
use crate::behaviours::Behaviours;
use crate::clock::Clock;
use crate::odata::{Aliases, parse_filter};
use crate::options::{ColumnKind, CustomColumn, CustomTable};

/// Rows of the table that is searched.
const ROWS: usize = 2_000;

/// A CRM with the columns of a pack and no rows of its own, and its clock.
fn empty() -> (Dataverse, Clock) {
    let column = |name: &str, kind, key| CustomColumn {
        name: name.to_owned(),
        kind,
        title: name.to_owned(),
        key,
        max_length: None,
    };
    let columns = vec![
        column("cosell_referralid", ColumnKind::Text, true),
        column("cosell_number", ColumnKind::Integer, true),
        column("cosell_sync", ColumnKind::YesNo, false),
    ];
    let custom = CustomTable { name: "opportunity".to_owned(), parent: None, columns };
    let clock = Clock::default();
    (Dataverse::new(&[custom], clock.clone(), Behaviours::new(&[]).unwrap()).unwrap(), clock)
}

fn crm() -> Dataverse {
    let (mut crm, _) = empty();
    let asker = asker(&crm);
    for number in 0..ROWS {
        let account = format!("bbbbbbbb-0000-4000-8000-{:012}", number / 4);
        if number % 4 == 0 {
            let body = json!({"accountid": account, "name": format!("Account {number}"), "address1_postalcode": "1"});
            crm.create("account", body.as_object().unwrap(), &asker).unwrap();
        }
        let body = json!({
            "opportunityid": format!("aaaaaaaa-0000-4000-8000-{number:012}"), "name": format!("Deal {number}"),
            "cosell_referralid": format!("R-{number}"), "cosell_number": number, "cosell_sync": number % 500 == 0,
            "customerid_account@odata.bind": format!("/accounts({account})"),
        });
        crm.create("opportunity", body.as_object().unwrap(), &asker).unwrap();
    }
    crm
}

fn asker(crm: &Dataverse) -> Asker {
    Asker { user: crm.connector.clone(), on_behalf: None, detect_duplicates: false }
}

/// How many rows a filter looks at.
fn looked_at(crm: &Dataverse, table: &str, filter: &str) -> usize {
    let table = crm.table(table).unwrap();
    let filter = prepare(crm, table, &parse_filter(filter, &Aliases::new()).unwrap()).unwrap();
    let mut rows = 0;
    let looked = |_: RowRecord<'_>| {
        rows += 1;
        Ok(true)
    };
    crm.source(table, Some(&filter), &[], 0).choose(&Wanted::ALL, looked).unwrap();
    rows
}

#[test]
fn filters_by_indexed_columns_do_not_scan() {
    let crm = crm();
    let cases = [
        ("opportunity", "opportunityid eq aaaaaaaa-0000-4000-8000-000000000007", 1),
        ("opportunity", "cosell_referralid eq 'r-7'", 1),
        ("opportunity", "cosell_number eq 7", 1),
        ("opportunity", "_customerid_value eq bbbbbbbb-0000-4000-8000-000000000003", 4),
        ("opportunity", "cosell_sync eq true", 4),
        ("opportunity", "(cosell_sync eq true) and modifiedon ge 2001-01-01T00:00:00Z", 4),
        ("opportunity", "statecode eq 0 and contains(name,'7') and cosell_number eq 7", 1),
        ("opportunity", "cosell_number eq 7 or cosell_referralid eq 'R-8'", 2),
        ("opportunity", "Microsoft.Dynamics.CRM.In(PropertyName='cosell_number',PropertyValues=['1','2','3'])", 3),
        ("opportunity", "modifiedon gt 2199-01-01T00:00:00Z", 0),
        ("opportunity", "modifiedon lt 2001-01-01T00:00:00Z", 0),
        ("opportunity", "Microsoft.Dynamics.CRM.OlderThanXMinutes(PropertyName='createdon',PropertyValue=60)", 0),
        ("opportunity", "cosell_referralid eq 'nobody' and name eq 'Deal 1'", 0),
        ("account", "name eq 'Account 8' and address1_postalcode eq '1'", 1),
        // What has no index is looked at row by row.
        ("opportunity", "contains(name,'7')", ROWS),
    ];
    for (table, filter, most) in cases {
        assert_eq!(looked_at(&crm, table, filter), most, "{filter}");
    }
}

#[test]
fn what_is_refused_leaves_nothing_behind() {
    let mut crm = crm();
    crm.finish();
    let (asker, version) = (asker(&crm), crm.version());
    let table = Arc::clone(crm.table("opportunity").unwrap());
    let id = "aaaaaaaa-0000-4000-8000-000000000007";
    let before = crm.row("opportunity", id).unwrap().clone();
    let bad = json!({"name": "D", "cosell_referralid": "R-8"});
    let refused = crm.atomically(|crm| {
        crm.delete(&table, &super::keys::Key::Id(id.to_owned()), &super::write::Conditions::default(), &asker)?;
        crm.create("lead", json!({"subject": "S"}).as_object().unwrap(), &asker)?;
        crm.create("opportunity", bad.as_object().unwrap(), &asker)
    });
    assert!(refused.is_err());
    let after = crm.row("opportunity", id).unwrap();
    assert_eq!((after.etag(), &after.values), (before.etag(), &before.values));
    assert_eq!(crm.rows("lead").count(), 0);
    assert_eq!(looked_at(&crm, "opportunity", "cosell_referralid eq 'R-7'"), 1);
    let shelf = crm.shelf("opportunity").unwrap();
    assert_eq!(shelf.deleted_since(version).unwrap().count(), 0, "a deletion that was taken back is told");
    assert_eq!(shelf.changed_since(version).count(), 0);
}

#[test]
fn deleting_a_row_empties_the_lookups_at_it_and_no_others() {
    let mut crm = crm();
    let asker = asker(&crm);
    let account = Arc::clone(crm.table("account").unwrap());
    let key = super::keys::Key::Id("bbbbbbbb-0000-4000-8000-000000000003".to_owned());
    crm.delete(&account, &key, &super::write::Conditions::default(), &asker).unwrap();
    assert_eq!(crm.rows("opportunity").count(), ROWS - 4);
    let left = crm.rows("opportunity").filter(|row| row.values.get("name") == Some(&Value::from("Deal 12"))).count();
    assert_eq!(left, 0);
}
