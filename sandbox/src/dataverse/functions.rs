//! Dataverse's own filter functions, `Microsoft.Dynamics.CRM.In(PropertyName='…',PropertyValues=['…'])`, in plain
//! terms.
//!
//! Their values always come as text, so the column says how to read them. A lookup is named as it stands in the
//! table, without the `_…_value` around it.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::refusal::Refusal;
use super::rows::Dataverse;
use super::tables::Table;
use crate::odata::{Comparison, Expression, HAS_OPTION, Literal, parse_literal};
use crate::options::ColumnKind;

/// The longest span that a relative time may have, in its own unit.
const LONGEST: i64 = 1_000_000;

/// Most values in a list.
const MOST_VALUES: usize = 500;

struct Arguments<'a> {
    table: &'a Table,
    property: String,
    values: &'a [Literal],
}

/// Puts a function into plain terms.
pub(crate) fn plain(
    crm: &Dataverse,
    table: &Table,
    name: &str,
    arguments: &[(String, Vec<Literal>)],
) -> Result<Expression, Refusal> {
    let unknown = || Refusal::query(format!("An unknown function with name '{name}' was found."));
    let function = name.strip_prefix("Microsoft.Dynamics.CRM.").ok_or_else(unknown)?;
    let given = read(table, function, arguments)?;
    let now = crm.now();
    let today = now.to_zoned(TimeZone::UTC).date();
    match function {
        "In" => given.any(Comparison::Equal),
        "NotIn" => Ok(not(given.any(Comparison::Equal)?)),
        "Between" => given.between(),
        "NotBetween" => Ok(not(given.between()?)),
        "ContainValues" => given.has_options(),
        "DoesNotContainValues" => Ok(not(given.has_options()?)),
        "EqualUserId" => Ok(given.is(Comparison::Equal, Literal::Guid(crm.asking.clone()))),
        "NotEqualUserId" => Ok(given.is(Comparison::NotEqual, Literal::Guid(crm.asking.clone()))),
        "On" => given.days(given.day()?, given.day()?),
        "NotOn" => Ok(not(given.days(given.day()?, given.day()?)?)),
        "OnOrAfter" => Ok(given.is(Comparison::GreaterOrEqual, start(given.day()?)?)),
        "OnOrBefore" => Ok(given.is(Comparison::Less, start(shifted(given.day()?, 1)?)?)),
        "Today" => given.days(today, today),
        "Yesterday" => given.days(shifted(today, -1)?, shifted(today, -1)?),
        "Tomorrow" => given.days(shifted(today, 1)?, shifted(today, 1)?),
        "ThisYear" => given.days(year(today.year(), 1, 1)?, year(today.year(), 12, 31)?),
        "ThisMonth" => given.days(today.first_of_month(), today.last_of_month()),
        "LastXDays" => given.days(shifted(today, -given.count()?)?, today),
        "NextXDays" => given.days(today, shifted(today, given.count()?)?),
        "LastXHours" => Ok(and(
            given.is(Comparison::GreaterOrEqual, Literal::Instant(before(now, given.count()? * 60)?)),
            given.is(Comparison::LessOrEqual, Literal::Instant(now)),
        )),
        "NextXHours" => Ok(and(
            given.is(Comparison::GreaterOrEqual, Literal::Instant(now)),
            given.is(Comparison::LessOrEqual, Literal::Instant(before(now, -given.count()? * 60)?)),
        )),
        "OlderThanXMinutes" => given.older(now, 1),
        "OlderThanXHours" => given.older(now, 60),
        "OlderThanXDays" => given.older(now, 60 * 24),
        "OlderThanXWeeks" => given.older(now, 60 * 24 * 7),
        _ => Err(unknown()),
    }
}

fn read<'a>(
    table: &'a Table,
    function: &str,
    arguments: &'a [(String, Vec<Literal>)],
) -> Result<Arguments<'a>, Refusal> {
    let mut property = None;
    let mut values: &[Literal] = &[];
    for (name, given) in arguments {
        match (name.as_str(), given.as_slice()) {
            ("PropertyName", [Literal::Text(name)]) => property = Some(name),
            ("PropertyValue", [_]) | ("PropertyValues", _) if given.len() <= MOST_VALUES => values = given,
            _ => return Err(misfit(function)),
        }
    }
    let name = property.ok_or_else(|| misfit(function))?;
    let lookup = format!("_{name}_value");
    let property = if table.lookup_value(&lookup).is_some() { lookup } else { name.clone() };
    if property != table.key && table.lookup_value(&property).is_none() && !table.columns.contains_key(&property) {
        return Err(Refusal::no_property(&table.logical, name));
    }
    Ok(Arguments { table, property, values })
}

fn misfit(function: &str) -> Refusal {
    Refusal::query(format!("The arguments of the function '{function}' do not fit."))
}

