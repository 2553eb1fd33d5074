//! From a document to a schedule: every mistake at once.

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};

use super::calendar::Calendar;
use super::day::Day;
use super::describe::unit_name;
use super::interval::{Interval, UNITS};
use super::{Rule, Schedule, instant};
use crate::document::ScheduleDocument;
use crate::expression::ExpressionError;
use crate::expression::function::time::zone;
use crate::source::{Route, nearest};

/// Characters that a cron expression may have: far more than anybody writes.
const MOST_CHARACTERS: usize = 200;
/// Times of a day: one for every minute.
const MOST_TIMES: usize = 24 * 60;
/// Days that a schedule may name: all days of a month by either count, and every weekday by any.
const MOST_DAYS: usize = 140;
/// Where a schedule without a start is looked at, to see whether it ever fires.
const SOME_TIME: Timestamp = Timestamp::constant(946_684_800, 0);

pub(super) fn check(document: &ScheduleDocument, at: &Route) -> Result<Schedule, Vec<(Route, ExpressionError)>> {
    let mut checker = Checker { document, at, mistakes: Vec::new() };
    let schedule = checker.schedule();
    match schedule {
        Some(schedule) if checker.mistakes.is_empty() => Ok(schedule),
        _ => Err(checker.mistakes),
    }
}

struct Checker<'a> {
    document: &'a ScheduleDocument,
    at: &'a Route,
    mistakes: Vec<(Route, ExpressionError)>,
}

impl Checker<'_> {
    fn schedule(&mut self) -> Option<Schedule> {
        let zone_name = self.document.zone.as_deref().unwrap_or("UTC");
        let zone = zone::find(zone_name).map_err(|error| self.mistake("zone", error)).unwrap_or(TimeZone::UTC);
        let start = self.time("start", self.document.start.as_deref(), &zone);
        let end = self.time("end", self.document.end.as_deref(), &zone);
        let rule = match (&self.document.cron, &self.document.every) {
            (Some(cron), None) => self.cron(cron),
            (None, Some(every)) => self.every(every, start),
            _ => {
                let error =
                    ExpressionError::new("how often it fires is not clear").help("give either `cron` or `every`");
                self.mistakes.push((self.at.clone(), error));
                None
            }
        };
        let instant = |local: Option<DateTime>| local.and_then(|local| instant(local, &zone));
        let (start, end) = (instant(start), instant(end));
        let schedule = Schedule { rule: rule?, start, end, zone_name: zone_name.to_owned(), zone };
        if self.mistakes.is_empty()
            && schedule.next_after(if start.is_some() { Timestamp::MIN } else { SOME_TIME }).is_none()
        {
            let error = ExpressionError::new("it never fires").help("no day and time fit, or its end is before them");
            self.mistakes.push((self.at.clone(), error));
        }
        Some(schedule)
    }

    fn cron(&mut self, cron: &str) -> Option<Rule> {
        for (key, given) in [("at", self.document.at.is_some()), ("on", self.document.on.is_some())] {
            if given {
                let error = ExpressionError::new(format!("`{key}` does not go with `cron`"));
                self.mistake(key, error.help("say it in the cron expression, or use `every`"));
            }
        }
        let parsed = if cron.len() > MOST_CHARACTERS { Err("it is too long".to_owned()) } else { parse_cron(cron) };
        match parsed {
            Ok(cron) => Some(Rule::Cron(Box::new(cron))),
            Err(why) => {
                let shown: String = cron.chars().take(60).collect();
                let error = ExpressionError::new(format!("`{shown}` is no cron expression: {why}"));
                let help =
                    "five fields: minute, hour, day of the month, month, day of the week, such as `30 2 * * 1-5`";
                self.mistake("cron", error.help(help));
                None
            }
        }
    }

    fn every(&mut self, every: &str, start: Option<DateTime>) -> Option<Rule> {
        let interval = interval(every).map_err(|error| self.mistake("every", error)).ok();
        let at = self.at();
        let on = self.on();
        let interval = interval?;
        if at.is_none() && on.is_none() {
            return Some(Rule::Every(interval, start));
        }
        if !matches!(interval.unit, Unit::Day | Unit::Week | Unit::Month) {
            self.needless(every);
            return None;
        }
        for (index, day) in on.iter().flatten() {
            self.fits(*index, *day, interval.unit);
        }
        self.needs_start(interval, at.is_some(), on.is_some(), start);
        let on = on.into_iter().flatten().map(|(_, day)| day).collect();
        let at = at.unwrap_or_else(|| start.map(DateTime::time).into_iter().collect());
        Some(Rule::Calendar(Calendar { interval, on, at, from: start }))
    }

    /// `at` and `on` beside a unit that has neither days nor times.
    fn needless(&mut self, every: &str) {
        for (key, given) in [("at", self.document.at.is_some()), ("on", self.document.on.is_some())] {
            if given {
                let error = ExpressionError::new(format!("`{key}` does not go with `every: {every}`"));
                self.mistake(key, error.help("it goes with days, weeks and months"));
            }
        }
    }

    fn fits(&mut self, index: usize, day: Day, unit: Unit) {
        let month = unit == Unit::Month;
        let error = match day {
            Day::Weekday(_) if month => {
                ExpressionError::new("a month has several such days").help("say which: `first monday`, `last friday`")
            }
            Day::OfMonth(_) | Day::Nth(..) if !month => {
                ExpressionError::new(format!("a {} has no such day", unit_name(unit)))
                    .help("use a weekday, such as `monday`, or `every: month`")
            }
            _ => return,
        };
        self.mistakes.push((self.at.key("on").index(index), error));
    }

    /// What `at` and `on` leave open must follow from `start`.
    fn needs_start(&mut self, interval: Interval, at: bool, on: bool, start: Option<DateTime>) {
        let unit = unit_name(interval.unit);
        let open = if start.is_some() {
            return;
        } else if interval.count > 1 {
            format!("from when on every {} {unit}s are counted is not clear", interval.count)
        } else if !at {
            "the time of the day is not clear".to_owned()
        } else if !on && interval.unit != Unit::Day {
            format!("the day of the {unit} is not clear")
        } else {
            return;
        };
        let help = if at { "add `start`, or `on` with the days" } else { "add `at` with the times, or `start`" };
        let help = if interval.count > 1 { "add `start`" } else { help };
        self.mistake("every", ExpressionError::new(open).help(help));
    }

    fn at(&mut self) -> Option<Vec<Time>> {
        let given = self.document.at.as_ref()?;
        let route = self.at.key("at");
        if given.is_empty() || given.len() > MOST_TIMES {
            let error = ExpressionError::new(format!("a day has 1 to {MOST_TIMES} times"));
            self.mistakes.push((route.clone(), error));
        }
        let mut times = Vec::new();
        for (index, text) in given.iter().enumerate().take(MOST_TIMES) {
            match clock(text) {
                Some(time) => times.push(time),
                None => {
                    let error =
                        ExpressionError::new(format!("`{text}` is no time of the day")).help("write it as `08:00`");
                    self.mistakes.push((route.index(index), error));
                }
            }
        }
        times.sort_unstable();
        times.dedup();
        Some(times)
    }

    /// The days, each with its place in the document.
    fn on(&mut self) -> Option<Vec<(usize, Day)>> {
        let given = self.document.on.as_ref()?;
        let route = self.at.key("on");
        if given.is_empty() || given.len() > MOST_DAYS {
            self.mistakes.push((route.clone(), ExpressionError::new(format!("a schedule has 1 to {MOST_DAYS} days"))));
        }
        let mut days = Vec::new();
        for (index, day) in given.iter().enumerate().take(MOST_DAYS) {
            match Day::read(day) {
                Ok(day) => days.push((index, day)),
                Err(error) => self.mistakes.push((route.index(index), error)),
            }
        }
        Some(days)
    }

    /// A time on the zone's clock; one with `Z` or an offset is brought to it.
    fn time(&mut self, key: &str, text: Option<&str>, zone: &TimeZone) -> Option<DateTime> {
        let text = text?;
        let time = match text.parse::<Timestamp>() {
            Ok(timestamp) => Ok(zone.to_datetime(timestamp)),
            Err(_) => text.parse::<DateTime>(),
        };
        let time = time.ok().filter(|time| time.year() > 0);
        if time.is_none() {
            let error = ExpressionError::new(format!("`{text}` is no date and time"));
            self.mistake(key, error.help("write it as `2026-01-01T08:00:00`"));
        }
        time
    }

    fn mistake(&mut self, key: &str, error: ExpressionError) {
        self.mistakes.push((self.at.key(key), error));
    }
}

