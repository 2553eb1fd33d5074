//! Choices: the options of the standard columns, and sets of options that several columns share.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Options by their number, with labels.
pub(crate) type Options = Vec<(i64, String)>;

/// The shared sets by name.
pub(crate) type OptionSets = IndexMap<String, OptionSet>;

/// Options that several columns share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OptionSet {
    /// Its id among the definitions.
    pub(crate) metadata_id: Uuid,
    /// Label for people.
    pub(crate) title: String,
    /// The options.
    pub(crate) options: Options,
}

/// The labels of a state or status reason.
pub(crate) fn state_label(table: &str, column: &str, value: i64) -> Option<&'static str> {
    let labels: &[&str] = match (table, column) {
        ("opportunity", "statecode") => &["Open", "Won", "Lost"],
        ("opportunity", "statuscode") => &["", "In Progress", "On Hold", "Won", "Canceled", "Out-Sold"],
        ("lead", "statecode") => &["Open", "Qualified", "Disqualified"],
        ("lead", "statuscode") => {
            &["", "New", "Contacted", "Qualified", "Lost", "Cannot Contact", "No Longer Interested", "Canceled"]
        }
        ("opportunityclose", "statecode") => &["Open", "Completed", "Canceled"],
        ("opportunityclose", "statuscode") => &["", "Open", "Completed", "Canceled"],
        (_, "statecode") => &["Active", "Inactive"],
        (_, "statuscode") => &["", "Active", "Inactive"],
        _ => return None,
    };
    labels.get(usize::try_from(value).ok()?).copied()
}

/// The options of a standard column; most columns of the sandbox take any number.
pub(crate) fn standard(table: &str, column: &str) -> Options {
    let labels: &[(i64, &str)] = match (table, column) {
        ("opportunity", "opportunityratingcode") | ("lead", "leadqualitycode") => {
            &[(1, "Hot"), (2, "Warm"), (3, "Cold")]
        }
        ("opportunity", "salesstage") => &[(0, "Qualify"), (1, "Develop"), (2, "Propose"), (3, "Close")],
        ("opportunity", "prioritycode" | "salesstagecode") => &[(1, "Default Value")],
        ("opportunity", "budgetstatus") => {
            &[(0, "No Committed Budget"), (1, "May Buy"), (2, "Can Buy"), (3, "Will Buy")]
        }
        ("opportunity", "need") => &[(0, "Must have"), (1, "Should have"), (2, "Good to have"), (3, "No need")],
        ("opportunity", "purchasetimeframe" | "timeline") => {
            &[(0, "Immediate"), (1, "This Quarter"), (2, "Next Quarter"), (3, "This Year"), (4, "Not known")]
        }
        ("opportunity", "purchaseprocess") => &[(0, "Individual"), (1, "Committee"), (2, "Unknown")],
        ("opportunity", "msdyn_forecastcategory") => &[
            (100_000_001, "Pipeline"),
            (100_000_002, "Best case"),
            (100_000_003, "Committed"),
            (100_000_004, "Omitted"),
            (100_000_005, "Won"),
            (100_000_006, "Lost"),
        ],
        ("lead", "leadsourcecode") => &[
            (1, "Advertisement"),
            (2, "Employee Referral"),
            (3, "External Referral"),
            (4, "Partner"),
            (5, "Public Relations"),
            (6, "Seminar"),
            (7, "Trade Show"),
            (8, "Web"),
            (9, "Word of Mouth"),
            (10, "Other"),
        ],
        _ => &[],
    };
    labels.iter().map(|(value, label)| (*value, (*label).to_owned())).collect()
}
