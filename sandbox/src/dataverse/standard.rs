//! The standard tables, as far as co-sell needs them.

use super::options;
use super::platform;
use super::tables::{ACTIVE_OR_NOT, States, Table};
use crate::options::ColumnKind::{self, Choice, Date, Decimal, Integer, LongText, Money, Text, YesNo};

const OPPORTUNITY_STATES: States = &[(0, &[1, 2]), (1, &[3]), (2, &[4, 5])];

const LEAD_STATES: States = &[(0, &[1, 2]), (1, &[3]), (2, &[4, 5, 6, 7])];

/// Name, kind and, for text, the longest length.
pub(crate) type Columns = &'static [(&'static str, ColumnKind, usize)];

/// Column, navigation property, target table and the collection that leads back.
pub(crate) type Lookups = &'static [(&'static str, &'static str, &'static str, &'static str)];

/// The tables, their columns and lookups.
pub(crate) fn tables() -> Vec<Table> {
    vec![
        table(("systemuser", "systemusers", "systemuserid", "fullname"), ACTIVE_OR_NOT, &[PERSON, USER], USER_LOOKUPS),
        table(("team", "teams", "teamid", "name"), ACTIVE_OR_NOT, &[NAMED], &[]),
        table(("businessunit", "businessunits", "businessunitid", "name"), ACTIVE_OR_NOT, &[NAMED], &[]),
        table(("organization", "organizations", "organizationid", "name"), ACTIVE_OR_NOT, &[NAMED, ORGANIZATION], &[]),
        table(
            ("transactioncurrency", "transactioncurrencies", "transactioncurrencyid", "currencyname"),
            ACTIVE_OR_NOT,
            &[CURRENCY],
            &[],
        ),
        table(("account", "accounts", "accountid", "name"), ACTIVE_OR_NOT, &[ACCOUNT, ADDRESS], ACCOUNT_LOOKUPS),
        table(
            ("contact", "contacts", "contactid", "fullname"),
            ACTIVE_OR_NOT,
            &[PERSON, CONTACT, ADDRESS],
            CONTACT_LOOKUPS,
        ),
        table(("lead", "leads", "leadid", "fullname"), LEAD_STATES, &[PERSON, CONTACT, LEAD, ADDRESS], LEAD_LOOKUPS),
        table(
            ("opportunity", "opportunities", "opportunityid", "name"),
            OPPORTUNITY_STATES,
            &[OPPORTUNITY],
            OPPORTUNITY_LOOKUPS,
        ),
        table(
            ("opportunityclose", "opportunitycloses", "activityid", "subject"),
            CLOSE_STATES,
            &[CLOSE],
            CLOSE_LOOKUPS,
        ),
    ]
    .into_iter()
    .chain(platform::tables())
    .collect()
}

/// A table with these columns and lookups.
pub(crate) fn table(names: (&str, &str, &str, &str), states: States, columns: &[Columns], lookups: Lookups) -> Table {
    let (logical, set, key, name) = names;
    let mut table = Table::new(logical, set, key, name, states);
    table.standard = true;
    table.schema = schema_name(logical);
    table.optimistic =
        matches!(logical, "account" | "contact" | "lead" | "opportunity" | "opportunityclose" | "systemuser");
    table.tracked = matches!(logical, "account" | "contact" | "lead" | "opportunity" | "systemuser");
    for (name, kind, length) in columns.iter().copied().flatten() {
        // The full name and the whole address are put together from their parts.
        let computed = matches!(*name, "fullname" | "address1_composite");
        table.add_column(name, *kind, (*length > 0).then_some(*length), computed);
        if let Some(column) = table.columns.get_mut(*name) {
            column.options = options::standard(logical, name);
        }
    }
    if logical == "transactioncurrency" {
        // A key that this organization has added, as many do.
        table.add_key("isocurrencycode", "Currency Code", vec!["isocurrencycode".to_owned()]);
    }
    for (column, navigation, target, collection) in lookups {
        let internal = logical == "opportunity" && matches!(*column, "accountid" | "contactid");
        table.add_lookup(column, navigation, target, collection, internal);
    }
    table
}

/// The name a standard table was given; most are two words or three run together.
fn schema_name(logical: &str) -> String {
    let words = [
        "system",
        "user",
        "transaction",
        "currency",
        "opportunity",
        "close",
        "business",
        "unit",
        "service",
        "endpoint",
        "sdk",
        "message",
        "processing",
        "step",
        "filter",
        "async",
        "operation",
    ];
    let mut rest = logical;
    let mut name = String::new();
    while !rest.is_empty() {
        let word = words.iter().find(|word| rest.starts_with(**word)).map_or(rest, |word| &rest[..word.len()]);
        let (first, tail) = word.split_at(1);
        name.push_str(&first.to_uppercase());
        name.push_str(tail);
        rest = &rest[word.len()..];
    }
    name
}

/// The column that names a row.
pub(crate) const NAMED: Columns = &[("name", Text, 256), ("description", LongText, 2000)];

const ORGANIZATION: Columns = &[("expirechangetrackingindays", Integer, 0)];