impl Arguments<'_> {
    fn is(&self, comparison: Comparison, value: Literal) -> Expression {
        let property = Expression::Path(vec![self.property.clone()]);
        Expression::Compare(comparison, Box::new(property), Box::new(Expression::Literal(value)))
    }

    fn any(&self, comparison: Comparison) -> Result<Expression, Refusal> {
        let mut parts = Vec::with_capacity(self.values.len());
        for value in self.values {
            parts.push(self.is(comparison, self.typed(value)?));
        }
        balanced(parts, &|left, right| Expression::Or(Box::new(left), Box::new(right))).ok_or_else(|| misfit("In"))
    }

    fn between(&self) -> Result<Expression, Refusal> {
        let [low, high] = self.values else { return Err(misfit("Between")) };
        let (low, high) = (self.typed(low)?, self.typed(high)?);
        Ok(and(self.is(Comparison::GreaterOrEqual, low), self.is(Comparison::LessOrEqual, high)))
    }

    fn has_options(&self) -> Result<Expression, Refusal> {
        let several = self.table.columns.get(&self.property).is_some_and(|column| column.kind == ColumnKind::Choices);
        if !several {
            return Err(misfit("ContainValues"));
        }
        let property = || Expression::Path(vec![self.property.clone()]);
        let has = |value: &Literal| match value {
            Literal::Text(option) => Ok(Expression::Literal(Literal::Text(option.clone()))),
            Literal::Number(option) => Ok(Expression::Literal(Literal::Text(option.to_string()))),
            _ => Err(misfit("ContainValues")),
        };
        let parts =
            self.values.iter().map(|value| Ok(Expression::Call(HAS_OPTION.to_owned(), vec![property(), has(value)?])));
        let parts = parts.collect::<Result<Vec<_>, Refusal>>()?;
        balanced(parts, &|left, right| Expression::Or(Box::new(left), Box::new(right)))
            .ok_or_else(|| misfit("ContainValues"))
    }

    /// From the start of one day to the end of another.
    fn days(&self, first: Date, last: Date) -> Result<Expression, Refusal> {
        let (from, to) = (start(first)?, start(shifted(last, 1)?)?);
        Ok(and(self.is(Comparison::GreaterOrEqual, from), self.is(Comparison::Less, to)))
    }

    fn older(&self, now: Timestamp, minutes: i64) -> Result<Expression, Refusal> {
        let limit = before(now, self.count()?.saturating_mul(minutes))?;
        Ok(self.is(Comparison::Less, Literal::Instant(limit)))
    }

    fn day(&self) -> Result<Date, Refusal> {
        match self.values {
            [Literal::Date(day)] => Ok(*day),
            [Literal::Instant(instant)] => Ok(instant.to_zoned(TimeZone::UTC).date()),
            [Literal::Text(text)] => text.get(..10).unwrap_or(text).parse().map_err(|_| misfit("On")),
            _ => Err(misfit("On")),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "what is too long is refused first")]
    fn count(&self) -> Result<i64, Refusal> {
        let count = match self.values {
            [Literal::Number(count)] if count.abs() <= LONGEST as f64 => Some(*count as i64),
            [Literal::Text(text)] => text.parse().ok(),
            _ => None,
        };
        count.filter(|count| (0..=LONGEST).contains(count)).ok_or_else(|| misfit("PropertyValue"))
    }

    /// A value in the type of the column.
    fn typed(&self, value: &Literal) -> Result<Literal, Refusal> {
        let Literal::Text(text) = value else { return Ok(value.clone()) };
        let kind = self.table.columns.get(&self.property).map(|column| column.kind);
        match kind {
            Some(ColumnKind::Text | ColumnKind::LongText | ColumnKind::Choices) => Ok(value.clone()),
            _ => parse_literal(text).map_err(|_| misfit("PropertyValues")),
        }
    }
}

/// A tree as flat as it can be, since it is walked from its root.
pub(crate) fn balanced(
    mut parts: Vec<Expression>,
    join: &dyn Fn(Expression, Expression) -> Expression,
) -> Option<Expression> {
    while parts.len() > 1 {
        let mut joined = Vec::with_capacity(parts.len().div_ceil(2));
        let mut rest = parts.into_iter();
        while let Some(left) = rest.next() {
            joined.push(match rest.next() {
                Some(right) => join(left, right),
                None => left,
            });
        }
        parts = joined;
    }
    parts.pop()
}

fn and(left: Expression, right: Expression) -> Expression {
    Expression::And(Box::new(left), Box::new(right))
}

fn not(inner: Expression) -> Expression {
    Expression::Not(Box::new(inner))
}

fn start(day: Date) -> Result<Literal, Refusal> {
    let instant = day.to_zoned(TimeZone::UTC).map_err(|_| misfit("On"))?.timestamp();
    Ok(Literal::Instant(instant))
}

fn shifted(day: Date, days: i64) -> Result<Date, Refusal> {
    day.checked_add(days.days()).map_err(|_| misfit("On"))
}

fn year(year: i16, month: i8, day: i8) -> Result<Date, Refusal> {
    Date::new(year, month, day).map_err(|_| misfit("ThisYear"))
}

fn before(now: Timestamp, minutes: i64) -> Result<Timestamp, Refusal> {
    now.checked_sub(SignedDuration::from_mins(minutes)).map_err(|_| misfit("PropertyValue"))
}
