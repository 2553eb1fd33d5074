//! A schedule in words.

use jiff::Unit;
use jiff::civil::Time;

use super::day::{Day, ORDINALS, WEEKDAYS};
use super::interval::{Interval, UNITS};
use super::{Rule, Schedule};

pub(super) fn describe(schedule: &Schedule) -> String {
    let mut words = match &schedule.rule {
        Rule::Cron(cron) => format!("by cron `{}`", cron.as_str()),
        Rule::Every(interval, _) => every(*interval),
        Rule::Calendar(calendar) => {
            let on: Vec<String> = calendar.on.iter().map(|day| self::day(*day)).collect();
            let on = if on.is_empty() { String::new() } else { format!(" on {}", list(&on)) };
            let at: Vec<String> = calendar.at.iter().map(|time| clock(*time)).collect();
            format!("{}{on} at {}", every(calendar.interval), list(&at))
        }
    };
    let shown = |timestamp| schedule.zone.to_datetime(timestamp).strftime("%Y-%m-%d %H:%M").to_string();
    if let Some(start) = schedule.start {
        words.push_str(&format!(" from {}", shown(start)));
    }
    if let Some(end) = schedule.end {
        words.push_str(&format!(" until {}", shown(end)));
    }
    words.push_str(&format!(" ({})", schedule.zone_name));
    words
}

fn every(interval: Interval) -> String {
    let unit = unit_name(interval.unit);
    match interval.count {
        1 => format!("every {unit}"),
        count => format!("every {count} {unit}s"),
    }
}

/// The name of a unit, in the singular.
pub(super) fn unit_name(unit: Unit) -> &'static str {
    UNITS.into_iter().find(|(_, known)| *known == unit).map_or("period", |(name, _)| name)
}

fn day(day: Day) -> String {
    let weekday = |wanted| WEEKDAYS.into_iter().find(|(_, known)| *known == wanted).map_or("day", |(name, _)| name);
    let ordinal = |nth: i8| ORDINALS.into_iter().find(|(_, known)| *known == nth).map_or("", |(name, _)| name);
    match day {
        Day::Weekday(day) => weekday(day).to_owned(),
        Day::OfMonth(-1) => "the last day".to_owned(),
        Day::OfMonth(day @ ..0) => format!("day {day} from the end"),
        Day::OfMonth(day) => format!("day {day}"),
        Day::Nth(-1, day) => format!("the last {}", weekday(day)),
        Day::Nth(nth @ ..0, day) => format!("the {} last {}", ordinal(-nth), weekday(day)),
        Day::Nth(nth, day) => format!("the {} {}", ordinal(nth), weekday(day)),
    }
}

fn clock(time: Time) -> String {
    let format = if time.second() == 0 { "%H:%M" } else { "%H:%M:%S" };
    time.strftime(format).to_string()
}

fn list(words: &[String]) -> String {
    match words.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => words.concat(),
    }
}