/// A cron expression of five fields, or of six with seconds before them.
fn parse_cron(cron: &str) -> Result<croner::Cron, String> {
    let parser = croner::parser::CronParser::builder().year(croner::parser::Year::Disallowed).build();
    parser.parse(cron).map_err(|error| {
        let text = error.to_string();
        let mut letters = text.trim_end_matches('.').chars();
        letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
    })
}

/// `15 minutes`, `day`, `2 weeks`.
fn interval(every: &str) -> Result<Interval, ExpressionError> {
    let words: Vec<&str> = every.split_whitespace().collect();
    let (count, unit) = match words.as_slice() {
        [unit] => ("1", *unit),
        [count, unit] => (*count, *unit),
        _ => return Err(not_an_interval(every, None)),
    };
    let name = unit.to_lowercase();
    let name = name.strip_suffix('s').unwrap_or(&name);
    let unit = UNITS.into_iter().find(|(known, _)| *known == name).map(|(_, unit)| unit);
    let unit = unit.ok_or_else(|| not_an_interval(every, nearest(name, UNITS.map(|(name, _)| name))))?;
    match count.parse::<u32>() {
        Ok(count @ 1..) => Ok(Interval { count: i64::from(count), unit }),
        _ => Err(not_an_interval(every, None)),
    }
}

fn not_an_interval(every: &str, near: Option<&str>) -> ExpressionError {
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "write a number and a unit from second to year, such as `15 minutes` or `day`".to_owned(),
    };
    ExpressionError::new(format!("`{every}` is no interval")).help(help)
}

/// `08:00` or `08:00:30`.
fn clock(text: &str) -> Option<Time> {
    let numbers: Vec<&str> = text.split(':').collect();
    let number = |text: &str| {
        let digits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<i8>().ok()).flatten()
    };
    let (hour, minute, second) = match numbers.as_slice() {
        [hour, minute] => (hour, minute, &"0"),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    Time::new(number(hour)?, number(minute)?, number(second)?, 0).ok()
}
