//! Instants as each service writes them.

use jiff::{Timestamp, ToSpan, tz::TimeZone};

/// Partner Center's form: seven fraction digits (S20), `2022-03-07T09:18:01.6076542Z`.
pub(crate) fn fine(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%S.%7fZ").to_string()
}

/// Dataverse's form: whole seconds, `2022-03-07T09:18:01Z`.
pub(crate) fn whole_seconds(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// When an unanswered referral expires (S17): 14 days after its creation day, at midnight UTC.
pub(crate) fn expiry(created: Timestamp) -> String {
    let day = created.to_zoned(TimeZone::UTC).date().saturating_add(14.days());
    day.strftime("%Y-%m-%dT00:00:00Z").to_string()
}