const USER_LOOKUPS: Lookups = &[("businessunitid", "businessunitid", "businessunit", "business_unit_system_users")];

const PERSON: Columns = &[("firstname", Text, 50), ("lastname", Text, 50), ("fullname", Text, 160)];

const USER: Columns = &[
    ("internalemailaddress", Text, 100),
    ("domainname", Text, 1024),
    ("applicationid", Text, 36),
    ("azureactivedirectoryobjectid", Text, 36),
    ("address1_telephone1", Text, 64),
    ("isdisabled", YesNo, 0),
];

const CURRENCY: Columns = &[
    ("currencyname", Text, 100),
    ("isocurrencycode", Text, 5),
    ("currencysymbol", Text, 13),
    ("exchangerate", Decimal, 0),
];

const ADDRESS: Columns = &[
    ("address1_line1", Text, 250),
    ("address1_line2", Text, 250),
    ("address1_line3", Text, 250),
    ("address1_city", Text, 80),
    ("address1_stateorprovince", Text, 50),
    ("address1_postalcode", Text, 20),
    ("address1_country", Text, 80),
    ("address1_composite", LongText, 0),
];

const ACCOUNT: Columns = &[
    ("name", Text, 160),
    ("accountnumber", Text, 20),
    ("emailaddress1", Text, 100),
    ("telephone1", Text, 50),
    ("websiteurl", Text, 200),
    ("description", LongText, 2000),
    ("industrycode", Choice, 0),
    ("numberofemployees", Integer, 0),
    ("revenue", Money, 0),
];

const CONTACT: Columns = &[
    ("emailaddress1", Text, 100),
    ("telephone1", Text, 50),
    ("mobilephone", Text, 50),
    ("jobtitle", Text, 100),
    ("description", LongText, 2000),
];

const LEAD: Columns = &[
    ("subject", Text, 300),
    ("companyname", Text, 100),
    ("websiteurl", Text, 200),
    ("estimatedamount", Money, 0),
    ("estimatedvalue", Decimal, 0),
    ("estimatedclosedate", Date, 0),
    ("budgetamount", Money, 0),
    ("revenue", Money, 0),
    ("numberofemployees", Integer, 0),
    ("industrycode", Choice, 0),
    ("leadsourcecode", Choice, 0),
    ("leadqualitycode", Choice, 0),
];

const OPPORTUNITY: Columns = &[
    ("name", Text, 300),
    ("description", LongText, 2000),
    ("estimatedvalue", Money, 0),
    ("isrevenuesystemcalculated", YesNo, 0),
    ("estimatedclosedate", Date, 0),
    ("actualvalue", Money, 0),
    ("actualclosedate", Date, 0),
    ("budgetamount", Money, 0),
    ("closeprobability", Integer, 0),
    ("salesstage", Choice, 0),
    ("salesstagecode", Choice, 0),
    ("opportunityratingcode", Choice, 0),
    ("prioritycode", Choice, 0),
    ("budgetstatus", Choice, 0),
    ("need", Choice, 0),
    ("purchasetimeframe", Choice, 0),
    ("timeline", Choice, 0),
    ("purchaseprocess", Choice, 0),
    ("msdyn_forecastcategory", Choice, 0),
    ("emailaddress", Text, 100),
];

const CLOSE_STATES: States = &[(0, &[1]), (1, &[2]), (2, &[3])];

const CLOSE: Columns =
    &[("subject", Text, 200), ("description", LongText, 2000), ("actualrevenue", Money, 0), ("actualend", Date, 0)];

const ACCOUNT_LOOKUPS: Lookups = &[
    ("primarycontactid", "primarycontactid", "contact", "account_primary_contact"),
    ("parentaccountid", "parentaccountid", "account", "account_parent_account"),
];

const CONTACT_LOOKUPS: Lookups = &[
    ("parentcustomerid", "parentcustomerid_account", "account", "contact_customer_accounts"),
    ("parentcustomerid", "parentcustomerid_contact", "contact", "contact_customer_contacts"),
];

const LEAD_LOOKUPS: Lookups = &[
    ("parentaccountid", "parentaccountid", "account", "lead_parent_account"),
    ("parentcontactid", "parentcontactid", "contact", "lead_parent_contact"),
    ("qualifyingopportunityid", "qualifyingopportunityid", "opportunity", "lead_qualifying_opportunity"),
];

const OPPORTUNITY_LOOKUPS: Lookups = &[
    ("customerid", "customerid_account", "account", "opportunity_customer_accounts"),
    ("customerid", "customerid_contact", "contact", "opportunity_customer_contacts"),
    ("parentaccountid", "parentaccountid", "account", "opportunity_parent_account"),
    ("parentcontactid", "parentcontactid", "contact", "opportunity_parent_contact"),
    ("originatingleadid", "originatingleadid", "lead", "opportunity_originating_lead"),
    ("accountid", "accountid", "account", "opportunity_account"),
    ("contactid", "contactid", "contact", "opportunity_contact"),
];

const CLOSE_LOOKUPS: Lookups = &[("opportunityid", "opportunityid", "opportunity", "opportunity_opportunityclose")];
