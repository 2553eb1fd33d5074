//! Time zones by the ids of Windows or of the IANA database, and times brought from one to the other.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use strum::IntoEnumIterator;
use windows_timezones::WindowsTimezone;

use super::moment::Moment;
use crate::expression::ExpressionError;
use crate::source::nearest;

/// The zone of an id: of Windows, such as `W. Europe Standard Time`, or of the IANA database, such as
/// `Europe/Berlin`; any case will do.
pub(crate) fn find(id: &str) -> Result<TimeZone, ExpressionError> {
    static OF_WINDOWS: LazyLock<HashMap<String, &'static str>> =
        LazyLock::new(|| WindowsTimezone::iter().map(|zone| (zone.name().to_lowercase(), zone.tzdb_id())).collect());
    let name = OF_WINDOWS.get(&id.to_lowercase()).copied().unwrap_or(id);
    if ["UTC", "Etc/UTC", "Etc/UCT", "Etc/Zulu", "Zulu"].iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return Ok(TimeZone::UTC);
    }
    TimeZone::get(name).map_err(|_| unknown(id))
}

/// What a clock of the zone shows at a moment; a moment that names no zone is taken as UTC.
pub(super) fn from_utc(moment: Moment, zone: &TimeZone) -> Moment {
    // Only the last day of year 9999 is no timestamp; its offset is that of the day before.
    let timestamp = TimeZone::UTC.to_timestamp(moment.civil()).unwrap_or(Timestamp::MAX);
    moment.shifted(zone.to_offset(timestamp).seconds().into(), is_utc(zone))
}

/// The moment at which a clock of the zone shows this time. As .NET has it, an hour that a clock shows twice is the
/// later one, in standard time, and an hour that is left out is an error.
pub(super) fn to_utc(moment: Moment, zone: &TimeZone, id: &str) -> Result<Moment, ExpressionError> {
    if moment.is_utc() {
        return if is_utc(zone) { Ok(moment) } else { Err(already_utc(id)) };
    }
    let local = moment.civil();
    let offset = match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Fold { before, after } => before.min(after),
        AmbiguousOffset::Gap { .. } => return Err(left_out(local, id)),
    };
    Ok(moment.shifted(-i64::from(offset.seconds()), true))
}

fn is_utc(zone: &TimeZone) -> bool {
    *zone == TimeZone::UTC
}

fn already_utc(id: &str) -> ExpressionError {
    ExpressionError::new(format!("the time says its own zone, so it cannot be a time of `{id}`"))
        .help("use `convertFromUtc`, or give the time without `Z` or offset")
}

fn left_out(local: DateTime, id: &str) -> ExpressionError {
    ExpressionError::new(format!("there is no {local} in `{id}`: clocks are set forward over it"))
}

fn unknown(id: &str) -> ExpressionError {
    let shown: String = id.chars().take(60).collect();
    let of_windows = WindowsTimezone::iter().map(|zone| zone.name().to_owned());
    let known: Vec<String> = of_windows.chain(jiff::tz::db().available().map(|name| name.to_string())).collect();
    let help = match nearest(&shown, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "use an id of Windows or IANA, such as `W. Europe Standard Time` or `Europe/Berlin`".to_owned(),
    };
    ExpressionError::new(format!("there is no time zone `{shown}`")).help(help)
}
