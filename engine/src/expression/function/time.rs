//! Dates, times and zones, by the rules of .NET.
//!
//! A text becomes a [`moment`] (by [`read`], or by [`exact`] where its format is given), the function works on
//! that ([`functions`]), and [`write`] makes a text of it again. [`custom`] takes formats apart for both, [`locale`]
//! knows languages, [`zone`] the zones, [`span`] lengths of time.

mod custom;
mod exact;
mod fields;
mod functions;
mod locale;
mod moment;
mod patterns;
mod read;
mod span;
#[cfg(test)]
mod tests;
mod write;
pub(crate) mod zone;

use super::{Call, Compute, Function, Group, Parameter};
use crate::expression::Kinds;

const TIMESTAMP: Parameter = Parameter::one("timestamp", Kinds::TEXT);
const INTERVAL: Parameter = Parameter::one("interval", Kinds::INT);
const UNIT: Parameter = Parameter::one("timeUnit", Kinds::TEXT);
const FORMAT: Parameter = Parameter::optional("format", Kinds::TEXT);
const LOCALE: Parameter = Parameter::optional("locale", Kinds::TEXT);

/// The rows of the table.
pub(super) const FUNCTIONS: &[Function] = &[
    text(
        "utcNow",
        &[FORMAT],
        "The time at which the step started, in UTC. Without a format it is written as ISO 8601 with seven digits of \
         fraction. A format is a letter for a standard one, such as `D` or `r`, or a custom one, such as \
         `yyyy-MM-dd`; a letter that is no standard format is an error.",
        &[("utcNow()", "\"2018-04-15T13:00:00.0000000Z\""), ("utcNow('D')", "\"Sunday, April 15, 2018\"")],
        functions::utc_now,
    ),
    text(
        "addSeconds",
        &[TIMESTAMP, Parameter::one("seconds", Kinds::INT), FORMAT],
        "A time so many seconds later, or earlier for a negative number. It says `Z` if the time that is given does; a \
         time with an offset is brought to UTC. A text that is no time, and a year after 9999, are errors.",
        &[("addSeconds('2018-03-15T00:00:00Z', -10)", "\"2018-03-14T23:59:50.0000000Z\"")],
        functions::add_seconds,
    ),
    text(
        "addMinutes",
        &[TIMESTAMP, Parameter::one("minutes", Kinds::INT), FORMAT],
        "A time so many minutes later, or earlier for a negative number; as `addSeconds`.",
        &[("addMinutes('2018-03-15T00:10:00Z', 10)", "\"2018-03-15T00:20:00.0000000Z\"")],
        functions::add_minutes,
    ),
    text(
        "addHours",
        &[TIMESTAMP, Parameter::one("hours", Kinds::INT), FORMAT],
        "A time so many hours later, or earlier for a negative number; as `addSeconds`.",
        &[("addHours('2018-03-15T15:00:00Z', -5, 'HH:mm')", "\"10:00\"")],
        functions::add_hours,
    ),
    text(
        "addDays",
        &[TIMESTAMP, Parameter::one("days", Kinds::INT), FORMAT],
        "A time so many days later, or earlier for a negative number; as `addSeconds`.",
        &[
            ("addDays('2018-03-15', 10, 'yyyy-MM-dd')", "\"2018-03-25\""),
            ("addDays('2018-03-15T00:00:00Z', -5)", "\"2018-03-10T00:00:00.0000000Z\""),
        ],
        functions::add_days,
    ),
    text(
        "addToTime",
        &[TIMESTAMP, INTERVAL, UNIT, FORMAT],
        "A time so many units later. The unit is Second, Minute, Hour, Day, Week, Month or Year, in any case; another one \
         is an error. A day that the month does not have becomes its last: a month after January 31 is the last day of \
         February.",
        &[
            ("addToTime('2018-01-01T00:00:00Z', 1, 'Day')", "\"2018-01-02T00:00:00.0000000Z\""),
            ("addToTime('2018-01-31', 1, 'month', 'd')", "\"2/28/2018\""),
        ],
        functions::add_to_time,
    ),
    text(
        "subtractFromTime",
        &[TIMESTAMP, INTERVAL, UNIT, FORMAT],
        "A time so many units earlier; as `addToTime`.",
        &[("subtractFromTime('2018-01-02T00:00:00Z', 1, 'Day', 'D')", "\"Monday, January 1, 2018\"")],
        functions::subtract_from_time,
    ),
    text(
        "getFutureTime",
        &[INTERVAL, UNIT, FORMAT],
        "The time so many units after now; units as in `addToTime`.",
        &[("getFutureTime(5, 'Day')", "\"2018-04-20T13:00:00.0000000Z\"")],
        functions::get_future_time,
    ),
    text(
        "getPastTime",
        &[INTERVAL, UNIT, FORMAT],
        "The time so many units before now; units as in `addToTime`.",
        &[("getPastTime(2, 'Week', 'D')", "\"Sunday, April 1, 2018\"")],
        functions::get_past_time,
    ),
    text(
        "convertFromUtc",
        &[TIMESTAMP, Parameter::one("destinationTimeZone", Kinds::TEXT), FORMAT],
        "What a clock of a zone shows at a time in UTC; a time that says no zone is taken as UTC. The zone is an id of \
         Windows or of the IANA database, in any case; an unknown one is an error. Unless the zone is UTC, the text says \
         neither `Z` nor offset.",
        &[
            (
                "convertFromUtc('2018-01-01T08:00:00.0000000Z', 'Pacific Standard Time')",
                "\"2018-01-01T00:00:00.0000000\"",
            ),
            ("convertFromUtc('2018-07-01T08:00:00Z', 'Europe/Berlin', 'HH:mm')", "\"10:00\""),
        ],
        functions::convert_from_utc,
    ),
    text(
        "convertToUtc",
        &[TIMESTAMP, Parameter::one("sourceTimeZone", Kinds::TEXT), FORMAT],
        "The time in UTC at which a clock of a zone shows a time. The time must say neither `Z` nor offset, unless the \
         zone is UTC. Of an hour that the clock shows twice, the later one counts; a time that clocks are set forward \
         over is an error.",
        &[("convertToUtc('01/01/2018 00:00:00', 'Pacific Standard Time')", "\"2018-01-01T08:00:00.0000000Z\"")],
        functions::convert_to_utc,
    ),
    text(
        "convertTimeZone",
        &[
            TIMESTAMP,
            Parameter::one("sourceTimeZone", Kinds::TEXT),
            Parameter::one("destinationTimeZone", Kinds::TEXT),
            FORMAT,
        ],
        "What a clock of one zone shows when a clock of another shows a time; as `convertToUtc`, then `convertFromUtc`.",
        &[(
            "convertTimeZone('2018-01-01T08:00:00.0000000Z', 'UTC', 'Pacific Standard Time', 'D')",
            "\"Monday, January 1, 2018\"",
        )],
        functions::convert_time_zone,
    ),
    text(
        "formatDateTime",
        &[TIMESTAMP, FORMAT, LOCALE],
        "A time in a format, and in the language of a locale, such as `de-DE`; formats as in `utcNow`. A time with an \
         offset is brought to UTC. null, a text that is no time, and an unknown locale are errors.",
        &[
            ("formatDateTime('03/15/2018 12:00:00', 'yyyy-MM-ddTHH:mm:ss')", "\"2018-03-15T12:00:00\""),
            ("formatDateTime('01/31/2016', 'dddd d MMMM', 'fr-FR')", "\"dimanche 31 janvier\""),
        ],
        functions::format_date_time,
    ),
    text(
        "parseDateTime",
        &[TIMESTAMP, LOCALE, FORMAT],
        "A time as ISO 8601, from a text in the language of a locale, or in exactly one format; note that the locale \
         comes first. The result says `Z` only if the text says its zone.",
        &[
            ("parseDateTime('20 octobre 2010', 'fr-FR')", "\"2010-10-20T00:00:00.0000000\""),
            ("parseDateTime('21052019', 'fr-FR', 'ddMMyyyy')", "\"2019-05-21T00:00:00.0000000\""),
        ],
        functions::parse_date_time,
    ),
    text(
        "startOfHour",
        &[TIMESTAMP, FORMAT],
        "The start of the hour that a time lies in.",
        &[("startOfHour('2018-03-15T13:30:30Z')", "\"2018-03-15T13:00:00.0000000Z\"")],
        functions::start_of_hour,
    ),
    text(
        "startOfDay",
        &[TIMESTAMP, FORMAT],
        "The start of the day that a time lies in; a time with an offset is brought to UTC first.",
        &[("startOfDay('2018-03-15T13:30:30Z')", "\"2018-03-15T00:00:00.0000000Z\"")],
        functions::start_of_day,
    ),
    text(
        "startOfMonth",
        &[TIMESTAMP, FORMAT],
        "The start of the month that a time lies in; a time with an offset is brought to UTC first.",
        &[("startOfMonth('2018-03-15T13:30:30Z', 'yyyy-MM-dd')", "\"2018-03-01\"")],
        functions::start_of_month,
    ),
    number(
        "dayOfWeek",
        "The day of the week of a time: 0 is Sunday, 6 is Saturday.",
        &[("dayOfWeek('2018-03-15T13:27:36Z')", "4")],
        functions::day_of_week,
    ),
    number(
        "dayOfMonth",
        "The day of the month of a time, from 1.",
        &[("dayOfMonth('2018-03-15T13:27:36Z')", "15")],
        functions::day_of_month,
    ),
    number(
        "dayOfYear",
        "The day of the year of a time, from 1.",
        &[("dayOfYear('2018-03-15T13:27:36Z')", "74")],
        functions::day_of_year,
    ),
    number(
        "ticks",
        "How many times 100 nanoseconds have passed since the start of year 1, for comparing and subtracting.",
        &[("ticks('2018-01-01T08:00:00.000Z')", "636503904000000000")],
        functions::ticks,
    ),
    text(
        "dateDifference",
        &[Parameter::one("startDate", Kinds::TEXT), Parameter::one("endDate", Kinds::TEXT)],
        "How long it is from one time to another: days, hours, minutes and seconds as `[-][d.]hh:mm:ss[.fffffff]`.",
        &[("dateDifference('2015-02-08', '2018-07-30')", "\"1268.00:00:00\"")],
        functions::date_difference,
    ),
    text(
        "formatTimeSpan",
        &[Parameter::one("timeSpan", Kinds::TEXT), Parameter::one("format", Kinds::TEXT), LOCALE],
        "A length of time, such as one that `dateDifference` gives, in a format: `c`, `g`, `G`, or a custom one in which \
         everything but the specifiers is quoted.",
        &[
            ("formatTimeSpan('1.02:03:04', 'g')", "\"1:2:03:04\""),
            ("formatTimeSpan('1.02:03:04', 'd\\.hh')", "\"1.02\""),
        ],
        functions::format_time_span,
    ),
];

const fn text(
    name: &'static str,
    parameters: &'static [Parameter],
    about: &'static str,
    examples: &'static [(&'static str, &'static str)],
    compute: Compute,
) -> Function {
    Function { name, group: Group::Time, parameters, gives: Kinds::TEXT, about, examples, call: Call::Values(compute) }
}

/// What gives a whole number of a time.
const fn number(
    name: &'static str,
    about: &'static str,
    examples: &'static [(&'static str, &'static str)],
    compute: Compute,
) -> Function {
    Function {
        name,
        group: Group::Time,
        parameters: &[TIMESTAMP],
        gives: Kinds::INT,
        about,
        examples,
        call: Call::Values(compute),
    }
}
