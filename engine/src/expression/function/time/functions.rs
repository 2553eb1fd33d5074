//! The functions of time: each reads its text, works on the moment, and writes it in the format that is asked for.

use jiff::civil::{Date, Time};
use jiff::tz::Offset;

use super::exact::read_exact;
use super::locale::{Locale, english};
use super::moment::{Moment, TICKS_PER_DAY, TICKS_PER_HOUR, Unit};
use super::read::read;
use super::span::Span;
use super::write::{ROUND_TRIP, write};
use super::zone;
use crate::expression::function::Args;
use crate::expression::{ExpressionError, Operand};

type Given<'a> = Result<Operand<'a>, ExpressionError>;

pub(super) fn utc_now<'a>(args: &Args<'_, 'a>) -> Given<'a> {
    written(now(args)?, args, 0)
}

pub(super) fn add_seconds<'a>(args: &Args<'_, 'a>) -> Given<'a> {
    added(args, Unit::Second)
}

pub(super) fn add_minutes<'a>(args: &Args<'_, 'a>) -> Given<'a> {
    added(args, Unit::Minute)
}

pub(super) fn add_hours<'a>(args: &Args<'_, 'a>) -> Given<'a> {
    added(args, Unit::Hour)
}

pub(super) fn add_days<'a>(args: &Args<'_, 'a>) -> Given<'a> {
    added(args, Unit::Day)
}

pub(super) fn add_to_time<'a>(args: &Args<'_, 'a>) -> Given<'a> {
    written(moment(args, 0)?.plus(args.int(1)?, Unit::find(args.text(2)?)?)?, args, 3)
}

pub(super) fn subtract_from_time<'a>(args: &Args<'_, 'a>) -> Given<'a> {
    written(moment(args, 0)?.plus(negated(args.int(1)?), Unit::find(args.text(2)?)?)?, args, 3)
}

pub(super) fn get_future_time<'a>(args: &Args<'_, 'a>) -> Given<'a> {
    written(now(args)?.plus(args.int(0)?, Unit::find(args.text(1)?)?)?, args, 2)
}

pub(super) fn get_past_time<'a>(args: &Args<'_, 'a>) -> Given<'a> {
    written(now(args)?.plus(negated(args.int(0)?), Unit::find(args.text(1)?)?)?, args, 2)
}

pub(super) fn convert_from_utc<'a>(args: &Args<'_, 'a>) -> Given<'a> {
    written(zone::from_utc(moment(args, 0)?, &zone::find(args.text(1)?)?), args, 2)
}

pub(super) fn convert_to_utc<'a>(args: &Args<'_, 'a>) -> Given<'a> {
    written(from_zone(args)?, args, 2)
}

pub(super) fn convert_time_zone<'a>(args: &Args<'_, 'a>) -> Given<'a> {
    written(zone::from_utc(from_zone(args)?, &zone::find(args.text(2)?)?), args, 3)
}

pub(super) fn format_date_time<'a>(args: &Args<'_, 'a>) -> Given<'a> {
    let locale = Locale::find(args.optional_text(2)?)?;
    let format = args.optional_text(1)?.unwrap_or(ROUND_TRIP);
    write(moment(args, 0)?, format, &locale).map(Operand::made)
}

pub(super) fn parse_date_time<'a>(args: &Args<'_, 'a>) -> Given<'a> {
    let text = args.text(0)?;
    let locale = Locale::find(args.optional_text(1)?)?;
    let moment = match args.optional_text(2)? {
        Some(format) => read_exact(text, format, &locale, || today(args))?,
        None => read(text, &locale, || today(args))?,
    };
    write(moment, ROUND_TRIP, english()).map(Operand::made)
}

pub(super) fn start_of_hour<'a>(args: &Args<'_, 'a>) -> Given<'a> {
    written(moment(args, 0)?.floor(TICKS_PER_HOUR), args, 1)
}

pub(super) fn start_of_day<'a>(args: &Args<'_, 'a>) -> Given<'a> {
    written(moment(args, 0)?.floor(TICKS_PER_DAY), args, 1)
}

pub(super) fn start_of_month<'a>(args: &Args<'_, 'a>) -> Given<'a> {
    let moment = moment(args, 0)?;
    let first = moment.civil().date().first_of_month().to_datetime(Time::midnight());
    written(Moment::of_civil(first, moment.is_utc())?, args, 1)
}

pub(super) fn day_of_week<'a>(args: &Args<'_, 'a>) -> Given<'a> {
    Ok(Operand::made(moment(args, 0)?.civil().weekday().to_sunday_zero_offset()))
}

pub(super) fn day_of_month<'a>(args: &Args<'_, 'a>) -> Given<'a> {
    Ok(Operand::made(moment(args, 0)?.civil().day()))
}

pub(super) fn day_of_year<'a>(args: &Args<'_, 'a>) -> Given<'a> {
    Ok(Operand::made(moment(args, 0)?.civil().day_of_year()))
}

pub(super) fn ticks<'a>(args: &Args<'_, 'a>) -> Given<'a> {
    Ok(Operand::made(moment(args, 0)?.ticks()))
}

pub(super) fn date_difference<'a>(args: &Args<'_, 'a>) -> Given<'a> {
    let (start, end) = (moment(args, 0)?, moment(args, 1)?);
    Ok(Operand::made(Span(end.ticks() - start.ticks()).to_string()))
}

pub(super) fn format_time_span<'a>(args: &Args<'_, 'a>) -> Given<'a> {
    let locale = Locale::find(args.optional_text(2)?)?;
    Span::read(args.text(0)?)?.write(args.text(1)?, &locale).map(Operand::made)
}

/// The time that the first value says and a count of units later, in the format of the third.
fn added<'a>(args: &Args<'_, 'a>, unit: Unit) -> Given<'a> {
    written(moment(args, 0)?.plus(args.int(1)?, unit)?, args, 2)
}

/// A moment in the format that the value at a place says, or that everything is written in.
fn written<'a>(moment: Moment, args: &Args<'_, 'a>, place: usize) -> Given<'a> {
    write(moment, args.optional_text(place)?.unwrap_or(ROUND_TRIP), english()).map(Operand::made)
}

/// The moment that the text at a place says, read as in English.
fn moment(args: &Args<'_, '_>, place: usize) -> Result<Moment, ExpressionError> {
    read(args.text(place)?, english(), || today(args))
}

/// The time of the first value, which a clock of the second one's zone shows, in UTC.
fn from_zone(args: &Args<'_, '_>) -> Result<Moment, ExpressionError> {
    let id = args.text(1)?;
    zone::to_utc(moment(args, 0)?, &zone::find(id)?, id)
}

fn now(args: &Args<'_, '_>) -> Result<Moment, ExpressionError> {
    Moment::of_timestamp(args.now()?)
}

fn today(args: &Args<'_, '_>) -> Result<Date, ExpressionError> {
    args.now().map(|now| Offset::UTC.to_datetime(now).date())
}

/// The most negative number has no opposite; one tick less leads out of the years just the same.
fn negated(count: i64) -> i64 {
    count.checked_neg().unwrap_or(i64::MAX)
}
